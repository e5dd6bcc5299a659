package testkit

import "testing"

// StartOpenSMTPD starts an OpenSMTPD without TLS, and so without AUTH: the one of
// Debian 12 cannot serve TLS with its OpenSSL 3 (github.com/OpenSMTPD/OpenSMTPD,
// issues 1171 and 1239).
func StartOpenSMTPD(t testing.TB) *MailHost {
	t.Helper()
	h := newMailHost(t, "opensmtpd")
	h.write(t, "etc/owners", "ada@example.com mailbox\n")
	h.write(t, "etc/people", "ada@example.com\n")
	h.write(t, "etc/smtpd.conf", `smtp max-message-size SIZE
table owners file:/etc/owners
table people file:/etc/people
filter closed phase connect match src "127.0.0.1" disconnect "554 5.7.1 closed"
filter sender phase mail-from match mail-from "`+MailRefused+`" reject "550 5.7.1 not from here"
filter later phase rcpt-to match rcpt-to "`+MailLater+`" reject "451 4.7.1 later"
filter both chain { sender, later }
listen on 127.0.0.1 port PORT hostname mail.test filter both
listen on 127.0.0.1 port REFUSING hostname mail.test filter closed
action deliver maildir "/home/mailbox/%{rcpt.user}" virtual <owners>
match from any for domain "example.com" rcpt-to <people> action deliver
`)
	h.folder(t, "var/run", "root", 0o755)
	h.folder(t, "var/lib/opensmtpd/empty", "root", 0o755)
	h.folder(t, "var/spool", "root", 0o755)
	return h.run(t, "/usr/sbin/smtpd", "-d", "-f", "/etc/smtpd.conf")
}
