package text_test

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"

	"github.com/doorpost-auth/doorpost/internal/text"
)

var once = sync.OnceValues(text.Load)

func load(t *testing.T) *text.Catalogue {
	t.Helper()
	catalogue, err := once()
	if err != nil {
		t.Fatalf("loading words: %v", err)
	}
	return catalogue
}

func english(t *testing.T) *text.Language {
	t.Helper()
	return load(t).Languages()[0]
}

// eachTranslation runs a check for every language but English.
func eachTranslation(t *testing.T, check func(t *testing.T, l *text.Language)) {
	t.Helper()
	for _, l := range load(t).Languages()[1:] {
		t.Run(l.Tag(), func(t *testing.T) { check(t, l) })
	}
}

var (
	countForm = regexp.MustCompile(`_(zero|one|two|few|many|other)$`)
	value     = regexp.MustCompile(`\{[a-z]+\}`)
	anyBrace  = regexp.MustCompile(`[{}]`)
)

// base is the key of a sentence without the ending of a plural form. It takes the keys of
// English to know: the key of a plain sentence may end in the name of a form, too.
func base(english *text.Language, key string) (name, form string) {
	if match := countForm.FindStringSubmatch(key); match != nil {
		if name := strings.TrimSuffix(key, match[0]); english.Has(name + "_other") {
			return name, match[1]
		}
	}
	return key, ""
}

// numbers lists whole numbers by the plural form that a language has for them.
func numbers(tag string) map[string][]int {
	names := map[plural.Form]string{
		plural.Zero: "zero", plural.One: "one", plural.Two: "two", plural.Few: "few", plural.Many: "many", plural.Other: "other",
	}
	found := map[string][]int{}
	for n := range 1001 {
		name := names[plural.Cardinal.MatchPlural(language.MustParse(tag), n, 0, 0, 0, 0)]
		found[name] = append(found[name], n)
	}
	return found
}

// keysFor are the keys that a language must have, given those of English.
func keysFor(english *text.Language, tag string) []string {
	want := map[string]bool{}
	for _, key := range english.Keys() {
		name, form := base(english, key)
		if form == "" {
			want[key] = true
			continue
		}
		for form := range numbers(tag) {
			want[name+"_"+form] = true
		}
	}
	return slices.Sorted(maps.Keys(want))
}

func values(sentence string) []string {
	found := value.FindAllString(sentence, -1)
	slices.Sort(found)
	return slices.Compact(found)
}

