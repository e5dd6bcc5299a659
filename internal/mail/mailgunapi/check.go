package mailgunapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/mailgun/mailgun-go/v4"

	"github.com/doorpost-auth/doorpost/internal/mail"
)

// Check returns an error if Mailgun would not take messages of the domain. With an
// account's key it looks the domain up. A sending key of the domain cannot do that
// (documentation.mailgun.com, Authentication): with such a key it posts a message
// without a recipient, which Mailgun refuses after it has checked key and domain.
func (c *Client) Check(ctx context.Context, _ mail.Mailbox) error {
	var call exchange
	answer, err := c.mailgun.GetDomain(call.in(ctx), c.domain)
	switch status := call.status; {
	case err == nil:
		return c.checkState(answer.Domain)
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return c.checkSending(ctx)
	case status == http.StatusNotFound:
		return c.unknownDomain()
	}
	return fmt.Errorf("checking mailgun: %w", c.failure(ctx, &call, err).Err)
}

// checkState returns an error if a known domain cannot send.
func (c *Client) checkState(domain mailgun.Domain) error {
	switch {
	case domain.State == "unverified":
		return fmt.Errorf("checking mailgun: the domain %s is not verified; set the DNS records that Mailgun shows for it, and have it verify them", c.domain)
	case domain.State != "active":
		return fmt.Errorf("checking mailgun: the domain %s is %q and not active; ask Mailgun what is wrong with it", c.domain, domain.State)
	}
	return c.checkName()
}

// checkName returns an error if the name of the domain is that of a sandbox.
func (c *Client) checkName() error {
	if name := strings.ToLower(c.domain); strings.HasPrefix(name, "sandbox") && strings.HasSuffix(name, ".mailgun.org") {
		return fmt.Errorf("checking mailgun: %s is a sandbox, which sends to a few authorized recipients only; register a domain of your own", c.domain)
	}
	return nil
}

func (c *Client) unknownDomain() error {
	return fmt.Errorf("checking mailgun: %s does not know the domain %s; check its spelling, and whether it is registered in %s", c.host, c.domain, c.otherRegion())
}

// otherRegion names the region in which the domain may be instead.
func (c *Client) otherRegion() string {
	switch "https://" + c.host {
	case strings.TrimSuffix(mailgun.APIBaseUS, "/v3"):
		return "Mailgun's other region, which is region eu"
	case strings.TrimSuffix(mailgun.APIBaseEU, "/v3"):
		return "Mailgun's other region, which is region us"
	}
	return "the other region (us or eu)"
}

// checkSending returns an error if the key may not send. It does not send anything.
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
		return c.checkName()
	case http.StatusNotFound:
		return c.unknownDomain()
	case http.StatusUnauthorized, http.StatusForbidden:
		return fmt.Errorf("checking mailgun: %s refuses the key for %s; check api_key, the spelling of domain, and whether it is registered in %s", c.host, c.domain, c.otherRegion())
	}
	return fmt.Errorf("checking mailgun: %s answers %d to a message to nobody; check api_base", c.host, call.status)
}
