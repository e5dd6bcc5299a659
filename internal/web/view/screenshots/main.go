// Command screenshots takes pictures of every page and message, in light and
// dark and at three sizes, so that people can look at what they have changed:
//
//	go -C internal/web/view/screenshots run . [-language de] [-height 600] <folder> [<part of a picture's name>]
//
// Names of messages begin with "mail-"; "elements" shows every element of the pages in
// every state. It serves everything on loopback, pages
// with their Content-Security-Policy, and fails if the browser complains about
// anything or a page is wider than the screen. It needs Chromium; the
// environment variable CHROMIUM says where it is, if not in PATH. Paths are
// relative to this folder.
package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/doorpost-auth/doorpost/internal/mail"
	"github.com/doorpost-auth/doorpost/internal/testkit/browser"
	"github.com/doorpost-auth/doorpost/internal/text"
	"github.com/doorpost-auth/doorpost/internal/web/view"
)

var sizes = []struct{ width, height int64 }{{320, 700}, {390, 844}, {1280, 800}}

func main() {
	language := flag.String("language", text.Default, "of the pages; a folder of internal/text/catalog")
	height := flag.Int64("height", 0, "of the window, in `pixels`, in place of those of telephones and desks; what is longer is shown whole")
	flag.Parse()
	for i := range sizes {
		sizes[i].height = cmp.Or(*height, sizes[i].height)
	}
	if flag.NArg() < 1 {
		log.Fatal("usage: screenshots [-language de] [-height 600] <folder> [<part of a picture's name>]")
	}
	if err := run(*language, flag.Arg(0), flag.Arg(1)); err != nil {
		log.Fatal(err)
	}
}

func run(language, folder, part string) error {
	if err := os.MkdirAll(folder, 0o750); err != nil {
		return fmt.Errorf("making the folder: %w", err)
	}
	samples, err := handler(language)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listening: %w", err)
	}
	server := &http.Server{Handler: samples, ReadHeaderTimeout: time.Second}
	go func() { _ = server.Serve(listener) }()
	defer func() { _ = server.Close() }()

	b, closing, err := openBrowser(context.Background())
	if err != nil {
		return err
	}
	defer closing()
	for _, name := range names() {
		if err := take(b, "http://"+listener.Addr().String(), folder, name, part); err != nil {
			return err
		}
		if _, complaints := b.Heard(); len(complaints) > 0 {
			return fmt.Errorf("%s: the browser complained: %q", name, complaints)
		}
	}
	return nil
}

// names lists the pages and messages, before them the page of all elements.
func names() []string {
	list := []string{elementsName}
	for _, page := range view.Samples() {
		list = append(list, page.Name)
	}
	for _, letter := range mail.Samples() {
		list = append(list, mailPrefix+letter.Name)
	}
	return list
}

// take takes the pictures of one page whose names contain part, in other brands too if
// these look different.
func take(b *browser.Tab, origin, folder, name, part string) error {
	addresses := map[string]string{name: "/" + name}
	switch name {
	case elementsName, "sign-in", "check-mail", "account", "people":
		for _, brand := range []string{"yellow", "black", "magenta"} {
			addresses[name+"-"+brand] = "/" + brand + "/" + name
		}
	case "landing-here", "landing-elsewhere":
		addresses[name+"-cut-off"] = "/" + name
		addresses[name] = "/" + name + "#the-link"
	case "stop", "ask", "decide-landing":
		addresses[name+"-from-message"] = "/" + name + "#the-link"
	}
	for file, path := range addresses {
		for _, scheme := range []string{"light", "dark"} {
			for _, size := range sizes {
				name := fmt.Sprintf("%s-%s-%d.png", file, scheme, size.width)
				if !strings.Contains(name, part) {
					continue
				}
				target := filepath.Join(folder, name)
				if err := visit(b, origin+path, scheme, size.width, size.height); err != nil {
					return fmt.Errorf("%s: %w", target, err)
				}
				if err := b.Picture(b.Context, target); err != nil {
					return fmt.Errorf("%s: %w", target, err)
				}
			}
		}
	}
	return nil
}
