// Command xcaddyjson builds the Caddy that xcaddy.json describes, since xcaddy
// itself reads no file:
//
//	go -C internal/tools run ./xcaddyjson ../../xcaddy.json ../../caddy
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/caddyserver/xcaddy"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: xcaddyjson <xcaddy.json> <output>")
		os.Exit(2)
	}
	if err := build(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func build(file, output string) error {
	builder, err := read(file)
	if err != nil {
		return err
	}
	return builder.Build(context.Background(), output)
}

// read reads a build as xcaddy has it. What it does not know is an error. Paths
// are relative to the file, as xcaddy works in a folder of its own.
func read(file string) (xcaddy.Builder, error) {
	var builder xcaddy.Builder
	content, err := os.ReadFile(file)
	if err != nil {
		return builder, err
	}
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&builder); err != nil {
		return builder, fmt.Errorf("reading %s: %w", file, err)
	}
	folder, err := filepath.Abs(filepath.Dir(file))
	if err != nil {
		return builder, err
	}
	for i, replace := range builder.Replacements {
		if strings.HasPrefix(replace.New.String(), ".") {
			builder.Replacements[i].New = xcaddy.ReplacementPath(filepath.Join(folder, replace.New.String()))
		}
	}
	return builder, nil
}