func TestThereAreThePromisedLanguages(t *testing.T) {
	var got []string
	for _, l := range load(t).Languages() {
		got = append(got, l.Tag())
	}
	want := []string{"en", "ar", "de", "es", "fr", "he", "it", "ja", "nl", "pl", "pt", "zh-Hans"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestEveryLanguageHasTheKeysOfEnglishInItsOwnForms(t *testing.T) {
	en := english(t)
	for _, l := range load(t).Languages() {
		got, want := l.Keys(), keysFor(en, l.Tag())
		for _, key := range want {
			if !slices.Contains(got, key) {
				t.Errorf("%s lacks %q", l.Tag(), key)
			}
		}
		for _, key := range got {
			if !slices.Contains(want, key) {
				t.Errorf("%s has %q, which it does not need", l.Tag(), key)
			}
		}
	}
}

func TestEverySentenceHasTheValuesOfItsEnglish(t *testing.T) {
	en := english(t)
	for _, l := range load(t).Languages() {
		forms := numbers(l.Tag())
		for _, key := range l.Keys() {
			name, form := base(en, key)
			original := key
			if form != "" {
				original = name + "_other"
			}
			sentence := l.Say(key)
			want := values(en.Say(original))
			// "One more try" needs no number if the form is for one only, nor does a dual.
			if form != "" && (slices.Max(forms[form]) <= 1 || len(forms[form]) == 1) && !strings.Contains(sentence, "{count}") {
				want = slices.DeleteFunc(want, func(v string) bool { return v == "{count}" })
			}
			if got := values(sentence); !slices.Equal(got, want) {
				t.Errorf("%s: %q names %q, want %q: %s", l.Tag(), key, got, want, sentence)
			}
			if anyBrace.MatchString(value.ReplaceAllString(sentence, "")) {
				t.Errorf("%s: %q has a brace on its own: %s", l.Tag(), key, sentence)
			}
		}
	}
}

func TestNoSentenceIsEmptyOrHasStraySpaces(t *testing.T) {
	for _, l := range load(t).Languages() {
		for _, key := range l.Keys() {
			sentence := l.Say(key)
			if strings.TrimSpace(sentence) == "" || sentence != strings.TrimSpace(sentence) || strings.Contains(sentence, "  ") {
				t.Errorf("%s: %q is %q", l.Tag(), key, sentence)
			}
			if strings.ContainsFunc(sentence, unicode.IsControl) {
				t.Errorf("%s: %q has a control character: %q", l.Tag(), key, sentence)
			}
		}
	}
}

// sameAsEnglish are the sentences that are right although English says the same.
var sameAsEnglish = map[string][]string{
	"de": {"mail.month.4", "mail.month.8", "mail.month.9", "mail.month.11"}, // April, August, September, November
	"es": {"frame.error_title"},                                             // Error
	"fr": {"duration.minutes_one", "duration.minutes_other"},                // minute, minutes
}

func TestNoSentenceIsLeftInEnglish(t *testing.T) {
	en := english(t)
	eachTranslation(t, func(t *testing.T, l *text.Language) {
		for _, key := range l.Keys() {
			sentence := l.Say(key)
			if !strings.ContainsFunc(value.ReplaceAllString(sentence, ""), unicode.IsLetter) {
				continue // values and marks only
			}
			same := en.Has(key) && en.Say(key) == strings.ReplaceAll(sentence, "\u00a0", " ")
			if meant := slices.Contains(sameAsEnglish[l.Tag()], key); same != meant {
				t.Errorf("%q is %q, in English %q; meant to be the same: %t", key, sentence, en.Say(key), meant)
			}
		}
	})
}

func TestTheWordsArePlain(t *testing.T) {
	avoid := regexp.MustCompile(`(?i)auth?enti|uwierzyteln|\btoken|jeton|credential|credenc|credenz|identifiants|zugangsdaten|` +
		`inloggegevens|sitzung|sessie\b|sessione|\bsesja|expir|verlopen|abgelaufen|scadut|caduc|wygas|cookie|\bSSO\b|` +
		`認証|トークン|セッション|期限切れ|令牌|凭据|身份验证|会话|过期`)
	english := regexp.MustCompile(`(?i)session|log ?in\b|e-mail`)
	for _, l := range load(t).Languages() {
		for _, key := range l.Keys() {
			sentence := l.Say(key)
			if key == "checkmail.cookies" || key == "cannotenter.lead" {
				continue // they name what has to be switched on in the browser
			}
			if found := avoid.FindString(sentence); found != "" {
				t.Errorf("%s: %q says %q: %s", l.Tag(), key, found, sentence)
			}
			if found := english.FindString(sentence); found != "" && l.Tag() == text.Default {
				t.Errorf("%q says %q: %s", key, found, sentence)
			}
		}
	}
}

func TestTypographyIsThatOfTheLanguage(t *testing.T) {
	wrong := map[string]*regexp.Regexp{
		"":        regexp.MustCompile(`['"]|\.\.\.|\p{L} [?!:;]`),
		"fr":      regexp.MustCompile(`[^\x{202f}][?!;]|[^\x{a0}]:`),
		"es":      regexp.MustCompile(`^[^¿]*\?|^[^¡]*!`),
		"ja":      regexp.MustCompile(`[?!:;,]|[\p{Han}\p{Hiragana}\p{Katakana}] |\p{Hiragana}\.`),
		"zh-Hans": regexp.MustCompile(`[?!:;,]|\p{Han}\.|[，。？：] `),
	}
	torn := regexp.MustCompile(`(?i)\be-mail`) // a line would end after the e; U+2011 keeps it together
	for _, l := range load(t).Languages() {
		for _, key := range l.Keys() {
			if !strings.HasPrefix(key, "mail.") && torn.MatchString(l.Say(key)) {
				t.Errorf("%s: %q has a hyphen at which a line ends: %s", l.Tag(), key, l.Say(key))
			}
			for _, tag := range []string{"", l.Tag()} {
				if rule := wrong[tag]; rule != nil && rule.MatchString(l.Say(key)) {
					t.Errorf("%s: %q has %q: %s", l.Tag(), key, rule.FindString(l.Say(key)), l.Say(key))
				}
			}
		}
	}
}

// English keeps the plain space: what operators write against its words looks for one.
func TestNoLineEndsBetweenANumberAndWhatItCounts(t *testing.T) {
	number := regexp.MustCompile(`(\d|\{(count|seconds|day|month)\}\.?) \S|\{month\} |\{time\} (UTC|Uhr)`)
	wide := regexp.MustCompile(`年[^\x{2060}]|\{month\}\{|\{time\}（`)
	for _, l := range load(t).Languages() {
		if l.Tag() == "en" {
			continue
		}
		for _, key := range l.Keys() {
			for _, parted := range []*regexp.Regexp{number, wide} {
				if found := parted.FindString(l.Say(key)); found != "" {
					t.Errorf("%s: %q has %q, where a line can end; write U+00A0 for the space, and U+2060 where there is none: %s", l.Tag(), key, found, l.Say(key))
				}
			}
		}
	}
}

func TestEveryWordFitsThePhone(t *testing.T) {
	const letters = 20 // in a heading on a screen of 320 px
	for _, l := range load(t).Languages() {
		if l.Space() == "" {
			continue // lines end anywhere
		}
		for _, key := range l.Keys() {
			for _, word := range strings.FieldsFunc(value.ReplaceAllString(l.Say(key), " "), func(r rune) bool {
				return unicode.IsSpace(r) || r == '-'
			}) {
				if utf8.RuneCountInString(word) > letters {
					t.Errorf("%s: %q has the word %q", l.Tag(), key, word)
				}
			}
		}
	}
}

func TestSubjectsAndButtonsAreShort(t *testing.T) {
	for _, l := range load(t).Languages() {
		for _, key := range []string{"mail.signin.subject", "mail.welcome.subject", "mail.signin.button", "signin.send", "checkmail.enter"} {
			if sentence := strings.TrimSpace(value.ReplaceAllString(l.Say(key), "")); utf8.RuneCountInString(sentence) > 24 {
				t.Errorf("%s: %q is long: %s", l.Tag(), key, sentence)
			}
		}
	}
}

// keysInSources finds what looks like a key in the templates and the Go code of pages and
// messages. A key that ends in a dot stands for all keys that begin with it.
func keysInSources(t *testing.T) map[string]string {
	t.Helper()
	quoted := regexp.MustCompile(`"([a-z]+\.(?:[a-z0-9_-]+\.?)*)"`)
	used := map[string]string{}
	for _, pattern := range []string{"../web/view/*.go", "../web/view/templates/*.html", "../web/view/templates/*/*.html", "../mail/*.go", "*.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s matches nothing: %v", pattern, err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			raw, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for _, match := range quoted.FindAllStringSubmatch(string(raw), -1) {
				used[match[1]] = file
			}
		}
	}
	return used
}

func TestEveryKeyThatIsUsedHasWords(t *testing.T) {
	en := english(t)
	topics := map[string]bool{}
	for _, key := range en.Keys() {
		topic, _, _ := strings.Cut(key, ".")
		topics[topic] = true
	}
	for key, file := range keysInSources(t) {
		topic, _, _ := strings.Cut(key, ".")
		if !topics[topic] || strings.HasSuffix(key, ".") || en.Has(key) || en.Has(key+"_other") {
			continue
		}
		t.Errorf("%s uses the key %q, which has no words", file, key)
	}
}

func TestEveryKeyThatHasWordsIsUsed(t *testing.T) {
	en, used := english(t), keysInSources(t)
	for _, key := range en.Keys() {
		name, _ := base(en, key)
		_, found := used[name]
		for prefix := range used {
			found = found || strings.HasSuffix(prefix, ".") && strings.HasPrefix(name, prefix)
		}
		if !found {
			t.Errorf("nothing uses the key %q", key)
		}
	}
}

func TestTheTagOfEveryLanguageIsValidAndInItsUsualForm(t *testing.T) {
	for _, l := range load(t).Languages() {
		tag, err := language.Parse(l.Tag())
		if err != nil || tag.String() != l.Tag() {
			t.Errorf("%q: %v, usual form %q", l.Tag(), err, tag)
		}
		if rtl := l.Direction() == "rtl"; rtl != slices.Contains([]string{"ar", "he"}, l.Tag()) {
			t.Errorf("%s is written %s", l.Tag(), l.Direction())
		}
	}
}
