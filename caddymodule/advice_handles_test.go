package caddymodule

import (
	"slices"
	"strings"
	"testing"

	"github.com/doorpost-auth/doorpost/internal/adminapi"
)

// handles makes sites of short words: GATE is a block, APP and ELSE are two upstreams, PATH is
// a path.
func handles(path, upstream, site string) string {
	return "app.example.com {\n" + strings.NewReplacer(
		"GATE", "doorpost {\nallow *\n}\n",
		"PHP", "php_fastcgi "+upstream+"\n", "APP", "reverse_proxy "+upstream+"\n", "ELSE", "reverse_proxy localhost:2\n", "HASH", "$2a$14$Zkx19XLiW6VYouLHR5NmfOFU0z2GTNmpkT/5qqR7hx4IjWJPDhjvG", "PATH", path,
	).Replace(site) + "\n}\n"
}

// isOpen returns what the site is said to leave open, for its host.
func isOpen(t *testing.T, source string) []adminapi.Finding {
	t.Helper()
	return slices.DeleteFunc(provisionedApp(t, source).advice(), func(f adminapi.Finding) bool {
		return f.Check != "site https://app.example.com" || f.Where == "" || !strings.Contains(f.Found, "open to anyone")
	})
}

// eachHandles calls see with sites made of the same words, with several paths, and names of
// an upstream where they answer openly.
func eachHandles(sites map[string]bool, see func(path, site, source string, warns bool)) {
	for site, warns := range sites {
		for i, path := range []string{"/admin", "/a/b", "/x-y", "/ADMIN"} {
			source := handles(path, []string{"localhost:1", "app:3000", "unix//run/app.sock", "http://localhost:1"}[i], site)
			see(strings.ToLower(path), site, source, warns)
		}
	}
}

