package view_test

import (
	"fmt"
	"net/url"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/doorpost-auth/doorpost/internal/web/view"
)

var attacks = []string{
	`x<script>alert(1)</script>`,
	`x"><img src=x onerror=alert(1)>`,
	`x' onmouseover='alert(1)`,
	`x" autofocus onfocus="alert(1)`,
	`x</title></style></textarea></noscript><svg onload=alert(1)>`,
	`x<!--`, `x-->`, `x]]>`, "x\x00<b>", "x`${alert(1)}`", `x{{.}}{site}{address}`,
	`x&lt;script&gt;&#34;&quot;`,
	`javascript:alert(1)`, "java\tscript:alert(1)", ` JaVaScRiPt:alert(1)`,
	`data:text/html,<script>alert(1)</script>`, `vbscript:msgbox(1)`,
	"x\u202emoc.elpmaxe\u2066", "x\u2028\u2029y",
}

// fill puts a value into every string of a page, however deep.
func fill(page view.Page, value string) view.Page {
	filled := reflect.New(reflect.TypeOf(page)).Elem()
	filled.Set(reflect.ValueOf(page))
	fillValue(filled, value)
	return filled.Interface().(view.Page)
}

func fillValue(v reflect.Value, value string) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(value)
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Field(i).CanSet() {
				fillValue(v.Field(i), value)
			}
		}
	case reflect.Slice:
		list := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		reflect.Copy(list, v)
		for i := range list.Len() {
			fillValue(list.Index(i), value)
		}
		v.Set(list)
	}
}

// structure is the markup of a page without texts and the values of attributes.
func structure(nodes []*html.Node) string {
	var out strings.Builder
	for _, node := range nodes {
		// Marks where a line may break depend on the text.
		if class, _ := attribute(node, "class"); node.Data == "wbr" || node.Data == "span" && class == "whole" {
			continue
		}
		fmt.Fprintf(&out, "%s", node.Data)
		for _, a := range node.Attr {
			fmt.Fprintf(&out, " %s", a.Key)
		}
		out.WriteByte('\n')
	}
	return out.String()
}

func TestNothingThatIsShownCanChangeThePage(t *testing.T) {
	for name, brand := range map[string]view.Brand{"branded": brand, "called by its host": {}} {
		views := newViews(t, brand)
		for _, named := range view.Samples() {
			t.Run(name+"/"+named.Name, func(t *testing.T) {
				harmless := structure(elements(t, render(t, views, fill(named.Page, "harmless"))))
				for _, attack := range attacks {
					nodes := elements(t, render(t, views, fill(named.Page, attack)))
					if got := structure(nodes); got != harmless {
						t.Fatalf("%q changes the page from\n%s\nto\n%s", attack, harmless, got)
					}
					for _, node := range nodes {
						for _, name := range []string{"href", "src", "action"} {
							checkAddress(t, attack, node, name)
						}
					}
				}
			})
		}
	}
}

// drawn is the icon of a page: nothing that is shown gets into it but one letter.
var drawn = regexp.MustCompile(`^data:image/svg\+xml,<svg [^<>]*><rect [^<>]*/><text [^<>]*>[\pL\pN]</text></svg>$`)

func checkAddress(t *testing.T, attack string, node *html.Node, name string) {
	t.Helper()
	value, ok := attribute(node, name)
	if !ok || value == "data:," {
		return
	}
	if picture, err := url.PathUnescape(value); err == nil && node.Data == "link" && drawn.MatchString(picture) {
		return
	}
	u, err := url.Parse(value)
	if err != nil {
		t.Errorf("%q: <%s %s=%q>: %v", attack, node.Data, name, value, err)
		return
	}
	switch u.Scheme {
	case "", "https", "mailto":
	default:
		t.Errorf("%q: <%s %s=%q>", attack, node.Data, name, value)
	}
}

func TestTheNameOfABrandIsShownAsItIs(t *testing.T) {
	for _, attack := range attacks {
		page := view.SignIn{Frame: view.Frame{Host: "example.com"}}
		harmless := structure(elements(t, render(t, newViews(t, view.Brand{Name: "harmless"}), page)))
		if got := structure(elements(t, render(t, newViews(t, view.Brand{Name: attack}), page))); got != harmless {
			t.Errorf("%q changes the page to\n%s", attack, got)
		}
	}
}
