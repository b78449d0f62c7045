package secret

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"runtime"
	"strings"
	"time"
)

// answerLimit is how long a command or a keyring may take: both may ask the user
// for a passphrase, and a service that starts at login must not wait for ever.
const answerLimit = time.Minute

// runCommand returns what a command prints. It is run by the shell (sh, on
// Windows cmd), since people write pipes, quotes and variables in such a setting,
// as they do for git and ssh. Its input is empty.
func runCommand(ctx context.Context, command string) (Token, error) {
	ctx, cancel := context.WithTimeout(ctx, answerLimit)
	defer cancel()
	run := exec.CommandContext(ctx, "sh", "-c", command)
	if runtime.GOOS == "windows" {
		run = exec.CommandContext(ctx, "cmd", "/C", command)
	}
	// A helper that the command left behind may hold the output open.
	run.WaitDelay = time.Second
	out, complaint := &tail{}, &tail{}
	run.Stdout, run.Stderr = out, complaint
	err := run.Run()
	switch {
	case ctx.Err() != nil:
		return Token{}, fmt.Errorf("run token_command: no answer: %w", ctx.Err())
	case err != nil && !errors.Is(err, exec.ErrWaitDelay):
		return Token{}, fmt.Errorf("run token_command: %w%s", err, quoted(complaint.text(), out.text()))
	}
	token, err := Parse(out.text())
	if err != nil {
		return Token{}, fmt.Errorf("run token_command: %w", err)
	}
	return token, nil
}

// quoted returns the last line of what a command complained, fit for an error.
// What the command printed as its output may be the token and is cut out.
func quoted(complaint, output string) string {
	if output = strings.TrimSpace(output); output != "" {
		complaint = strings.ReplaceAll(complaint, output, redacted)
	}
	lines := strings.Split(strings.TrimSpace(complaint), "\n")
	last := strings.TrimSpace(lines[len(lines)-1])
	if last == "" {
		return ""
	}
	const limit = 200
	if len(last) > limit {
		last = strings.ToValidUTF8(last[:limit], "") + "..."
	}
	return fmt.Sprintf(": it says %q", last)
}

// tail keeps the end of what is written to it: a little more than a token can
// have, so that Parse sees when it was too much.
type tail struct{ kept []byte }

func (t *tail) Write(p []byte) (int, error) {
	const limit = maxSize + len("\r\n") + 1
	t.kept = append(t.kept, p...)
	if excess := len(t.kept) - limit; excess > 0 {
		t.kept = append(t.kept[:0], t.kept[excess:]...)
	}
	return len(p), nil
}

func (t *tail) text() string { return string(t.kept) }
