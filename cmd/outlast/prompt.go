package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"golang.org/x/term"
)

// confirm asks whether to go on in view of what is about to happen. Nobody there
// to ask is exit code 6 unless --yes was given.
func (a *app) confirm(ctx context.Context, what string) error {
	if a.flags.yes {
		return nil
	}
	if !isTerminal(a.in) {
		return &failure{
			code: exitDecide, what: what + "\nthere is no terminal to ask on",
			safe: "nothing was changed", next: "run it in a terminal, or say --yes",
		}
	}
	fmt.Fprintf(a.err, "%s\ngo on? [y/N] ", what)
	line, err := a.typed(ctx, func() (string, error) { return bufio.NewReader(a.in).ReadString('\n') })
	if err != nil && line == "" {
		return fmt.Errorf("read the answer: %w", err)
	}
	switch strings.ToLower(strings.TrimSpace(line)) {
	case "y", "yes":
		return nil
	}
	return &failure{code: exitDecide, what: "not done, as you said", safe: "nothing was changed", next: "nothing to do"}
}

// secret asks for a line that the terminal does not show.
func (a *app) secret(ctx context.Context, question string) (string, error) {
	fd := int(a.in.(*os.File).Fd())
	before, err := term.GetState(fd)
	if err != nil {
		return "", err
	}
	fmt.Fprintf(a.err, "%s (not shown): ", question)
	text, err := a.typed(ctx, func() (string, error) {
		text, err := term.ReadPassword(fd)
		return string(text), err
	})
	if ctx.Err() != nil {
		return "", errors.Join(err, term.Restore(fd, before)) // or the shell would show nothing either
	}
	fmt.Fprintln(a.err)
	return text, err
}

// typed waits for a line that read brings, and for Ctrl-C, which cannot end the
// read itself: that ends with the process.
func (a *app) typed(ctx context.Context, read func() (string, error)) (string, error) {
	type result struct {
		line string
		err  error
	}
	done := make(chan result, 1)
	go func() {
		line, err := read()
		done <- result{line, err}
	}()
	select {
	case r := <-done:
		return r.line, r.err
	case <-ctx.Done():
		fmt.Fprintln(a.err)
		return "", ctx.Err()
	}
}
