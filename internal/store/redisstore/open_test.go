package redisstore

import (
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/doorpost-auth/doorpost/internal/redistest"
)

const (
	password      = "correct horse battery staple"
	wrongPassword = "Tr0ub4dor&3"
)

func TestAServerThatRefusesUsIsRefusedAtOnceWithoutTellingThePassword(t *testing.T) {
	server := redistest.Single(t)
	server.RequirePassword(t, password)
	ours := []string{"~" + DefaultPrefix + "*", "&" + DefaultPrefix + "*"}
	everything := append([]string{"+@all"}, ours...)
	server.AddUser(t, "all", password, everything...)
	server.AddUser(t, "no-scripts", password, append(everything, "-@scripting")...)
	server.AddUser(t, "no-writes", password, append(everything, "-@write")...)
	server.AddUser(t, "no-publish", password, append(everything, "-publish")...)
	server.AddUser(t, "no-subscribe", password, append(everything, "-subscribe")...)
	server.AddUser(t, "other-keys", password, "+@all", "~other:*", ours[1])
	server.AddUser(t, "other-channels", password, "+@all", ours[0], "&other:*")
	server.AddUser(t, "no-info", password, append(everything, "-info")...)

	open(t, Options{URLs: []string{server.URL()}, Username: "all", Password: password})
	for _, o := range []Options{
		{},
		{Password: wrongPassword},
		{Username: "nobody", Password: wrongPassword},
		{Username: "all", Password: wrongPassword},
		{Username: "no-scripts", Password: password},
		{Username: "no-writes", Password: password},
		{Username: "no-publish", Password: password},
		{Username: "no-subscribe", Password: password},
		{Username: "other-keys", Password: password},
		{Username: "other-channels", Password: password},
		{Username: "no-info", Password: password},
	} {
		t.Run(fmt.Sprintf("%s, right password %v", o.Username, o.Password == password), func(t *testing.T) {
			o.URLs, o.Timeout = []string{server.URL()}, time.Minute
			logged := &log{}
			began := time.Now()
			store, err := Open(o, slog.New(slog.NewTextHandler(logged, nil)))
			if err == nil {
				store.Close()
				t.Fatal("the store is opened")
			}
			if took := time.Since(began); took > o.Timeout/2 {
				t.Errorf("refusing takes %v", took)
			}
			told := err.Error() + logged.String()
			if !strings.Contains(told, "refuses us") || !strings.Contains(told, "username and password") {
				t.Errorf("the error does not say what to do: %v", err)
			}
			if strings.Contains(told, password) || strings.Contains(told, wrongPassword) {
				t.Errorf("the error tells a password: %v", told)
			}
			t.Log(err)
		})
	}
}

func TestAServerThatIsDownAtFirstIsUsedOnceItIsUp(t *testing.T) {
	server := redistest.Single(t)
	server.Kill()
	store, logged := openLogging(t, Options{URLs: []string{server.URL()}})
	if !strings.Contains(logged.String(), "does not answer") {
		t.Errorf("it is not logged that the server is down: %s", logged)
	}
	v := newVisit(t)
	if asked, err := store.Ask(t.Context(), v.asking()); err == nil || asked.Send {
		t.Fatalf("asking a server that is down made %+v", asked)
	}
	server.Restart(t)
	awaitSignIn(t, store)
	redistest.Await(t, recoveryTime, "it is logged that the server answers", func() bool {
		return strings.Contains(logged.String(), "store redis answers")
	})
}

func TestAServerThatRefusesUsOnceItIsUpIsNotUsed(t *testing.T) {
	server := redistest.Single(t, "--requirepass", password)
	server.Kill()
	store, logged := openLogging(t, Options{URLs: []string{server.URL()}, Password: wrongPassword})
	server.Restart(t)
	redistest.Await(t, recoveryTime, "it is logged that the server refuses us", func() bool {
		return strings.Contains(logged.String(), "refuses us")
	})
	if _, err := store.Ask(t.Context(), newVisit(t).asking()); err == nil || !strings.Contains(err.Error(), "refuses us") {
		t.Errorf("asking says %v", err)
	}
	if strings.Contains(logged.String(), wrongPassword) {
		t.Error("the log tells the password")
	}
}

