package main

import (
	"context"
	"sync"

	"outlast/internal/secret"
)

// tokenBox holds the token that requests are made with. It is filled when a
// person asks for a round and before a daemon's first one, and not before each
// request: a token_command may ask somebody to unlock something.
type tokenBox struct {
	sources secret.Sources

	mu    sync.Mutex // protects token
	token secret.Token
}

// load reads the token from its source.
func (b *tokenBox) load(ctx context.Context) error {
	token, _, err := b.sources.Find(ctx)
	if err != nil {
		return err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.token = token
	return nil
}

// reveal returns the token for the body of a request, "" if there is none.
func (b *tokenBox) reveal() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.token.Reveal()
}