func TestAPathThatIsLeftOpenAboveAHandleWithAGateIsWarnedOf(t *testing.T) {
	isolate(t)
	eachHandles(map[string]bool{
		"handle PATH/* {\nGATEAPP}\nhandle {\nAPP}":                                       true,
		"handle PATH/* {\nGATEAPP}\nAPP":                                                  true,
		"handle PATH/* {\nGATE}\nAPP":                                                     true,
		"handle PATH/* {\nGATEAPP}\nhandle PATH {\nAPP}":                                  true,
		"handle PATH/* {\nroute {\nGATEAPP}\n}\nroute {\nAPP}":                            true,
		"@in path /other PATH/*\nhandle @in {\nGATEAPP}\nhandle {\nAPP}":                  true,
		"@in {\nmethod POST\npath PATH/*\n}\nhandle @in {\nGATEAPP}\nhandle {\nAPP}":      true,
		"handle PATH/* {\nGATEPHP}\nhandle {\nPHP}":                                       true,
		"root /srv\nhandle PATH/* {\nGATEPHP}\nPHPfile_server":                            true,
		"handle PATH/* {\nGATEAPP}\nhandle {\nrespond /x hi\nAPP}":                        true,
		"handle PATH/* {\nGATEAPP}\nhandle {\ntry_files {path} /index.html\nAPP}":         true,
		"handle PATH/* {\nGATErewrite * /x{uri}\nAPP}\nhandle {\nrewrite * /x{uri}\nAPP}": true,
		"handle PATH/* {\nGATEreverse_proxy localhost:1 {\nheader_up Host a.internal\n}\n}\nhandle {\nreverse_proxy localhost:1 {\nheader_up Host A.internal\n}\n}": true,
		"handle PATH/* {\nGATEreverse_proxy localhost:1 {\nheader_up Host a.internal\n}\n}\nreverse_proxy localhost:1":                                              true,
		"handle PATH/* {\nGATEreverse_proxy localhost:1 {\nheader_up Host {host}\n}\n}\nhandle {\nreverse_proxy localhost:1 {\nheader_up Host a.internal\n}\n}":     true,
		"handle PATH/* {\nGATEAPP}\nhandle {\nELSE}":                                          false,
		"handle PATH/* {\nGATEAPP}\nhandle {\nroot /srv\nfile_server\n}":                      false,
		"handle PATH/* {\nGATEAPP}\nhandle {\nrespond hi\n}":                                  false,
		"handle PATH/* {\nGATErespond hello\n}\nhandle {\nrespond hi\n}":                      false,
		"handle PATH/* {\nGATErespond {path}\n}\nhandle {\nrespond {path}\n}":                 true,
		"handle PATH/* {\nGATEAPP}\nredir PATH PATH/\nAPP":                                    false,
		"handle PATH/* {\nGATEAPP}\nhandle PATH {\nredir * PATH/\n}\nhandle {\nAPP}":          false,
		"handle PATH/* {\nGATEAPP}\nhandle PATH {\nabort\n}\nhandle {\nAPP}":                  false,
		"handle PATH/* {\nGATEAPP}\nhandle PATH {\nerror 404\nAPP}\nhandle {\nAPP}":           false,
		"handle PATH/* {\nGATEAPP}\nhandle PATH {\nGATEAPP}\nhandle {\nAPP}":                  false,
		"handle PATH/* {\nGATEAPP}\nhandle /open/* {\nAPP}":                                   false,
		"handle PATH* {\nGATEAPP}\nhandle {\nAPP}":                                            false,
		"@in path PATH PATH/*\nhandle @in {\nGATEAPP}\nhandle {\nAPP}":                        false,
		"handle PATH/* {\ndoorpost {\nallow *\npublic PATH\n}\nAPP}\nhandle {\nAPP}":          false,
		"handle /open/* {\nAPP}\nhandle {\nGATEAPP}":                                          false,
		"root /srv\nhandle PATH/* {\nGATEfile_server\n}\nhandle {\nfile_server\n}":            false,
		"forward_auth localhost:2 {\nuri /ask\n}\nhandle PATH/* {\nGATEAPP}\nhandle {\nAPP}":  false,
		"root /a\nhandle PATH/* {\nroot /b\nGATEPHP}\nhandle {\nPHP}":                         false,
		"handle PATH/* {\nGATEAPP}\nhandle {\ndoorpost {\nallow *\npublic PATH\n}\nAPP}":      false,
		"handle_path /app/* {\nhandle PATH/* {\nGATEAPP}\nhandle {\nELSE}\n}\nhandle {\nAPP}": false,
	}, func(path, site, source string, warns bool) {
		told := slices.ContainsFunc(isOpen(t, source), func(f adminapi.Finding) bool {
			return strings.HasPrefix(f.Found, "doorpost protects "+path+"/* and not "+path+" itself")
		})
		if told != warns {
			t.Errorf("%q is warned of: %v", source, told)
		}
	})
	for _, inner := range []string{"handle /x/* {\ndoorpost {\nallow *\n}\n}\n", "doorpost /x/* {\nallow *\n}\n"} {
		site := "app.example.com {\nhandle_path /app/* {\n" + inner + "reverse_proxy localhost:1\n}\n}\n"
		if got := isOpen(t, site); len(got) != 1 || !strings.HasPrefix(got[0].Found, "doorpost protects /app/x/* and not /app/x itself") {
			t.Errorf("%q is warned of: %v", site, got)
		}
	}
}

