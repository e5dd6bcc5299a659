package caddymodule

import (
	"context"
	"log/slog"
	"slices"

	"github.com/doorpost-auth/doorpost/internal/audit"
	"github.com/doorpost-auth/doorpost/internal/passkey"
	"github.com/doorpost-auth/doorpost/internal/signin"
)

// countedEvents counts the events of the audit log on their way into it, also where
// the operator has that log left out.
type countedEvents struct{ slog.Handler }

// Enabled implements slog.Handler.
func (countedEvents) Enabled(context.Context, slog.Level) bool { return true }

// Handle implements slog.Handler.
func (c countedEvents) Handle(ctx context.Context, event slog.Record) error {
	countEvent(event)
	if !c.Handler.Enabled(ctx, event.Level) {
		return nil
	}
	return c.Handler.Handle(ctx, event)
}

func countEvent(event slog.Record) {
	said := func(name string) (text string) {
		event.Attrs(func(a slog.Attr) bool {
			if a.Key == name {
				text = a.Value.String()
			}
			return text == ""
		})
		return text
	}
	switch audit.Event(event.Message) {
	case audit.Asked:
		askedTotal.WithLabelValues(said("sent")).Inc()
		if why := said("silent"); why != "" {
			countRefusal(why)
		}
	case audit.Throttled:
		countRefusal("limit client")
	case audit.Redeemed:
		redeemedTotal.WithLabelValues(said("proof")).Inc()
	case audit.Refused:
		countRefusal(said("reason"))
	}
}

func countRefusal(reason string) { refusedTotal.WithLabelValues(labelOf(reason)).Inc() }

// otherReason is the label of a reason that has none of its own.
const otherReason = "other"

// labelOf is the label of a reason.
func labelOf(reason string) string {
	if label, known := reasonLabels[reason]; known {
		return label
	}
	return otherReason
}

// reasonLabels are the labels of the reasons that events give.
var reasonLabels = map[string]string{
	"not admitted":                            "not_admitted",
	"not admitted any more":                   "not_admitted",
	"rules changed":                           "not_admitted",
	"not an admin":                            "not_admitted",
	"limit address":                           "limit_address",
	"three links alive":                       "limit_address",
	"limit total":                             "limit_total",
	"limit client":                            "limit_client",
	"muted":                                   "muted",
	"mailbox blocked":                         "mailbox_blocked",
	"used before":                             "used",
	"ticket used before":                      "used",
	"too old":                                 "too_old",
	"unknown":                                 "unknown",
	"nothing to stop":                         "unknown",
	"no change to confirm":                    "unknown",
	"wrong code":                              "wrong_code",
	"not a code":                              "wrong_code",
	"too many wrong codes":                    "too_many_wrong_codes",
	"the session at the portal has ended":     "portal_session_ended",
	"no ticket for this site and browser":     "no_ticket",
	string(passkey.UsedBefore):                "used",
	string(passkey.UnknownCredential):         "unknown",
	string(passkey.Disabled):                  "not_admitted",
	string(passkey.Malformed):                 "passkey",
	string(passkey.WrongCeremony):             "passkey",
	string(passkey.WrongChallenge):            "passkey",
	string(passkey.WrongOrigin):               "passkey",
	string(passkey.WrongRPID):                 "passkey",
	string(passkey.NotPresent):                "passkey",
	string(passkey.NotVerified):               "passkey",
	string(passkey.WrongFlags):                "passkey",
	string(passkey.WrongHandle):               "passkey",
	string(passkey.WrongAlgorithm):            "passkey",
	string(passkey.WrongKey):                  "passkey",
	string(passkey.WrongSignature):            "passkey",
	string(passkey.CounterWentBack):           "passkey",
	string(passkey.EligibilityChanged):        "passkey",
	signin.ErrNeedsPasskey.Error():            "passkey",
	"the address belongs to somebody already": "address_taken",
	"the site does not admit the new address": "not_admitted",
}

// refusalReasons are the labels of all reasons, each once.
func refusalReasons() (labels []string) {
	for _, label := range reasonLabels {
		labels = append(labels, label)
	}
	labels = append(labels, otherReason)
	slices.Sort(labels)
	return slices.Compact(labels)
}
