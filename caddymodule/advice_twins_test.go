package caddymodule

import (
	"strings"
	"testing"
)

// Whatever gate a site has, and wherever its app is served once more.
func TestTheSameAppAtAnotherAddressIsWarnedOf(t *testing.T) {
	isolate(t)
	for site, same := range map[string]string{
		"GATEAPP":                             "APP",
		"doorpost /admin* {\nallow *\n}\nAPP": "APP",
		"handle /admin* {\nGATEAPP}\nhandle {\nrespond 404\n}":                                "APP",
		"handle_path /p/* {\nGATEAPP}\nhandle {\nELSE}":                                       "APP",
		"@in path_regexp ^/(a|b)(/|$)\nhandle @in {\nGATEAPP}\nhandle {\nELSE}":               "handle /b* {\nAPP}\nrespond 404",
		"@in header X-A b\nhandle @in {\nELSE}\nhandle {\nGATEAPP}":                           "APP",
		"GATEroot /srv/in\nfile_server":                                                       "root /srv\nfile_server browse",
		"GATEroot /srv/in\nPHPfile_server":                                                    "root /srv/in\nPHPfile_server",
		"GATEreverse_proxy localhost:1 {\nheader_up Host a.internal\n}":                       "APP",
		"GATEreverse_proxy localhost:1 localhost:2":                                           "ELSE",
		"GATEroot /srv/www\nfile_server\n}\nwww.example.com {\nroot /srv/{host}\nfile_server": "root /srv/www\nfile_server",
	} {
		for other, warns := range map[string]bool{
			"SAME":                          true,
			"encode\nroute {\nSAME}":        true,
			"handle_path /deep/* {\nSAME}":  true,
			"@b host *.org b.* *.com\nSAME": true,
			"reverse_proxy localhost:7 {\n@n status 404\nhandle_response @n {\nSAME}\n}": true,
			"respond /x hi\nerror 404\nhandle_errors {\nSAME}":                           true,
			"reverse_proxy localhost:7":                                                  false,
			"respond hi":                                                                 false,
			"redir https://app.example.com{uri}":                                         false,
			"doorpost {\nallow *\nurl https://c.example.com\n}\nSAME":                    false,
			"handle /hook/* {\nSAME}\nrespond 404":                                       false,
			"handle /hook {\nrewrite * /webhook\nSAME}\nrespond 404":                     false,
			"basic_auth {\nbob HASH\n}\nSAME":                                            false,
			"forward_auth localhost:3 {\nuri /ask\n}\nSAME":                              false,
			"bind 127.0.0.1 ::1\nSAME":                                                   false,
			"bind 10.0.0.1\nSAME":                                                        false,
			"@out not remote_ip private_ranges\nroute {\nabort @out\nSAME}":              false,
			"@in client_ip private_ranges\nhandle @in {\nSAME}\nabort":                   false,
		} {
			for i, address := range []string{"app.example.com:8443", "http://app.example.com", "*.example.com", "b.example.com", ":8080", "http://b.example.com:9000", "app.example.org, b.example.org"} {
				if other != "SAME" && i != (len(site)+len(other))%7 || strings.Contains(other, "handle_errors") && strings.Contains(same, "handle") {
					continue
				}
				source := handles("", "localhost:1", site) + strings.Replace(handles("", "localhost:1", strings.ReplaceAll(other, "SAME", same+"\n")), "app.example.com {", address+" {", 1)
				if got := leaks(t, source); got != warns {
					t.Errorf("of %q it is warned: %v", source, got)
				}
			}
		}
	}
}

