package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"

	"outlast/internal/outline"
	"outlast/internal/secret"
	"outlast/internal/snapshot"
	"outlast/internal/web"
	"outlast/store"
	"outlast/sync"
)

// Exit codes. Scripts rely on them: they are added to, never changed.
const (
	exitDone        = 0
	exitError       = 1  // anything without a code of its own
	exitUsage       = 2  // bad flags, bad config, or no such node
	exitPartial     = 3  // some documents failed
	exitToken       = 4  // the service refuses the token
	exitUnreachable = 5  // the service was not reached; never the code of an edit
	exitDecide      = 6  // a person must decide, and nobody is there to ask
	exitNoStore     = 10 // nothing here yet
	exitLocked      = 11 // another process has the database
	exitSnapshot    = 12 // no snapshot, or not verified
	exitDisk        = 13 // disk full, read-only or frozen: nothing saved
	exitInterrupted = 130
)

// failure is an error as a person reads it: what happened, what is safe and
// what to do next. Empty parts are filled in from the cause.
type failure struct {
	code             int
	what, safe, next string
	err              error // the cause, or nil
}

func (f *failure) Error() string {
	switch {
	case f.what == "" && f.err != nil:
		return f.err.Error()
	case f.err != nil:
		return f.what + ": " + f.err.Error()
	}
	return f.what
}

func (f *failure) Unwrap() error { return f.err }

// exitCode ends a command with a code whose reason has been told already.
type exitCode int

func (c exitCode) Error() string { return fmt.Sprintf("exit code %d", int(c)) }

// usage returns the error of somebody who called a command wrongly.
func usage(next, format string, args ...any) error {
	return &failure{code: exitUsage, what: fmt.Sprintf(format, args...), safe: "nothing was changed", next: next}
}

// report prints an error and returns its exit code.
func (a *app) report(ctx context.Context, err error) int {
	if err == nil {
		return exitDone
	}
	if code, ok := errors.AsType[exitCode](err); ok {
		return int(code)
	}
	if ctx.Err() != nil && errors.Is(err, context.Canceled) {
		err = &failure{code: exitInterrupted, what: "interrupted"}
	}
	told := explain(err)
	told.next = strings.Replace(told.next, "help COMMAND", "help "+a.called, 1)
	return a.tell(told)
}

// tell prints a failure to the standard error, as JSON when that was asked for.
func (a *app) tell(f failure) int {
	if a.flags.json {
		line, _ := json.Marshal(map[string]any{"error": f.what, "safe": f.safe, "next": f.next, "exit": f.code})
		fmt.Fprintf(a.err, "%s\n", line)
		return f.code
	}
	fmt.Fprintf(a.err, "outlast: %s\n", f.what)
	for _, part := range []struct{ label, text string }{{"safe", f.safe}, {"next", f.next}} {
		if part.text != "" {
			fmt.Fprintf(a.err, "  %s: %s\n", part.label, strings.ReplaceAll(part.text, "\n", "\n        "))
		}
	}
	return f.code
}

// explain makes a failure complete: the code, what is safe and what comes next.
func explain(err error) failure {
	var f failure
	if own, ok := errors.AsType[*failure](err); ok {
		f = *own
	}
	// What comes before says which value and why: the kind of error adds nothing.
	f.what = strings.TrimSuffix(err.Error(), ": "+outline.ErrInvalid.Error())
	if said, ok := errors.AsType[*web.Error](err); ok {
		fill(&f.safe, said.Safe)
		fill(&f.next, said.Next)
		f.what += candidates(said.Candidates)
	}
	for _, m := range meanings() {
		if m.applies(err) {
			fill(&f.code, m.code)
			fill(&f.safe, m.safe)
			fill(&f.next, m.next)
			break
		}
	}
	fill(&f.code, exitError)
	fill(&f.safe, "every edit that was accepted is on this disk")
	fill(&f.next, "`outlast status` shows where things stand")
	return f
}

