package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/gate"
)

func TestTheAddressThatWasAskedForIsThereToChange(t *testing.T) {
	b, other := newBrowser(t, time.Minute), newBrowser(t, time.Minute)
	b.send("POST", gate.SignInPath, url.Values{"email": {"Ada@gmial.com"}})
	says(t, b.send("GET", gate.CheckMailPath, nil), http.StatusOK, `Did you mean <span class="whole"><bdi>ada<wbr>@gmail.com</bdi>?</span>`, `value="ada@gmail.com"`, `href="/_doorpost/sign-in?change=1&amp;to=%2f"`)
	const value = `value="Ada@gmial.com"`
	says(t, b.send("GET", gate.SignInPath+"?change=1", nil), http.StatusOK, value)
	for _, form := range []string{
		b.send("GET", gate.SignInPath, nil).Body.String(), other.send("GET", gate.SignInPath+"?change=1", nil).Body.String(),
	} {
		if strings.Contains(form, value) {
			t.Errorf("the form has the address: %s", form)
		}
	}
}

func TestTheMailboxOfGmailIsThatOfTheAddress(t *testing.T) {
	b := newBrowser(t, time.Minute)
	b.send("POST", gate.SignInPath, url.Values{"email": {"ada+x@gmail.com"}})
	says(t, b.send("GET", gate.CheckMailPath, nil), http.StatusOK, `href="https://mail.google.com/?authuser=ada%2Bx%40gmail.com"`)
}