func TestWhatIsLeftOpenBelowAHandleWithAGateIsWarnedOf(t *testing.T) {
	isolate(t)
	eachHandles(map[string]bool{
		"handle PATH {\nGATEAPP}\nhandle {\nAPP}":                                             true,
		"handle PATH {\nGATEAPP}\nhandle PATH/* {\nAPP}":                                      true,
		"rewrite PATH/* /backend{uri}\n@in path PATH PATH/*\ndoorpost @in {\nallow *\n}\nAPP": false, // the gate sees both paths
		"route PATH {\nGATEAPP}\nAPP":                                                         true,
		"@in path PATH\nhandle @in {\nGATEAPP}\nAPP":                                          true,
		"root /srv\nhandle PATH {\nGATEfile_server\n}\nfile_server":                           true,
		"handle PATH {\nGATEAPP}\nhandle {\nELSE}":                                            false,
		"handle PATH {\nGATEAPP}\nhandle PATH/* {\nGATEAPP}\nhandle {\nAPP}":                  false,
		"handle PATH {\nGATEAPP}\nhandle PATH/assets/* {\nAPP}":                               false,
		"handle PATH {\ndoorpost {\nallow *\npublic PATH/*\n}\nAPP}\nhandle {\nAPP}":          false,
		"redir PATH/ PATH\nhandle PATH {\nredir * /x\n}\nhandle {\nGATEAPP}":                  false,
	}, func(path, site, source string, warns bool) {
		told := slices.ContainsFunc(isOpen(t, source), func(f adminapi.Finding) bool {
			return strings.HasPrefix(f.Found, "doorpost protects "+path+" and not what is below it, such as "+path+"/x")
		})
		if told != warns {
			t.Errorf("%q is warned of: %v", source, told)
		}
	})
}

