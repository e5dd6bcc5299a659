package main

import (
	"fmt"
	"log"
	"net/http"

	"github.com/doorpost-auth/doorpost/internal/mail"
	"github.com/doorpost-auth/doorpost/internal/text"
	"github.com/doorpost-auth/doorpost/internal/web/view"
)

// mailPrefix begins the names of messages.
const mailPrefix = "mail-"

// handler serves every sample under its name, and what the script asks for.
func handler(language string) (http.Handler, error) {
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
		views, err := view.New(brand, nil)
		if err != nil {
			return nil, fmt.Errorf("preparing pages: %w", err)
		}
		show := func(name string, views *view.Views, page view.Page) {
			mux.HandleFunc("GET "+prefix+"/"+name, func(w http.ResponseWriter, _ *http.Request) {
				policy := views.ContentSecurityPolicy()
				if _, ok := page.(view.Mailbox); ok {
					policy = views.MailboxPolicy()
				}
				w.Header().Set("Content-Security-Policy", policy)
				w.Header().Set("Content-Type", "text/html; charset=utf-8")
				if err := views.Render(w, lang, page, false); err != nil {
					log.Printf("%s: %v", name, err)
				}
			})
		}
		for _, named := range view.Samples() {
			show(named.Name, views, named.Page)
		}
		if views, err = elementsViews(brand); err != nil {
			return nil, fmt.Errorf("preparing the page of elements: %w", err)
		}
		show(elementsName, views, elementsPage)
	}
	letters, err := write(lang)
	if err != nil {
		return nil, err
	}
	for name, letter := range letters {
		mux.HandleFunc("GET /"+name, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			_, _ = fmt.Fprint(w, letter.HTML)
		})
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
	// A message has no icon, so the browser asks for one.
	mux.HandleFunc("GET /favicon.ico", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	// Nobody is signed in. An answer without content keeps the browser from complaining.
	mux.HandleFunc("GET /_doorpost/session", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	mux.HandleFunc("GET /_doorpost/mailbox", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		_, _ = fmt.Fprint(w, letters[mailPrefix+"sign-in"].HTML)
	})
	// An answer without content leaves the page as it is while it waits.
	mux.HandleFunc("POST /_doorpost/link", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	return mux, nil
}

// write writes every letter in a language, by its name.
func write(lang *text.Language) (map[string]mail.Message, error) {
	composer, err := mail.NewComposer(mail.Mailbox{Name: "Reports", Address: "door@example.com"}, nil)
	if err != nil {
		return nil, fmt.Errorf("preparing messages: %w", err)
	}
	letters := map[string]mail.Message{}
	for _, sample := range mail.Samples() {
		if letters[mailPrefix+sample.Name], err = composer.Write(sample.Letter, lang); err != nil {
			return nil, fmt.Errorf("writing %s: %w", sample.Name, err)
		}
	}
	return letters, nil
}
