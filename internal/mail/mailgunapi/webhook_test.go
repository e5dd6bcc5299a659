package mailgunapi

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/mailgun/mailgun-go/v4/events"

	"github.com/doorpost-auth/doorpost/internal/outbox"
)

const (
	signingKey = "webhook-signing-key"
	token      = "0123456789abcdef0123456789abcdef0123456789abcdef01"
)

// received is when the notices of the tests arrive, happened the time of their events.
var (
	received = time.Unix(1_772_366_400, 0)
	happened = time.Unix(1_772_366_390, 500_000_000)
)

func sign(key, timestamp, token string) string {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(timestamp + token))
	return hex.EncodeToString(mac.Sum(nil))
}

// notice is the body that Mailgun posts for an event, as its documentation
// shows it.
func notice(timestamp, token, signature, event string) []byte {
	return fmt.Appendf(nil, `{"signature":{"timestamp":%q,"token":%q,"signature":%q},"event-data":%s}`, timestamp, token, signature, event)
}

func signed(event string) []byte {
	now := strconv.FormatInt(received.Unix(), 10)
	return notice(now, token, sign(signingKey, now, token), event)
}

func event(kind, more string) string {
	return `{"event":"` + kind + `","id":"CCXMjJ7nQi2N3BPigGOdgQ","timestamp":1772366390.5,"log-level":"info",` + more +
		`"message":{"headers":{"to":"alice@example.org","message-id":"abcdefghij@example.com","from":"sign-in@example.com","subject":"Sign in"},"size":512},` +
		`"recipient":"alice@example.org","tags":[],"campaigns":[],"user-variables":{"a":[1,{}]}}`
}

const refusedForGood = `"severity":"permanent","reason":"bounce","delivery-status":{"attempt-no":1,"code":550,"message":"5.1.1 <alice@example.org> unknown, see https://example.org/#x"},`

