package redisstore

import (
	"cmp"
	"context"
	"fmt"
	"regexp"
	"strconv"
	"time"

	"github.com/doorpost-auth/doorpost/internal/address"
	"github.com/doorpost-auth/doorpost/internal/limit"
	"github.com/doorpost-auth/doorpost/internal/outbox"
	"github.com/doorpost-auth/doorpost/internal/people"
	"github.com/doorpost-auth/doorpost/internal/session"
	"github.com/doorpost-auth/doorpost/internal/signin"
	"github.com/doorpost-auth/doorpost/internal/store/record"
)

// limit appends a limit.Use, and how long its counter is kept after the first
// event of a slot: the last one may come when that ends.
func (p packed) limit(u limit.Use) packed {
	slot := max(u.Rule.Window/16, time.Millisecond)
	return p.text(u.Name).number(int64(u.Rule.Max), slot.Microseconds(), (u.Rule.Lifetime()+slot).Milliseconds()+1)
}

// about appends what a link and its request are about, see links.lua.
func (p packed) about(r signin.Request) packed {
	return p.number(record.Millis(r.Expires)).text(string(r.Address), r.Site, r.To).number(record.Millis(r.Asked)).device(r.Device)
}

// about reads what about wrote.
func (u *unpacking) about() signin.Request {
	return signin.Request{
		Expires: record.Time(u.number()), Address: address.Address(u.text()), Site: u.text(),
		To: u.text(), Asked: record.Time(u.number()), Device: u.device(),
	}
}

// verdict is what admission says of somebody of whom the store knows nothing,
// and ways is what it says of others, for ask.lua; empty where it does not matter
// what the store knows.
func verdict(a signin.Asking) (verdict int, ways string, err error) {
	const refused, admitted, mayAsk = 0, 1, 2
	switch {
	case a.Admission.Admits(nil, a.Now):
		verdict = admitted
	case a.OfferLink != (signin.LinkKey{}) && a.Admission.MayAsk(nil):
		verdict = mayAsk
	default:
		verdict = refused
	}
	type way struct {
		Open    bool     `json:"o,omitempty"`
		Groups  []string `json:"g,omitempty"`
		Granted bool     `json:"r,omitempty"`
		Except  []string `json:"e,omitempty"`
	}
	var all []way
	matters := false
	for _, w := range a.Admission.Ways {
		all = append(all, way(w))
		matters = matters || len(w.Groups) > 0 || w.Granted || len(w.Except) > 0
	}
	if !matters {
		return verdict, "", nil
	}
	ways, err = encodeRecord(struct {
		Site string `json:"s"`
		Ways []way  `json:"w"`
	}{a.Admission.Site, all})
	return verdict, ways, err
}

// packAsking makes the arguments of ask.lua.
func packAsking(a signin.Asking) (arguments []any, err error) {
	verdict, ways, err := verdict(a)
	if err != nil {
		return nil, err
	}
	message, err := messageToAsk(a.Message)
	if err != nil {
		return nil, err
	}
	offer, offerLink := "", ""
	if a.OfferLink != (signin.LinkKey{}) {
		offerLink = encodeLink(a.OfferLink)
		if offer, err = messageToAsk(a.Offer); err != nil {
			return nil, err
		}
	}
	typed := a.Request.Typed
	if typed == string(a.Request.Address) {
		typed = "" // as it nearly always is
	}
	browser := encodeBrowser(a.Browser)
	link := make(packed, 0, 256).text(a.Policy, browser).about(a.Request)
	step := make(packed, 0, 512).number(record.Millis(a.Now), a.Now.UnixMicro()).text(browser, string(a.Request.Address)).
		small(verdict).text(typed).number(record.Millis(a.Request.Expires)).
		text(millisecondsOf(a.Request.Expires.Sub(a.Now)+signin.Remembered), encodeLink(a.Link)).
		fixed(encode(a.Code[:])).limit(a.Client).limit(a.Mailbox).limit(a.Total).number(int64(a.Reserve)).
		text(a.Message.ID).flag(a.Message.Language != "").text(ways, offerLink, a.Offer.ID)
	return []any{[]byte(step), message, []byte(link), offer}, nil
}

// messageToAsk is a message whose beginning ask.lua knows: it fills in whether
// it is a welcome.
func messageToAsk(m outbox.Message) (string, error) {
	m.Welcome = false // which is left out
	encoded, err := encodeMessage(m)
	if err != nil {
		return "", err
	}
	return `{"w":false,` + encoded[1:], nil
}

