package main

import (
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"gopkg.in/natefinch/lumberjack.v2"
)

// daemonLog returns the log of the background service at the level of the settings:
// on standard error, which systemd keeps in its journal, or in a file.
func (a *app) daemonLog(s setup, file bool) (*slog.Logger, io.Closer) {
	var level slog.Level
	if err := level.UnmarshalText([]byte(s.settings.Log.Level)); err != nil {
		level = slog.LevelInfo
	}
	if !file {
		return a.logAt(level), io.NopCloser(nil)
	}
	rotated := rotatedFile(s.home.LogFile)
	return slog.New(slog.NewTextHandler(&keptLog{to: rotated, now: time.Now}, &slog.HandlerOptions{Level: a.logLevel(level)})), rotated
}

// rotatedFile is a log that only this person can read: 10 MB at most, and three
// older ones beside it.
func rotatedFile(path string) io.WriteCloser {
	return &lumberjack.Logger{Filename: path, MaxSize: 10, MaxBackups: 3}
}

// keptLog drops what its file does not take, as on a full disk, and says so once
// the file takes something again: a service must not end for want of a log.
type keptLog struct {
	to  io.Writer
	now func() time.Time

	mu      sync.Mutex // protects dropped
	dropped int
}

func (l *keptLog) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.dropped > 0 {
		note := fmt.Sprintf("time=%s level=WARN msg=\"log lines were lost: the file took none\" lines=%d\n",
			l.now().Format(time.RFC3339), l.dropped)
		if _, err := l.to.Write([]byte(note)); err != nil {
			l.dropped++
			return len(line), nil
		}
		l.dropped = 0
	}
	if _, err := l.to.Write(line); err != nil {
		l.dropped++
	}
	return len(line), nil
}