// candidates lists what a name may have meant, with ids to choose by.
func candidates(refs []web.Ref) string {
	var b strings.Builder
	for _, r := range refs {
		fmt.Fprintf(&b, "\n  %s  %s", r.Name(), firstLines(r.Path))
	}
	return b.String()
}

func fill[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}

// meaning is what one kind of error means to the person at the keyboard.
type meaning struct {
	errs       []error // any of these
	code       int
	safe, next string
}

func (m meaning) applies(err error) bool {
	for _, e := range m.errs {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}

// meanings is the only place where errors become exit codes; the first that
// applies counts.
func meanings() []meaning {
	const unchanged = "nothing was changed"
	return []meaning{
		{
			[]error{store.ErrFrozen, store.ErrUnknown},
			exitDisk,
			"what was accepted before is on this disk; this edit is not promised",
			"see that the disk is healthy and has room, then start outlast again; `outlast export --all` still reads",
		},
		{
			[]error{store.ErrFull, snapshot.ErrFull, syscall.ENOSPC, syscall.EDQUOT},
			exitDisk,
			"what was accepted before is on this disk; this change was not saved",
			"make room (or raise store.max_size in the config) and run it again",
		},
		{
			[]error{syscall.EROFS, fs.ErrPermission},
			exitDisk,
			"what was accepted before is untouched; this change was not saved",
			"see who may write that path, or choose another place with --home",
		},
		{
			[]error{store.ErrLocked},
			exitLocked,
			unchanged,
			"wait for the other process, or end it",
		},
		{
			[]error{store.ErrMissing, web.ErrNotReady},
			exitNoStore,
			unchanged,
			"`outlast init` makes one; look at --home if you expected it here",
		},
		{
			[]error{web.ErrConfirm},
			exitDecide,
			unchanged,
			"say --yes to agree",
		},
		{
			[]error{snapshot.ErrMissing},
			exitSnapshot,
			"the outline itself and other snapshots are untouched",
			"`outlast snapshot list` shows those that are there, `outlast snapshot take` makes a new one",
		},
		{
			[]error{web.ErrSnapshot, snapshot.ErrUnverified, snapshot.ErrFolder},
			exitSnapshot,
			"the outline itself and other snapshots are untouched",
			"`outlast snapshot take` makes a new one",
		},
		{
			[]error{web.ErrNothing},
			exitError,
			unchanged,
			"nothing to do",
		},
		{
			[]error{store.ErrSchema},
			exitError,
			unchanged,
			"use the newer version of outlast that wrote it",
		},
		{
			[]error{store.ErrDamaged},
			exitError,
			"the file is left as it is; your snapshots do not depend on it",
			"keep a copy of it, then look at the snapshots folder (`outlast config show` names it)",
		},
		{
			[]error{outline.ErrAmbiguous},
			exitUsage,
			unchanged,
			"use one of the ids, or a longer path",
		},
		{
			[]error{outline.ErrNoNode, outline.ErrNoFile},
			exitUsage,
			unchanged,
			"`outlast ls` shows what is there",
		},
		{
			[]error{outline.ErrInvalid, outline.ErrCycle, outline.ErrRoot, outline.ErrExists, outline.ErrNotEmpty},
			exitUsage,
			unchanged,
			"`outlast help COMMAND` says what it takes",
		},
		{
			[]error{outline.ErrReadOnly},
			exitError,
			unchanged,
			"ask its owner for the right to edit, or copy the text into a document of your own",
		},
		{
			[]error{sync.ErrToken, web.ErrToken},
			exitToken,
			"edits are on this disk and go on being accepted; no further request was made with this token",
			"`outlast login` takes a new token",
		},
		{
			[]error{secret.ErrNone},
			exitToken,
			"edits are on this disk and go on being accepted",
			"`outlast login` stores the token of your account",
		},
		{
			[]error{sync.ErrUnreachable, sync.ErrRateLimited, web.ErrUnreachable},
			exitUnreachable,
			"edits are on this disk and go on being accepted",
			"nothing to do while a daemon runs; else `outlast sync` later",
		},
	}
}
