package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"github.com/doorpost-auth/doorpost/internal/testkit/browser"
)

// openBrowser starts Chromium with one tab; closing ends it.
func openBrowser(ctx context.Context) (tab *browser.Tab, closing func(), err error) {
	// A frame without scripts would have a process of its own, and be drawn later than the page.
	started, stop, err := browser.Start(ctx, chromedp.Flag("disable-features", "Translate,IsolateSandboxedIframes"))
	if err != nil {
		return nil, nil, err
	}
	if tab, _, err = browser.NewTab(started); err != nil {
		stop()
		return nil, nil, err
	}
	// Browsers complain of a page that closes itself where no page has opened it.
	_, err = chromedp.Call(tab.Context, page.AddScriptToEvaluateOnNewDocument, page.AddScriptToEvaluateOnNewDocumentParams{Source: "close = () => {}"})
	if err != nil {
		stop()
		return nil, nil, fmt.Errorf("keeping pages open: %w", err)
	}
	return tab, stop, nil
}

// patience is how long a page may take on a busy machine.
const patience = time.Minute

// visit opens an address in a colour scheme, "light" or "dark", at a size.
func visit(tab *browser.Tab, address, scheme string, width, height int64) error {
	ctx, cancel := context.WithTimeout(tab.Context, patience)
	defer cancel()
	colors := func(ctx context.Context, t *chromedp.Target) error {
		_, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}},
		})
		return err
	}
	zone := func(ctx context.Context, t *chromedp.Target) error { // times are shown in that of the reader
		_, err := cdp.Call(ctx, t, emulation.SetTimezoneOverride, emulation.SetTimezoneOverrideParams{TimezoneID: "UTC"})
		return err
	}
	err := chromedp.Do(ctx,
		chromedp.Func(colors), chromedp.Func(zone),
		chromedp.EmulateViewport(width, height),
		// A page that differs in nothing but its fragment would not load anew.
		chromedp.Navigate("about:blank"),
		chromedp.Navigate(address),
	)
	if err != nil {
		return fmt.Errorf("visiting: %w", err)
	}
	// What changes by itself is looked at as it ends.
	if err := chromedp.Do(ctx, chromedp.Evaluate[chromedp.Void]("document.getAnimations().forEach((a) => a.finish())")); err != nil {
		return fmt.Errorf("ending animations: %w", err)
	}
	// Nothing is harder to use on a phone than a page that scrolls sideways.
	wider, err := chromedp.Run(ctx, chromedp.Evaluate[bool](
		`document.documentElement.scrollWidth > document.documentElement.clientWidth`))
	if err != nil {
		return fmt.Errorf("measuring: %w", err)
	}
	if wider {
		return errors.New("the page is wider than the screen")
	}
	return nil
}
