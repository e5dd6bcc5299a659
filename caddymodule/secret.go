package caddymodule

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/caddyserver/certmagic"
	"github.com/doorpost-auth/doorpost/internal/keys"
)

// secretKey is where a generated secret lies in Caddy's storage.
const secretKey = "doorpost/secret"

// storageTime bounds how long Caddy's storage may take.
const storageTime = 30 * time.Second

// ring is the configured secrets or, without any, the one that was generated
// at the first start. It is kept in Caddy's storage, so that a restart signs
// nobody out, and all servers that share the storage share it.
func (a *App) ring() (keys.Ring, error) {
	secrets := a.secrets
	if len(secrets) == 0 {
		generated, err := a.generatedSecret()
		if err != nil {
			return keys.Ring{}, fmt.Errorf("secret: keeping a generated one in Caddy's storage: %w; configure one with secret {env.DOORPOST_SECRET}", err)
		}
		secrets = [][]byte{generated}
	}
	return keys.NewRing(secrets...)
}

func (a *App) generatedSecret() ([]byte, error) {
	ctx, cancel := context.WithTimeout(a.ctx, storageTime)
	defer cancel()
	storage := a.ctx.Storage()
	// Without the lock at first: it is there, but for the very first start.
	secret, err := loadSecret(ctx, storage)
	if errors.Is(err, fs.ErrNotExist) {
		return generateSecret(ctx, storage)
	}
	return secret, err
}

func loadSecret(ctx context.Context, storage certmagic.Storage) ([]byte, error) {
	stored, err := storage.Load(ctx, secretKey)
	if err != nil {
		return nil, fmt.Errorf("loading: %w", err)
	}
	return keys.ParseSecret(string(stored))
}

// generateSecret makes a secret and keeps it, unless another server that shares
// the storage was faster.
func generateSecret(ctx context.Context, storage certmagic.Storage) (secret []byte, err error) {
	if err := storage.Lock(ctx, secretKey); err != nil {
		return nil, fmt.Errorf("locking: %w", err)
	}
	defer func() { err = errors.Join(err, storage.Unlock(ctx, secretKey)) }()
	if secret, err = loadSecret(ctx, storage); !errors.Is(err, fs.ErrNotExist) {
		return secret, err
	}
	secret = keys.Generate()
	if err := storage.Store(ctx, secretKey, []byte(base64.StdEncoding.EncodeToString(secret))); err != nil {
		return nil, fmt.Errorf("storing: %w", err)
	}
	return secret, nil
}
