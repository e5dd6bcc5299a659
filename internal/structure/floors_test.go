package structure

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/doorpost-auth/doorpost"

// floors are the packages of the repository from top to bottom. A package, and
// all that lie under it, imports only from floors below its own.
var floors = [][]string{
	{"internal/structure", "internal/redistest", "internal/testkit"}, // for tests, nothing else imports them
	{"cmd"},
	{"caddymodule"},
	{"internal/cli"},
	{"internal/post"},
	{"internal/adminapi", "internal/mail", "internal/store", "internal/web"},
	{"internal/admin"},
	{"internal/access", "internal/account", "internal/passkey"},
	{"internal/gate", "internal/portal", "internal/signin"},
	{"internal/audit", "internal/outbox"},
	{"internal/session"},
	{"internal/assertion", "internal/token"},
	{"internal/people"},
	{"internal/address", "internal/color", "internal/fault", "internal/keys", "internal/limit", "internal/templates", "internal/text"},
}

// exceptions are imports within one floor that are meant.
var exceptions = map[[2]string]string{
	{"internal/web", "internal/mail/console"}:  "the mailbox page shows what the console mailer printed",
	{"internal/redistest", "internal/testkit"}: "servers of Redis are programs, and tests wait for them as for others",
}

// libraries are each spoken to by one package, not counting those for tests;
// cobra by the commands and by the adapter that gives them to Caddy.
var libraries = map[string][]string{
	"github.com/fxamacker/cbor":        {"internal/store/codec"},
	"github.com/go-jose/go-jose":       {"internal/assertion"},
	"github.com/go-webauthn/webauthn":  {"internal/passkey"},
	"github.com/gorilla/securecookie":  {"internal/session"},
	"github.com/mailgun/mailgun-go":    {"internal/mail/mailgunapi"},
	"golang.org/x/oauth2":              {"internal/mail/oauth"},
	"github.com/prometheus":            {"caddymodule"},
	"github.com/redis/go-redis":        {"internal/store/redisstore"},
	"github.com/tidwall/btree":         {"internal/store/memstore"},
	"github.com/wneessen/go-mail":      {"internal/mail/smtprelay"},
	"go.etcd.io/bbolt":                 {"internal/store/boltstore"},
	"go.uber.org/zap":                  {"caddymodule"},
	"github.com/caddyserver/certmagic": {"caddymodule"},
	"github.com/spf13/cobra":           {"caddymodule", "internal/cli"},

	"unsafe": {}, // nobody: tests run without the checks of its pointers
}

// goPackage is what go list says of a package.
type goPackage struct {
	ImportPath string
	Imports    []string
}

// ourPackages are the packages of the repository, their names without the
// module's.
func ourPackages(t *testing.T) []goPackage {
	t.Helper()
	listed, err := exec.Command("go", "list", "-json=ImportPath,Imports", module+"/...").Output()
	if err != nil {
		t.Fatalf("listing packages: %v", err)
	}
	var packages []goPackage
	for decoder := json.NewDecoder(strings.NewReader(string(listed))); ; {
		var p goPackage
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		p.ImportPath = strings.TrimPrefix(p.ImportPath, module+"/")
		packages = append(packages, p)
	}
	if len(packages) < 20 {
		t.Fatalf("go list knows %d packages only", len(packages))
	}
	return packages
}

// under reports whether a package is another or lies under it.
func under(name, root string) bool { return name == root || strings.HasPrefix(name, root+"/") }

// floorOf is the number of a package's floor and the name it stands there by.
func floorOf(name string) (floor int, root string) {
	for i, roots := range floors {
		for _, root := range roots {
			if under(name, root) {
				return i, root
			}
		}
	}
	return -1, ""
}

func TestPackagesImportOnlyFromFloorsBelow(t *testing.T) {
	for _, p := range ourPackages(t) {
		floor, root := floorOf(p.ImportPath)
		if floor < 0 {
			t.Errorf("%s stands on no floor; give it one in this test", p.ImportPath)
			continue
		}
		for _, path := range p.Imports {
			imported, ours := strings.CutPrefix(path, module+"/")
			if !ours {
				continue
			}
			below, importedRoot := floorOf(imported)
			if below > floor || importedRoot == root || exceptions[[2]string{p.ImportPath, imported}] != "" {
				continue
			}
			t.Errorf("%s imports %s, which does not lie below it", p.ImportPath, imported)
		}
	}
}

func TestExceptionsAreNeeded(t *testing.T) {
	packages := ourPackages(t)
	for exception := range exceptions {
		i := slices.IndexFunc(packages, func(p goPackage) bool { return p.ImportPath == exception[0] })
		if i < 0 || !slices.Contains(packages[i].Imports, module+"/"+exception[1]) {
			t.Errorf("%s does not import %s any more: drop the exception", exception[0], exception[1])
		}
	}
}

func TestOnlyTheCaddyModuleAndTheBinaryImportCaddy(t *testing.T) {
	found := false
	for _, p := range ourPackages(t) {
		for _, path := range p.Imports {
			if !strings.HasPrefix(path, "github.com/caddyserver/") {
				continue
			}
			found = true
			if !under(p.ImportPath, "caddymodule") && !under(p.ImportPath, "cmd") {
				t.Errorf("%s imports %s; what it needs of Caddy, caddymodule translates", p.ImportPath, path)
			}
		}
	}
	if !found {
		t.Error("no package imports Caddy: this test looks at the wrong thing")
	}
}

func TestEachLibraryIsSpokenToByOnePackage(t *testing.T) {
	for _, p := range ourPackages(t) {
		if floor, _ := floorOf(p.ImportPath); floor == 0 {
			continue
		}
		for _, path := range p.Imports {
			for library, owners := range libraries {
				if under(path, library) && !slices.Contains(owners, p.ImportPath) {
					t.Errorf("%s imports %s, which is for %q alone", p.ImportPath, path, owners)
				}
			}
		}
	}
}

// What only tests and measurements need stands in modules of its own, which the
// product does not require: whoever builds it with xcaddy builds without.
func TestNoBuildSeesWhatTestsAndToolsNeed(t *testing.T) {
	all := strings.Fields(run(t, "go", "list", "-m", "-f", "{{.Path}}", "all"))
	if !slices.Contains(all, module) || len(all) < 50 {
		t.Fatalf("go list knows %d modules only", len(all))
	}
	for _, path := range all {
		if strings.HasPrefix(path, module+"/") || under(path, "github.com/chromedp") {
			t.Errorf("go.mod requires %s", path)
		}
	}
}
