package alert

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"time"

	"github.com/gen2brain/beeep"
)

// commandLimit is how long a program may take: one that sends mail waits for a
// server of others.
const commandLimit = 30 * time.Second

// command runs a program with the notice as JSON on its input. It is run by the
// shell, as the token_command is. What it prints may be anything and is not kept.
func command(line string) func(context.Context, Notice) error {
	return func(ctx context.Context, n Notice) error {
		body, err := n.encode()
		if err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(ctx, commandLimit)
		defer cancel()
		run := exec.CommandContext(ctx, "sh", "-c", line)
		if runtime.GOOS == "windows" {
			run = exec.CommandContext(ctx, "cmd", "/C", line)
		}
		run.Stdin = bytes.NewReader(append(body, '\n'))
		run.Env = withoutToken(os.Environ())
		run.WaitDelay = time.Second // a child of it may hold the input open
		err = run.Run()
		exit, ended := errors.AsType[*exec.ExitError](err)
		switch {
		case err == nil, errors.Is(err, exec.ErrWaitDelay):
			return nil
		case ctx.Err() != nil:
			return fmt.Errorf("the command did not end within %s", commandLimit)
		case ended && exit.ExitCode() >= 0:
			return fmt.Errorf("the command ended with code %d", exit.ExitCode())
		}
		return errors.New("the command could not be run to its end")
	}
}

// withoutToken returns the environment without the token and the ways to it.
func withoutToken(env []string) []string {
	var kept []string
	for _, v := range env {
		if !strings.HasPrefix(v, "OUTLAST_TOKEN") {
			kept = append(kept, v)
		}
	}
	return kept
}

// desktopLimit is how long the desktop may take.
const desktopLimit = 10 * time.Second

// desktop shows a notice on the screen. The library takes no context: a desktop
// that does not answer is left behind.
func desktop(ctx context.Context, n Notice) error {
	if !hasDesktop() {
		return errors.New("this session has no desktop")
	}
	ctx, cancel := context.WithTimeout(ctx, desktopLimit)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- beeep.Notify("Outlast: "+n.Title, n.Text, "") }()
	select {
	case err := <-done:
		if err != nil {
			return errors.New("the desktop does not show notices")
		}
		return nil
	case <-ctx.Done():
		return errors.New("the desktop does not answer")
	}
}

// hasDesktop reports whether one can be asked. Without a session bus the library
// would start one, a process that nobody ends.
func hasDesktop() bool {
	if runtime.GOOS == "windows" || runtime.GOOS == "darwin" {
		return true
	}
	if os.Getenv("DBUS_SESSION_BUS_ADDRESS") != "" {
		return true
	}
	_, err := os.Stat(fmt.Sprintf("/run/user/%d/bus", os.Getuid()))
	return err == nil
}
