package testkit

import (
	"os"
	"path/filepath"
	"testing"
)

// StartExim starts an Exim that offers STARTTLS, and inside of it AUTH PLAIN.
func StartExim(t testing.TB) *MailHost {
	t.Helper()
	h := newMailHost(t, "exim")
	h.OffersTLS, h.OffersAuth = true, true
	h.write(t, "etc/people", "ada: ada\n")
	h.write(t, "etc/exim4/exim4.conf", `primary_hostname = mail.test
exim_user = Debian-exim
exim_group = Debian-exim
spool_directory = /var/spool/exim
log_file_path = /var/log/exim/%slog
pid_file_path = /run/exim.pid
local_interfaces = 127.0.0.1
daemon_smtp_ports = PORT : REFUSING
disable_ipv6 = true
keep_environment =
deliver_drop_privilege
message_size_limit = SIZE
rfc1413_query_timeout = 0s
tls_advertise_hosts = *
tls_certificate = /etc/certificate.pem
tls_privatekey = /etc/key.pem
acl_smtp_connect = connecting
acl_smtp_mail = sender
acl_smtp_rcpt = recipient

begin acl
connecting:
  deny condition = ${if eq{$received_port}{REFUSING}}
  accept
sender:
  deny senders = `+MailRefused+`
  accept
recipient:
  defer recipients = `+MailLater+`
  deny message = relay not permitted
       domains = ! example.com
  require verify = recipient
  accept

begin routers
people:
  driver = accept
  local_parts = lsearch;/etc/people
  transport = mailbox

begin transports
mailbox:
  driver = appendfile
  maildir_format
  directory = /home/mailbox/${lookup{$local_part}lsearch{/etc/people}}
  return_path_add

begin retry
* * F,2h,1m

begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_advertise_condition = ${if def:tls_in_cipher}
  server_prompts = :
  server_condition = ${if and{ {eq{$auth2}{`+MailUser+`}} {eq{$auth3}{`+MailPassword+`}} }}
  server_set_id = $auth2
`)
	// It delivers with the rights it has, which spares a program that is setuid.
	for _, folder := range []string{"var/spool/exim", "var/log/exim", "home/mailbox"} {
		h.folder(t, folder, "Debian-exim", 0o755)
	}
	if err := os.Chown(filepath.Join(h.root, "etc/key.pem"), 0, mailUID("Debian-exim")); err != nil {
		t.Fatal(err) // it has no rights of root when it reads the key
	}
	return h.run(t, "/usr/sbin/exim4", "-bdf")
}
