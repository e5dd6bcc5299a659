package caddymodule

import (
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/caddyserver/caddy/v2"
	"github.com/doorpost-auth/doorpost/internal/cli"
	"github.com/spf13/cobra"
)

// everyCall has each command that asks a server, called as its help says, without what may be
// left out.
func everyCall(t *testing.T) (calls [][]string) {
	t.Helper()
	root := &cobra.Command{Use: "doorpost"}
	for _, c := range cli.Commands() {
		cmd := &cobra.Command{Use: c.Name + " " + c.Usage}
		c.Build(cmd, caddyHost{})
		root.AddCommand(cmd)
	}
	placeholder := regexp.MustCompile(`<[^>]*>…?`)
	var walk func(*cobra.Command, []string)
	walk = func(cmd *cobra.Command, above []string) {
		call := append(append([]string{}, above...), cmd.Name())
		for _, below := range cmd.Commands() {
			walk(below, call)
		}
		if cmd.HasSubCommands() || cmd.Flags().Lookup("address") == nil { // it asks no server
			return
		}
		use, _, _ := strings.Cut(strings.TrimPrefix(cmd.Use, cmd.Name()), "[")
		use, _, _ = strings.Cut(use, "|")
		use = placeholder.ReplaceAllStringFunc(strings.Trim(use, " ("), func(name string) string {
			switch {
			case strings.Contains(name, "address"):
				return "alice@example.com"
			case strings.Contains(name, "url"):
				return "https://app.example.com/"
			case strings.Contains(name, "file"):
				return filepath.Join(t.TempDir(), "file")
			}
			return "something"
		})
		calls = append(calls, append(call, strings.Fields(use)...))
	}
	for _, cmd := range root.Commands() {
		walk(cmd, nil)
	}
	if len(calls) < 15 {
		t.Fatalf("found are only %q", calls)
	}
	return calls
}

// adminDouble counts what an admin API is asked.
type adminDouble struct {
	listener net.Listener
	asked    atomic.Int64
}

func startAdminDouble(t *testing.T, network, address string) *adminDouble {
	t.Helper()
	listener, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	d := &adminDouble{listener: listener}
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		d.asked.Add(1)
		_, _ = w.Write([]byte(`{"done": true}`))
	}))
	server.Listener.Close()
	server.Listener = listener
	server.Start()
	t.Cleanup(server.Close)
	return d
}

func TestACommandReachesTheServerOfItsConfigurationAndNoOther(t *testing.T) {
	folder := isolate(t)
	stranger := startAdminDouble(t, "tcp", "127.0.0.1:0")
	usual := caddy.DefaultAdminListen
	caddy.DefaultAdminListen = stranger.listener.Addr().String()
	t.Cleanup(func() { caddy.DefaultAdminListen = usual })

	port := startAdminDouble(t, "tcp", "127.0.0.1:0")
	socket := startAdminDouble(t, "unix", filepath.Join(folder, "admin.sock"))
	t.Setenv("ADMIN_OF_THE_TEST", port.listener.Addr().String())
	const off = "the admin API is off in"
	for admin, c := range map[string]struct {
		server  *adminDouble
		problem string
	}{
		"off":                         {nil, off},
		"{\ndisabled\n}":              {nil, ""}, // no such option: the file cannot be read
		port.listener.Addr().String(): {port, ""},
		port.listener.Addr().String() + " {\norigins localhost\n}": {port, ""},
		"unix/" + socket.listener.Addr().String():                  {socket, ""},
		"unix/" + socket.listener.Addr().String() + "|0200":        {socket, ""},
		"{$ADMIN_OF_THE_TEST}":                                     {port, ""},
		"{env.ADMIN_OF_THE_TEST}":                                  {port, ""},
		"{env.ADMIN_NOT_SET_HERE}":                                 {nil, "env.ADMIN_NOT_SET_HERE"},
	} {
		caddyfile := filepath.Join(folder, "Caddyfile")
		if err := os.WriteFile(caddyfile, []byte("{\nadmin "+admin+"\n}\nhttp://app.localhost {\nrespond hello\n}\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		files := []string{caddyfile}
		if config, _, err := (caddyHost{}).Load(caddyfile, ""); err == nil {
			files = append(files, filepath.Join(folder, "config.json"))
			if err := os.WriteFile(files[1], config, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		for _, file := range files {
			for _, call := range everyCall(t) {
				var before int64
				if c.server != nil {
					before = c.server.asked.Load()
				}
				printed, err := run(append(call, "--config", file)...)
				if c.server == nil && (err == nil || !strings.Contains(printed+err.Error(), c.problem)) {
					t.Errorf("admin %s: %q printed %q and ended with %v", admin, call, printed, err)
				}
				if c.server != nil && c.server.asked.Load() == before {
					t.Errorf("admin %s: %q did not ask the server, printed %q and ended with %v", admin, call, printed, err)
				}
				if stranger.asked.Swap(0) > 0 {
					t.Errorf("admin %s: %q asked another server", admin, call)
				}
			}
		}
	}
}

func TestACommandLooksAtTheCaddyfileOfTheFolder(t *testing.T) {
	folder := isolate(t)
	server, stranger := startAdminDouble(t, "tcp", "127.0.0.1:0"), startAdminDouble(t, "tcp", "127.0.0.1:0")
	usual := caddy.DefaultAdminListen
	caddy.DefaultAdminListen = stranger.listener.Addr().String()
	t.Cleanup(func() { caddy.DefaultAdminListen = usual })
	t.Chdir(folder)
	where := func() string {
		t.Helper()
		address, err := caddyHost{}.AdminAddress("", nil, "", "")
		if err != nil {
			t.Fatal(err)
		}
		return address
	}
	if got := where(); got != caddy.DefaultAdminListen {
		t.Errorf("without a Caddyfile the command goes to %s", got)
	}
	if err := os.WriteFile("Caddyfile", []byte("{\nadmin "+server.listener.Addr().String()+"\n}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := where(); got != server.listener.Addr().String() {
		t.Errorf("the command goes to %s, and the Caddyfile says %s", got, server.listener.Addr())
	}
}
