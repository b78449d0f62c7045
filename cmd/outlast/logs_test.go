package main

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

const twoDays = `time=2026-11-26T10:00:00.000Z level=INFO msg=yesterday
time=2026-11-27T10:00:00.000Z level=WARN msg=today
goroutine 1 [running]:
time=2026-11-27T10:00:01.000Z level=DEBUG msg=detail
with a second line
`

func TestLogFilter(t *testing.T) {
	today := time.Date(2026, 11, 27, 0, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		f    logFilter
		want string
	}{
		{logFilter{}, "yesterday today goroutine detail with"},
		{logFilter{since: today}, "today goroutine detail with"},
		{logFilter{level: slog.LevelWarn, leveled: true}, "today goroutine"},
		{logFilter{since: today.Add(11 * time.Hour)}, ""},
	} {
		var kept []string
		for line := range strings.Lines(twoDays) {
			if tt.f.keeps(line) {
				_, msg, found := strings.Cut(strings.TrimSpace(line), "msg=")
				if !found {
					msg, _, _ = strings.Cut(line, " ")
				}
				kept = append(kept, msg)
			}
		}
		if got := strings.Join(kept, " "); got != tt.want {
			t.Errorf("%+v: got %q, want %q", tt.f, got, tt.want)
		}
	}
}

// Who follows a log sees whole lines, and goes on in the new file when the old one
// has reached its limit.
func TestLogsFollowTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "outlast.log")
	put(t, path, twoDays+"time=2026-11-27T10:00:02.000Z level=INFO msg=ha")
	synctest.Test(t, func(t *testing.T) {
		var out bytes.Buffer
		a := &app{out: &out}
		file, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- a.printLogFile(ctx, file, path, logFilter{}, true) }()
		time.Sleep(time.Second)
		synctest.Wait()
		if got := out.String(); got != twoDays {
			t.Errorf("first it shows\n%s", got)
		}
		put(t, path, "lf\n")
		time.Sleep(time.Second)
		if err := os.Rename(path, path+".1"); err != nil {
			t.Fatal(err)
		}
		put(t, path, "time=2026-11-27T10:00:03.000Z level=INFO msg=new\n")
		time.Sleep(2 * time.Second)
		stop()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		if got := out.String(); !strings.HasSuffix(got, "msg=half\ntime=2026-11-27T10:00:03.000Z level=INFO msg=new\n") {
			t.Errorf("in the end it shows\n%s", got)
		}
	})
}

// put adds text to a file.
func put(t *testing.T, path, text string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(text); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// full is a file whose disk is full for a while.
type full struct {
	bytes.Buffer
	refuses bool
}

func (f *full) Write(p []byte) (int, error) {
	if f.refuses {
		return 0, errors.New("no space left on device")
	}
	return f.Buffer.Write(p)
}

// A log that takes nothing stops nobody, and afterwards says how much is missing.
func TestLogCountsWhatItLost(t *testing.T) {
	f := &full{}
	log := slog.New(slog.NewTextHandler(&keptLog{to: f, now: time.Now}, nil))
	log.Info("one")
	f.refuses = true
	log.Info("two")
	log.Info("three")
	f.refuses = false
	log.Info("four")
	got := f.String()
	if strings.Count(got, "\n") != 3 || !strings.Contains(got, "lines=2\n") || !strings.HasSuffix(got, "msg=four\n") {
		t.Errorf("the log says\n%s", got)
	}
}

func TestLogFileIsPrivate(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("modes are of Unix")
	}
	path := filepath.Join(t.TempDir(), "outlast.log")
	f := rotatedFile(path)
	if _, err := f.Write([]byte("line\n")); err != nil {
		t.Fatal(err)
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("got %v, %v, want mode 0600", info.Mode(), err)
	}
}
