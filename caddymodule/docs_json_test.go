package caddymodule

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"reflect"
	"strings"
	"testing"
)

const jsonFile = "../docs/json.md"

// jsonModules are the modules of the JSON reference: the struct, the heading, and where it
// stands in a configuration.
var jsonModules = []struct{ name, heading, where string }{
	{"App", "The app", "`apps.doorpost`, the global option"},
	{"Handler", "A gate", "a handler of a route: `\"handler\": \"doorpost\"`"},
	{"Portal", "The portal", "a handler of a route: `\"handler\": \"doorpost_portal\"`"},
	{"BoltStore", "Store bolt", "`apps.doorpost.store`: `\"module\": \"bolt\"`"},
	{"MemoryStore", "Store memory", "`apps.doorpost.store`: `\"module\": \"memory\"`"},
	{"RedisStore", "Store redis", "`apps.doorpost.store`: `\"module\": \"redis\"`"},
	{"MailgunMailer", "Mailer mailgun", "one of `apps.doorpost.mailers`: `\"module\": \"mailgun\"`"},
	{"SMTPMailer", "Mailer smtp", "one of `apps.doorpost.mailers`: `\"module\": \"smtp\"`"},
	{"ConsoleMailer", "Mailer console", "one of `apps.doorpost.mailers`: `\"module\": \"console\"`"},
}

// source is the structs of the package.
type source struct {
	t       *testing.T
	structs map[string]*ast.StructType
}

func readSource(t *testing.T) source {
	t.Helper()
	s := source{t, map[string]*ast.StructType{}}
	entries, err := os.ReadDir(".")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if !strings.HasSuffix(entry.Name(), ".go") || strings.HasSuffix(entry.Name(), "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), entry.Name(), nil, parser.ParseComments)
		if err != nil {
			t.Fatal(err)
		}
		for _, declaration := range file.Decls {
			general, ok := declaration.(*ast.GenDecl)
			if !ok {
				continue
			}
			for _, spec := range general.Specs {
				if named, ok := spec.(*ast.TypeSpec); ok {
					if structure, ok := named.Type.(*ast.StructType); ok {
						s.structs[named.Name.Name] = structure
					}
				}
			}
		}
	}
	return s
}

// field is one of the configuration.
type field struct{ path, kind, doc string }

// fields are those of a struct and of the structs in it. One without a comment has that of
// the field before it, as in "Username and Password".
func (s source) fields(name, above string) (list []field) {
	s.t.Helper()
	doc := ""
	for _, f := range s.structs[name].Fields.List {
		if f.Tag == nil {
			continue
		}
		key, _, _ := strings.Cut(reflect.StructTag(strings.Trim(f.Tag.Value, "`")).Get("json"), ",")
		if key == "" || key == "-" {
			continue
		}
		if f.Doc != nil {
			doc = strings.Join(strings.Fields(f.Doc.Text()), " ")
		}
		if doc == "" {
			s.t.Errorf("%s.%s has no comment to make the JSON reference from", name, f.Names[0].Name)
		}
		path, kind := above+key, kindOf(f.Type)
		list = append(list, field{path, kind, doc})
		if inner := strings.TrimLeft(kind, "*"); s.structs[inner] != nil {
			list[len(list)-1].kind = "object"
			list = append(list, s.fields(inner, path+".")...)
		}
	}
	return list
}

// kindOf is a type as JSON has it; that of a struct of the package is its name.
func kindOf(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		switch e.Name {
		case "bool":
			return "true or false"
		case "int":
			return "number"
		case "Lines":
			return "object of string"
		}
		return e.Name
	case *ast.StarExpr:
		return kindOf(e.X)
	case *ast.ArrayType:
		return "list of " + strings.TrimPrefix(kindOf(e.Elt), "list of ")
	case *ast.MapType:
		return "object of " + kindOf(e.Value)
	case *ast.SelectorExpr:
		switch e.Sel.Name {
		case "Duration":
			return "duration"
		case "RawMessage":
			return "module"
		case "RawMatcherSets":
			return "list of matchers"
		}
		return e.Sel.Name
	}
	return fmt.Sprintf("%T", e)
}

// inMarkdown are the characters that Markdown would take for something else.
var inMarkdown = strings.NewReplacer("|", `\|`, "*", `\*`, "<", `\<`, "_", `\_`, "Raw ", " ")

func TestTheJSONReferenceIsMadeFromTheCommentsOfTheFields(t *testing.T) {
	s := readSource(t)
	var page strings.Builder
	page.WriteString("# JSON\n\nFor configurations in JSON, which is what a Caddyfile becomes: `doorpost adapt` shows it. A duration is a text such as `\"15m\"`, or a\n" +
		"number of nanoseconds. [Options](options.md) says more of each field, by its name in the Caddyfile.\n\n" +
		"<!-- from the comments of the fields: go test ./caddymodule -run JSONReference -update -->\n")
	for _, module := range jsonModules {
		if s.structs[module.name] == nil {
			t.Fatalf("there is no %s", module.name)
		}
		fmt.Fprintf(&page, "\n## %s\n\nStands in %s.\n", module.heading, module.where)
		fields := s.fields(module.name, "")
		if len(fields) == 0 {
			page.WriteString("\nIt has no fields.\n")
			continue
		}
		page.WriteString("\n| field | type | |\n|---|---|---|\n")
		for _, f := range fields {
			fmt.Fprintf(&page, "| `%s` | %s | %s |\n", f.path, f.kind, inMarkdown.Replace(f.doc))
		}
	}
	if *update {
		if err := os.WriteFile(jsonFile, []byte(page.String()), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	if written, err := os.ReadFile(jsonFile); err != nil || string(written) != page.String() {
		t.Errorf("%s is not what the comments say (%v); look at them, and make it anew: go test ./caddymodule -run JSONReference -update", jsonFile, err)
	}
}
