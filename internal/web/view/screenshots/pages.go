package main

import (
	"fmt"
	"log"
	"net/http"

	"github.com/doorpost-auth/doorpost/internal/text"
	"github.com/doorpost-auth/doorpost/internal/web/view"
	"github.com/doorpost-auth/doorpost/internal/web/view/sample"
)

// pages serves every sample under its name, and enough around it that the
// script finds nothing missing.
func pages(language string) (http.Handler, error) {
	brands := map[string]view.Brand{
		"":         {Name: "Reports", Support: "help@example.com"},
		"/yellow":  {Name: "Yellow", Accent: "#ffd400", Logo: "/logo.svg"},
		"/black":   {Accent: "#000", Support: "https://example.com/help"},
		"/magenta": {Name: "The Neighbourhood Library of Upper and Lower Thornbury", Accent: "#c2185b"},
	}
	catalogue, err := text.Load()
	if err != nil {
		return nil, fmt.Errorf("loading words: %w", err)
	}
	lang := catalogue.Match(language)
	if lang.Tag() != language {
		return nil, fmt.Errorf("no words in the language %q", language)
	}
	mux := http.NewServeMux()
	for prefix, brand := range brands {
		views, err := view.New(brand)
		if err != nil {
			return nil, fmt.Errorf("preparing pages: %w", err)
		}
		for _, named := range sample.Pages() {
			mux.HandleFunc("GET "+prefix+"/"+named.Name, func(w http.ResponseWriter, _ *http.Request) {
				policy := views.ContentSecurityPolicy()
				if _, ok := named.Page.(view.Mailbox); ok {
					policy = views.MailboxPolicy()
				}
				w.Header().Set("Content-Security-Policy", policy)
				w.Header().Set("Content-Type", "text/html; charset=utf-8")
				if err := views.Render(w, lang, named.Page); err != nil {
					log.Printf("%s: %v", named.Name, err)
				}
			})
		}
	}
	path, body := view.Script()
	mux.HandleFunc("GET "+path, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
		_, _ = w.Write(body)
	})
	mux.HandleFunc("GET /logo.svg", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "image/svg+xml")
		_, _ = fmt.Fprint(w, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 160 40"><rect width="160" height="40" rx="8" fill="#ffd400"/></svg>`)
	})
	// Nobody is signed in; without content, a browser has nothing to log.
	mux.HandleFunc("GET /_doorpost/session", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	mux.HandleFunc("GET /_doorpost/mailbox", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = fmt.Fprint(w, "<!doctype html><base target=_top><p>Here is your link to sign in to Reports.<p><a href=/sign-in>Sign in</a>")
	})
	// Without content, so that the page stays as it is while it waits.
	mux.HandleFunc("POST /_doorpost/link", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	return mux, nil
}
