package sync_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"outlast/internal/dynalist"
	"outlast/store"
	"outlast/sync"
	"outlast/sync/remotetest"
)

// processEnv gives a process of its own the address of a service: this binary
// is started again to do one round, so that memory and CPU time are of nothing
// else.
const processEnv = "OUTLAST_SYNC_ONE_ROUND"

func TestMain(m *testing.M) {
	if base := os.Getenv(processEnv); base != "" {
		if err := oneRound(base, os.Args[1]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// oneRound opens a database, does a round and prints the peak of memory in kB.
func oneRound(base, path string) error {
	remote, err := dynalist.New(dynalist.Config{Server: base, Token: func() string { return remotetest.Token }})
	if err != nil {
		return err
	}
	db, err := store.Open(store.Options{Path: path, Create: true})
	if err != nil {
		return err
	}
	engine := sync.New(sync.Config{DB: db, Remote: remote, Server: base})
	_, err = engine.Once(context.Background(), sync.Round{})
	if err := errors.Join(err, db.Close()); err != nil {
		return err
	}
	fmt.Println(peak())
	return nil
}

// peak returns the most memory that this process had resident, in kB; 0 where
// the system does not say.
func peak() (kB int64) {
	f, err := os.Open("/proc/self/status")
	if err != nil {
		return 0
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		if n, _ := fmt.Sscanf(lines.Text(), "VmHWM: %d", &kB); n == 1 {
			return kB
		}
	}
	return 0
}

// benchProcess measures a whole process that does one round, on a new database
// for an empty path.
func benchProcess(b *testing.B, w *web, path string) {
	n, most, cpu := 0, int64(0), 0.0
	for ; b.Loop(); n++ {
		at := path
		if at == "" {
			at = filepath.Join(b.TempDir(), "db")
		}
		cmd := exec.Command(os.Args[0], at)
		cmd.Env = append(os.Environ(), processEnv+"="+w.base())
		var out, errs strings.Builder
		cmd.Stdout, cmd.Stderr = &out, &errs
		if err := cmd.Run(); err != nil {
			b.Fatalf("%v: %s", err, errs.String())
		}
		var kB int64
		if _, err := fmt.Sscan(out.String(), &kB); err != nil {
			b.Fatal(err)
		}
		most = max(most, kB)
		cpu += (cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds()
	}
	b.ReportMetric(float64(most)/1000, "peak-MB")
	b.ReportMetric(1000*cpu/float64(n), "cpu-ms/op")
}
