package records

import (
	"context"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// zone is what a DNS server in this process knows: lines of a zone file.
type zone []string

// resolver starts the server, and returns what asks it and nobody else.
func (z zone) resolver(t *testing.T) *net.Resolver {
	t.Helper()
	var records []dns.RR
	for _, line := range z {
		record, err := dns.NewRR(line)
		if err != nil {
			t.Fatal(err)
		}
		records = append(records, record)
	}
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &dns.Server{PacketConn: conn, Handler: dns.HandlerFunc(func(w dns.ResponseWriter, asked *dns.Msg) {
		answer := new(dns.Msg).SetReply(asked)
		answer.Authoritative, answer.Rcode = true, dns.RcodeNameError
		for name := asked.Question[0].Name; name != ""; {
			alias := ""
			for _, record := range records {
				if !strings.EqualFold(record.Header().Name, name) {
					continue
				}
				answer.Rcode = dns.RcodeSuccess
				cname, isAlias := record.(*dns.CNAME)
				if isAlias {
					alias = cname.Target
				}
				if isAlias || record.Header().Rrtype == asked.Question[0].Qtype {
					answer.Answer = append(answer.Answer, record)
				}
			}
			name = alias
		}
		_ = w.WriteMsg(answer)
	})}
	go func() { _ = server.ActivateAndServe() }()
	t.Cleanup(func() { _ = server.Shutdown() })
	return resolverAt(conn.LocalAddr().String())
}

func resolverAt(address string) *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "udp", address)
	}}
}

// whole is a zone in which nothing is missing.
var whole = zone{
	`example.com. TXT "v=spf1 include:mailgun.org ~all"`, `example.com. TXT "google-site-verification=v=spf1"`,
	`k1._domainkey.example.com. TXT "v=DKIM1; k=rsa; p=MIGf" "MA0GCSq"`, `_dmarc.example.com. TXT "v=DMARC1; p=none"`, `example.com. MX 10 mx.example.com.`,
}

var sender = Sender{Domain: "example.com", Envelope: "example.com", Selector: "k1", Includes: []string{"mailgun.org"}}

func TestEachRecordIsFoundOrSaidHowToAdd(t *testing.T) {
	without := func(words string, more ...string) (z zone) {
		for _, line := range whole {
			if !strings.Contains(line, words) {
				z = append(z, line)
			}
		}
		return append(z, more...)
	}
	for name, tc := range map[string]struct {
		zone   zone
		sender Sender
		record string
		want   Verdict
		words  string // of Found and Advice
	}{
		"SPF":                       {whole, sender, "SPF", Good, "says who may send"},
		"no SPF":                    {without("include:mailgun"), sender, "SPF", Bad, `example.com.  TXT  "v=spf1 include:mailgun.org ~all"`},
		"no SPF, service not known": {without("include:mailgun"), Sender{Domain: "example.com", Envelope: "example.com"}, "SPF", Bad, "include:<name that your mail service gives>"},
		"two SPF":                   {append(whole, `example.com. TXT "v=spf1 -all"`), sender, "SPF", Bad, "make one of them"},
		"SPF of another service":    {without("include:mailgun", `example.com. TXT "v=spf1 include:_spf.google.com -all"`), sender, "SPF", Bad, "write include:mailgun.org"},
		"SPF of another version":    {without("include:mailgun", `example.com. TXT "v=spf10 include:mailgun.org -all"`), sender, "SPF", Bad, "add the record"},
		"SPF of the envelope": {append(whole, `mg.example.com. TXT "v=spf1 include:mailgun.org -all"`),
			Sender{Domain: "example.com", Envelope: "mg.example.com"}, "SPF", Good, "mg.example.com says"},
		"DKIM":                  {whole, sender, "DKIM", Good, "k1._domainkey.example.com"},
		"DKIM without selector": {whole, Sender{Domain: "example.com", Envelope: "example.com"}, "DKIM", Unknown, "dkim_selector"},
		"no DKIM":               {without("domainkey"), sender, "DKIM", Bad, `k1._domainkey.example.com.  TXT  "v=DKIM1; k=rsa; p=<key`},
		"DKIM taken back":       {without("domainkey", `k1._domainkey.example.com. TXT "v=DKIM1; p="`), sender, "DKIM", Bad, "taken back"},
		"DKIM by an alias":      {without("domainkey", `k1._domainkey.example.com. CNAME key.service.test.`, `key.service.test. TXT "p=MIGf"`), sender, "DKIM", Good, "the key is at"},
		"DKIM of the envelope": {without("domainkey", `k1._domainkey.mg.example.com. TXT "k=rsa; p=MIGf"`),
			Sender{Domain: "example.com", Envelope: "mg.example.com", Selector: "k1"}, "DKIM", Good, "mg.example.com"},
		"DMARC":                     {whole, sender, "DMARC", Good, "has a policy"},
		"no DMARC":                  {without("DMARC1"), sender, "DMARC", Bad, `_dmarc.example.com.  TXT  "v=DMARC1; p=none; rua=mailto:postmaster@example.com"`},
		"DMARC of the organization": {whole, Sender{Domain: "door.example.com", Envelope: "example.com"}, "DMARC", Good, "example.com has a policy"},
		"DMARC without policy":      {without("DMARC1", `_dmarc.example.com. TXT "v=DMARC1; rua=mailto:a@example.com"`), sender, "DMARC", Bad, "p=none;"},
		"two DMARC":                 {append(whole, `_dmarc.example.com. TXT "v=DMARC1; p=reject"`), sender, "DMARC", Bad, "keep one"},
		"MX":                        {whole, sender, "MX", Good, "takes mail"},
		"no MX":                     {without("MX"), sender, "MX", Bad, "example.com.  MX  10 <host"},
		"an MX that says no":        {without("MX", `example.com. MX 0 .`), sender, "MX", Bad, "says that it takes no mail"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, f := range Check(t.Context(), tc.zone.resolver(t), tc.sender) {
				if f.Record != tc.record {
					continue
				}
				if f.Verdict != tc.want || !strings.Contains(f.Found+" "+f.Advice, tc.words) || (f.Advice == "") != (tc.want == Good) {
					t.Errorf("got %+v", f)
				}
				return
			}
			t.Error("it was not looked at")
		})
	}
}

func TestWithoutDNSNothingIsSaidOfTheRecords(t *testing.T) {
	silent, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	for _, f := range Check(ctx, resolverAt(silent.LocalAddr().String()), sender) {
		if f.Verdict != Unknown || !strings.Contains(f.Found, "DNS does not tell") {
			t.Errorf("got %+v", f)
		}
	}
}