func TestAServerThatForgetsWhenItIsFullIsWarnedOf(t *testing.T) {
	for policy, warned := range map[string]bool{"noeviction": false, "allkeys-lru": true, "volatile-lru": true, "volatile-ttl": true} {
		t.Run(policy, func(t *testing.T) {
			server := redistest.Single(t, "--maxmemory-policy", policy)
			_, logged := openLogging(t, Options{URLs: []string{server.URL()}})
			if got := strings.Contains(logged.String(), "noeviction"); got != warned {
				t.Errorf("a warning is logged: %v, want %v: %s", got, warned, logged)
			}
		})
	}
}

func TestAServerWhosePolicyCannotBeReadIsUsedWithAWarning(t *testing.T) {
	server := redistest.Single(t)
	server.AddUser(t, "us", password, "+@all", "-config", "~"+DefaultPrefix+"*", "&"+DefaultPrefix+"*")
	store, logged := openLogging(t, Options{URLs: []string{server.URL()}, Username: "us", Password: password})
	if !strings.Contains(logged.String(), "cannot be read") {
		t.Errorf("there is no warning: %s", logged)
	}
	signIn(t, store)
}

// Health asks for it as often as it is asked, whatever was found a moment ago.
func TestACommandThatIsTakenAwayIsTold(t *testing.T) {
	server := redistest.Single(t)
	source, err := scripts.ReadFile("check.lua")
	if err != nil {
		t.Fatal(err)
	}
	var commands []string
	for _, call := range regexp.MustCompile(`redis\.call\('(\w+)'`).FindAllStringSubmatch(string(source), -1) {
		if command := strings.ToLower(call[1]); !slices.Contains(commands, command) {
			commands = append(commands, command)
		}
	}
	if len(commands) < 15 {
		t.Fatalf("the script does no more than %q", commands)
	}
	may := func(rules ...string) {
		server.AddUser(t, "us", password, append([]string{"+@all", "~" + DefaultPrefix + "*", "&" + DefaultPrefix + "*"}, rules...)...)
	}
	may()
	store := open(t, Options{URLs: []string{server.URL()}, Username: "us", Password: password})
	signIn(t, store)
	try := func() error {
		if _, err := store.Health(t.Context()); err != nil {
			t.Fatal(err)
		}
		return store.TryWrite(t.Context())
	}
	for _, command := range commands {
		if err := try(); err != nil {
			t.Fatalf("before %s is taken away: %v", command, err)
		}
		may("-" + command)
		server.Do(t, "ACL", "LOG", "RESET")
		if err := try(); err == nil || !strings.Contains(err.Error(), "the server refuses us") || !strings.Contains(err.Error(), "ACL LOG") {
			t.Errorf("without %s it says %v", command, err)
		}
		if logged := fmt.Sprint(server.Do(t, "ACL", "LOG")); !strings.Contains(logged, command) {
			t.Errorf("without %s the server logs %s", command, logged)
		}
		may()
	}
	if err := try(); err != nil {
		t.Errorf("when all is given back: %v", err)
	}
	signIn(t, store)
	if left := server.Do(t, "EXISTS", store.base+"check"); left != int64(0) {
		t.Error("the trial leaves something")
	}
}

func TestCloseDoesNotWait(t *testing.T) {
	for _, kind := range kinds {
		t.Run(kind.name, func(t *testing.T) {
			fastest := time.Hour // of several: others use the machine as well
			for range 5 {
				store, err := Open(kind.options(t), slog.New(slog.DiscardHandler))
				if err != nil {
					t.Fatal(err)
				}
				awaitListening(t, store)
				began := time.Now()
				if err := store.Close(); err != nil {
					t.Fatal(err)
				}
				fastest = min(fastest, time.Since(began))
			}
			if fastest > pingInterval/2 {
				t.Errorf("closing takes %v", fastest)
			}
		})
	}
}
