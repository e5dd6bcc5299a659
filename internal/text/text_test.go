package text_test

import (
	"strings"
	"testing"
	"time"
)

func TestMatchPicksTheLanguageThatTheBrowserAsksFor(t *testing.T) {
	catalogue := load(t)
	for header, want := range map[string]string{
		"":                                    "en",
		"en":                                  "en",
		"en-GB,en;q=0.9":                      "en",
		"de":                                  "de",
		"de-CH":                               "de",
		"de-AT,de;q=0.9,en;q=0.8":             "de",
		"DE-de":                               "de",
		"fr-CA,fr;q=0.9":                      "fr",
		"es-419,es;q=0.9,en;q=0.8":            "es",
		"pt-BR,pt;q=0.9":                      "pt",
		"pt-PT":                               "pt",
		"it-CH":                               "it",
		"nl-BE":                               "nl",
		"pl,en-US;q=0.7,en;q=0.3":             "pl",
		"ja-JP":                               "ja",
		"ar-EG,ar;q=0.9,en;q=0.8":             "ar",
		"ar":                                  "ar",
		"he-IL,he;q=0.9,en-US;q=0.8":          "he",
		"iw":                                  "he", // its former tag
		"zh":                                  "zh-Hans",
		"zh-CN,zh;q=0.9":                      "zh-Hans",
		"zh-SG":                               "zh-Hans",
		"zh-TW":                               "zh-Hans", // read more easily than English
		"zh-TW,zh;q=0.9,en-US;q=0.8":          "zh-Hans",
		"zh-HK":                               "zh-Hans",
		"zh-Hant-TW,en;q=0.9":                 "en", // knows English: an exact match is better
		"sv":                                  "en",
		"sv,fi;q=0.9":                         "en",
		"sv,de;q=0.5":                         "de",
		"en;q=0.3,fr;q=0.9":                   "fr",
		"*":                                   "en",
		"de;q=0":                              "en",
		"de;q=zero":                           "en",
		"de,,;;q":                             "en",
		"not a language at all":               "en",
		"\x00\xff":                            "en",
		strings.Repeat("de,", 85) + "d":       "en",
		strings.Repeat("de,", 90):             "en", // over 256 bytes
		"de" + strings.Repeat("-abcdefg", 31): "en",
	} {
		if got := catalogue.Match(header).Tag(); got != want {
			t.Errorf("%q: got %s, want %s", header, got, want)
		}
	}
}

func TestNumbersAreSaidInTheFormsOfTheLanguage(t *testing.T) {
	catalogue := load(t)
	for tag, want := range map[string]map[int]string{
		"en":      {0: "0 minutes", 1: "1 minute", 2: "2 minutes", 21: "21 minutes"},
		"de":      {1: "1\u00a0Minute", 2: "2\u00a0Minuten"},
		"fr":      {0: "0\u00a0minute", 1: "1\u00a0minute", 2: "2\u00a0minutes"},
		"pt":      {0: "0\u00a0minuto", 1: "1\u00a0minuto", 2: "2\u00a0minutos"},
		"pl":      {0: "0\u00a0minut", 1: "1\u00a0minutę", 2: "2\u00a0minuty", 4: "4\u00a0minuty", 5: "5\u00a0minut", 12: "12\u00a0minut", 21: "21\u00a0minut", 22: "22\u00a0minuty", 112: "112\u00a0minut"},
		"ar":      {1: "دقيقة واحدة", 2: "دقيقتين", 3: "3\u00a0دقائق", 10: "10\u00a0دقائق", 11: "11\u00a0دقيقة", 100: "100\u00a0دقيقة", 103: "103\u00a0دقائق"},
		"he":      {1: "דקה אחת", 2: "שתי דקות", 10: "10\u00a0דקות", 20: "20\u00a0דקות"},
		"ja":      {0: "0分", 1: "1分", 10: "10分"},
		"zh-Hans": {1: "1\u00a0分钟", 10: "10\u00a0分钟"},
	} {
		for n, sentence := range want {
			if got := catalogue.Match(tag).Count("duration.minutes", n); got != sentence {
				t.Errorf("%s: %d is said as %q, want %q", tag, n, got, sentence)
			}
		}
	}
}

func TestWhatIsWrittenFromLeftToRightIsSetApart(t *testing.T) {
	catalogue := load(t)
	for value, want := range map[string]string{
		"2345-ABCD": "\u20682345-ABCD\u2069", "ada@example.com": "\u2068ada@example.com\u2069", "4": "4", "17:05": "17:05", "مارس": "مارس", "": "",
	} {
		if got := catalogue.Match("ar").Apart(value); got != want {
			t.Errorf("in Arabic %q is %q, want %q", value, got, want)
		}
		if got := catalogue.Match("de").Apart(value); got != value {
			t.Errorf("in German %q is %q", value, got)
		}
	}
	if got := catalogue.Match("he").Say("signin.again_lead", "address", "7@example.com"); !strings.Contains(got, "\u20687@example.com\u2069") {
		t.Errorf("a sentence has a value that may be turned round: %q", got)
	}
}

func TestAValueMayLookLikeTheNameOfAnother(t *testing.T) {
	if got := english(t).Say("notadmitted.title", "address", "{site}", "site", "{address}"); got != "{site} cannot open {address}" {
		t.Errorf("got %q", got)
	}
}

func TestAnUnknownKeyIsReturnedAsItIs(t *testing.T) {
	en := english(t)
	if got := en.Say("no.such_key", "a", "b"); got != "no.such_key" {
		t.Errorf("got %q", got)
	}
	if got := en.Count("no.such_key", 3); got != "no.such_key_other" {
		t.Errorf("got %q", got)
	}
}

func TestADurationIsSaidInWordsAndRoundedUp(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Second:             "1 second",
		0:                        "1 second",
		1500 * time.Millisecond:  "2 seconds",
		59 * time.Second:         "59 seconds",
		59500 * time.Millisecond: "1 minute",
		time.Minute:              "1 minute",
		61 * time.Second:         "2 minutes",
		time.Hour:                "1 hour",
		90 * time.Minute:         "90 minutes",
		2 * time.Hour:            "2 hours",
		24 * time.Hour:           "24 hours",
		72 * time.Hour:           "3 days",
	} {
		if got := english(t).Duration(d); got != want {
			t.Errorf("%s: got %q, want %q", d, got, want)
		}
	}
}
