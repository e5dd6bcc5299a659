package caddymodule

import (
	"cmp"
	"errors"
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
	"github.com/doorpost-auth/doorpost/internal/adminapi"
	"github.com/doorpost-auth/doorpost/internal/cli"
	"github.com/spf13/cobra"
)

// The values by which commands are called, for what stands in their help.
const (
	sampleAddress  = "alice@example.com"
	sampleURL      = "https://app.example.com/"
	sampleName     = "something"
	sampleEntry    = "uj7re5v2qvkto6bbq3g5i4xiom"
	sampleToken    = "1hlRl6CajEX"
	samplePasskey  = "9e02d7715cb8a340"
	sampleFileName = "file"
)

func sampleOf(group, placeholder, folder string) string {
	ids := map[string]string{"tokens": sampleToken, "passkeys": samplePasskey}
	switch {
	case strings.Contains(placeholder, "address"):
		return sampleAddress
	case strings.Contains(placeholder, "origin"):
		return strings.TrimSuffix(sampleURL, "/")
	case strings.Contains(placeholder, "url"):
		return sampleURL
	case strings.Contains(placeholder, "file"):
		return filepath.Join(folder, sampleFileName)
	case strings.Contains(placeholder, "id"):
		return cmp.Or(ids[group], sampleEntry)
	}
	return sampleName
}

// everyCall has each command that asks a server, called as its help says, without what may be
// left out.
func everyCall(t *testing.T) (calls [][]string) {
	t.Helper()
	eachCommand(t, func(_ *cobra.Command, call []string) { calls = append(calls, call) })
	return calls
}

// eachCommand shows all commands that ask a server, with how they are called.
func eachCommand(t *testing.T, show func(cmd *cobra.Command, call []string)) {
	t.Helper()
	root := &cobra.Command{Use: "doorpost"}
	for _, c := range cli.Commands() {
		cmd := &cobra.Command{Use: c.Name + " " + c.Usage}
		c.Build(cmd, caddyHost{})
		root.AddCommand(cmd)
	}
	placeholder := regexp.MustCompile(`<[^>]*>(…|\.\.\.)?`)
	shown := 0
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
			return sampleOf(call[0], name, t.TempDir())
		})
		shown++
		show(cmd, append(call, strings.Fields(use)...))
	}
	for _, cmd := range root.Commands() {
		walk(cmd, nil)
	}
	if shown < 15 {
		t.Fatalf("found are only %d commands", shown)
	}
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
		adminapi.Mark(w.Header())
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

func TestAnAddressIsTakenAsPeopleWriteIt(t *testing.T) {
	a := newAdmin(t, "", helloBehindGate)
	_, port, _ := net.SplitHostPort(a.address)
	free := closedPort()
	for address, want := range map[string]struct {
		code  int
		words string
	}{
		a.address:                        {0, ""},
		":" + port:                       {0, ""},
		"http://" + a.address:            {0, ""},
		"http://localhost:" + port + "/": {0, ""},
		"0.0.0.0:" + port:                {1, "the server at 0.0.0.0:" + port + " (--address) refuses: host not allowed: 0.0.0.0:" + port + "; name it with --address as its configuration does"},
		"http://" + free:                 {1, "no server answers at " + free + " (--address): "},
		"https://localhost:" + port:      {2, "is not an address of an admin API: say host:port, for example localhost:2019, or unix//path"},
		"udp/localhost:" + port:          {2, "say host:port"},
	} {
		_, err := run("stats", "--address", address)
		if ended(err) != want.code || err != nil && !strings.Contains(err.Error(), want.words) {
			t.Errorf("--address %s ends with %d and %v, want %d and %q", address, ended(err), err, want.code, want.words)
		}
	}
}

// Of a folder with a Caddyfile the server is the one of that folder; elsewhere the environment
// says which one, or else the file of the service.
func TestACommandWithoutFlagsFindsTheServer(t *testing.T) {
	folder := isolate(t)
	t.Chdir(folder)
	usual, service := caddy.DefaultAdminListen, serviceFile
	t.Cleanup(func() { caddy.DefaultAdminListen, serviceFile = usual, service })
	caddy.DefaultAdminListen, serviceFile = "localhost:1", filepath.Join(folder, "etc", "Caddyfile")
	expect := func(address, source string) {
		t.Helper()
		if at, says, err := (caddyHost{}).AdminAddress("", nil, "", ""); err != nil || at != address || says != source {
			t.Errorf("it is at %q, by %q, %v; want %q, by %q", at, says, err, address, source)
		}
		if _, err := run("outbox", "list"); err == nil || !strings.Contains(err.Error(), "no server answers at "+address+" ("+source+"): ") {
			t.Errorf("the command ends with %v, want %s in it", err, address)
		}
	}
	write := func(file, admin string) {
		t.Helper()
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o700), os.WriteFile(file, []byte("{\n"+admin+"\n}\n"), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	expect("localhost:1", "the default of Caddy")
	write(serviceFile, "admin unix/"+folder+"/service.sock")
	expect("unix/"+folder+"/service.sock", "the option admin in "+serviceFile)
	t.Setenv("CADDY_ADMIN", caddy.DefaultAdminListen) // Caddy reads it when it starts
	expect("localhost:1", "CADDY_ADMIN")
	write("Caddyfile", "admin localhost:2")
	expect("localhost:2", "the option admin in Caddyfile")
	write("Caddyfile", "debug")
	expect("localhost:1", "CADDY_ADMIN")
}

// A file that is there and cannot be read does not lead to another server.
func TestACommandDoesNotPassOverTheFileOfTheService(t *testing.T) {
	folder := isolate(t)
	t.Chdir(folder)
	service := serviceFile
	t.Cleanup(func() { serviceFile = service })
	serviceFile = folder // no file
	if _, err := run("outbox", "list"); err == nil || !strings.Contains(err.Error(), "finding the admin API of the server: ") || !strings.Contains(err.Error(), folder) {
		t.Errorf("the command ends with %v", err)
	}
}

func TestTheFileOfTheServiceIsThatOfTheUnit(t *testing.T) {
	unit, err := os.ReadFile("../ops/systemd/doorpost.service")
	if err != nil || !strings.Contains(string(unit), "\nExecStart=/usr/bin/doorpost run --config "+serviceFile+"\n") {
		t.Errorf("commands look for the server in %s, and the unit is %s %v", serviceFile, unit, err)
	}
}