func TestARewriteBesideTheGateThatLeadsToWhatItProtectsIsWarnedOf(t *testing.T) {
	isolate(t)
	eachHandles(map[string]bool{
		"handle PATH/* {\nGATEAPP}\nhandle_path /open/* {\nAPP}":                                               true,
		"@in path PATH PATH/*\nhandle @in {\nGATEAPP}\nhandle_path /open/* {\nAPP}":                            true,
		"handle_path /open/* {\nAPP}\nhandle {\nGATEAPP}":                                                      true,
		"handle /open/* {\nuri strip_prefix /open\nAPP}\nhandle {\nGATEAPP}":                                   true,
		"handle /open/* {\nuri replace /open/ /\nAPP}\nhandle {\nGATEAPP}":                                     true,
		"handle /open/* {\nuri path_regexp ^/open(/.*)$ $1\nAPP}\nhandle {\nGATEAPP}":                          true,
		"@open path_regexp o ^/open(/.*)$\nhandle /open/* {\nrewrite @open {re.o.1}\nAPP}\nhandle {\nGATEAPP}": true,
		"handle PATH/* {\nGATEAPP}\nhandle {\nuri strip_prefix /open\nAPP}":                                    true,
		"handle PATH/* {\nGATE}\nhandle_path /open/* {\nheader X y\n}\nAPP":                                    true,
		"handle_path PATH/* {\nGATEAPP}\nhandle {\nAPP}":                                                       true,
		"handle_path PATH/* {\nGATEAPP}\nhandle_path /open/* {\nAPP}":                                          true,
		"root /srv\nhandle_path /open/* {\nfile_server\n}\nhandle {\nGATEfile_server\n}":                       true,
		"root /srv\nhandle_path /open/* {\nPHP}\nhandle {\nGATEPHP}":                                           true,
		"route /open/* {\nuri strip_prefix /open\nAPP}\nroute {\nGATEAPP}":                                     true,

		"handle_path /open/* {\nhandle PATH* {\nAPP}\nhandle {\nrespond no\n}\n}\nhandle {\nGATEAPP}":                         true,
		"handle PATH* {\nGATEAPP}\nhandle /open/* {\nuri replace /open/ PATH/\nAPP}\nhandle {\nELSE}":                         true,
		"handle PATH* {\nGATEAPP}\nhandle {\nuri replace /open/ PATH/\nAPP}":                                                  true,
		"handle PATH* {\nGATEAPP}\nhandle {\nuri path_regexp ^/open/([a-z]+)$ PATH/$1\nAPP}":                                  true,
		"handle PATH* {\nGATEAPP}\nhandle /open {\nrewrite * PATH\nAPP}\nhandle {\nELSE}":                                     true,
		"@in path_regexp (?i)^PATH\nhandle @in {\nGATEAPP}\n@open path_regexp ^/o\\d+$\nhandle @open {\nrewrite * PATH\nAPP}": true,
		"@in path_regexp (?i)^PATH\nhandle @in {\nGATEAPP}\nhandle_path /open/* {\nAPP}\nhandle {\nELSE}":                     true,
		"@open not path PATH*\nhandle @open {\nuri strip_prefix /open\nAPP}\nhandle {\nGATEAPP}":                              true,
		"vars PATH* zone inside\n@in vars zone inside\nhandle @in {\nGATEAPP}\nhandle_path /open/* {\nAPP}\nhandle {\nELSE}":  true,
		"handle PATH* {\nGATEAPP}\nhandle /open {\nrewrite * PATH\nELSE}\nhandle {\nAPP}":                                     false,
		"handle PATH* {\nGATEAPP}\nhandle /open {\nrewrite * /y\nAPP}\nhandle {\nELSE}":                                       false,

		"doorpost {\nallow *\npublic /open/*\n}\nhandle_path /open/* {\nAPP}\nAPP":                 false, // in other words
		"doorpost PATH/* {\nallow *\n}\nhandle_path /open/* {\nAPP}\nAPP":                          false,
		"handle_path /open/* {\nELSE}\nhandle {\nGATEAPP}":                                         false,
		"handle_path /open/* {\nGATEAPP}\nhandle {\nGATEAPP}":                                      false,
		"handle_path /open/* {\nrespond hi\n}\nhandle {\nGATEAPP}":                                 false,
		"handle_path /open/* {\nrewrite * /public{uri}\nAPP}\nhandle {\nGATEAPP}":                  false,
		"handle /open/* {\nrewrite * /hook\nAPP}\nhandle {\nGATEAPP}":                              false,
		"handle /open/* {\nAPP}\nhandle {\nGATEAPP}":                                               false,
		"uri strip_prefix /open\nhandle PATH/* {\nGATEAPP}\nhandle {\nAPP}":                        false,
		"handle_path /open/* {\nhandle PATH/* {\nGATEAPP}\nhandle {\nELSE}\n}\nhandle {\nGATEAPP}": false,
		"handle_path /open/* {\nroot /a\nfile_server\n}\nhandle {\nroot /b\nGATEfile_server\n}":    false,
		"handle_path /open/* {\nroot /a\nPHP}\nhandle {\nroot /b\nGATEPHP}":                        false,
		"basic_auth /open/* {\nbob HASH\n}\nhandle_path /open/* {\nAPP}\nhandle {\nGATEAPP}":       false,
	}, func(path, site, source string, warns bool) {
		told := slices.ContainsFunc(isOpen(t, source), func(f adminapi.Finding) bool {
			return strings.HasPrefix(f.Found, "doorpost protects ") && strings.Contains(f.Found, "that comes to the same app or file")
		})
		if told != warns {
			t.Errorf("%q is warned of: %v", source, told)
		}
	})
}

