package secret

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"

	"github.com/zalando/go-keyring"
)

// inKeyring names the keyring for people.
const inKeyring = "the keyring of this desktop"

// errNoKeyring means that nothing on this machine would answer.
var errNoKeyring = errors.New("no keyring service runs in this session")

// entry returns the name of a token in the keyring. The service address is in it:
// a token never goes to a service that it was not given for.
func (p Place) entry() (service, user string) {
	user = "token"
	if p.Home != "" {
		user = "token of " + p.Home
	}
	return "outlast " + p.Server, user
}

func keyringSet(ctx context.Context, p Place, token Token) error {
	service, user := p.entry()
	_, err := ask(ctx, func() (string, error) { return "", keyring.Set(service, user, token.Reveal()) })
	if err != nil {
		return errors.New(token.Redact(fmt.Sprintf("store token in the keyring: %v", err)))
	}
	return nil
}

func keyringGet(ctx context.Context, p Place) (Token, error) {
	service, user := p.entry()
	text, err := ask(ctx, func() (string, error) { return keyring.Get(service, user) })
	if errors.Is(err, keyring.ErrNotFound) {
		return Token{}, ErrNone
	}
	if err != nil {
		return Token{}, fmt.Errorf("read token from the keyring: %w", err)
	}
	token, err := Parse(text)
	if err != nil {
		return Token{}, fmt.Errorf("read token from the keyring: %w", err)
	}
	return token, nil
}

// keyringDelete removes the entry. A machine without a keyring holds none.
func keyringDelete(ctx context.Context, p Place) error {
	service, user := p.entry()
	_, err := ask(ctx, func() (string, error) { return "", keyring.Delete(service, user) })
	if err == nil || errors.Is(err, keyring.ErrNotFound) || errors.Is(err, errNoKeyring) {
		return nil
	}
	return fmt.Errorf("remove token from the keyring: %w", err)
}

// ask calls the keyring and waits no longer than answerLimit. The library takes
// no context, and a locked keyring waits for its user: the call is then left
// behind and ends with the process.
func ask(ctx context.Context, call func() (string, error)) (string, error) {
	if !reachable() {
		return "", errNoKeyring
	}
	ctx, cancel := context.WithTimeout(ctx, answerLimit)
	defer cancel()
	type answer struct {
		text string
		err  error
	}
	answers := make(chan answer, 1)
	go func() {
		text, err := call()
		answers <- answer{text, err}
	}()
	select {
	case a := <-answers:
		return a.text, a.err
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// reachable reports whether a keyring can answer at all. Without a session bus
// the library would start one, a process that nobody ends.
func reachable() bool {
	if runtime.GOOS == "windows" || runtime.GOOS == "darwin" {
		return true
	}
	if os.Getenv("DBUS_SESSION_BUS_ADDRESS") != "" {
		return true
	}
	_, err := os.Stat(fmt.Sprintf("/run/user/%d/bus", os.Getuid()))
	return err == nil
}
