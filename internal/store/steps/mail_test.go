package steps

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/limit"
	"github.com/doorpost-auth/doorpost/internal/outbox"
	"github.com/doorpost-auth/doorpost/internal/signin"
	"github.com/doorpost-auth/doorpost/internal/store/codec"
)

// callers are the functions of this package that name one of its functions.
func callers(t *testing.T, name string) []string {
	t.Helper()
	found := make(map[string]bool)
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if !strings.HasSuffix(entry.Name(), ".go") || strings.HasSuffix(entry.Name(), "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), entry.Name(), nil, parser.SkipObjectResolution)
		if err != nil {
			t.Fatal(err)
		}
		for _, declaration := range file.Decls {
			function, ok := declaration.(*ast.FuncDecl)
			if !ok || function.Body == nil {
				continue
			}
			ast.Inspect(function.Body, func(n ast.Node) bool {
				if id, ok := n.(*ast.Ident); ok && id.Name == name {
					found[function.Name.Name] = true
				}
				return true
			})
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// Nothing keeps a message but send, which knows all limits, and notify, which
// refuses what a stranger may have typed.
func TestNoMessageGoesRoundTheLimits(t *testing.T) {
	for name, want := range map[string][]string{
		"placeKey": {"Messages", "sendTo"}, "sendTo": {"notify", "send"}, "maySend": {"send"},
		"saveMessage": {"saveChanged", "sendTo"}, "visitor": {"countVisitor"},
	} {
		if got := callers(t, name); !slices.Equal(got, want) {
			t.Errorf("%s is named in %v, want %v", name, got, want)
		}
	}
}

var typed = []outbox.Kind{outbox.SignIn, outbox.Offer, outbox.Confirm, outbox.Proof}

// A new kind of message does not get about its limits for want of being thought of.
func TestOfEachKindOfMessageItIsKnownWhetherAStrangerTypesItsAddress(t *testing.T) {
	known := append(typed, outbox.Invite, outbox.Approve, outbox.Approved, outbox.Changed, outbox.Recovered, outbox.NewBrowser)
	file, err := parser.ParseFile(token.NewFileSet(), "../../outbox/message.go", nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	kinds := 0
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok {
			return true
		}
		if of, ok := spec.Type.(*ast.Ident); !ok || of.Name != "Kind" {
			return true
		}
		for _, value := range spec.Values {
			kinds++
			if name, err := strconv.Unquote(value.(*ast.BasicLit).Value); err != nil || !slices.Contains(known, outbox.Kind(name)) {
				t.Errorf("nothing says whether a stranger may type the address of %q: see Kind.Typed", name)
			}
		}
		return true
	})
	if kinds != len(known) {
		t.Errorf("package outbox has %d kinds, of which %d are known", kinds, len(known))
	}
}

func TestALetterNeedsAVisitorWhoWasCounted(t *testing.T) {
	tx := newTx()
	plenty := limit.Use{Name: "a", Rule: limit.Rule{Max: 9, Window: time.Hour}}
	l := letter{to: "a@example.com", mailbox: plenty, total: plenty, message: outbox.Message{ID: "a", Kind: outbox.SignIn, Created: now}}
	if send(tx, l, now); tx.err == nil {
		t.Errorf("it is sent for anybody: %v", tx.err)
	}
	tx = newTx()
	l.from, _ = countVisitor(tx, plenty, now)
	if silent := send(tx, l, now); tx.err != nil || silent != signin.NotSilent || len(tx.draft.Queued) != 1 {
		t.Errorf("it is silent for %q, %v", silent, tx.err)
	}
	none := plenty
	none.Name, none.Rule.Max = "b", 0
	if from, wait := countVisitor(tx, none, now); from.counted || wait == 0 || tx.err != nil {
		t.Errorf("over the limit the visitor is %+v, and waits %v, %v", from, wait, tx.err)
	}
	for _, kind := range typed {
		tx := newTx()
		if notify(tx, "a@example.com", codec.Person{}, outbox.Message{ID: "b", Kind: kind, Created: now}, now); tx.err == nil {
			t.Errorf("a message of the kind %q is sent without limits", kind)
		}
	}
}
