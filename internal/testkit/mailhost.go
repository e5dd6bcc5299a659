package testkit

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// What every MailHost knows.
const (
	MailUser     = "ada" // may sign in, and has the mailbox ada@example.com
	MailPassword = "s3cret-password"
	MailLater    = "later@example.com"   // has a mailbox, which takes nothing for now
	MailRefused  = "refused@example.com" // may not send
	MailMaxSize  = 100 << 10             // of a message, in bytes
)

// MailHost is a mail server as Debian has it, which runs as if on a machine of
// its own: in a folder with its programs, its configuration and its users. It
// keeps mail to ada@example.com, and relays none. Nothing of the machine around
// it is read or changed, but it has to be started by root.
type MailHost struct {
	Name     string
	Address  string // host:port on loopback
	Refusing string // host:port where it refuses everyone who connects
	CAFile   string // PEM file that vouches for its certificate for localhost
	OffersTLS,
	OffersAuth bool // AUTH, inside of TLS

	root     string
	port     string
	refusing string
	program  *Program
}

// mailUsers are the users of a MailHost. The mailboxes belong to mailbox; the
// servers insist on the names of the others.
var mailUsers = []string{"mailbox", "postfix", "postdrop", "Debian-exim", "opensmtpd", "opensmtpq"}

func mailUID(name string) int {
	for i, user := range mailUsers {
		if user == name {
			return 2000 + i
		}
	}
	return 0
}

// newMailHost lays out the folder of a server.
func newMailHost(t testing.TB, name string) *MailHost {
	t.Helper()
	cache := unpacked(t, "doorpost-mailservers", "mailservers.sh")
	h := &MailHost{Name: name, root: filepath.Join(t.TempDir(), name), port: FreePort(), refusing: FreePort()}
	h.Address, h.Refusing = "127.0.0.1:"+h.port, "127.0.0.1:"+h.refusing
	if err := errors.Join(os.CopyFS(h.root, os.DirFS(cache)), os.Chmod(h.root, 0o755)); err != nil {
		t.Fatal(err)
	}
	certificate, err := NewCertificate(net.IPv4(127, 0, 0, 1))
	if err != nil {
		t.Fatal(err)
	}
	h.write(t, "etc/certificate.pem", string(certificate.PEM))
	h.CAFile = filepath.Join(h.root, "etc/certificate.pem")
	h.write(t, "etc/key.pem", string(certificate.KeyPEM))
	passwd, group := "root:x:0:0::/:/bin/false\nnobody:x:65534:65534::/:/bin/false\n", "root:x:0:\nnogroup:x:65534:\n"
	for _, user := range mailUsers {
		passwd += fmt.Sprintf("%s:x:%d:%[2]d::/home/%[1]s:/bin/false\n", user, mailUID(user))
		group += fmt.Sprintf("%s:x:%d:\n", user, mailUID(user))
	}
	h.write(t, "etc/passwd", passwd)
	h.write(t, "etc/group", group)
	h.write(t, "etc/hosts", "127.0.0.1 localhost mail.test\n")
	h.folder(t, "home/mailbox", "mailbox", 0o755)
	h.folder(t, "tmp", "root", 0o1777)
	h.folder(t, "run", "root", 0o755)
	h.folder(t, "dev", "root", 0o755)
	for device, minor := range map[string]int{"null": 3, "urandom": 9} {
		path := filepath.Join(h.root, "dev", device)
		if err := errors.Join(syscall.Mknod(path, syscall.S_IFCHR, 1<<8|minor), os.Chmod(path, 0o666)); err != nil {
			t.Fatalf("making /dev/%s for %s: %v", device, name, err)
		}
	}
	return h
}

// write makes a file of the server, its folder included.
func (h *MailHost) write(t testing.TB, path, content string) {
	t.Helper()
	path = filepath.Join(h.root, path)
	mode := os.FileMode(0o644)
	if filepath.Base(path) == "key.pem" {
		mode = 0o640
	}
	content = strings.NewReplacer("PORT", h.port, "REFUSING", h.refusing, "SIZE", fmt.Sprint(MailMaxSize)).Replace(content)
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(content), mode), os.Chmod(path, mode)); err != nil {
		t.Fatal(err)
	}
}

// folder makes a folder of the server.
func (h *MailHost) folder(t testing.TB, path, owner string, mode os.FileMode) {
	t.Helper()
	path = filepath.Join(h.root, path)
	if mode&0o1000 != 0 {
		mode = mode&0o777 | os.ModeSticky
	}
	if err := errors.Join(os.MkdirAll(path, 0o755), os.Chown(path, mailUID(owner), mailUID(owner)), os.Chmod(path, mode)); err != nil {
		t.Fatal(err)
	}
}

// run starts the server, whose program stays in the foreground. It ends with the test.
func (h *MailHost) run(t testing.TB, program string, arguments ...string) *MailHost {
	t.Helper()
	command := exec.Command(program, arguments...)
	command.Env = []string{"PATH=/usr/sbin:/usr/bin:/bin"}
	h.program = serveIn(t, h.root, h.Address, command, h.log)
	return h
}

// log is what the server wrote, to its files too.
func (h *MailHost) log() (text string) {
	files, _ := filepath.Glob(filepath.Join(h.root, "var/log/*/*"))
	for _, file := range files {
		content, _ := os.ReadFile(file)
		text += string(content)
	}
	return text
}

// Mailbox has the messages that were delivered to ada@example.com, in no order,
// as they lie in the folder of the mailbox: lines end with LF, and the servers have
// written lines of their own above.
func (h *MailHost) Mailbox(t testing.TB) (letters [][]byte) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(h.root, "home/mailbox", MailUser, "new/*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		letters = append(letters, content)
	}
	return letters
}
