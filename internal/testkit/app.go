package testkit

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// App is an app that somebody may have at home, as Debian or npm has it. It asks
// nobody who they are, and keeps what it keeps until the test ends.
type App struct {
	Address string // host:port on loopback
	Files   string // the folder of an app that does not serve its files itself
	Root    string // the same folder, as the app names it

	root string // of the file system of all apps
	data string // folder of this one in it
}

// nobody is the user as which apps run, so that they change nothing but their data.
const nobody = 65534

// newApp gives an app a port and a folder for what it keeps.
func newApp(t testing.TB, name string) *App {
	t.Helper()
	return newAppIn(t, unpacked(t, "doorpost-apps", "apps.sh"), name)
}

func newAppIn(t testing.TB, root, name string) *App {
	t.Helper()
	a := &App{Address: "127.0.0.1:" + FreePort(), root: root}
	folder, err := os.MkdirTemp(filepath.Join(a.root, "data"), name+"-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	a.data = "/data/" + filepath.Base(folder)
	return a
}

// write makes a file of the app. In it DATA is the folder of the app, PORT and ADDRESS are where
// it has to listen.
func (a *App) write(t testing.TB, path, content string) {
	t.Helper()
	_, port, _ := strings.Cut(a.Address, ":")
	content = strings.NewReplacer("DATA", a.data, "PORT", port, "ADDRESS", a.Address).Replace(content)
	path = filepath.Join(a.root, a.data, path)
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(content), 0o644)); err != nil {
		t.Fatal(err)
	}
}

// run starts the app.
func (a *App) run(t testing.TB, program string, arguments ...string) *App {
	t.Helper()
	err := filepath.WalkDir(filepath.Join(a.root, a.data), func(path string, _ os.DirEntry, err error) error {
		return errors.Join(err, os.Chown(path, nobody, nobody))
	})
	if err != nil {
		t.Fatal(err)
	}
	command := exec.Command(program, arguments...)
	command.Dir, command.Env = a.data, []string{"PATH=/usr/bin:/bin", "HOME=" + a.data, "STNODEFAULTFOLDER=1"}
	command.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	serveIn(t, a.root, a.Address, command, func() string { return "" })
	return a
}

// StartDokuWiki starts the PHP of a wiki that everybody may write in. It speaks
// FastCGI.
func StartDokuWiki(t testing.TB) *App {
	t.Helper()
	a := newApp(t, "dokuwiki")
	a.Root = "/usr/share/dokuwiki"
	a.Files = filepath.Join(a.root, a.Root)
	if err := os.CopyFS(filepath.Join(a.root, a.data, "data"), os.DirFS(filepath.Join(a.root, "var/lib/dokuwiki/data"))); err != nil {
		t.Fatal(err)
	}
	a.write(t, "conf/local.php", "<?php $conf['savedir'] = 'DATA/data'; $conf['useacl'] = 0; $conf['allowdebug'] = 0; $conf['updatecheck'] = 0;")
	a.write(t, "first.php", "<?php define('DOKU_CONF', 'DATA/conf/');")
	a.write(t, "php.ini", "extension=dom\nextension=simplexml\nextension=xml\nextension=tokenizer\nextension=ctype\nextension=iconv\nextension=fileinfo\n"+
		"auto_prepend_file=DATA/first.php\ndate.timezone=UTC\n")
	a.write(t, "fpm.conf", "[global]\ndaemonize = no\nerror_log = DATA/log\n[www]\nlisten = ADDRESS\npm = static\npm.max_children = 2\n")
	return a.run(t, "/usr/sbin/php-fpm8.2", "-c", a.data+"/php.ini", "-y", a.data+"/fpm.conf")
}

// StartNodeRED starts Node-RED, whose editor is a page with a WebSocket.
func StartNodeRED(t testing.TB) *App {
	t.Helper()
	a := newApp(t, "node-red")
	a.write(t, "settings.js", `module.exports = {
	uiHost: "127.0.0.1", uiPort: PORT, flowFile: "flows.json", credentialSecret: false,
	telemetry: { enabled: false }, editorTheme: {
		tours: false, codeEditor: { lib: "ace" }, page: { scripts: ["DATA/doorpost.js"] },
	},
};
`)
	a.write(t, "doorpost.js", `document.head.append(Object.assign(document.createElement("script"), { src: "/_doorpost/session.js" }));
`)
	return a.run(t, "/usr/bin/node", "/srv/apps/node_modules/node-red/red.js", "--userDir", a.data, "--settings", a.data+"/settings.js")
}

// StartVite starts Vite with a page that it replaces in browsers when its files are written.
func StartVite(t testing.TB) *App {
	t.Helper()
	a := newApp(t, "vite")
	a.write(t, "vite.config.mjs", `export default {
	root: "DATA", cacheDir: "DATA/cache",
	server: { host: "127.0.0.1", port: PORT, strictPort: true, allowedHosts: [".example.com"] },
};
`)
	a.write(t, "index.html", `<!doctype html><title>App</title><link rel=icon href="data:,"><p id=app></p>
<script src="/_doorpost/session.js"></script><script type="module" src="/main.js"></script>
`)
	a.WriteViteModule(t, "one")
	return a.run(t, "/usr/bin/node", "/srv/apps/node_modules/vite/bin/vite.js", "--config", a.data+"/vite.config.mjs")
}

// WriteViteModule writes the module that the page of Vite has its text from.
func (a *App) WriteViteModule(t testing.TB, text string) {
	t.Helper()
	a.write(t, "main.js", `document.querySelector("#app").textContent = "Vite shows `+text+`";
import.meta.hot.accept();
`)
}

// StartVerdaccio starts Verdaccio, a registry of npm, with rules for its packages. It asks no
// other registry.
func StartVerdaccio(t testing.TB, packages string) *App {
	t.Helper()
	a := newApp(t, "verdaccio")
	a.write(t, "config.yaml", "storage: DATA/storage\nlisten: ADDRESS\nweb:\n  enable: false\nlogs: { type: stdout, format: json, level: http }\n"+packages)
	return a.run(t, "/usr/bin/node", "/srv/apps/node_modules/verdaccio/bin/verdaccio", "--config", a.data+"/config.yaml")
}

// StartSyncthing starts Syncthing, which asks for its own host name.
func StartSyncthing(t testing.TB) *App {
	t.Helper()
	a := newApp(t, "syncthing")
	return a.run(t, "/usr/bin/syncthing", "serve", "--no-browser", "--no-restart", "--no-upgrade", "--gui-address=http://"+a.Address, "--home="+a.data)
}

// StartRadicale starts Radicale, a server for calendars, which takes the name of who is there
// from a header if auth is http_x_remote_user. With htpasswd it asks for a password of its
// own, which ada has: secret.
func StartRadicale(t testing.TB, auth string) *App {
	t.Helper()
	a := newAppIn(t, unpacked(t, "doorpost-radicale", "radicale.sh"), "radicale")
	a.write(t, "users", "ada:secret\n")
	a.write(t, "config", "[server]\nhosts = ADDRESS\n[auth]\ntype = "+auth+"\nhtpasswd_filename = DATA/users\nhtpasswd_encryption = plain\n[storage]\nfilesystem_folder = DATA/kept\n")
	return a.run(t, "/usr/bin/python3", "-m", "radicale", "--config", a.data+"/config")
}