// Sites that share a server, an upstream or a folder, and are not the same.
func TestOtherSitesAreNotTakenForTheSame(t *testing.T) {
	isolate(t)
	const gate, app = "doorpost {\nallow *\n}\n", "reverse_proxy localhost:1\n"
	for source, warns := range map[string]bool{
		"app.example.com {\n" + gate + "root /srv/in\nfile_server\n}\nb.example.com {\nroot /srv\nfile_server {\nhide /srv/in\n}\n}\n":                                                             false,
		"app.example.com {\n" + gate + "root /srv/in\nfile_server\n}\nb.example.com {\nroot /srv\nfile_server {\nhide in\n}\n}\n":                                                                  false,
		"app.example.com {\n" + gate + "root /srv/in\nfile_server\n}\nb.example.com {\nroot /srv\nfile_server {\nhide *.php\n}\n}\n":                                                               true,
		"app.example.com {\n" + gate + "root /srv/in\nfile_server\n}\nb.example.com {\nroot /srv/inner\nfile_server\n}\n":                                                                          false,
		"app.example.com {\n" + gate + "root /srv\nfile_server\n}\nb.example.com {\nroot /srv/www\nfile_server\n}\n":                                                                               false, // what is open lies in what is protected
		"app.example.com {\n" + gate + "root /srv/{host}\nfile_server\n}\n*.example.com {\nroot /srv/{host}\nfile_server\n}\n":                                                                     false,
		"app.example.com {\n" + gate + "root /srv/{host}\nfile_server\n}\nhttp://app.example.com {\nroot /srv/{host}\nfile_server\n}\n":                                                            true,
		"app.example.com {\n" + gate + "reverse_proxy {labels.2}:80\n}\n*.example.com {\nreverse_proxy {labels.2}:80\n}\n":                                                                         false,
		"app.example.com {\n" + gate + app + "}\nwww.example.com {\nreverse_proxy localhost:1 {\nheader_up Host www.example.com\n}\n}\n":                                                           true,
		"app.example.com {\n" + gate + "reverse_proxy localhost:1 {\nheader_up Host app.example.com\n}\n}\nwww.example.com {\nreverse_proxy localhost:1 {\nheader_up Host www.example.com\n}\n}\n": false,
		"app.example.com {\n" + gate + app + "}\nb.example.com {\ntls {\nclient_auth {\nmode require\n}\n}\n" + app + "}\n":                                                                        false,
		"app.example.com {\n" + gate + app + "}\nb.example.com {\ntls {\nclient_auth {\nmode request\n}\n}\n" + app + "}\n":                                                                        true,
		"app.example.com {\n" + gate + "respond {path}\n}\nb.example.com {\nrespond {path}\n}\n":                                                                                                   true,
		"app.example.com {\n" + gate + "respond {path}\n}\nb.example.com {\nrespond \"{path} is here\"\n}\n":                                                                                       false,
		"app.example.com {\n" + gate + app + "}\nb.example.com {\n" + gate + app + "}\n":                                                                                                           false,
		"app.example.com {\n" + gate + app + "}\nb.example.com {\ndoorpost /admin* {\nallow *\n}\n" + app + "}\n":                                                                                  false, // who writes a gate there knows of it
		"app.example.com, b.example.com {\n@app host app.example.com\nhandle @app {\n" + gate + app + "}\nhandle {\n" + app + "}\n}\n":                                                             true,
		"*.example.com {\n@app host app.example.com\nhandle @app {\n" + gate + app + "}\n@b host b.example.com\nhandle @b {\n" + app + "}\nhandle {\nrespond 404\n}\n}\n":                          true,
		"*.example.com {\n@app host app.example.com\nhandle @app {\n" + gate + app + "}\n@b host b.example.com\nhandle @b {\nreverse_proxy localhost:2\n}\nhandle {\nabort\n}\n}\n":                false,
		"app.example.com {\ndoorpost {\nallow *\npublic /open/*\n}\n" + app + "}\nb.example.com {\nhandle /open/* {\n" + app + "}\nhandle {\nabort\n}\n}\n":                                        false,
	} {
		if got := leaks(t, source); got != warns {
			t.Errorf("of %q it is warned: %v", source, got)
		}
	}
}
