package text_test

import (
	"regexp"
	"testing"
)

// form is a way of saying something that was decided against in a language.
type form struct {
	wrong *regexp.Regexp
	why   string
}

// words finds whole words, of any script: one of some alternatives, or what a pattern in
// their place matches.
func words(alternatives string) *regexp.Regexp {
	return regexp.MustCompile(`(?i)(^|\P{L})(` + alternatives + `)(\P{L}|$)`)
}

var decidedAgainst = map[string][]form{
	"de": {
		{words(`(Link|Code)\P{L}([^.]*\P{L})?geht`), "a link does not walk, it works: funktioniert"},
		{words(`Netz`), "what a visitor has is a Netzwerk"},
		{words(`vergessen`), "to be forgotten is a slight: data are deleted, gelöscht"},
		{words(`du|dein|dir|dich`), "readers are Sie"},
	},
	"fr": {
		{words(`(vous|rester|jamais|pas) ([^.]*\P{L})?(dé)?connecté`), "it is masculine: a connexion is active, or has ended"},
		{words(`êtes (invité|admis|inscrit)`), "it is masculine: votre invitation"},
		{words(`tu|ton|ta|tes`), "readers are vous"},
	},
	"it": {
		{words(`(sei|sono) (stato|uscito|entrato|connesso|disconnesso|invitato)`), "it is masculine: non eri tu?"},
		{words(`(sei|siete) (il )?benvenuto`), "it is masculine: ti diamo il benvenuto"},
	},
	"es": {
		{words(`(des)?conectado|bienvenido|(has sido|estás) invitado`), "it is masculine: has iniciado sesión, te damos la bienvenida"},
		{words(`usted`), "readers are tú"},
	},
	"pt": {{words(`(des)?conectado|bem-vindo|convidado|você mesmo|obrigado`), "it is masculine: você entrou, acesso"}},
	"pl": {
		{words(`\p{L}+(łeś|łaś)`), "verbs in the past tell the gender of the reader: zalogowano, udało Ci się"},
		{words(`jesteś (zalogowany|zaproszony|wylogowany)`), "it is masculine"},
		{words(`zatrzyma\p{L}* ((takie|te) )?wiadomości`), "messages are not held up, nobody sends them any more: nie wysyłać"},
	},
	"nl": {
		{regexp.MustCompile(`^Eerst `), "it says that something comes before something else: voor het eerst"},
		{words(`uw?`), "readers are je"},
	},
	"ja": {
		{regexp.MustCompile(`リクエスト`), "what somebody asks an admin for is 申請"},
		{regexp.MustCompile(`お問い合わせ`), "browsers end a line within it: U+2060 before 合"},
		{regexp.MustCompile(`ほかの方が`), "browsers end a line within it: U+2060 before 方"},
	},
	"he": {{words(`היכנס|הקלד|לחץ|פתח|הזן|בחר`), "an order tells the gender of the reader: יש להקליד, אפשר להיכנס"}},
}

func TestNoSentenceHasAFormThatWasDecidedAgainst(t *testing.T) {
	for _, l := range load(t).Languages() {
		for _, form := range decidedAgainst[l.Tag()] {
			for _, key := range l.Keys() {
				if found := form.wrong.FindString(l.Say(key)); found != "" {
					t.Errorf("%s: %q says %q; %s: %s", l.Tag(), key, found, form.why, l.Say(key))
				}
			}
		}
	}
}

// here is how a language points at the page.
var here = map[string]string{"de": "hier", "en": "here", "es": "aquí", "fr": "ici", "it": "qui|qua", "nl": "hier", "pl": "tu|tutaj", "pt": "aqui"}

// The landing page has no field. What it says of the code must not have people look for one.
func TestNoPageWithoutAFieldAsksForTheCodeHere(t *testing.T) {
	for _, l := range load(t).Languages() {
		word, pointed := here[l.Tag()]
		if !pointed {
			continue
		}
		for _, key := range []string{"landing.no_script_here", "landing.no_script_elsewhere"} {
			if found := words(word).FindString(l.Say(key)); found != "" {
				t.Errorf("%s: %q says %q, and its page has no field: %s", l.Tag(), key, found, l.Say(key))
			}
		}
	}
}
