package redisstore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/limit"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/signin"
	"github.com/doorpost-auth/doorpost/internal/store/record"
)

// limit appends a limit.Use, which is kept under the length of its slots and
// its name.
func (p packed) limit(u limit.Use) packed {
	slot := max(u.Rule.Window.Microseconds()/16, 1000)
	return p.text(strconv.FormatInt(slot, 10)+":"+u.Name).number(int64(u.Rule.Max), slot).
		text(strconv.FormatInt(u.Rule.Lifetime().Milliseconds()+1, 10))
}

// about is what a link and its request are about, see links.lua.
func about(r signin.Request) string {
	return string(make(packed, 0, 256).number(record.Millis(r.Expires)).text(string(r.Address), r.Site).
		text(r.To).number(record.Millis(r.Asked)).device(r.Device))
}

// about reads what about wrote.
func (u *unpacking) about() signin.Request {
	return signin.Request{
		Expires: record.Time(u.number()), Address: address.Address(u.text()), Site: u.text(),
		To: u.text(), Asked: record.Time(u.number()), Device: u.device(),
	}
}

// packAsking makes the argument of ask.lua.
func packAsking(a signin.Asking) packed {
	typed := a.Request.Typed
	if typed == string(a.Request.Address) {
		typed = "" // as it nearly always is
	}
	return make(packed, 0, 2048).number(record.Millis(a.Now), a.Now.UnixMicro()).text(encode(a.Browser[:]), string(a.Request.Address)).
		flag(a.Admitted).text(typed, about(a.Request)).number(record.Millis(a.Request.Expires)).
		text(encodeLink(a.Link), encode(a.Code[:]), a.Policy).
		limit(a.Client).limit(a.Mailbox).limit(a.Total).number(int64(a.Reserve)).
		text(a.Message.ID).flag(a.Message.Language != "")
}

// Ask implements signin.Store.
func (s *Store) Ask(ctx context.Context, a signin.Asking) (signin.Asked, error) {
	message, err := encodeMessage(a.Message)
	if err != nil {
		return signin.Asked{}, err
	}
	raw, err := s.runPacked(ctx, askStep, []byte(packAsking(a)), message[:len(message)-1])
	if err != nil {
		return signin.Asked{}, err
	}
	switch answer := raw.(type) {
	case int64:
		return signin.Asked{Wait: time.Duration(answer) * time.Microsecond}, nil
	case string:
		asked := signin.Asked{Silent: signin.SilentReason(answer), Send: answer == string(signin.NotSilent)}
		if asked.Send {
			s.tellWaiting()
		}
		return asked, nil
	}
	return signin.Asked{}, fmt.Errorf("redis answers with a %T where a number or text was expected", raw)
}

// Stop implements signin.Store.
func (s *Store) Stop(ctx context.Context, stop signin.Stopping) (bool, error) {
	raw, err := s.run(ctx, stopStep, struct {
		Now     int64  `json:"now"`
		Site    string `json:"site"`
		Link    string `json:"link"`
		Message string `json:"message"`
		Mute    int64  `json:"mute"`
	}{record.Millis(stop.Now), stop.Site, encodeLink(stop.Link), stop.Message, max(stop.Until.Sub(stop.Now).Milliseconds(), 1)})
	return raw == int64(1), err
}

// RedeemLink implements signin.Store.
func (s *Store) RedeemLink(ctx context.Context, r signin.Redemption) (signin.Redeemed, error) {
	return s.redeem(ctx, r, packRedemption(r, encodeLink(r.Link), ""))
}

// RedeemCode implements signin.Store.
func (s *Store) RedeemCode(ctx context.Context, r signin.Redemption) (signin.Redeemed, error) {
	codes := " "
	for _, code := range r.Codes {
		codes += encode(code[:]) + " "
	}
	return s.redeem(ctx, r, packRedemption(r, "", codes))
}

// packRedemption makes the argument of redeem.lua.
func packRedemption(r signin.Redemption, link, codes string) packed {
	replace, mark := "", ""
	if r.Replace != (session.Key{}) {
		replace = encode(r.Replace[:])
	}
	if r.Mark != (signin.BrowserKey{}) {
		mark = encode(r.Mark[:])
	}
	made := r.Session.Record
	return make(packed, 0, 512).number(record.Millis(r.Now)).text(encode(r.Browser[:]), r.Site).flag(r.Elsewhere).
		text(link, codes, r.Policy, encode(r.Session.Key[:])).number(record.Millis(made.Expires)).text(sessionRest(made)).
		text(replace, mark, r.Language)
}

// outcomes are what the script says.
var outcomes = map[string]signin.Outcome{
	"signed in": signin.SignedIn, "-unknown": signin.Unknown, "-other browser": signin.OtherBrowser, "-used": signin.Used,
	"-too old": signin.TooOld, "-rules": signin.PolicyChanged, "wrong code": signin.WrongCode, "-ended": signin.RequestEnded,
}

func (s *Store) redeem(ctx context.Context, r signin.Redemption, step packed) (signin.Redeemed, error) {
	raw, err := s.runPacked(ctx, redeemStep, []byte(step))
	if first := err; errors.Is(first, signin.ErrUncertain) && ctx.Err() == nil {
		// The step knows itself again by the session that it makes, so sending
		// it once more does it once, and tells how it ended. If that fails, for
		// whatever reason, the first one may have been done all the same.
		if raw, err = s.runPacked(ctx, redeemStep, []byte(step)); err != nil {
			err = fmt.Errorf("%w; once more: %w", first, err)
		}
	}
	if err != nil {
		return signin.Redeemed{}, err
	}
	answer, err := unpack(raw)
	if err != nil {
		return signin.Redeemed{}, err
	}
	word, number, text := answer.text(), int(answer.number()), answer.text()
	outcome, known := outcomes[word]
	if !known {
		return signin.Redeemed{}, fmt.Errorf("redis answers with an outcome that is none: %q", word)
	}
	redeemed := signin.Redeemed{Outcome: outcome}
	switch outcome {
	case signin.SignedIn:
		redeemed.NewPerson = number == 1
	case signin.PolicyChanged:
		redeemed.Policy = text
	case signin.WrongCode:
		redeemed.TriesLeft = number
	}
	if answer.rest != "" {
		redeemed.Request = answer.about()
	}
	if answer.damaged {
		return signin.Redeemed{}, errDamaged
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
	answer, err := unpack(raw)
	if err != nil {
		return signin.Request{}, false, err
	}
	tries, typed := answer.small(), answer.text()
	request := answer.about()
	if answer.damaged {
		return signin.Request{}, false, errDamaged
	}
	request.Tries, request.Typed = tries, cmp.Or(typed, string(request.Address))
	return request, now.Before(request.Expires.Add(signin.Remembered)), nil
}
