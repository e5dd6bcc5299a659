package caddymodule

import (
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// wrongArguments are what cannot stand for an argument, by what does in sampleOf.
var wrongArguments = map[string][]string{
	sampleAddress: {"", "nobody", "a@b@c", "@example.com"},
	sampleURL:     {"", "notaurl", "/admin", "app.example.com", "ftp://app.example.com/", "https://"},
	sampleName:    {"", "a b", "a/b", "é"},
	sampleEntry:   {"", "zz", "..", "../..", "a/b", strings.ToUpper(sampleEntry), sampleEntry + "a"},
	sampleToken:   {"", "zz", "..", "a/b", sampleToken + "0"},
	samplePasskey: {"", "zz", samplePasskey + "00", "9e02d7715cb8a34x"},
}

// wrongFlags are what cannot stand behind a flag, of one command or of all.
var wrongFlags = map[string][]string{
	"after": {"zz", "a@b@c"}, "group": {"a b", "é", "a/b"}, "limit": {"0", "-1", "x"}, "timeout": {"0s", "-1s", "x"},
	"for": {"soon", "10", "0", "0s", "-1h", "1x", "d", "1.2.3d"}, "overlap": {"soon", "-1h", "31d"}, "site": {"x", "app.example.com", "ftp://app.example.com", "https://app.example.com/x"},
	"id": {"zz", strings.Repeat("x", 32), strings.Repeat("0", 31)}, "send-to": {"nobody"},
	"path": {"", "x"}, "method": {"", "get"}, "from": {"", "office", "192.0.2.1/24"},
	"invite for": {"10s", "59m", "31d"}, "tokens create for": {"401d", "Never", ""}, "tokens create site": {"", "https://*.example.com"}, "tokens create group": {"", "a,b"},
}

// freeFlags take any text, or say where the server is.
var freeFlags = []string{"search", "address", "config", "adapter"}

// Whether a server runs makes no difference to a call that is wrong by itself.
func TestWhatIsWrongInACallIsMisuseWhetherAServerRunsOrNot(t *testing.T) {
	isolate(t)
	down, up := closedPort(), startAdminDouble(t, "tcp", "127.0.0.1:0")
	refused := func(call []string) {
		for _, address := range []string{down, up.listener.Addr().String()} {
			if printed, err := run(append(slices.Clone(call), "--address", address)...); ended(err) != 2 || printed != "" {
				t.Errorf("%q ends with %d, prints %q, and says %v", call, ended(err), printed, err)
			}
		}
		if up.asked.Swap(0) > 0 {
			t.Errorf("%q asks the server", call)
		}
	}
	eachCommand(t, func(cmd *cobra.Command, call []string) {
		name := strings.TrimPrefix(cmd.CommandPath(), "doorpost ")
		for i, argument := range call {
			for _, wrong := range wrongArguments[argument] {
				other := slices.Clone(call)
				other[i] = wrong
				refused(other)
			}
		}
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			values := slices.Concat(wrongFlags[f.Name], wrongFlags[name+" "+f.Name])
			if f.Value.Type() == "bool" || slices.Contains(freeFlags, f.Name) {
				return
			}
			if len(values) == 0 {
				t.Errorf("nothing is known to be wrong for --%s of %s", f.Name, name)
			}
			with := call
			if f.Name == "id" { // in place of an address
				with = call[:2]
			}
			for _, wrong := range values {
				refused(append(slices.Clone(with), "--"+f.Name+"="+wrong))
			}
		})
	})
}