// millisecondsOf writes how long Redis keeps something, which is some time.
func millisecondsOf(d time.Duration) string { return strconv.FormatInt(max(d.Milliseconds(), 1), 10) }

// Ask implements signin.Store.
func (s *Store) Ask(ctx context.Context, a signin.Asking) (signin.Asked, error) {
	arguments, err := packAsking(a)
	if err != nil {
		return signin.Asked{}, err
	}
	raw, err := s.runPacked(ctx, askStep, arguments...)
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
	return s.redeem(ctx, redeemLinkStep, r, encodeLink(r.Link), "")
}

// RedeemCode implements signin.Store.
func (s *Store) RedeemCode(ctx context.Context, r signin.Redemption) (signin.Redeemed, error) {
	codes := " "
	for _, code := range r.Codes {
		codes += encode(code[:]) + " "
	}
	return s.redeem(ctx, redeemCodeStep, r, "", codes)
}

// packRedemption makes the arguments of redemption.lua.
func packRedemption(r signin.Redemption, link, codes string) (arguments []any, err error) {
	replace, mark, revision, language := "", "", "-", r.Language
	if r.Replace != (session.Key{}) {
		replace = encode(r.Replace[:])
	}
	fresh := record.PackPerson(people.Person{Added: r.Now, Proven: r.Now, Revision: 1})
	if r.Mark != (signin.BrowserKey{}) {
		mark = encodeBrowser(r.Mark)
		fresh.Browsers = [][]byte{r.Mark[:]}
	}
	if r.Revision != nil {
		revision = revisionText(*r.Revision)
	}
	if !isLanguage.MatchString(language) {
		language = ""
	}
	fresh.Language = language
	encoded, err := encodeRecord(fresh)
	if err != nil {
		return nil, err
	}
	made := r.Session.Record
	step := make(packed, 0, 512).number(record.Millis(r.Now)).text(encodeBrowser(r.Browser), r.Site).flag(r.Elsewhere).
		text(link, codes, r.Policy, revision, encode(r.Session.Key[:])).number(record.Millis(made.Expires)).
		text(millisecondsOf(made.Expires.Sub(r.Now)), replace, mark, language, encoded)
	return []any{[]byte(step), sessionRest(made)}, nil
}

// isLanguage recognizes what may stand in the record of a person as it is.
var isLanguage = regexp.MustCompile(`^[0-9A-Za-z-]{1,35}$`)

// revisionText writes a revision as links have it: nothing for somebody who was
// not known.
func revisionText(revision uint64) string {
	if revision == 0 {
		return ""
	}
	return strconv.FormatUint(revision, 10)
}

// outcomes are what the script says.
var outcomes = map[string]signin.Outcome{
	"signed in": signin.SignedIn, "-unknown": signin.Unknown, "-other browser": signin.OtherBrowser, "-used": signin.Used,
	"-too old": signin.TooOld, "-rules": signin.PolicyChanged, "-not admitted": signin.NotAdmitted, "wrong code": signin.WrongCode,
	"-ended": signin.RequestEnded,
}

func (s *Store) redeem(ctx context.Context, step script, r signin.Redemption, link, codes string) (signin.Redeemed, error) {
	arguments, err := packRedemption(r, link, codes)
	if err != nil {
		return signin.Redeemed{}, err
	}
	// The step knows itself again by the session that it makes.
	raw, err := s.runOnceMore(ctx, step, arguments...)
	if err != nil {
		return signin.Redeemed{}, err
	}
	answer, err := unpack(raw)
	if err != nil {
		return signin.Redeemed{}, err
	}
	word, number, policy, person := answer.text(), int(answer.number()), answer.text(), answer.text()
	outcome, known := outcomes[word]
	if !known {
		return signin.Redeemed{}, fmt.Errorf("redis answers with an outcome that is none: %q", word)
	}
	redeemed := signin.Redeemed{Outcome: outcome}
	switch outcome {
	case signin.SignedIn:
		redeemed.NewPerson = number == 1
	case signin.PolicyChanged:
		redeemed.Policy = policy
	case signin.WrongCode:
		redeemed.TriesLeft = number
	}
	if answer.rest != "" {
		answer.text() // the browser that asked
		redeemed.Request = answer.about()
	}
	if answer.damaged {
		return signin.Redeemed{}, errDamaged
	}
	if outcome == signin.PolicyChanged {
		if redeemed.Person, err = decodePerson(redeemed.Request.Address, person); err != nil {
			return signin.Redeemed{}, err
		}
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
	}{encodeBrowser(browser)})
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
