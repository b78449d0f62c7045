package store_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"outlast/store"
)

// childEnv names the job of a child process: this test binary is started again,
// so that a lock, a limit or a crash hits a process of its own.
const childEnv = "OUTLAST_STORE_CHILD"

func TestMain(m *testing.M) {
	jobs := map[string]func(path string) error{
		"hold":   holdOpen,
		"limit":  commitBelowLimit,
		"verify": verifyAll,
	}
	if name := os.Getenv(childEnv); name != "" {
		if err := jobs[name](os.Args[1]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// child is not started yet. It is ended after some minutes: a file may have been
// made to mislead it.
func child(t *testing.T, job, path string) *exec.Cmd {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, os.Args[0], path)
	cmd.Env = append(os.Environ(), childEnv+"="+job)
	return cmd
}

// runChild returns what the child printed; it must end well.
func runChild(t *testing.T, job, path string) string {
	t.Helper()
	cmd := child(t, job, path)
	var errs strings.Builder
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("child %s: %v\n%s", job, err, errs.String())
	}
	return string(out)
}

// holdOpen opens the database, says so, and keeps it until its input ends.
func holdOpen(path string) error {
	db, err := store.Open(store.Options{Path: path, Create: true})
	if err != nil {
		return err
	}
	fmt.Println("open")
	_, err = io.Copy(io.Discard, os.Stdin)
	return errors.Join(err, db.Close())
}

// startHolder starts a child that has the database open.
func startHolder(t *testing.T, path string) (cmd *exec.Cmd, letGo func()) {
	t.Helper()
	cmd = child(t, "hold", path)
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "open\n" {
		t.Fatalf("child says %q, %v", line, err)
	}
	return cmd, func() {
		_ = in.Close()
		_ = cmd.Wait()
	}
}
