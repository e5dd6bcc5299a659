// Command screenshots takes pictures of every page, in light and dark and at
// three sizes, so that people can look at what they have changed:
//
//	go run ./internal/web/view/screenshots [-language de] <folder> [<part of a picture's name>]
//
// It serves the pages on loopback with their Content-Security-Policy, and
// fails if the browser complains about anything or a page is wider than the
// screen. It needs Chromium; the environment variable CHROMIUM says where it
// is, if not at /usr/bin/chromium.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	cdplog "github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"github.com/doorpost-auth/doorpost/internal/text"
	"github.com/doorpost-auth/doorpost/internal/web/view/sample"
)

var sizes = []struct{ width, height int64 }{{320, 700}, {390, 844}, {1280, 800}}

func main() {
	language := flag.String("language", text.Default, "of the pages; a folder of internal/text/catalog")
	flag.Parse()
	if flag.NArg() < 1 {
		log.Fatal("usage: screenshots [-language de] <folder> [<part of a picture's name>]")
	}
	if err := run(*language, flag.Arg(0), flag.Arg(1)); err != nil {
		log.Fatal(err)
	}
}

func run(language, folder, part string) error {
	if err := os.MkdirAll(folder, 0o750); err != nil {
		return fmt.Errorf("making the folder: %w", err)
	}
	handler, err := pages(language)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("listening: %w", err)
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: time.Second}
	go func() { _ = server.Serve(listener) }()
	defer func() { _ = server.Close() }()

	chromium := os.Getenv("CHROMIUM")
	if chromium == "" {
		chromium = "/usr/bin/chromium"
	}
	allocator, cancel := chromedp.NewExecAllocator(context.Background(), chromedp.ExecPath(chromium),
		chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU, chromedp.Flag("disable-background-networking", true))
	defer cancel()
	browser, cancel := chromedp.NewContext(allocator)
	defer cancel()

	var complaints atomic.Int64
	if err := chromedp.Listen(browser, func(event any) {
		switch e := event.(type) {
		case *cdplog.EventEntryAdded:
			log.Printf("browser: %s %s", e.Entry.Text, e.Entry.URL)
		case *runtime.EventConsoleAPICalled:
			log.Printf("console: %d values, first %s", len(e.Args), e.Args[0].Value)
		case *runtime.EventExceptionThrown:
			log.Printf("script: %s", e.ExceptionDetails.Text)
		default:
			return
		}
		complaints.Add(1)
	}); err != nil {
		return fmt.Errorf("starting the browser: %w", err)
	}
	for _, named := range sample.Pages() {
		if err := take(browser, "http://"+listener.Addr().String(), folder, named.Name, part); err != nil {
			return err
		}
		if n := complaints.Load(); n > 0 {
			return fmt.Errorf("%s: the browser complained %d times", named.Name, n)
		}
	}
	return nil
}

// take visits one page, also in other brands where that shows something new,
// and takes the pictures whose names contain part.
func take(browser context.Context, origin, folder, name, part string) error {
	addresses := map[string]string{name: "/" + name}
	switch name {
	case "sign-in", "check-mail", "account":
		for _, brand := range []string{"yellow", "black", "magenta"} {
			addresses[name+"-"+brand] = "/" + brand + "/" + name
		}
	case "landing-here", "landing-elsewhere":
		addresses[name+"-cut-off"] = "/" + name
		addresses[name] = "/" + name + "#the-link"
	}
	for file, path := range addresses {
		for _, scheme := range []string{"light", "dark"} {
			for _, size := range sizes {
				name := fmt.Sprintf("%s-%s-%d.png", file, scheme, size.width)
				if !strings.Contains(name, part) {
					continue
				}
				target := filepath.Join(folder, name)
				if err := picture(browser, origin+path, target, scheme, size.width, size.height); err != nil {
					return fmt.Errorf("%s: %w", target, err)
				}
			}
		}
	}
	return nil
}

func picture(browser context.Context, address, target, scheme string, width, height int64) error {
	colors := func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
		})
		return err
	}
	err := chromedp.Do(browser,
		chromedp.Func(colors),
		chromedp.EmulateViewport(width, height),
		// A page that differs in nothing but its fragment would not load anew.
		chromedp.Navigate("about:blank"),
		chromedp.Navigate(address),
	)
	if err != nil {
		return fmt.Errorf("visiting: %w", err)
	}
	// Nothing is harder to use on a phone than a page that scrolls sideways.
	wider, err := chromedp.Run(browser, chromedp.Evaluate[bool](
		`document.documentElement.scrollWidth > document.documentElement.clientWidth`))
	if err != nil {
		return fmt.Errorf("measuring: %w", err)
	}
	if wider {
		return fmt.Errorf("the page is wider than the screen")
	}
	png, err := chromedp.Run(browser, chromedp.FullScreenshot(100))
	if err != nil {
		return fmt.Errorf("taking the picture: %w", err)
	}
	if err := os.WriteFile(target, png, 0o600); err != nil {
		return fmt.Errorf("writing the picture: %w", err)
	}
	return nil
}
