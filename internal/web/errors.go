package web

import (
	"context"
	"errors"
	"io/fs"
	"net/http"
	"syscall"

	"outlast/internal/outline"
	"outlast/store"
)

// Sentinels for what is not an error of the outline or the store. Functions in
// Deps return errors that wrap them, so that they reach the caller unchanged.
var (
	// ErrUnreachable: the service was not reached; edits are queued.
	ErrUnreachable = errors.New("the service does not answer")
	// ErrToken: the service refused the token.
	ErrToken = errors.New("the service refuses the token")
	// ErrNotReady: no account yet, or the part asked for does not run here.
	ErrNotReady = errors.New("not set up")
	// ErrSnapshot: a snapshot is missing or does not verify.
	ErrSnapshot = errors.New("snapshot is missing or not verified")
	// ErrConfirm: a person must agree first; repeat the request with Confirm.
	ErrConfirm = errors.New("a person must decide")
	// ErrStale: the outline has changed so that the request no longer applies.
	ErrStale = errors.New("no longer applies")
	// ErrNothing: there is nothing to do, such as nothing to undo.
	ErrNothing = errors.New("nothing to do")
	// ErrInDoubt: a request to the service is open; try again once it is settled.
	ErrInDoubt = errors.New("a request is in doubt")
	// ErrNoInbox: it is not known which document takes captured items.
	ErrNoInbox = errors.New("no inbox")
	// ErrForbidden: the request came by a way that is not allowed.
	ErrForbidden = errors.New("request is not allowed")
	// ErrInternal: a fault of this program.
	ErrInternal = errors.New("internal error")
)

// Error is how any failure travels: what happened, what is safe, what to do
// next. On the caller's side errors.Is finds the sentinel that the handler's
// error wrapped.
type Error struct {
	Code       string `json:"code"`
	Message    string `json:"message"` // what happened: lower case, no token
	Safe       string `json:"safe"`    // "" if nothing was at risk
	Next       string `json:"next"`    // "" if there is nothing to do
	Candidates []Ref  `json:"candidates,omitempty"`

	wraps error
}

func (e *Error) Error() string { return e.Message }

// Unwrap returns what the error is an instance of: on the handler's side the
// error itself, on the caller's side the sentinel of its code.
func (e *Error) Unwrap() error {
	if e.wraps != nil {
		return e.wraps
	}
	for _, k := range kinds() {
		if k.code == e.Code {
			return k.is
		}
	}
	return nil
}

// kind ties a sentinel to its code on the wire, its status, and what is safe
// and next when the error itself does not say.
type kind struct {
	is     error
	code   string
	status int
	safe   string
	next   string
}

const nothingChanged = "nothing was changed"

// kinds is the one table that turns errors into answers and back. The first
// match counts.
func kinds() []kind {
	return []kind{
		{ErrConfirm, "confirm", http.StatusPreconditionRequired, nothingChanged, "repeat with --yes to agree"},
		{ErrStale, "stale", http.StatusConflict, nothingChanged, "look at it again, then repeat"},
		{ErrNothing, "nothing", http.StatusConflict, "", ""},
		{ErrInDoubt, "in_doubt", http.StatusConflict, nothingChanged, "try again after the next sync"},
		{ErrNoInbox, "no_inbox", http.StatusConflict, "nothing was saved", "make a document with the title Inbox, or set the inbox at the service"},
		{ErrUnreachable, "unreachable", http.StatusBadGateway, "edits are on this disk and will be sent", "nothing to do; it is tried again by itself"},
		{ErrToken, "token", http.StatusBadGateway, "edits are on this disk", "run `outlast login`"},
		{ErrSnapshot, "snapshot", http.StatusConflict, "", "run `outlast snapshot take`"},
		{ErrNotReady, "not_ready", http.StatusServiceUnavailable, "", "run `outlast init`"},
		{ErrForbidden, "forbidden", http.StatusForbidden, nothingChanged, ""},
		{store.ErrFrozen, "frozen", http.StatusInsufficientStorage, "what was saved before is on the disk; this was not saved", "see that the disk is healthy and has room, then start outlast again"},
		{store.ErrUnknown, "unknown_outcome", http.StatusInsufficientStorage, "what was saved before is on the disk; this may have been saved", "see that the disk is healthy and has room, start outlast again, then look whether it is there"},
		{store.ErrFull, "full", http.StatusInsufficientStorage, "nothing was saved, nothing was lost", "raise max_size in the [store] section of the configuration"},
		{store.ErrDamaged, "damaged", http.StatusInternalServerError, "the file is left as it is; snapshots do not depend on it", "keep a copy of the file; `outlast snapshot verify` checks the newest snapshot"},
		{store.ErrSchema, "schema", http.StatusInternalServerError, "the file is left as it is", "install the newer version"},
		{store.ErrLocked, "locked", http.StatusLocked, nothingChanged, ""},
		{store.ErrMissing, "missing", http.StatusServiceUnavailable, "", "run `outlast init`"},
		{outline.ErrAmbiguous, "ambiguous", http.StatusConflict, nothingChanged, "use one of the ids"},
		{outline.ErrNoNode, "no_node", http.StatusNotFound, nothingChanged, "`outlast search` finds nodes, `outlast ls` lists them"},
		{outline.ErrNoFile, "no_file", http.StatusNotFound, nothingChanged, "`outlast ls` lists folders and documents"},
		{outline.ErrReadOnly, "read_only", http.StatusForbidden, nothingChanged, "ask its owner for the right to edit"},
		{outline.ErrCycle, "cycle", http.StatusConflict, nothingChanged, ""},
		{outline.ErrRoot, "root", http.StatusConflict, nothingChanged, ""},
		{outline.ErrNotEmpty, "not_empty", http.StatusConflict, nothingChanged, ""},
		{outline.ErrExists, "exists", http.StatusConflict, nothingChanged, ""},
		{outline.ErrInvalid, "invalid", http.StatusBadRequest, nothingChanged, ""},
		{syscall.ENOSPC, "no_room", http.StatusInsufficientStorage, "what was saved before is untouched; this was not saved", "make room on the disk"},
		{syscall.EROFS, "read_only_disk", http.StatusInsufficientStorage, "what was saved before is untouched; this was not saved", ""},
		{fs.ErrNotExist, "no_path", http.StatusBadRequest, nothingChanged, ""},
		{fs.ErrPermission, "no_permission", http.StatusForbidden, nothingChanged, ""},
		{context.Canceled, "canceled", 499, "", ""},
		{context.DeadlineExceeded, "deadline", http.StatusGatewayTimeout, "", "try again"},
		{ErrInternal, "internal", http.StatusInternalServerError, "", "try again; with -vv it says more"},
	}
}

// answerOf turns any error into what is sent, and its status. Words that an
// *Error inside err brings along win over those of the table.
func answerOf(err error) (int, *Error) {
	k := kindOf(err)
	e := &Error{Code: k.code, Message: err.Error(), Safe: k.safe, Next: k.next}
	var said *Error
	if errors.As(err, &said) {
		e.Candidates = said.Candidates
		if said.Safe != "" {
			e.Safe = said.Safe
		}
		if said.Next != "" {
			e.Next = said.Next
		}
	}
	return k.status, e
}

func kindOf(err error) kind {
	all := kinds()
	for _, k := range all {
		if errors.Is(err, k.is) {
			return k
		}
	}
	return all[len(all)-1]
}

// Fail returns an error that wraps a sentinel and says, in its own words, what
// happened and what to do next.
func Fail(is error, message, next string) *Error {
	return &Error{Message: message, Next: next, wraps: is}
}
