package view

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	_ "embed" // the stylesheet and the script
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/doorpost-auth/doorpost/internal/color"
	"github.com/doorpost-auth/doorpost/internal/gate"
)

//go:embed assets/style.css
var styleSource string

//go:embed assets/wide.css
var wideStyleSource string

//go:embed assets/script.js
var scriptSource string

// The backgrounds with the least contrast to links in assets/style.css: the page in
// light mode, the card in dark mode.
var (
	lightBackground = color.Color{Red: 0xf4, Green: 0xf5, Blue: 0xf7}
	darkBackground  = color.Color{Red: 0x1a, Green: 0x1d, Blue: 0x21}
)

// stylesheet puts the colours of the accent before the stylesheet. Buttons have the
// accent as it is; links have it shifted if it could not be read.
func stylesheet(base color.Color, sheet string) string {
	light, dark := links(base)
	return fmt.Sprintf(":root{--accent:%s;--on-accent:%s;--link:%s;--link-dark:%s}\n",
		base, color.TextOn(base), light, dark) + sheet
}

// links are the colours of links, and of the words of outlined buttons, in light and in
// dark mode. What is grey would look like quiet words, and like a button that is off.
func links(base color.Color) (light, dark color.Color) {
	onLight, onDark := color.Readable, color.Comfortable
	if base.IsGrey() {
		onLight, onDark = color.Bold, color.Bold
	}
	return base.Towards(color.Black, lightBackground, onLight), base.Towards(color.White, darkBackground, onDark)
}

var (
	scriptBody       = condense(scriptSource)
	scriptPath       = pathByContent(scriptBody)
	compressedScript = compress(scriptBody)
)

func compress(body string) []byte {
	var out bytes.Buffer
	w, _ := gzip.NewWriterLevel(&out, gzip.BestCompression)
	_, err := io.WriteString(w, body)
	if err = errors.Join(err, w.Close()); err != nil {
		panic("compressing in memory: " + err.Error()) // it is always possible
	}
	return out.Bytes()
}

func pathByContent(body string) string {
	sum := sha256.Sum256([]byte(body))
	return gate.AssetsPath + "doorpost-" + hex.EncodeToString(sum[:])[:16] + ".js"
}

// Script returns the one script of all pages. Its path changes with its content, so
// that caches may keep it for good.
func Script() (path string, body []byte) {
	return scriptPath, []byte(scriptBody)
}

// CompressedScript returns the body of Script as gzip has it.
func CompressedScript() []byte { return bytes.Clone(compressedScript) }

// condense removes indentation, empty lines and comment lines. The sources are written
// so that this is enough.
func condense(source string) string {
	var out strings.Builder
	for line := range strings.Lines(source) {
		line = strings.TrimSpace(line)
		if line == "" || strings.HasPrefix(line, "//") || strings.HasPrefix(line, "/*") {
			continue
		}
		out.WriteString(line + "\n")
	}
	return out.String()
}
