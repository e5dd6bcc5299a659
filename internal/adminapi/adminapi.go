// Package adminapi is what the admin API of a running server and the command
// line say to each other: paths, and the JSON of orders and reports. Times are
// UTC. An order whose fields are not known is refused, an empty body is an order
// with no field set.
//
// People are named in the body of a request, never in its path or query: Caddy
// logs those.
package adminapi

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
)

// mark is the header of each answer, errors included, by which a client knows that no other
// program has answered.
const mark, markOfDoorpost = "Doorpost", "admin API"

// Mark says in the header of an answer that Doorpost gives it.
func Mark(h http.Header) { h.Set(mark, markOfDoorpost) }

// IsMarked reports whether the header of an answer says so.
func IsMarked(h http.Header) bool { return h.Get(mark) == markOfDoorpost }

// The paths, as patterns of http.ServeMux.
const (
	HealthPath = "/doorpost/health" // GET
	StatsPath  = "/doorpost/stats"  // GET
	DoctorPath = "/doorpost/doctor" // POST
	BackupPath = "/doorpost/backup" // GET

	OutboxPath  = "/doorpost/outbox"            // GET, a list
	MessagePath = "/doorpost/outbox/{id}"       // GET
	RetryPath   = "/doorpost/outbox/{id}/retry" // POST
	UnblockPath = "/doorpost/outbox/unblock"    // POST

	UsersPath       = "/doorpost/users/list"    // POST, a list
	ShowUserPath    = "/doorpost/users/show"    // POST
	AddUserPath     = "/doorpost/users/add"     // POST
	LeaveGroupsPath = "/doorpost/users/leave"   // POST
	DisableUserPath = "/doorpost/users/disable" // POST
	EnableUserPath  = "/doorpost/users/enable"  // POST
	MoveUserPath    = "/doorpost/users/move"    // POST
	RemoveUserPath  = "/doorpost/users/remove"  // POST

	PasskeysPath      = "/doorpost/passkeys/list"   // POST
	RemovePasskeyPath = "/doorpost/passkeys/remove" // POST
	ResetPasskeysPath = "/doorpost/passkeys/reset"  // POST

	TokensPath      = "/doorpost/tokens"             // GET, a list
	CreateTokenPath = "/doorpost/tokens/create"      // POST
	TokenPath       = "/doorpost/tokens/{id}"        // GET
	RotateTokenPath = "/doorpost/tokens/{id}/rotate" // POST
	EndTokenPath    = "/doorpost/tokens/{id}/end"    // POST

	SessionsPath    = "/doorpost/sessions/list" // POST, a list
	EndSessionsPath = "/doorpost/sessions/end"  // POST

	InvitePath = "/doorpost/invite" // POST
	WhyPath    = "/doorpost/why"    // POST

	RequestsPath = "/doorpost/requests"              // GET, a list
	ApprovePath  = "/doorpost/requests/{id}/approve" // POST
	RefusePath   = "/doorpost/requests/{id}/refuse"  // POST
)

var entryID = regexp.MustCompile(`^[a-z2-7]{26}$`)

// IsEntryID reports whether a text can be the id of a message or of an access request.
func IsEntryID(s string) bool { return entryID.MatchString(s) }

// At is a path with an id in it.
func At(pattern, id string) string { return strings.Replace(pattern, "{id}", url.PathEscape(id), 1) }

// Failure is the body of an answer whose status is 400 or more.
type Failure struct {
	Error string `json:"error"`
}

// How many items of a list one answer has.
const (
	UsualPage = 100 // where the order does not say
	MaxPage   = 500
)

// Page is which part of a list is asked for: in the body of a POST, or as from
// and limit in the query of a GET. The answer to each is an object with the
// items, and next: what from has to be for the next page. There is no next after
// the last page. A page may have fewer items than were asked for, or none,
// before the end.
type Page struct {
	From  string `json:"from,omitempty"`  // empty: from the start
	Limit int    `json:"limit,omitempty"` // 1 to MaxPage; 0: UsualPage
}