// What people write every day loads without a word.
func TestOrdinarySitesLoadWithoutAWarning(t *testing.T) {
	isolate(t)
	ordinary := make(map[string]bool)
	for _, site := range []string{
		"GATEAPP",
		"handle /static/* {\nroot /srv\nfile_server\n}\nhandle {\nGATEAPP}",
		"handle_path /static/* {\nroot /srv\nfile_server\n}\nhandle {\nGATEAPP}",
		"root /srv\nhandle /static/* {\nfile_server\n}\nhandle {\nGATEAPP}",
		"handle /static/* {\nAPP}\nhandle /health {\nAPP}\nhandle {\nGATEAPP}",
		"@open path /static/* /favicon.ico /health\nhandle @open {\nAPP}\nhandle {\nGATEAPP}",
		"handle PATH/* {\nGATEAPP}\nhandle /grafana/* {\nELSE}\nhandle {\nrespond 404\n}",
		"handle PATH/* {\nGATEAPP}\nhandle {\nELSE}",
		"handle_path PATH/* {\nGATEAPP}\nhandle {\nELSE}",
		"redir PATH PATH/\nhandle_path PATH/* {\nGATEAPP}\nhandle {\nELSE}",
		"redir PATH PATH/\nhandle PATH/* {\nGATEAPP}\nhandle {\nAPP}",
		"@in path PATH PATH/*\nhandle @in {\nGATEAPP}\nhandle {\nAPP}",
		"@in path PATH PATH/*\ndoorpost @in {\nallow *\n}\nAPP",
		"root /srv\nGATEPHPfile_server",
		"root /srv\nhandle PATH* {\nGATEELSE}\nhandle {\nPHPfile_server\n}",
		"handle_path /blog/* {\nroot /srv/blog\nPHPfile_server\n}\nhandle {\nroot /srv/www\nGATEPHPfile_server\n}",
		"root /srv\nhandle /api/* {\nGATEAPP}\nhandle {\ntry_files {path} /index.html\nfile_server\n}",
		"root /srv\nGATEtry_files {path} /index.html\nfile_server",
		"handle_path /api/* {\nGATEAPP}\nhandle {\nGATEroot /srv\ntry_files {path} /index.html\nfile_server\n}",
		"handle_path /api/* {\nELSE}\nhandle {\nGATEAPP}",
		"handle /api/* {\nuri strip_prefix /api\nELSE}\nhandle {\nGATEAPP}",
		"header /share X-A b\nhandle /share/* {\nAPP}\nhandle {\nGATEAPP}",
		"rewrite /old/* /new{uri}\nGATEAPP",
		"uri strip_prefix /app\nhandle /open* {\nAPP}\nhandle {\nGATEAPP}",
		"handle /hook {\nrewrite * /webhook\nAPP}\nhandle {\nGATEAPP}",
		"handle /assets/* {\nrewrite * /static{uri}\nAPP}\nhandle {\nGATEAPP}",
		"handle_path /assets/* {\nrewrite * /static{uri}\nAPP}\nhandle {\nGATEAPP}",
		"@in path PATH PATH/*\ndoorpost @in {\nallow *\n}\nhandle_path PATH/* {\nAPP}\nhandle {\nrespond home\n}",
		"doorpost PATH* {\nallow *\n}\nhandle_path PATH/* {\nAPP}\nhandle {\nAPP}",
		"@in path PATH PATH/*\ndoorpost @in {\nallow *\n}\nredir PATH PATH/\nhandle_path PATH/* {\nAPP}\nhandle {\nELSE}",
		"@in path PATH PATH/*\ndoorpost @in {\nallow *\n}\nroute PATH/* {\nuri strip_prefix PATH\nAPP}\nELSE",
		"@in path PATH PATH/* /prom /prom/*\ndoorpost @in {\nallow *\n}\nhandle_path PATH/* {\nAPP}\nhandle_path /prom/* {\nAPP}\nhandle_path /o/* {\nELSE}\nhandle {\nroot /srv\nfile_server\n}",
		"@in path PATH PATH/*\ndoorpost @in {\nallow *\n}\nhandle_path PATH/* {\nroot /srv/in\nfile_server\n}\nhandle {\nroot /srv/www\nfile_server\n}",
		"@in path PATH PATH/*\ndoorpost @in {\nallow *\n}\nroot /srv\nhandle PATH/* {\ntry_files {path} /index.html\nfile_server\n}\nhandle {\nfile_server\n}",
		"@in not path /open /open/*\ndoorpost @in {\nallow *\n}\nhandle_path PATH/* {\nAPP}\nhandle /open* {\nELSE}",
		"doorpost {\nallow *\npublic PATH/open/*\n}\nhandle_path PATH/* {\nELSE}\nhandle {\nAPP}",
		"doorpost {\nallow *\npublic PATH/open/*\n}\nroute PATH/* {\nuri strip_prefix PATH\nELSE}\nAPP",
		"doorpost {\nallow *\npublic PATH/*\n}\nhandle_path PATH/* {\nrewrite * /site{uri}\nroot /srv/open\nfile_server\n}\nhandle {\nAPP}",
		"doorpost {\nallow *\npublic PATH/*\n}\nhandle PATH/* {\nrewrite * /site{path}?{query}\nELSE}\nhandle {\nAPP}",
		"root /srv\nhandle PATH.php {\nPHP}\nhandle PATH/* {\nfile_server {\nhide *.php\n}\n}\nhandle {\nGATEPHPfile_server\n}",
		"handle PATH/* {\nGATErewrite * /bucket-private{uri}\nAPP}\nhandle {\nrewrite * /bucket-public{uri}\nAPP}",
		"handle PATH/* {\nGATEAPP}\nhandle {\nrewrite * /public{path}?{query}\nAPP}",
		"handle PATH/* {\nGATEreverse_proxy localhost:1 {\nheader_up Host admin.internal\n}\n}\nhandle {\nreverse_proxy localhost:1 {\nheader_up Host www.internal\n}\n}",
		"handle_path /blog/* {\nreverse_proxy localhost:1 {\nheader_up Host blog.internal\n}\n}\nhandle {\nGATEreverse_proxy localhost:1 {\nheader_up Host app.internal\n}\n}",
		"@app host app.example.com\nhandle @app {\nGATEAPP}\nhandle {\nAPP}",
		"@app header Host other.example.com\nhandle @app {\nELSE}\nhandle {\nGATEAPP}",
		"@api header X-Api-Key *\nhandle @api {\nAPP}\nhandle {\nGATEAPP}",
		"rewrite /favicon.ico /static/favicon.ico\nhandle /static/* {\nAPP}\nhandle {\nGATEAPP}",
		"rewrite /assets/* /static{uri}\nhandle /static/* {\nAPP}\nhandle {\nGATEAPP}",
		"rewrite /robots.txt /static/robots.txt\ndoorpost {\nallow *\npublic /static/*\n}\nAPP",
		"rewrite / /home\nhandle /home {\nAPP}\nhandle {\nGATEAPP}",
		"uri strip_suffix /\nhandle /open/* {\nAPP}\nhandle {\nGATEAPP}",
		"uri replace /api/v1 /api/v2\nhandle /api/* {\nAPP}\nhandle {\nGATEAPP}",
		"uri path_regexp ^/(de|en)/ /\nhandle /open/* {\nAPP}\nhandle {\nGATEAPP}",
		"rewrite * /v2{uri}\nhandle /v2PATH* {\nGATEAPP}\nhandle {\nAPP}",
		"rewrite * /app{uri}\nhandle /app/static/* {\nAPP}\nhandle {\nGATEAPP}",
		"@v path_regexp v ^/v(\\d+)/(.*)$\nrewrite @v /{re.v.2}?v={re.v.1}\nhandle /open/* {\nAPP}\nhandle {\nGATEAPP}",
		"request_header -X-User\nrequest_header X-Real-IP {remote_host}\nhandle /open/* {\nAPP}\nhandle {\nGATEAPP}",
		"root /srv\ntry_files {path} /index.html\nhandle PATH/* {\nGATEAPP}\nhandle {\nfile_server\n}",
		"root /srv\ntry_files {path} /index.html\nhandle PATH* {\nGATEfile_server\n}\nhandle {\nfile_server\n}",
		"root /srv\ntry_files {path} /index.html\ndoorpost {\nallow *\npublic /index.html /assets/*\n}\nfile_server",
		"root /srv\n@gone {\nnot file\nnot path PATH*\n}\nrewrite @gone /index.html\nhandle PATH* {\nGATEAPP}\nhandle {\nAPP}",
		"root /srv\nhandle /assets/* {\nfile_server\n}\nhandle {\nGATEtry_files {path} /index.php\nPHP}",
		"root /srv\n@in path PATH* /wp-login.php*\ndoorpost @in {\nallow *\n}\nAPP",
		"@in path_regexp ^/(admin|settings)(/|$)\nhandle @in {\nGATEAPP}\nhandle {\nAPP}",
		"@in path_regexp ^/admin(/.*)?$\ndoorpost @in {\nallow *\n}\nAPP",
		"@in path_regexp (?i)^PATH\nhandle @in {\nGATEAPP}\nhandle {\nAPP}",
		"@api path_regexp ^/api/v[0-9]+/\nhandle @api {\nAPP}\nhandle {\nGATEAPP}",
		"@api path_regexp ^/api/v[0-9]+/\nhandle @api {\nGATEAPP}\nhandle {\nELSE}",
		"@static path_regexp \\.(css|js|png)$\nhandle @static {\nAPP}\nhandle {\nGATEAPP}",
		"@in path_regexp ^/files/.*\\.pdf$\nhandle @in {\nGATEAPP}\nhandle {\nAPP}",
		"@in path *.pdf *.docx\nhandle @in {\nGATEAPP}\nhandle {\nAPP}",
		"@in expression {path}.startsWith('/admin')\nhandle @in {\nGATEAPP}\nhandle {\nAPP}",
		"@in expression path('/admin', '/admin/*')\ndoorpost @in {\nallow *\n}\nAPP",
		"@in expression !path('/open/*', '/login')\nhandle @in {\nGATEAPP}\nhandle {\nAPP}",
		"@in not path /login /static/*\nhandle @in {\nGATEAPP}\nhandle {\nAPP}",
		"@in {\nnot path /api/*\nnot header Authorization *\n}\nhandle @in {\nGATEAPP}\nhandle {\nAPP}",
		"@away not remote_ip private_ranges\nhandle @away {\nGATEAPP}\nhandle {\nAPP}",
		"@ws {\nheader Connection *Upgrade*\nheader Upgrade websocket\n}\nhandle @ws {\nAPP}\nhandle {\nGATEAPP}",
		"@draft query preview=*\nhandle @draft {\nGATEAPP}\nhandle {\nAPP}",
		"@draft query preview=*\ndoorpost @draft {\nallow *\n}\nhandle_path /open/* {\nELSE}\nhandle {\nAPP}",
		"map {path} {zone} {\n~^/a inside\ndefault outside\n}\nhandle /open/* {\nAPP}\nhandle {\nGATEAPP}",
		"handle_path /s3/* {\nrewrite * /bucket{uri}\nAPP}\nhandle {\nGATEAPP}",
		"handle /hook/* {\nrewrite * /webhooks{uri}\nAPP}\nhandle PATH* {\nGATEAPP}\nhandle {\nAPP}",
		"handle /hook/* {\nuri replace /hook/ /webhooks/\nAPP}\nhandle {\nGATEAPP}",
		"handle PATH* {\nGATEAPP}\nhandle {\nuri path_regexp ^/(de|en)/ /public/\nAPP}",
		"encode\nheader X-Frame-Options DENY\nlog\nGATEAPP\nhandle_errors {\nrewrite * /{err.status_code}.html\nroot /srv\nfile_server\n}",
	} {
		ordinary[site] = false
	}
	eachHandles(ordinary, func(_, _, source string, _ bool) {
		if got := provisionedApp(t, source).advice(); slices.ContainsFunc(got, func(f adminapi.Finding) bool { return f.Check == "site https://app.example.com" }) {
			t.Errorf("%s is warned of: %v", source, got)
		}
	})
}
