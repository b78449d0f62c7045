package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"testing"
)

// A person who changes their mind at a question must not have to kill the program.
func TestInterruptEndsAQuestion(t *testing.T) {
	ctx, interrupt := context.WithCancel(t.Context())
	r, w := io.Pipe() // nobody types anything
	t.Cleanup(func() { _ = w.Close() })
	var said bytes.Buffer
	a := &app{err: &said}
	asked := make(chan struct{})
	go func() { <-asked; interrupt() }()
	_, err := a.typed(ctx, func() (string, error) {
		close(asked)
		_, err := r.Read(make([]byte, 1))
		return "", err
	})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v, want that it was interrupted", err)
	}
	if code := a.report(ctx, err); code != exitInterrupted {
		t.Errorf("exit code %d, want %d", code, exitInterrupted)
	}
}
