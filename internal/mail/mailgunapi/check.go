package mailgunapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/mailgun/mailgun-go/v4"
)

// Check tells whether Mailgun would take messages of the domain. It looks the
// domain up, which an account's key can do. A sending key of the domain cannot
// (documentation.mailgun.com, Authentication): for that one it calls for a
// message to nobody, which Mailgun refuses for its lack of a recipient after it
// has looked at key and domain.
func (c *Client) Check(ctx context.Context) error {
	var call exchange
	answer, err := c.mailgun.GetDomain(call.in(ctx), c.domain)
	switch status := call.status; {
	case err == nil:
		return c.judge(answer.Domain)
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return c.checkSending(ctx)
	case status == http.StatusNotFound:
		return c.unknownDomain()
	}
	return fmt.Errorf("checking mailgun: %w", c.failure(ctx, &call, err).Err)
}

// judge tells what keeps a domain that is known from sending.
func (c *Client) judge(domain mailgun.Domain) error {
	switch {
	case domain.State == "unverified":
		return fmt.Errorf("checking mailgun: the domain %s is not verified; set the DNS records that Mailgun shows for it, and have it verify them", c.domain)
	case domain.State != "active":
		return fmt.Errorf("checking mailgun: the domain %s is %q and not active; ask Mailgun what is wrong with it", c.domain, domain.State)
	}
	return c.judgeName()
}

// judgeName tells a sandbox by its name; Mailgun gives it one of this form.
func (c *Client) judgeName() error {
	if name := strings.ToLower(c.domain); strings.HasPrefix(name, "sandbox") && strings.HasSuffix(name, ".mailgun.org") {
		return fmt.Errorf("checking mailgun: %s is a sandbox, which sends to a few authorized recipients only; register a domain of your own", c.domain)
	}
	return nil
}

func (c *Client) unknownDomain() error {
	return fmt.Errorf("checking mailgun: %s does not know the domain %s; check its spelling, and whether it is registered in %s", c.host, c.domain, c.otherRegion())
}

// otherRegion says where the domain may be instead.
func (c *Client) otherRegion() string {
	switch "https://" + c.host {
	case strings.TrimSuffix(mailgun.APIBaseUS, "/v3"):
		return "Mailgun's other region, which is region eu"
	case strings.TrimSuffix(mailgun.APIBaseEU, "/v3"):
		return "Mailgun's other region, which is region us"
	}
	return "the other region (us or eu)"
}

// checkSending tells whether the key may send, and does not send anything.
func (c *Client) checkSending(ctx context.Context) error {
	call := exchange{}
	target := c.mailgun.APIBase() + "/" + url.PathEscape(c.domain) + "/messages"
	req, err := http.NewRequestWithContext(call.in(ctx), http.MethodPost, target, http.NoBody)
	if err != nil {
		return errors.New("checking mailgun: api_base does not give a valid URL")
	}
	req.SetBasicAuth("api", c.key)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := c.http.Do(req)
	if err != nil {
		return fmt.Errorf("checking mailgun: %w", c.failure(ctx, &call, err).Err)
	}
	_ = resp.Body.Close()
	switch call.status {
	case http.StatusBadRequest:
		return c.judgeName()
	case http.StatusNotFound:
		return c.unknownDomain()
	case http.StatusUnauthorized, http.StatusForbidden:
		return fmt.Errorf("checking mailgun: %s refuses the key for %s; check api_key, the spelling of domain, and whether it is registered in %s", c.host, c.domain, c.otherRegion())
	}
	return fmt.Errorf("checking mailgun: %s answers %d to a message to nobody; check api_base", c.host, call.status)
}
