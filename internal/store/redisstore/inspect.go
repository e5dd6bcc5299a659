package redisstore

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/doorpost-auth/doorpost/internal/signin"
	"github.com/doorpost-auth/doorpost/internal/store/steps"
	"github.com/redis/go-redis/v9"
)

// unusableError says why a server that answers cannot be used.
type unusableError struct{ reason string }

func (e *unusableError) Error() string { return e.reason }

// inspectPause is how long to wait before looking again whether a server that
// did not answer can be used.
const inspectPause = time.Second

// inspect looks whether the server can be used: whether it is new enough, and
// whether it lets us do all that will have to be done.
func (s *Store) inspect(ctx context.Context) error {
	bounded, cancel := context.WithTimeout(ctx, 3*s.timeout)
	defer cancel()
	info, err := s.client.Info(bounded, "server").Result()
	if err != nil {
		return asRefusal(err)
	}
	if version := field(info, "redis_version"); isOlder(version, 6, 2) {
		return &unusableError{fmt.Sprintf("the server is version %s; 6.2 or newer is needed", version)}
	}
	if _, err := s.eval(bounded, checkStep); err != nil {
		return asRefusal(err)
	}
	subscription := s.client.Subscribe(bounded, s.channel())
	defer subscription.Close()
	if _, err := subscription.ReceiveTimeout(bounded, s.timeout); err != nil {
		return asRefusal(err)
	}
	if err := s.enterFormat(bounded); err != nil {
		return err
	}
	if warning := s.evictionWarning(bounded); warning != "" {
		s.logger.Warn("store redis: " + warning)
	}
	return nil
}

// enterFormat looks whether the records have a format that this program reads, and marks
// them with its own.
func (s *Store) enterFormat(ctx context.Context) error {
	name := s.name(steps.FormatKey)
	text, err := s.client.Get(ctx, name).Result()
	if err != nil && !errors.Is(err, redis.Nil) {
		return describe(err)
	}
	stored, err := valueOf(text)
	if err != nil {
		return &unusableError{fmt.Sprintf("the key %s, which has the format of the store, is not as Doorpost writes it: %v; restore it from a backup, or name a prefix that no other program uses", name, err)}
	}
	entered, err := steps.EnterFormat(stored, s.copyOf)
	if err != nil {
		return &unusableError{err.Error()}
	}
	if entered == nil {
		return nil
	}
	if err := s.client.Set(ctx, name, textOf(steps.Record{Value: entered}), 0).Err(); err != nil {
		return asRefusal(err)
	}
	return nil
}

// asRefusal tells a server that will not have us from one that is not there.
func asRefusal(err error) error {
	if !isRefusal(err) {
		return describe(err)
	}
	return &unusableError{fmt.Sprintf("the server refuses us: %v; check username and password, and that the user may run scripts with read and write commands on the keys of the prefix (~prefix*), PUBLISH and SUBSCRIBE on its channels (&prefix*), and INFO; ACL LOG there names what was refused", err)}
}

// Health reports whether the server answers, and what an operator should mend
// although it does.
func (s *Store) Health(ctx context.Context) (warnings []string, err error) {
	if err := s.usable(); err != nil {
		return nil, err
	}
	bounded, cancel := s.bounded(ctx)
	defer cancel()
	if err := s.client.Ping(bounded).Err(); err != nil {
		return nil, describe(err)
	}
	if warning := s.evictionWarning(bounded); warning != "" {
		warnings = append(warnings, warning)
	}
	return warnings, nil
}

// TryWrite fails where nothing can be written, and where this user may not do all that a step
// does any more: what the trial of all stores writes is less than that.
func (s *Store) TryWrite(ctx context.Context) error {
	_, err := s.run(ctx, checkStep)
	if isRefusal(err) {
		err = asRefusal(err)
	}
	if err != nil {
		return fmt.Errorf("trying to write: %w", err)
	}
	return s.Steps.TryWrite(ctx)
}

// evictionWarning tells of a server that forgets when its memory is full. What
// it forgets is a session, a mark that a link was used, or a count.
func (s *Store) evictionWarning(ctx context.Context) string {
	policy, err := s.client.ConfigGet(ctx, "maxmemory-policy").Result()
	switch {
	case err != nil:
		return fmt.Sprintf("the eviction policy cannot be read; make sure that maxmemory-policy is noeviction: %v", describe(err))
	case policy["maxmemory-policy"] != "noeviction" && policy["maxmemory-policy"] != "":
		return fmt.Sprintf("the server may forget sessions and used links when its memory is full: maxmemory-policy is %s; set it to noeviction", policy["maxmemory-policy"])
	}
	return ""
}

// inspectUntilUsable looks again until the server can be used.
func (s *Store) inspectUntilUsable(ctx context.Context) {
	for pause(ctx, inspectPause) {
		err := s.inspect(ctx)
		if err == nil {
			s.refuse(nil)
			s.logger.Info("store redis answers")
			return
		}
		if unusable := (*unusableError)(nil); errors.As(err, &unusable) && s.usable() == nil {
			s.logger.Error("store redis cannot be used", "error", err)
			s.refuse(err)
		}
	}
}

// refuse notes why the server cannot be used; nil for that it can.
func (s *Store) refuse(why error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refused = why
}

// refusals are in answers that will be the same next time.
var refusals = []string{
	"WRONGPASS", "NOAUTH", "NOPERM", "invalid password", "without any password configured", "ACL failure in script",
	"The user executing the script can't",
}

// isRefusal reports whether an answer will be the same next time.
func isRefusal(err error) bool {
	for _, word := range refusals {
		if err != nil && strings.Contains(err.Error(), word) {
			return true
		}
	}
	return false
}

func field(info, name string) string {
	for line := range strings.Lines(info) {
		if value, found := strings.CutPrefix(line, name+":"); found {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

func isOlder(version string, major, minor int) bool {
	var itsMajor, itsMinor int
	_, err := fmt.Sscanf(version, "%d.%d", &itsMajor, &itsMinor)
	return err == nil && (itsMajor < major || itsMajor == major && itsMinor < minor)
}

func isTimeout(err error) bool {
	timeout := net.Error(nil)
	return errors.As(err, &timeout) && timeout.Timeout() || errors.Is(err, context.DeadlineExceeded)
}

// isAnswer reports whether an error is what the server answered.
func isAnswer(err error) bool {
	answer := redis.Error(nil)
	return errors.As(err, &answer)
}

// describe says what went wrong. An answer of the server is certain; anything
// else leaves open whether the step was done.
func describe(err error) error {
	if isAnswer(err) {
		return fmt.Errorf("redis: %w", err)
	}
	dial := (*net.OpError)(nil)
	if errors.As(err, &dial) && dial.Op == "dial" || errors.Is(err, redis.ErrPoolTimeout) || errors.Is(err, redis.ErrClosed) {
		return fmt.Errorf("redis: %w", err) // it never got there
	}
	return fmt.Errorf("redis: %w: %w", signin.ErrUncertain, err)
}