func webhook(t testing.TB) *Webhook {
	t.Helper()
	w, err := NewWebhook(signingKey)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func TestAWebhookNeedsAKey(t *testing.T) {
	for _, bad := range []string{"", " ", "key\n", "schlüssel"} {
		if _, err := NewWebhook(bad); err == nil || !strings.Contains(err.Error(), "webhook_key") {
			t.Errorf("%q: got %v", bad, err)
		}
	}
}

func TestOpenReportsWhatBecameOfAMessage(t *testing.T) {
	for _, tc := range []struct {
		name, event string
		want        outbox.Report
	}{
		{"delivered", event("delivered", `"delivery-status":{"code":250,"message":"OK"},`), outbox.Report{State: outbox.Sent, Delivered: true}},
		{"delivered, in capitals", event("Delivered", ""), outbox.Report{State: outbox.Sent, Delivered: true}},
		{"refused for good", event("failed", refusedForGood),
			outbox.Report{State: outbox.Bounced, Problem: "mailgun reports: bounce 550 5.1.1 <(address)> unknown, see (link)"}},
		{"refused for a while", event("failed", `"severity":"temporary","reason":"generic","delivery-status":{"code":451,"description":"busy"},`),
			outbox.Report{State: outbox.Deferred, Problem: "mailgun reports: generic 451 busy"}},
		{"tried for too long", event("failed", `"severity":"permanent","reason":"old","delivery-status":{"code":602,"message":"Too old"},`),
			outbox.Report{State: outbox.Failed, Problem: "mailgun reports: old 602 Too old"}},
		{"unwanted", event("complained", ""), outbox.Report{State: outbox.Complained, Problem: "its reader called it unwanted"}},
		{"rejected", event("rejected", `"reject":{"reason":"Sandbox","description":"not for alice@example.org"},`),
			outbox.Report{State: outbox.Failed, Problem: "mailgun reports: rejected Sandbox not for (address)"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := webhook(t).Open(signed(tc.event), received)
			if err != nil {
				t.Fatal(err)
			}
			tc.want.At = got.Report.At
			if !got.Known || got.MessageID != "abcdefghij" || got.Report != tc.want || !got.Report.At.Equal(happened) {
				t.Errorf("got %+v, want %+v", got, tc.want)
			}
			if got.Once.Name != "mailgun "+token || got.Once.Until.Before(received.Add(noticeAge)) {
				t.Errorf("once is %+v", got.Once)
			}
		})
	}
}

// Of all that Mailgun calls a permanent failure, only what the server's own code
// says of the mailbox is a bounce.
func TestOnlyAMailboxThatIsNotThereBounces(t *testing.T) {
	gone := map[string]bool{events.ReasonBounce: true, events.ReasonHardFail: true, events.ReasonSuppressBounce: true}
	reasons := append(slices.Collect(maps.Keys(gone)), events.ReasonUnknown, events.ReasonGeneric, events.ReasonESPBlock, events.ReasonBlacklisted,
		events.ReasonGreylisted, events.ReasonSuppressComplaint, events.ReasonSuppressUnsubscribe, events.ReasonOld, "", "invented")
	codes := map[string]bool{"": false, "2.0.0": false, "4.1.1": false, "15.1.1": false, "5.1.1.1": false}
	for subject := range 8 {
		for detail := range 31 {
			codes[fmt.Sprintf("5.%d.%d", subject, detail)] = subject == 1 && detail != 7 && detail != 8 || subject == 2 && detail == 1
		}
	}
	for _, reason := range reasons {
		for code, mailbox := range codes {
			for _, status := range []string{
				fmt.Sprintf(`"code":550,"message":"%s says no, see rule 5.7","enhanced-code":null`, code),
				fmt.Sprintf(`"code":550,"message":"smtp; 550 %s: no"`, code),
				fmt.Sprintf(`"code":550,"message":"no","enhanced-code":%q`, code),
			} {
				got, err := webhook(t).Open(signed(event("failed", fmt.Sprintf(`"severity":"permanent","reason":%q,"delivery-status":{%s},`, reason, status))), received)
				want := outbox.Failed
				if gone[reason] && mailbox {
					want = outbox.Bounced
				}
				if err != nil || got.Report.State != want {
					t.Fatalf("%s with %s is %s, %v, want %s", reason, status, got.Report.State, err, want)
				}
			}
		}
	}
}

func TestANoticeThatDoesNotMatterChangesNothing(t *testing.T) {
	for _, tc := range []struct{ name, event string }{
		{"accepted", event("accepted", "")},
		{"opened", event("opened", "")},
		{"clicked", event("clicked", "")},
		{"an event that came later than this", event("invented", "")},
		{"a failure of a kind that came later", event("failed", `"severity":"odd",`)},
		{"a message of another program", strings.ReplaceAll(event("delivered", ""), "abcdefghij@", "20260203192638.000BE97F@")},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := webhook(t).Open(signed(tc.event), received)
			if err != nil || got.Known || got.MessageID != "" || got.Report != (outbox.Report{}) || got.Once.Name == "" {
				t.Errorf("got %+v, %v", got, err)
			}
		})
	}
}

