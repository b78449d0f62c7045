package secret

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
)

// Place is where the token of one service and one home is kept on this machine.
type Place struct {
	Server  string // address of the service, part of the keyring entry's name
	Home    string // tells homes apart: the folder of --home, "" for the standard one
	File    string // the 0600 file; its name must differ per service, see config.Home
	Keyring bool   // whether the keyring may be used; false never touches it
}

// KeyringAllowed reads the variable OUTLAST_KEYRING: "off" forbids the keyring,
// "on" and "" allow it.
func KeyringAllowed(value string) (bool, error) {
	switch value {
	case "", "on":
		return true, nil
	case "off":
		return false, nil
	}
	return false, fmt.Errorf("read OUTLAST_KEYRING: got %q, want on or off", value)
}

// Save stores the token in the keyring, or in the file where there is none, and
// returns a phrase for people that names the place.
func (p Place) Save(ctx context.Context, token Token) (string, error) {
	if token.IsZero() {
		return "", errors.New("store token: the token is empty")
	}
	if p.Keyring {
		err := keyringSet(ctx, p, token)
		if err == nil {
			return inKeyring, removeFile(p.File)
		}
		if ctx.Err() != nil {
			return "", fmt.Errorf("store token: %w", ctx.Err())
		}
		// A headless machine has no keyring: that is what the file is for.
	}
	if err := writeFile(p.File, token); err != nil {
		return "", err
	}
	return "the file " + p.File, nil
}

// Load returns the token that Save stored and where it lies, or ErrNone.
func (p Place) Load(ctx context.Context) (Token, string, error) {
	if p.File != "" {
		token, err := p.readFile()
		if !errors.Is(err, fs.ErrNotExist) {
			return token, "the file " + p.File, err
		}
	}
	if !p.Keyring {
		return Token{}, "", ErrNone
	}
	token, err := keyringGet(ctx, p)
	switch {
	case err == nil:
		return token, inKeyring, nil
	case errors.Is(err, ErrNone), ctx.Err() != nil:
		return Token{}, "", err
	}
	return Token{}, "", fmt.Errorf("%w (the keyring cannot be read: %v)", ErrNone, err)
}

// readFile reads the file of the place, in a folder that only its user can change.
func (p Place) readFile() (Token, error) {
	token, err := ReadFile(p.File)
	if err != nil {
		return Token{}, err
	}
	if err := checkFolder(filepath.Dir(p.File)); err != nil {
		return Token{}, fmt.Errorf("read token: %w", err)
	}
	return token, nil
}

// Delete removes the token from both places; absent is no error.
func (p Place) Delete(ctx context.Context) error {
	err := removeFile(p.File)
	if p.Keyring {
		err = errors.Join(err, keyringDelete(ctx, p))
	}
	return err
}
