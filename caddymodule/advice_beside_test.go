package caddymodule

import (
	"slices"
	"strings"
	"testing"

	"github.com/doorpost-auth/doorpost/internal/adminapi"
)

// leaks reports whether loading warns of a way past a gate to the same app.
func leaks(t *testing.T, source string) bool {
	t.Helper()
	return slices.ContainsFunc(isOpen(t, source), func(f adminapi.Finding) bool {
		return strings.Contains(f.Found, "that comes to the same app or file")
	})
}

// Whatever changes the path, whichever gate is beside it, and whatever is behind both.
func TestEachWayPastAGateToItsAppOrFilesIsWarnedOf(t *testing.T) {
	isolate(t)
	ways := map[string]bool{ // whether any path comes out
		"handle_path /o/* {\nOPEN}":                                                                                    true,
		"handle /o/* {\nuri replace /o/ /\nOPEN}":                                                                      true,
		"@o path *.html\nhandle @o {\nuri strip_suffix .html\nOPEN}":                                                   true,
		"@o path_regexp \\.(json|xml)$\nhandle @o {\nuri path_regexp \\.(json|xml)$ \"\"\nOPEN}":                       true,
		"@o path_regexp o ^/v[12](/.*)$\nhandle @o {\nrewrite * {re.o.1}?format=json\nOPEN}":                           true,
		"@o path_regexp o ^/print(/.*)\\.html$\nhandle @o {\nrewrite * {re.o.1}?print=1\nOPEN}":                        true,
		"handle_path /o/* {\nreverse_proxy localhost:7 {\n@n status 404\nhandle_response @n {\nOPEN}\n}\n}":            true,
		"handle_path /o/* {\nintercept {\n@n status 404\nhandle_response @n {\nOPEN}\n}\nreverse_proxy localhost:7\n}": true,
		"handle /o/* {\nrewrite * /hook\nOPEN}":                                                                        false,
		"handle /o/* {\nrewrite * /hooks{uri}\nOPEN}":                                                                  false,
		"handle /o/* {\nOPEN}": false,
		"handle /o/* {\nrewrite * /error.html\nintercept {\n@n status 404\nhandle_response @n {\nOPEN}\n}\nrespond 404\n}": false,
	}
	contents := []struct {
		gated, open string
		same        bool
	}{
		{"APP", "APP", true}, {"APP", "ELSE", false}, {"APP", "respond hi\n", false}, {"APP", "basic_auth {\nbob HASH\n}\nAPP", false},
		{"root /srv\nfile_server\n", "root /srv\nfile_server\n", true}, {"root /srv/in\nfile_server\n", "root /srv\nfile_server\n", true},
		{"root /srv\nfile_server\n", "root /srv/out\nfile_server\n", false}, {"root /srv/in\nfile_server\n", "root /srv\nfile_server {\nhide in\n}\n", false},
		{"root /srv/in\nPHP", "root /srv\nPHP", true}, {"root /srv/in\nPHP", "root /other\nPHP", false},
	}
	for way, any := range ways {
		for _, c := range contents {
			for _, gate := range []string{"handle {\nGATE", "handle /in* {\nGATE", "@in path_regexp ^/(x|in)\nhandle @in {\nGATE"} {
				nested := c.same && c.gated != c.open
				if nested && !any { // the folder itself is a path of what is open
					continue
				}
				source := handles("", "localhost:1", strings.ReplaceAll(way, "OPEN", c.open)+"\n"+gate+c.gated+"}\nhandle {\nrespond 404\n}")
				if got := leaks(t, source); got != (any && c.same) {
					t.Errorf("of %q it is warned: %v", source, got)
				}
			}
		}
	}
}

// A folder of files lies in another one, which is served under other paths.
func TestAnOpenFolderAboveAProtectedOneIsWarnedOf(t *testing.T) {
	isolate(t)
	for _, open := range []string{"handle {\nroot /srv\nfile_server\n}", "handle /files/* {\nroot /srv\nfile_server\n}\nhandle {\nrespond 404\n}", "root /srv\nfile_server", "route {\nroot /srv\nfile_server browse\n}", "handle_path /o/* {\nroot /\nfile_server\n}"} {
		for folder, warns := range map[string]bool{"/srv/files/in": true, "/srv/files": true, "/srv/files/in/deep/": true, "/srv2/files": strings.Contains(open, "root /\n"), "/files/in": strings.Contains(open, "root /\n")} {
			for _, gate := range []string{"handle_path /private/* {\nGATE", "handle /private* {\nuri strip_prefix /private\nGATE"} {
				if got := leaks(t, handles("", "localhost:1", gate+"root "+folder+"\nfile_server\n}\n"+open)); got != warns {
					t.Errorf("of %s above %s it is warned: %v", open, folder, got)
				}
			}
		}
	}
	for _, harmless := range []string{
		"handle_path /files/* {\nGATEroot /srv/files\nfile_server\n}\nhandle {\nroot /srv\nfile_server\n}",
		"handle_path /private/* {\nGATEroot /srv/in\nfile_server\n}\nhandle /assets/* {\nroot /srv\nfile_server\n}",
		"handle_path /private/* {\nGATEroot /srv/in\nfile_server\n}\nrespond /in/* 403\nroot /srv\nfile_server",
	} {
		if leaks(t, handles("", "localhost:1", harmless)) {
			t.Errorf("of %q it is warned", harmless)
		}
	}
}
