package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
)

// browser is one person's, as far as HTTP goes: it keeps cookies, and follows
// no redirect by itself.
type browser struct {
	origin string
	client *http.Client
}

func newBrowser(origin string, transport *http.Transport) (*browser, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return nil, err
	}
	return &browser{origin: origin, client: &http.Client{
		Transport: transport, Jar: jar, Timeout: startTime,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// do sends a request of the site's own pages and wants a status.
func (b *browser) do(ctx context.Context, method, path string, form url.Values, status int) error {
	r, err := http.NewRequestWithContext(ctx, method, b.origin+path, strings.NewReader(form.Encode()))
	if err != nil {
		return err
	}
	for _, line := range navigation {
		name, value, _ := strings.Cut(line, ": ")
		r.Header.Set(name, value)
	}
	r.Header.Set("User-Agent", userAgent)
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Origin", b.origin)
	}
	response, err := b.client.Do(r)
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	defer response.Body.Close()
	said, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != status {
		err = fmt.Errorf("the answer is %d, not %d: %.300s", response.StatusCode, status, said)
	}
	if err != nil {
		return fmt.Errorf("%s %s: %w", method, path, err)
	}
	return nil
}

// signIn is all that a browser asks for until its person is at the app: the
// app, the pages on the way, their script, and the app again.
func (b *browser) signIn(ctx context.Context, mail *mailbox, address, script string) error {
	steps := []struct {
		method, path string
		form         url.Values
		status       int
	}{
		{http.MethodGet, "/", nil, http.StatusSeeOther},
		{http.MethodGet, "/_doorpost/sign-in", nil, http.StatusOK},
		{http.MethodGet, script, nil, http.StatusOK},
		{http.MethodPost, "/_doorpost/sign-in", url.Values{"email": {address}, "to": {"/"}}, http.StatusSeeOther},
		{http.MethodGet, "/_doorpost/check-mail", nil, http.StatusOK},
	}
	for _, step := range steps {
		if err := b.do(ctx, step.method, step.path, step.form, step.status); err != nil {
			return err
		}
	}
	token, err := mail.token(ctx, address)
	if err != nil {
		return err
	}
	if err := b.do(ctx, http.MethodGet, "/_doorpost/link", nil, http.StatusOK); err != nil {
		return err
	}
	if err := b.do(ctx, http.MethodPost, "/_doorpost/link", url.Values{"token": {token}}, http.StatusSeeOther); err != nil {
		return err
	}
	return b.do(ctx, http.MethodGet, "/", nil, http.StatusOK)
}
