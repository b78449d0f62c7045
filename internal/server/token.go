package server

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"time"
)

// tokenHash is what the file keeps of a token.
type tokenHash [sha256.Size]byte

// CreateToken makes the account's token if it has none yet. The token is
// returned this once and kept as its hash only; afterwards created is false.
func (s *Server) CreateToken(ctx context.Context) (token string, created bool, err error) {
	if err := ctx.Err(); err != nil {
		return "", false, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.tokens) > 0 {
		return "", false, nil
	}
	var b [32]byte
	rand.Read(b[:]) // never fails
	token = base64.RawURLEncoding.EncodeToString(b[:])
	if err := s.addToken(token); err != nil {
		return "", false, err
	}
	return token, true, nil
}

// AddToken makes the server accept a token of the caller's choice.
func (s *Server) AddToken(token string) error {
	if token == "" {
		return errors.New("an empty token protects nothing")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.addToken(token)
}

func (s *Server) addToken(token string) error {
	h := tokenHash(sha256.Sum256([]byte(token)))
	if s.accepts(h) {
		return nil
	}
	created := strconv.FormatInt(time.Now().UnixMilli(), 10)
	err := s.administer(func(w *write) error {
		return bucket(w.tx, bucketTokens).Put(h[:], []byte(created))
	})
	if err != nil {
		return fmt.Errorf("store the token's hash: %w", err)
	}
	s.tokens = append(s.tokens, h)
	return nil
}

// accepts compares with every hash there is, in the same time whichever fits.
func (s *Server) accepts(h tokenHash) bool {
	found := 0
	for _, t := range s.tokens {
		found |= subtle.ConstantTimeCompare(h[:], t[:])
	}
	return found == 1
}

// administer runs one transaction that no client asked for. The caller holds
// the lock for writing.
func (s *Server) administer(f func(*write) error) error {
	if s.frozen != nil {
		return s.frozen
	}
	w, err := s.begin("")
	if err != nil {
		return err
	}
	defer w.rollback()
	if err := f(w); err != nil {
		return err
	}
	return s.commit(w)
}
