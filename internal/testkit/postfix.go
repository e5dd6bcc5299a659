package testkit

import "testing"

// StartPostfix starts a Postfix that is as strict as it can be about envelopes and
// names. It offers STARTTLS; AUTH it leaves to another service (SASL), which is
// not there.
func StartPostfix(t testing.TB) *MailHost {
	t.Helper()
	h := newMailHost(t, "postfix")
	h.OffersTLS = true
	h.write(t, "etc/postfix/main.cf", `compatibility_level = 3.6
myhostname = mail.test
mydestination =
alias_maps =
alias_database =
notify_classes =
mynetworks = 127.0.0.0/8
inet_protocols = ipv4
inet_interfaces = loopback-only
maillog_file = /var/log/postfix/log
message_size_limit = SIZE
smtpd_peername_lookup = no
smtpd_tls_security_level = may
smtpd_tls_chain_files = /etc/key.pem, /etc/certificate.pem
strict_rfc821_envelopes = yes
smtpd_helo_required = yes
smtpd_helo_restrictions = reject_invalid_helo_hostname, reject_non_fqdn_helo_hostname
smtpd_reject_unlisted_sender = yes
smtpd_relay_restrictions = reject_unauth_destination
smtpd_recipient_restrictions = check_recipient_access inline:{ {`+MailLater+` = DEFER} }
virtual_mailbox_domains = example.com
virtual_mailbox_maps = inline:{ {ada@example.com = ada/} {sign-in@example.com = out/} {`+MailLater+` = out/} }
virtual_mailbox_base = /home/mailbox
virtual_uid_maps = static:2000
virtual_gid_maps = static:2000
`)
	h.write(t, "etc/postfix/master.cf", `127.0.0.1:PORT inet n - n - - smtpd
127.0.0.1:REFUSING inet n - n - - smtpd
	-o smtpd_client_restrictions=reject
	-o smtpd_delay_reject=no
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
proxymap unix - - n - - proxymap
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
tlsmgr unix - - n 1000? 1 tlsmgr
postlog unix-dgram n - n - 1 postlogd
`)
	h.folder(t, "var/log/postfix", "root", 0o755)
	h.folder(t, "var/lib/postfix", "postfix", 0o755)
	for _, queue := range []string{"active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming", "maildrop", "private", "public", "saved", "trace"} {
		h.folder(t, "var/spool/postfix/"+queue, "postfix", 0o700)
	}
	h.folder(t, "var/spool/postfix/pid", "root", 0o755)
	return h.run(t, "/usr/lib/postfix/sbin/master", "-c", "/etc/postfix", "-d")
}
