package view_test

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/web/view"
)

var unfilled = regexp.MustCompile(`\{[a-z]+\}`)

// The words themselves are checked where they are, in package text.
func TestNoPageShowsAKeyOrAnUnfilledValue(t *testing.T) {
	views := newViews(t, brand)
	for _, lang := range languages(t) {
		for _, named := range view.Samples() {
			t.Run(lang.Tag()+"/"+named.Name, func(t *testing.T) {
				for _, node := range elements(t, renderIn(t, views, lang, named.Page)) {
					if node.Data != "body" && node.Data != "title" {
						continue
					}
					said := content(node)
					if found := unfilled.FindString(said); found != "" {
						t.Errorf("the page shows %s: %s", found, said)
					}
					for word := range strings.FieldsSeq(said) {
						if english(t).Has(word) {
							t.Errorf("the page shows the key %s", word)
						}
					}
				}
			})
		}
	}
}

func TestEveryPageNamesItsLanguage(t *testing.T) {
	views := newViews(t, brand)
	for _, lang := range languages(t) {
		for _, named := range view.Samples() {
			page := renderIn(t, views, lang, named.Page)
			if want := `<html lang="` + lang.Tag() + `" dir="` + lang.Direction() + `">`; !strings.Contains(page, want) {
				t.Errorf("%s: the page lacks %s", named.Name, want)
			}
		}
	}
}

func TestSentencesAreSetApartAsTheLanguageWants(t *testing.T) {
	views := newViews(t, brand)
	between := map[string]string{
		"en": "code here. Link and code", "pl": "tutaj kod. Link i kod", "ja": "入力してください。リンクとコードは", "zh-Hans": "输入验证码。链接和验证码",
	}
	for _, lang := range languages(t) {
		page := renderIn(t, views, lang, view.CheckMail{Frame: frame, Typed: address, Until: time.Now()})
		if want := between[lang.Tag()]; !strings.Contains(page, want) {
			t.Errorf("%s: the page does not say %q", lang.Tag(), want)
		}
	}
}

// here is a word for "here", in each language.
var here = regexp.MustCompile(`(?i)\b(here|hier|ici|qui|aqui|tu|tutaj)\b|aquí|ここ|这里|هنا|כאן`)

func TestThePageOfALinkDoesNotSayThatACodeIsTypedThere(t *testing.T) {
	views := newViews(t, brand)
	for _, lang := range languages(t) {
		for _, page := range []view.Landing{{Frame: frame, Here: true}, {Frame: frame}} {
			var said string
			for _, node := range elements(t, renderIn(t, views, lang, page)) {
				if node.Data == "noscript" {
					said += content(node)
				}
				if name, _ := attribute(node, "name"); name == "code" {
					t.Fatal("the page has a field for a code")
				}
			}
			if said == "" || here.MatchString(said) {
				t.Errorf("%s: without its script the page says %q", lang.Tag(), said)
			}
		}
	}
}