func TestOpenRefusesWhatMailgunDidNotSignLately(t *testing.T) {
	at := func(d time.Duration) string { return strconv.FormatInt(received.Add(d).Unix(), 10) }
	now := at(0)
	good := sign(signingKey, now, token)
	flipped := "0" + good[1:]
	if good[0] == '0' {
		flipped = "1" + good[1:]
	}
	e := event("failed", refusedForGood)
	for _, tc := range []struct {
		name string
		body []byte
		want error
	}{
		{"another key", notice(now, token, sign("another", now, token), e), ErrForged},
		{"an empty key", notice(now, token, sign("", now, token), e), ErrForged},
		{"a flipped bit", notice(now, token, flipped, e), ErrForged},
		{"half a signature", notice(now, token, good[:32], e), ErrForged},
		{"a signature that is not hex", notice(now, token, "zz", e), ErrForged},
		{"another token", notice(now, token[1:]+"f", good, e), ErrForged},
		{"another time", notice(at(1*time.Second), token, good, e), ErrForged},
		{"thirteen hours ago", notice(at(-13*time.Hour), token, sign(signingKey, at(-13*time.Hour), token), e), ErrForged},
		{"two minutes from now", notice(at(2*time.Minute), token, sign(signingKey, at(2*time.Minute), token), e), ErrForged},
		{"a digit moved from the token to the time", notice(now+token[:1], token[1:], good, e), ErrForged},
		{"a digit moved from the time to the token", notice(now[:9], now[9:]+token, good, e), ErrMalformed},
		{"a time with a sign", notice("+"+now, token, sign(signingKey, "+"+now, token), e), ErrMalformed},
		{"a time with zeros before it", notice("0"+now, token, sign(signingKey, "0"+now, token), e), ErrMalformed},
		{"a malformed token", notice(now, "a b", sign(signingKey, now, "a b"), e), ErrMalformed},
		{"a very long token", notice(now, strings.Repeat("a", 1000), sign(signingKey, now, strings.Repeat("a", 1000)), e), ErrMalformed},
		{"no time", notice("", token, good, e), ErrMalformed},
		{"no token", notice(now, "", good, e), ErrMalformed},
		{"no signature", notice(now, token, "", e), ErrMalformed},
		{"nothing", nil, ErrMalformed},
		{"a form", []byte("timestamp=1&token=2&signature=3"), ErrMalformed},
		{"a list", []byte("[]"), ErrMalformed},
		{"too much", append(signed(e), make([]byte, MaxNotice)...), ErrMalformed},
		{"no event", notice(now, token, good, "null"), ErrMalformed},
		{"an event without a name", notice(now, token, good, "{}"), ErrMalformed},
		{"an event that is a text", notice(now, token, good, `"delivered"`), ErrMalformed},
		{"an event without a message", signed(`{"event":"delivered","timestamp":1772366390.5}`), ErrMalformed},
		{"an event without a time", signed(strings.Replace(e, `"timestamp":1772366390.5,`, "", 1)), ErrMalformed},
		{"an event of tomorrow", signed(strings.Replace(e, `1772366390.5`, "1772452800", 1)), ErrMalformed},
		{"an event at no time", signed(strings.Replace(e, `1772366390.5`, "1e300", 1)), ErrMalformed},
		{"an event of another form", signed(strings.Replace(e, `"message":{`, `"message":[],"x":{`, 1)), ErrMalformed},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := webhook(t).Open(tc.body, received)
			if !errors.Is(err, tc.want) || got != (Notice{}) {
				t.Errorf("got %+v, %v", got, err)
			}
			if err != nil && (strings.Contains(err.Error(), "alice") || strings.Contains(err.Error(), token)) {
				t.Errorf("the error repeats the body: %v", err)
			}
		})
	}
}

func TestANoticeIsAcceptedForTwelveHours(t *testing.T) {
	body := signed(event("delivered", ""))
	for _, d := range []time.Duration{-59 * time.Second, 0, 8 * time.Hour, noticeAge} {
		n, err := webhook(t).Open(body, received.Add(d))
		if err != nil {
			t.Errorf("%s later: %v", d, err)
		} else if n.Once.Until.Before(received.Add(d)) {
			t.Errorf("%s later it is forgotten already", d)
		}
	}
}

func FuzzOpen(f *testing.F) {
	for _, seed := range []string{
		event("delivered", ""), event("failed", refusedForGood), event("complained", ""), event("rejected", `"reject":{"reason":"x"},`),
		event("opened", ""), event("invented", ""), "null", "{}", "[]", `"x"`, `{"event":"delivered","timestamp":-1e308}`,
		`{"event":"failed","message":{"headers":{"message-id":"@"}}}`, strings.Repeat("[", 20000),
	} {
		f.Add([]byte(seed), true)
		f.Add(signed(seed), false)
	}
	w := webhook(f)
	f.Fuzz(func(t *testing.T, data []byte, wrap bool) {
		if wrap { // so that what is signed is reached
			data = signed(string(data))
		}
		n, err := w.Open(data, received)
		if err != nil {
			if !errors.Is(err, ErrForged) && !errors.Is(err, ErrMalformed) || n != (Notice{}) {
				t.Errorf("got %+v, %v", n, err)
			}
			return
		}
		if !json.Valid(data) || n.Once.Name == "" || n.Known != (n.MessageID != "") || n.Known != (n.Report != outbox.Report{}) {
			t.Errorf("got %+v", n)
		}
		if n.Known && (!outboxID.MatchString(n.MessageID) || n.Report.At.After(received.Add(clockSkew)) || strings.ContainsAny(n.Report.Problem, "\n\r\x1b")) {
			t.Errorf("got %+v", n)
		}
	})
}
