package token

import (
	"net/url"
	"strings"
	"testing"
)

func TestNoTwoTokensAreAlike(t *testing.T) {
	const many = 100_000
	ids, secrets, digits := make(map[ID]bool), make(map[string]bool), make(map[byte]int)
	for i := range many {
		id := NewID()
		text := NewText(id, i%2 == 0)
		if got, ok := Parse(text); !ok || got != id || !IsText(text) {
			t.Fatalf("%s is read as %q, %v", text, got, ok)
		}
		secret := text[prefixLength+idLength:][:secretLength]
		if ids[id] || secrets[secret] {
			t.Fatalf("%s came twice", text)
		}
		ids[id], secrets[secret] = true, true
		// The first digits are not evenly spread: 62^22 is more than 2^128.
		for i := 2; i < secretLength; i++ {
			digits[secret[i]]++
		}
	}
	if len(digits) != 62 {
		t.Fatalf("secrets have %d digits", len(digits))
	}
	for digit, count := range digits {
		if want := float64(many*(secretLength-2)) / 62; float64(count) < want*0.97 || float64(count) > want*1.03 {
			t.Errorf("the digit %c came %d times, want about %.0f", digit, count, want)
		}
	}
}

func TestARotatedTokenHasAnotherText(t *testing.T) {
	id := NewID()
	first, second := NewText(id, false), NewText(id, false)
	if first == second || SumOf(first) == SumOf(second) {
		t.Errorf("%s came twice", first)
	}
}

func TestATextThatIsNotWholeIsRefused(t *testing.T) {
	const characters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-=./ \x00\xff"
	for _, personal := range []bool{false, true} {
		text := NewText(NewID(), personal)
		var wrong []string
		for at := range len(text) {
			for _, c := range []byte(characters) {
				if c != text[at] {
					wrong = append(wrong, text[:at]+string(c)+text[at+1:], text[:at]+string([]byte{c})+text[at+1:])
				}
			}
			wrong = append(wrong, text[:at], text[at+1:], text[:at]+text[at+1:], text[:at]+text[at:at+1]+text[at:])
			if at > 0 && text[at] != text[at-1] {
				wrong = append(wrong, text[:at-1]+text[at:at+1]+text[at-1:at]+text[at+1:])
			}
		}
		for _, c := range characters {
			wrong = append(wrong, text+string(c), string(c)+text)
		}
		swapped := strings.NewReplacer(servicePrefix, personalPrefix, personalPrefix, servicePrefix).Replace(text)
		wrong = append(wrong, swapped, text+text, strings.ToUpper(text), strings.ToLower(text))
		for _, w := range wrong {
			if w == text { // the change was none
				continue
			}
			if id, ok := Parse(w); ok {
				t.Errorf("%q is read as %s; the token is %s", w, id, text)
			}
		}
	}
}

func TestATextHasItsDigitsOnly(t *testing.T) {
	for _, c := range []string{"_", "-", " ", "\x00", "\xff"} {
		for _, at := range []int{prefixLength, prefixLength + idLength} {
			body := NewText(NewID(), false)[:textLength-checksumLength]
			body = body[:at] + c + body[at+1:]
			if _, ok := Parse(body + checksum(body)); ok {
				t.Errorf("%q is read, though its checksum alone is right", body)
			}
		}
	}
}

func TestATokenIsFoundAnywhereInAURL(t *testing.T) {
	for _, personal := range []bool{false, true} {
		text := NewText(NewID(), personal)
		for _, where := range []string{
			"%s", "/%s", "/a/%s/b", "/a%s", "token=%s", "a=b&token=%s&c=d", "a=dpst_%s", "a=dpst_dpat_%s", "a=dpst_dpat_x&%sx", "dpat_%sdpst_",
			"%s.git/info/refs", "service:%s@", "a=" + strings.Repeat("dpst_", 1000) + "%s",
		} {
			if s := strings.ReplaceAll(where, "%s", text); Find(s) == "" {
				t.Errorf("no token is found in %q", s)
			}
			cut := strings.ReplaceAll(where, "%s", text[:textLength-1]+"!")
			if Find(cut) != "" {
				t.Errorf("a token is found in %q", cut)
			}
		}
		if escaped := url.QueryEscape(text); escaped != text {
			t.Errorf("in a URL the token is %s", escaped)
		}
	}
}

func FuzzParseTakesWhatWasMadeOnly(f *testing.F) {
	service := NewText(NewID(), false)
	for _, seed := range []string{"", servicePrefix, service, NewText(NewID(), true), service[1:], service + "0", strings.Repeat("dpat_", 20)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		id, ok := Parse(s)
		if !ok {
			return
		}
		body := s[:len(s)-checksumLength]
		if _, good := ParseID(string(id)); !good || !IsText(s) || len(s) != textLength || checksum(body) != s[len(body):] || !isBase62(s[prefixLength:]) {
			t.Fatalf("%q is read as %q", s, id)
		}
		if Find("/a?b="+s) != s || Find("/a?b="+s[:len(s)-1]) != "" {
			t.Fatalf("%q is not found as what it is", s)
		}
	})
}
