package view

import (
	"time"

	"github.com/doorpost-auth/doorpost/internal/text"
)

// Page is one of the pages of this package, with its content.
type Page interface {
	about() about
	// host names the site if the brand does not.
	host() string
}

// about is what a page is, beside its content.
type about struct {
	template string // name of its file below templates/
	title    string // key of what a browser shows in its tab; empty: address
	address  string // that the title is about
	failed   bool   // something that was typed is not right
	form     *form  // that the page is for; nil if there is none
	wide     bool   // it is wide where there is room, and has the second part of the stylesheet

	// reload is the path under which the page is loaded again if it answers a form;
	// empty: the form is sent again.
	reload string
}

// inTab is what a browser shows in its tab. Screen readers read it first.
func (a about) inTab(lang *text.Language, site string) string {
	title := a.address
	if a.title != "" {
		title = lang.Say(a.title, "address", a.address, "site", site)
	}
	if a.failed {
		return lang.Say("frame.error_title", "title", title)
	}
	return title
}

// Frame is what all pages have.
type Frame struct {
	Host string // that the visitor uses, without port
}

func (f Frame) host() string { return f.Host }

// Sample is a page with typical content, in a state that has a name.
type Sample struct {
	Name string
	Page Page
}

// Samples lists every page in every state that looks different. They are for tests,
// for screenshots, and for trying an operator's templates.
func Samples() []Sample { return allSamples }

// allSamples are those that stand beside each page.
var allSamples []Sample

func samples(more []Sample) struct{} {
	allSamples = append(allSamples, more...)
	return struct{}{}
}

// What samples show.
const (
	sampleAddress     = "ada.lovelace@example.com"
	sampleOther       = "ada@example.org"
	sampleLongAddress = "the.very.long.address.of.a.person.with.many.names@mail.department.university.example.com"
	sampleTo          = "/reports?year=2026"
	sampleWords       = "I am the new one in the team of Grace.\nShe told me to read the report of May: https://reports.example.com/may"
)

var (
	sampleFrame    = Frame{Host: "reports.example.com"}
	sampleTime     = time.Date(2026, time.March, 4, 17, 5, 0, 0, time.UTC)
	sampleSessions = []AccountSession{
		{ID: "s2", Browser: "Safari", System: "iOS", Network: "198.51.100.0/24", First: sampleTime.AddDate(0, 0, -9), Last: sampleTime.Add(-3 * time.Hour)},
		{ID: "s1", Browser: "Firefox", System: "Windows", Network: "203.0.113.0/24", First: sampleTime, Last: sampleTime, Current: true},
		{ID: "s3", First: sampleTime.AddDate(0, -1, 0), Last: sampleTime.AddDate(0, 0, -20)},
	}
	sampleSites = []SiteLink{
		{Host: "app.example.com", URL: "https://app.example.com/"}, {Host: "photos.family.example", URL: "https://photos.family.example/"},
		{Host: "wiki.mail.department.university.example.com", URL: "https://wiki.mail.department.university.example.com/"},
	}
	sampleSessionsAtPortal = []AccountSession{
		{ID: "s1", Browser: "Firefox", System: "Windows", Network: "203.0.113.0/24", First: sampleTime, Last: sampleTime, Current: true,
			Sites: []string{"app.example.com", "wiki.mail.department.university.example.com"}},
		{ID: "s2", Browser: "Safari", System: "iOS", Network: "198.51.100.0/24", First: sampleTime.AddDate(0, 0, -9), Last: sampleTime.Add(-3 * time.Hour),
			Sites: []string{"photos.family.example"}},
	}
	sampleRequests = []AccessRequest{
		{ID: "r1", Email: sampleAddress, Words: sampleWords, Host: "reports.example.com", Asked: sampleTime,
			Browser: "Firefox", System: "Windows", Network: "203.0.113.0/24"},
		{ID: "r2", Email: sampleLongAddress, Asked: sampleTime.Add(time.Hour)},
	}
)
