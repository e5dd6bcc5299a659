package caddymodule

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/caddyserver/caddy/v2"
)

// resolve fills in what a value names by {env.…} or {file.…}. A name that leads
// to nothing is an error: an empty secret protects nothing.
func resolve(option, given string) (string, error) {
	resolved, err := caddy.NewReplacer().ReplaceOrErr(given, true, true)
	switch {
	case err != nil:
		return "", wrong(option, explain(given, err))
	case resolved == "":
		return "", named(option, fmt.Errorf("%s is empty", option))
	}
	return resolved, nil
}

// explain says of a placeholder that leads to nothing what an operator can do
// about it.
func explain(given string, err error) error {
	name, whole := strings.CutPrefix(given, "{")
	name, closed := strings.CutSuffix(name, "}")
	variable, isEnv := strings.CutPrefix(name, "env.")
	path, isFile := strings.CutPrefix(name, "file.")
	switch {
	case !whole || !closed:
		return err
	case isEnv:
		return fmt.Errorf("the environment variable %s is not set, or empty; set it for the process that runs the server", variable)
	case isFile:
		file, err := os.Open(path)
		if err != nil {
			return fmt.Errorf("the file that %s names cannot be read: %w", given, err)
		}
		return errors.Join(fmt.Errorf("the file %s is empty, or not a regular file", path), file.Close())
	}
	return fmt.Errorf("%s has no value when the configuration loads; write {env.NAME} or {file./absolute/path}", given)
}

// value is one option that may be given by {env.…} or {file.…}.
type value struct {
	name, given string
	to          *string
	required    bool
}

func resolveAll(values ...value) (err error) {
	for _, v := range values {
		switch {
		case v.given == "" && !v.required:
			continue
		case v.given == "":
			return fmt.Errorf("%s is missing", v.name)
		}
		if *v.to, err = resolve(v.name, v.given); err != nil {
			return err
		}
	}
	return nil
}
