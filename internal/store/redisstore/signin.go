package redisstore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/doorpost-auth/doorpost/internal/limit"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/signin"
	"github.com/doorpost-auth/doorpost/internal/store/record"
)

// use is a limit.Use for the script.
type use struct {
	Name string `json:"name"`
	Max  int    `json:"max"`
	Slot int64  `json:"slot_us"`
}

func packUse(u limit.Use) use {
	return use{Name: u.Name, Max: u.Rule.Max, Slot: max(u.Rule.Window.Microseconds()/16, 1000)}
}

// askingStep is a signin.Asking for the script.
type askingStep struct {
	Now       int64          `json:"now"`
	NowMicros int64          `json:"now_us"`
	Browser   string         `json:"browser"`
	Record    record.Request `json:"record"`
	Client    use            `json:"client"`
	Mailbox   use            `json:"mailbox"`
	Total     use            `json:"total"`
	Admitted  bool           `json:"admitted"`
	Link      string         `json:"link"`
	Code      string         `json:"code"`
	Policy    string         `json:"policy"`
}

// Ask implements signin.Store.
func (s *Store) Ask(ctx context.Context, a signin.Asking) (signin.Asked, error) {
	raw, err := s.run(ctx, askStep, askingStep{
		Now: record.Millis(a.Now), NowMicros: a.Now.UnixMicro(), Browser: encode(a.Browser[:]), Record: record.PackRequest(a.Request),
		Client: packUse(a.Client), Mailbox: packUse(a.Mailbox), Total: packUse(a.Total), Admitted: a.Admitted,
		Link: encodeLink(a.Link), Code: encode(a.Code[:]), Policy: a.Policy,
	})
	if err != nil {
		return signin.Asked{}, err
	}
	var answer struct {
		Wait   int64               `json:"wait_us"`
		Send   bool                `json:"send"`
		Known  bool                `json:"known"`
		Silent signin.SilentReason `json:"silent"`
	}
	if err := decodeAnswer(raw, &answer); err != nil {
		return signin.Asked{}, err
	}
	return signin.Asked{
		Wait: time.Duration(answer.Wait) * time.Microsecond, Send: answer.Send, Known: answer.Known, Silent: answer.Silent,
	}, nil
}

// redemptionStep is a signin.Redemption for the script.
type redemptionStep struct {
	Now           int64          `json:"now"`
	Site          string         `json:"site"`
	Browser       string         `json:"browser"`
	Link          string         `json:"link,omitempty"`
	Codes         []string       `json:"codes,omitempty"`
	Elsewhere     bool           `json:"elsewhere"`
	Policy        string         `json:"policy"`
	Session       string         `json:"session"`
	SessionRecord record.Session `json:"session_record"`
	Replace       string         `json:"replace,omitempty"`
}

// RedeemLink implements signin.Store.
func (s *Store) RedeemLink(ctx context.Context, r signin.Redemption) (signin.Redeemed, error) {
	return s.redeem(ctx, r, redemptionStep{Link: encodeLink(r.Link)})
}

// RedeemCode implements signin.Store.
func (s *Store) RedeemCode(ctx context.Context, r signin.Redemption) (signin.Redeemed, error) {
	step := redemptionStep{}
	for _, code := range r.Codes {
		step.Codes = append(step.Codes, encode(code[:]))
	}
	return s.redeem(ctx, r, step)
}

// outcomes are what the script says.
var outcomes = map[string]signin.Outcome{
	"signed in": signin.SignedIn, "-unknown": signin.Unknown, "-other browser": signin.OtherBrowser, "-used": signin.Used,
	"-too old": signin.TooOld, "-rules": signin.PolicyChanged, "wrong code": signin.WrongCode, "-ended": signin.RequestEnded,
}

func (s *Store) redeem(ctx context.Context, r signin.Redemption, step redemptionStep) (signin.Redeemed, error) {
	step.Now, step.Site, step.Browser, step.Elsewhere, step.Policy = record.Millis(r.Now), r.Site, encode(r.Browser[:]), r.Elsewhere, r.Policy
	step.Session, step.SessionRecord = encode(r.Session.Key[:]), record.PackSession(r.Session.Record)
	if r.Replace != (session.Key{}) {
		step.Replace = encode(r.Replace[:])
	}
	raw, err := s.run(ctx, redeemStep, step)
	if first := err; errors.Is(first, signin.ErrUncertain) && ctx.Err() == nil {
		// The step knows itself again by the session that it makes, so sending
		// it once more does it once, and tells how it ended. If that fails, for
		// whatever reason, the first one may have been done all the same.
		if raw, err = s.run(ctx, redeemStep, step); err != nil {
			err = fmt.Errorf("%w; once more: %w", first, err)
		}
	}
	if err != nil {
		return signin.Redeemed{}, err
	}
	var answer struct {
		Outcome   string      `json:"outcome"`
		Link      record.Link `json:"link"`
		Policy    string      `json:"policy"`
		NewPerson bool        `json:"new_person"`
		TriesLeft int         `json:"tries_left"`
	}
	if err := decodeAnswer(raw, &answer); err != nil {
		return signin.Redeemed{}, err
	}
	outcome, known := outcomes[answer.Outcome]
	if !known {
		return signin.Redeemed{}, fmt.Errorf("redis answers with an outcome that is none: %q", answer.Outcome)
	}
	redeemed := signin.Redeemed{Outcome: outcome, Policy: answer.Policy, NewPerson: answer.NewPerson, TriesLeft: answer.TriesLeft}
	if answer.Link.Address != "" {
		redeemed.Request = answer.Link.Request()
	}
	if outcome == signin.SignedIn && r.Replace != (session.Key{}) {
		s.tellEnded(r.Replace)
	}
	return redeemed, nil
}

// Request implements signin.Store.
func (s *Store) Request(ctx context.Context, browser signin.BrowserKey, now time.Time) (signin.Request, bool, error) {
	raw, err := s.run(ctx, lookStep, struct {
		Browser string `json:"browser"`
	}{encode(browser[:])})
	if err != nil || raw == nil {
		return signin.Request{}, false, err
	}
	var stored record.Request
	if err := decodeAnswer(raw, &stored); err != nil {
		return signin.Request{}, false, err
	}
	if stored.Expires+signin.Remembered.Milliseconds() <= record.Millis(now) {
		return signin.Request{}, false, nil
	}
	return stored.Unpack(), true, nil
}

func decodeAnswer(raw any, answer any) error {
	text, ok := raw.(string)
	if !ok {
		return fmt.Errorf("redis answers with a %T where text was expected", raw)
	}
	if err := json.Unmarshal([]byte(text), answer); err != nil {
		return fmt.Errorf("reading an answer of redis: %w", err)
	}
	return nil
}
