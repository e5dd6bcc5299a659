package address

import "strings"

// slips are domains that people type in place of one of the large providers.
var slips = slipsOf(map[string]string{
	"aol.com":        "aoll.com oal.com",
	"fastmail.com":   "fastmal.com fasmail.com fastmai.com",
	"gmail.com":      "gmial.com gmai.com gmal.com gamil.com gnail.com gmil.com gmaill.com gmali.com gmaul.com gmsil.com gmeil.com gmail.co gmail.cm",
	"gmx.de":         "gxm.de gmx.ed gmx.dee",
	"gmx.net":        "gxm.net gmx.ent gmx.nett",
	"googlemail.com": "googlmail.com googelmail.com goolemail.com googlemal.com googlemail.co",
	"hotmail.com":    "hotmial.com hotmal.com hotmai.com hotmil.com hotmaill.com htmail.com homail.com hotmail.co hotmail.cm",
	"icloud.com":     "iclod.com icould.com iclud.com icoud.com icloud.co icloud.cm",
	"outlook.com":    "outlok.com outloook.com outlock.com oulook.com outllok.com outlook.co outlook.cm",
	"proton.me":      "protn.me protom.me proton.em",
	"protonmail.com": "protonmal.com protonmai.com protonmial.com",
	"t-online.de":    "tonline.de t-onlin.de t-onlien.de t-oline.de",
	"web.de":         "wbe.de web.ed web.dee",
	"yahoo.com":      "yaho.com yahooo.com yhoo.com yahho.com yahoo.co yahoo.cm",
})

func slipsOf(byDomain map[string]string) map[string]string {
	meant := map[string]string{}
	for domain, misspelt := range byDomain {
		for slip := range strings.FieldsSeq(misspelt) {
			meant[slip] = domain
		}
	}
	return meant
}

// notTop are ends of a domain that do not exist, and are typed for .com.
var notTop = []string{".con", ".cmo", ".ocm", ".comm", ".coom", ".vom", ".xom", ".cpm"}

// Meant is the address that somebody probably meant who typed this one, "" if it has no
// known slip. It is for a question to that person: the address as typed may be right.
func (a Address) Meant() Address {
	domain := a.Domain()
	if meant := slips[domain]; meant != "" {
		return Address(a.Local() + "@" + meant)
	}
	for _, end := range notTop {
		if name, found := strings.CutSuffix(domain, end); found {
			fixed := Address(a.Local() + "@" + name + ".com")
			if further := fixed.Meant(); further != "" {
				return further
			}
			return fixed
		}
	}
	return ""
}
