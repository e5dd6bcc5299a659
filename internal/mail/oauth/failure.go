package oauth

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"golang.org/x/oauth2"

	"github.com/doorpost-auth/doorpost/internal/mail"
)

// remedies are what to do about the error codes of RFC 6749, section 5.2.
var remedies = map[string]string{
	"invalid_client":         "check client_id and client_secret; secrets of applications have an end",
	"invalid_grant":          "the refresh_token has ended or was taken back; grant access anew, and configure the new one",
	"invalid_scope":          "check scope; for Microsoft 365 it is https://outlook.office365.com/.default, for Google https://mail.google.com/",
	"invalid_request":        "check token_url, and the tenant in it",
	"unauthorized_client":    "the application may not get tokens in this way; give it the permission to send mail, and consent as an administrator",
	"unsupported_grant_type": "the service does not know this way; configure a refresh_token, or leave it out",
}

// failure turns an error into a SendError. It never passes on what the service wrote, which
// may have secrets of ours in it, but for a code that is known.
func (s *Source) failure(ctx context.Context, err error) *mail.SendError {
	f := &mail.SendError{Temporary: true}
	where := s.config.TokenURL
	refused, answered := errors.AsType[*oauth2.RetrieveError](err)
	remedy, known := "", false
	if answered {
		remedy, known = remedies[refused.ErrorCode]
	}
	switch {
	case ctx.Err() != nil:
		f.Err = fmt.Errorf("getting an access token from %s: %w; see whether it can be reached", where, ctx.Err())
	case known:
		f.Temporary, f.Unauthorized = false, true
		f.Err = fmt.Errorf("getting an access token from %s: refused with %s; %s", where, refused.ErrorCode, remedy)
	case answered && refused.Response.StatusCode >= http.StatusInternalServerError, answered && refused.Response.StatusCode == http.StatusTooManyRequests:
		f.Err = fmt.Errorf("getting an access token from %s: answered with status %d", where, refused.Response.StatusCode)
	case answered:
		f.Temporary, f.Unauthorized = false, true
		f.Err = fmt.Errorf("getting an access token from %s: answered with status %d; check token_url", where, refused.Response.StatusCode)
	default:
		f.Err = fmt.Errorf("getting an access token from %s: %w; check token_url", where, mail.RedactError(err, s.config.ClientSecret, s.config.RefreshToken, s.kept.refresh))
	}
	return f
}
