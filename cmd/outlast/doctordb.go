package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"runtime/debug"
	"strings"
	"time"

	"outlast/internal/doctor"
	"outlast/store"
)

// checkStore verifies the database in a process of its own: what a damaged file can
// do to a process ends that one, and tells.
func (s setup) checkStore(ctx context.Context) []doctor.Finding {
	if _, err := os.Stat(s.home.Database); err != nil {
		return []doctor.Finding{doctor.Bad(doctor.Error, "`outlast init` makes one; look at --home if you expected it here", "%v", err)}
	}
	program, err := os.Executable()
	if err != nil {
		return []doctor.Finding{doctor.Skip("not verified: %v", err)}
	}
	args := []string{"doctor", "--check-database"}
	if s.home.Dir != "" {
		args = append(args, "--home", s.home.Dir)
	}
	check := exec.CommandContext(ctx, program, args...)
	var said bytes.Buffer
	check.Stderr = &said
	check.WaitDelay = 5 * time.Second
	began := time.Now()
	err = check.Run()
	exit, ended := errors.AsType[*exec.ExitError](err)
	switch {
	case err == nil:
		return []doctor.Finding{doctor.Good("every page and checksum holds (%d ms)", time.Since(began).Milliseconds())}
	case ctx.Err() != nil:
		return []doctor.Finding{doctor.Skip("not verified in time; it is large, or the disk is slow")}
	case ended && exit.ExitCode() == exitLocked:
		return []doctor.Finding{doctor.Skip("in use by the background service, which checks what it reads; `outlast service stop`, then run this again")}
	}
	return []doctor.Finding{doctor.Bad(doctor.Error,
		"keep a copy of "+s.home.Database+", then restore a snapshot or let `outlast init --home NEW` read the service anew",
		"the database is damaged: %s", strings.TrimPrefix(firstSaid(said.String()), "outlast: "))}
}

// firstSaid returns the first line of what a process complained.
func firstSaid(text string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
	if line == "" {
		return "the process that read it was killed"
	}
	return line
}

// checkDatabase is that process.
func (a *app) checkDatabase() error {
	s, err := a.setup()
	if err != nil {
		return err
	}
	debug.SetPanicOnFault(true)
	db, err := store.Open(store.Options{Path: s.home.Database})
	if err != nil {
		return err
	}
	return errors.Join(db.Verify(), db.Close())
}
