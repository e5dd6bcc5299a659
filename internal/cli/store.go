package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/doorpost-auth/doorpost/internal/adminapi"
	"github.com/doorpost-auth/doorpost/internal/store/boltstore"
	"github.com/spf13/cobra"
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
		{
			Name:       "copy",
			serverless: true,
			flags: func(cmd *cobra.Command) {
				cmd.Flags().String("from", "", "The store to copy")
				cmd.Flags().String("to", "", "The store that it is copied into, which holds nothing")
			},
			run: (*invocation).copyStore,
		},
	},
}

// progressInterval is how often a command tells how far it is.
const progressInterval = time.Second

func (c *invocation) copyStore() error {
	from, to := c.text("from"), c.text("to")
	if from == "" || to == "" {
		return misused("say what to copy and where, with --from and --to; for example: --from %q --to %q", "bolt /var/lib/doorpost/doorpost.db", "redis redis://localhost:6379")
	}
	var told time.Time
	done, err := c.caddy.CopyStore(context.Background(), from, to, c.text("adapter"), func(done string, records int) {
		if records > 0 && time.Since(told) >= progressInterval {
			fmt.Fprintf(c.progress, "records %s so far: %d\n", done, records)
			told = time.Now()
		}
	})
	if err != nil {
		return err
	}
	c.print(done, func() {
		if before := done.Records - done.Written; before > 0 {
			c.say("%d records were there from a copy that broke off.", before)
		}
		c.say("%s holds all %d records of %s, and was compared with it: people %d, sessions %d.", done.To, done.Records, done.From, done.Tables["people"], done.Tables["sessions"])
	})
	return nil
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
	asked := c.address + adminapi.BackupPath
	if done.Bytes, err = io.Copy(part, answer); err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return done, fmt.Errorf("writing the backup, after %s: %w", size(done.Bytes), err)
	}
	if told := answer.response.ContentLength; done.Bytes != told {
		return done, advisedError{
			fmt.Errorf("asked %s for a copy of the store of %d bytes, and %d came", asked, told, done.Bytes),
			"see the log of that server, and make the backup again",
		}
	}
	if err := errors.Join(part.Sync(), part.Close()); err != nil {
		return done, fmt.Errorf("writing the backup: %w", err)
	}
	err = boltstore.Check(part.Name())
	if other, ok := errors.AsType[*boltstore.DamagedError](err); ok {
		return done, advisedError{
			fmt.Errorf("asked %s for a copy of the store, and got %d bytes that are not a whole bolt file: %w", asked, done.Bytes, errors.Unwrap(other)),
			"see the log of that server, and make the backup again",
		}
	} else if err != nil {
		return done, fmt.Errorf("looking at the backup: %w", err)
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
