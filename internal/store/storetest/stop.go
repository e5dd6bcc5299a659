package storetest

import (
	"time"

	"github.com/doorpost-auth/doorpost/internal/signin"
)

var stopPromises = []promise{
	{"AStoppedRequestHasEndedWithAllItsLinks", func(f *fixture) {
		who, browser := f.person("a"), newBrowser()
		first, second := f.asked(who, browser), f.asked(who, browser)
		other := f.asked(who, newBrowser())
		f.stopped(first, time.Hour)
		f.wantLink(first, f.now, signin.Used)
		f.wantLink(second, f.now, signin.Used)
		f.wantOutcome(f.redeemCode(f.redemption(second)), signin.RequestEnded)
		f.wantLink(other, f.now, alive)
	}},
	{"NobodyIsWrittenToWhileMuted", func(f *fixture) {
		a := f.asked(f.person("a"), newBrowser())
		f.stopped(a, 30*time.Minute)
		f.wantSilent(f.ask(f.asking(a.Request.Address, newBrowser())), signin.SilentMuted)
		f.wantSilent(f.ask(f.asking(a.Request.Address, a.Browser)), signin.SilentMuted)
		f.wantSent(f.ask(f.asking(f.person("b"), newBrowser())))
	}},
	{"TheMutingEnds", func(f *fixture) {
		a := f.asked(f.person("a"), newBrowser())
		f.stopped(a, linkLife)
		end := f.now.Add(linkLife)
		f.wantSilent(f.ask(f.askingAt(end.Add(-time.Millisecond), a.Request.Address, newBrowser())), signin.SilentMuted)
		f.wantSent(f.ask(f.askingAt(end, a.Request.Address, newBrowser())))
	}},
	{"AUsedLinkStillStops", func(f *fixture) {
		a := f.asked(f.person("a"), newBrowser())
		f.wantOutcome(f.redeemLink(f.redemption(a)), signin.SignedIn)
		f.stopped(a, time.Hour)
		f.wantSilent(f.ask(f.asking(a.Request.Address, newBrowser())), signin.SilentMuted)
		f.stopped(a, time.Hour)
	}},
	{"NothingStopsWhatIsOfAnotherSiteOrUnknown", func(f *fixture) {
		a := f.asked(f.person("a"), newBrowser())
		elsewhere := f.stopping(a, time.Hour)
		elsewhere.Origin = "https://other.example.com"
		unknown := f.stopping(f.asking(a.Request.Address, newBrowser()), time.Hour)
		for _, s := range []signin.Stopping{elsewhere, unknown} {
			if stopped, err := f.Stop(f.Context(), s); stopped || err != nil {
				f.Fatalf("stopping %+v: %v, %v", s, stopped, err)
			}
		}
		f.wantLink(a, f.now, alive)
		f.wantSent(f.ask(f.asking(a.Request.Address, newBrowser())))
	}},
}

func (f *fixture) stopping(a signin.Asking, mute time.Duration) signin.Stopping {
	return signin.Stopping{Now: a.Now, Origin: f.site, Link: a.Link, Message: a.Message.ID, Until: a.Now.Add(mute)}
}

func (f *fixture) stopped(a signin.Asking, mute time.Duration) {
	f.Helper()
	stopped, err := f.Stop(f.Context(), f.stopping(a, mute))
	f.must(err)
	if !stopped {
		f.Fatal("it is not stopped")
	}
}
