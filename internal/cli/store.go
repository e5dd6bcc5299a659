package cli

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/doorpost-auth/doorpost/internal/adminapi"
)

var storeCommand = Command{
	Name: "store",
	below: []Command{
		{
			Name:  "backup",
			least: 1, most: 1,
			run: func(c *invocation) error {
				done, err := c.backUp(c.arguments[0])
				if err != nil {
					return err
				}
				c.print(done, func() {
					c.say("%s holds all that was in the store at %s, %s.", done.File, done.Begun.Local().Format("15:04:05"), size(done.Bytes))
				})
				return nil
			},
		},
	},
}

// backUp writes a copy of the store to a file that does not exist. Whoever finds the file
// finds it whole.
func (c *invocation) backUp(file string) (done adminapi.BackupReport, err error) {
	if _, err := os.Lstat(file); err == nil {
		return done, fmt.Errorf("%s exists already; name another file, or remove it", file)
	}
	part, err := os.CreateTemp(filepath.Dir(file), "."+filepath.Base(file)+".*") // readable by its owner only
	if err != nil {
		return done, fmt.Errorf("making the file: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(part.Name()))
		}
	}()
	defer part.Close() // again, unless it went well
	done = adminapi.BackupReport{File: file, Begun: time.Now().UTC()}
	answer, err := c.open(http.MethodGet, adminapi.BackupPath, nil)
	if err != nil {
		return done, err
	}
	defer answer.Close()
	if done.Bytes, err = io.Copy(part, answer); err != nil { // it fails if less comes than was told
		return done, fmt.Errorf("writing the backup, after %s: %w", size(done.Bytes), err)
	}
	if err := errors.Join(part.Sync(), part.Close()); err != nil {
		return done, fmt.Errorf("writing the backup: %w", err)
	}
	if err := os.Link(part.Name(), file); err != nil { // a rename would replace a file made meanwhile
		return done, fmt.Errorf("giving the backup its name: %w", err)
	}
	return done, os.Remove(part.Name())
}

// size is a number of bytes in words.
func size(bytes int64) string {
	if bytes < 1e6 {
		return fmt.Sprintf("%d kB", (bytes+999)/1000)
	}
	return fmt.Sprintf("%.1f MB", float64(bytes)/1e6)
}
