package watch

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

const inNamespace = "OUTLAST_WATCH_IN_NAMESPACE"

// The limit of inotify instances is set, and used up, in a user namespace of a
// child process, where nobody else is hurt.
func TestLimitOfTheSystemIsToldAndPolledAround(t *testing.T) {
	if os.Getenv(inNamespace) != "" {
		limited(t)
		return
	}
	cmd := exec.Command(os.Args[0], "-test.run", "^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), inNamespace+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
	}
	out, err := cmd.CombinedOutput()
	_, failed := errors.AsType[*exec.ExitError](err)
	switch {
	case err != nil && !failed:
		t.Skipf("no user namespace here: %v", err)
	case err != nil:
		t.Fatalf("%v\n%s", err, out)
	case strings.Contains(string(out), "--- SKIP"):
		t.Skipf("in the namespace: %s", out)
	case !strings.Contains(string(out), "--- PASS: "+t.Name()):
		t.Fatalf("nothing was tested:\n%s", out)
	}
}

// limited runs in the namespace.
func limited(t *testing.T) {
	if err := os.WriteFile("/proc/sys/user/max_inotify_instances", []byte("3"), 0); err != nil {
		t.Skipf("the limit cannot be set: %v", err)
	}
	var used []int
	for {
		fd, err := unix.InotifyInit1(unix.IN_CLOEXEC)
		if err != nil {
			break
		}
		if used = append(used, fd); len(used) > 3 {
			t.Skip("the limit does not hold")
		}
	}
	dir := t.TempDir()
	out := make(chan Batch)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() {
		ended <- Run(ctx, Config{Dir: dir, Quiet: 20 * time.Millisecond, Poll: 100 * time.Millisecond}, out)
	}()
	b := <-out
	if !errors.Is(b.Trouble, ErrLimit) || strings.Contains(b.Trouble.Error(), "no space") || !strings.Contains(b.Trouble.Error(), "sysctl fs.inotify") {
		t.Errorf("trouble %v", b.Trouble)
	}
	put(t, dir, "polled", "x")
	until(t, out, "polled")
	for _, fd := range used {
		_ = unix.Close(fd)
	}
	for b = range out {
		if b.Trouble == nil {
			break
		}
	}
	if len(b.Said) == 0 {
		t.Error("the end of the trouble is not said")
	}
	put(t, filepath.Clean(dir), "reported", "x")
	until(t, out, "reported")
	stop()
	<-ended
}
