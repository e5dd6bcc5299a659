package main

import (
	"fmt"
	"io"
	"net"
	"regexp"
	"slices"
	"strings"
	"time"
)

// loaded finds in a page what a browser loads with it.
var loaded = regexp.MustCompile(`<(?:script|link|img|iframe)\b[^>]*?\b(?:src|href)="([^"]+)"`)

// measurePages counts the bytes of the sign-in page and all it loads, as they
// come over the wire, heads of the answers included.
func (s *stand) measurePages() (section, error) {
	var found section
	for _, kind := range []struct{ name, behind string }{
		{"without `encode`", respond}, {"with `encode` at the site", "encode zstd gzip\n" + respond},
	} {
		bytes, others, err := s.signInPage(kind.behind)
		if err != nil {
			return section{}, err
		}
		found.rows = append(found.rows,
			row{what: "sign-in page with all it loads, " + kind.name, measured: series{float64(bytes) / 1024}, verb: "%.1f KiB", target: atMost(12), note: fmt.Sprintf("%d bytes", bytes)},
			row{what: "requests beside the page", measured: series{float64(others)}, verb: "%.0f", target: atMost(1)},
		)
	}
	return found, nil
}

func (s *stand) signInPage(behind string) (bytes, others int, err error) {
	ours, err := newPlace()
	if err != nil {
		return 0, 0, err
	}
	g, err := s.start(ours, setup{gated: true, behind: behind, store: "memory"}, refusedProgram)
	if err != nil {
		return 0, 0, err
	}
	defer g.stop()
	const path = "/_doorpost/sign-in"
	page, err := fetch(g, path, navigation)
	if err != nil {
		return 0, 0, err
	}
	assets, err := assetsOf(g, path)
	if err != nil {
		return 0, 0, err
	}
	bytes = len(page)
	for _, path := range assets {
		asset, err := fetch(g, path, program)
		if err != nil {
			return 0, 0, err
		}
		bytes += len(asset)
	}
	return bytes, len(assets), nil
}

// assetsOf are the paths of what a browser loads with a page.
func assetsOf(g *gateway, path string) (paths []string, err error) {
	page, err := fetch(g, path, []string{"Accept: text/html"}) // not compressed, to be looked at
	if err != nil {
		return nil, err
	}
	for _, found := range loaded.FindAllStringSubmatch(page, -1) {
		if path := found[1]; !strings.HasPrefix(path, "data:") && !slices.Contains(paths, path) {
			paths = append(paths, path)
		}
	}
	return paths, nil
}

// fetch returns an answer as it came, head and body.
func fetch(g *gateway, path string, headers []string) (string, error) {
	conn, err := net.Dial("tcp", "127.0.0.1:"+g.port)
	if err != nil {
		return "", fmt.Errorf("fetching %s: %w", path, err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(startTime)); err != nil {
		return "", err
	}
	head := order{Path: path, Headers: headers}.head(g.host)
	if _, err := io.WriteString(conn, head+"Connection: close\r\n\r\n"); err != nil {
		return "", fmt.Errorf("fetching %s: %w", path, err)
	}
	answer, err := io.ReadAll(conn)
	if err != nil {
		return "", fmt.Errorf("fetching %s: %w", path, err)
	}
	if !strings.HasPrefix(string(answer), "HTTP/1.1 200 ") {
		return "", fmt.Errorf("fetching %s: the answer is %.100s", path, answer)
	}
	return string(answer), nil
}
