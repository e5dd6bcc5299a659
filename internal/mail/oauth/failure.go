package oauth

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"golang.org/x/oauth2"

	"github.com/doorpost-auth/doorpost/internal/mail"
)

// remedy is what to do about an error code of a token endpoint, with client credentials and
// with a refresh token.
type remedy struct{ credentials, refresh string }

func always(next string) remedy { return remedy{next, next} }

const (
	anew     = "grant access anew, and configure the new refresh_token"
	consent  = "give the application the permission to send mail, consent as an administrator, and see that no policy (conditional access) keeps it out"
	noSecret = "check client_id and client_secret; secrets of applications have an end"
)

// remedies are by the codes of RFC 6749, section 5.2, and those that Microsoft and Google add.
var remedies = map[string]remedy{
	"invalid_client":         always(noSecret),
	"deleted_client":         always("the application was removed; register one, and configure its client_id and client_secret"),
	"disabled_client":        always("the application is switched off; switch it on at the service"),
	"invalid_grant":          {"the service grants this application nothing; check the tenant in token_url, and " + consent, "the refresh_token has ended or was taken back; " + anew},
	"invalid_scope":          always("check scope; for Microsoft 365 it is https://outlook.office365.com/.default, for Google https://mail.google.com/"),
	"invalid_resource":       always("the tenant has no such service, or not the license for it; check scope, and the tenant in token_url"),
	"invalid_request":        always("check token_url (for Microsoft 365 the tenant in it, too), client_id and scope"),
	"unauthorized_client":    {"the application is not known there, or may not get tokens in this way; check client_id and the tenant in token_url, and " + consent, "the refresh_token is of another application, or this one may not use it; check client_id, or " + anew},
	"unsupported_grant_type": {"the service knows no client credentials; configure a refresh_token", "the service takes no refresh_token; leave it out"},
	"access_denied":          {consent, "the owner of the mailbox or an administrator does not allow it; " + anew},
	"admin_policy_enforced":  always("an administrator has to trust the application"),
	"interaction_required":   {consent, "somebody has to sign in, maybe with a second factor; " + anew},
	"consent_required":       {consent, "somebody has to consent; " + anew},
	"login_required":         {consent, "somebody has to sign in; " + anew},
}

// passing are the codes of a service that will work again by itself.
var passing = map[string]bool{"temporarily_unavailable": true, "server_error": true, "internal_failure": true, "rate_limit_exceeded": true, "slow_down": true}

// failure turns an error into a SendError. Of what the service wrote it passes on the code
// alone, and Microsoft's number: the rest may have secrets of ours in it.
func (s *Source) failure(ctx context.Context, err error) *mail.SendError {
	f := &mail.SendError{Temporary: true}
	where := "getting an access token from " + s.config.TokenURL
	refused, answered := errors.AsType[*oauth2.RetrieveError](err)
	switch {
	case ctx.Err() != nil:
		f.Err = fmt.Errorf("%s: %w; see whether it can be reached", where, ctx.Err())
	case answered:
		status := refused.Response.StatusCode
		code, number := s.codes(refused)
		f.Temporary = passing[code] || status >= http.StatusInternalServerError || status == http.StatusTooManyRequests
		f.Unauthorized = !f.Temporary
		f.Err = fmt.Errorf("%s: %s; %s", where, refusal(status, code, number), s.next(f.Temporary, code, number))
	default:
		f.Err = fmt.Errorf("%s: %w; check token_url, and whether it can be reached", where, mail.RedactError(err, s.secrets()...))
	}
	return f
}

func refusal(status int, code, number string) string {
	switch {
	case code == "" && number == "":
		return fmt.Sprintf("answered with status %d", status)
	case code == "" || number == "":
		return fmt.Sprintf("refused with %s (status %d)", cmp.Or(code, number), status)
	}
	return fmt.Sprintf("refused with %s (%s, status %d)", code, number, status)
}

// next is the next step of the operator.
func (s *Source) next(temporary bool, code, number string) string {
	known, next := remedies[code], "check token_url"
	switch {
	case temporary:
		next = "it is asked again, there is nothing to do unless it stays so"
	case known != remedy{} && s.config.Grant == nil:
		next = known.credentials
	case known != remedy{}:
		next = known.refresh
	case code != "":
		next = "look the code up in the documentation of the service, and check token_url, client_id and scope"
	}
	if number != "" {
		next += "; see https://login.microsoftonline.com/error?code=" + strings.TrimPrefix(number, "AADSTS")
	}
	return next
}

// microsofts is the number with which the description of an error begins at Microsoft's.
var microsofts = regexp.MustCompile(`^AADSTS\d{1,9}\b`)

// maxCode is how long the code of an error may be; the longest known ones have half of that.
const maxCode = 64

// codes are the code of an error, fit for a log, and Microsoft's number for it. Either may be
// missing.
func (s *Source) codes(refused *oauth2.RetrieveError) (code, number string) {
	code, description := refused.ErrorCode, refused.ErrorDescription
	if code == "" { // the library reads no JSON where the type of the answer is another
		var said struct {
			Error       string `json:"error"`
			Description string `json:"error_description"`
		}
		if json.Unmarshal(refused.Body, &said) == nil {
			code, description = said.Error, said.Description
		}
	}
	code = strings.Map(func(r rune) rune {
		if r <= ' ' || r > '~' || r == ';' {
			return '_'
		}
		return r
	}, mail.Redact(code, s.secrets()...))
	return code[:min(len(code), maxCode)], mail.Redact(microsofts.FindString(description), s.secrets()...)
}

// secrets are what must not be in an error, as it is and as it was sent.
func (s *Source) secrets() (list []string) {
	for _, secret := range []string{s.config.ClientSecret, s.grant.granted, s.grant.latest.token} {
		list = append(list, secret, url.QueryEscape(secret))
	}
	return list
}
