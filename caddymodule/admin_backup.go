package caddymodule

import (
	"io"
	"net/http"
	"strconv"
	"time"
)

// backedUp is a store that copies itself while it is in use.
type backedUp interface {
	// Backup writes the copy. begin is told how many bytes it has, before the first.
	Backup(to io.Writer, begin func(size int64)) error
}

// chunkTime is how long the client may take for each piece of a backup: while it is
// written, the store cannot be closed.
const chunkTime = 30 * time.Second

// backUp answers with a copy of the store.
func backUp(c *adminCall) error {
	store, ok := c.rt.backend.store.(backedUp)
	if _, isRedis := c.App.store.(*RedisStore); isRedis {
		return apiError(http.StatusConflict, "the store is Redis, which backs itself up; for a copy: redis-cli --rdb <file>")
	} else if !ok {
		return apiError(http.StatusConflict, "the store is in memory, and nothing of it outlives the server; use store bolt")
	}
	begun := false
	err := store.Backup(unhurried{c.w, http.NewResponseController(c.w)}, func(size int64) {
		begun = true
		c.w.Header().Set("Content-Type", "application/octet-stream")
		c.w.Header().Set("Content-Length", strconv.FormatInt(size, 10))
	})
	if err != nil && begun { // the client gets less than it was told, and knows by that
		c.logger.Error("a backup broke off", "error", err)
		return nil
	}
	return err
}

// unhurried is an answer that may take as long as it needs, while the client reads on.
type unhurried struct {
	http.ResponseWriter
	connection *http.ResponseController
}

func (u unhurried) Write(p []byte) (int, error) {
	_ = u.connection.SetWriteDeadline(time.Now().Add(chunkTime)) // it is possible on every connection of Caddy's endpoint
	return u.ResponseWriter.Write(p)
}
