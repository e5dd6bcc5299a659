package testkit

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
)

type descriptor struct {
	Type       string   `json:"type"`
	ID         string   `json:"id"`
	Transports []string `json:"transports"`
}

// requestOptions are PublicKeyCredentialRequestOptionsJSON, as far as they are to be used.
type requestOptions struct {
	Challenge        string       `json:"challenge"`
	Timeout          int          `json:"timeout"`
	RPID             string       `json:"rpId"`
	AllowCredentials []descriptor `json:"allowCredentials"`
	UserVerification string       `json:"userVerification"`
}

// creationOptions are PublicKeyCredentialCreationOptionsJSON, as far as they are to be used.
type creationOptions struct {
	RP struct {
		ID   string `json:"id"`
		Name string `json:"name"`
	} `json:"rp"`
	User struct {
		ID          string `json:"id"`
		Name        string `json:"name"`
		DisplayName string `json:"displayName"`
	} `json:"user"`
	Challenge        string `json:"challenge"`
	PubKeyCredParams []struct {
		Type string `json:"type"`
		Alg  int    `json:"alg"`
	} `json:"pubKeyCredParams"`
	Timeout                int          `json:"timeout"`
	ExcludeCredentials     []descriptor `json:"excludeCredentials"`
	AuthenticatorSelection struct {
		ResidentKey        string `json:"residentKey"`
		RequireResidentKey bool   `json:"requireResidentKey"`
		UserVerification   string `json:"userVerification"`
	} `json:"authenticatorSelection"`
	Attestation string `json:"attestation"`
}

// readOptions reads options, and refuses fields that it does not know.
func readOptions(options []byte, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(options))
	decoder.DisallowUnknownFields()
	return decoder.Decode(into)
}

// checkPlace refuses an RP ID that is not that of a page, and a short challenge.
func checkPlace(origin, rpID, challenge string) error {
	page, err := url.Parse(origin)
	switch raw, wrong := base64.RawURLEncoding.DecodeString(challenge); {
	case err != nil:
		return err
	case page.Hostname() != rpID && !strings.HasSuffix(page.Hostname(), "."+rpID):
		return fmt.Errorf("SecurityError: the RP ID %q is not that of %s", rpID, origin)
	case wrong != nil || len(raw) < 16:
		return fmt.Errorf("the challenge has %d bytes: %w", len(raw), wrong)
	}
	return nil
}
