package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"outlast/internal/outline"
	"outlast/store"
)

func (a *api) routes(mux *http.ServeMux) {
	handle(a, mux, "hello", a.hello)
	handle(a, mux, "status", a.status)
	handle(a, mux, "resolve", a.resolve)
	handle(a, mux, "files", a.files)
	handle(a, mux, "ls", a.ls)
	handle(a, mux, "search", a.search)
	handle(a, mux, "add", a.add)
	handle(a, mux, "add-file", a.addFile)
	handle(a, mux, "edit", a.edit)
	handle(a, mux, "check", a.check)
	handle(a, mux, "mv", a.move)
	handle(a, mux, "rm", a.remove)
	handle(a, mux, "inbox", a.inbox)
	handle(a, mux, "undo", a.undo)
	handle(a, mux, "undo-list", a.undoList)
	handle(a, mux, "queue", a.queue)
	handle(a, mux, "queue-show", a.queueShow)
	handle(a, mux, "queue-drop", a.queueDrop)
	handle(a, mux, "queue-retry", a.queueRetry)
	handle(a, mux, "conflicts", a.conflicts)
	handle(a, mux, "conflict-show", a.conflictShow)
	handle(a, mux, "conflict-resolve", a.conflictResolve)
	handle(a, mux, "trash", a.trashList)
	handle(a, mux, "trash-restore", a.trashRestore)
	handle(a, mux, "snapshot-take", a.snapshotTake)
	handle(a, mux, "snapshot-list", a.snapshotList)
	handle(a, mux, "snapshot-drill", a.snapshotDrill)
	handle(a, mux, "history", a.history)
	handle(a, mux, "notice-test", a.noticeTest)
	handle(a, mux, "watch-list", a.watchList)
	handle(a, mux, "watch-add", a.watchAdd)
	handle(a, mux, "watch-remove", a.watchRemove)
	stream(a, mux, "sync", a.sync)
	stream(a, mux, "show", a.show)
	stream(a, mux, "export", a.export)
	mux.HandleFunc(apiPath+"import", a.importFile)
	mux.HandleFunc(apiPath+"replace", a.replaceContent)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		a.refuse(w, r, http.StatusNotFound, fmt.Errorf("no such call %s: %w", r.URL.Path, ErrForbidden))
	})
}

// session is what a handler knows of its caller.
type session struct {
	context.Context
	terminal string
}

// handle registers a call that answers with one object.
func handle[Req, Res any](a *api, mux *http.ServeMux, name string, fn func(session, Req) (Res, error)) {
	mux.HandleFunc(apiPath+name, func(w http.ResponseWriter, r *http.Request) {
		var req Req
		if err := readRequest(w, r, &req); err != nil {
			a.fail(w, r, err)
			return
		}
		res, err := fn(sessionOf(r), req)
		if err != nil {
			a.fail(w, r, err)
			return
		}
		a.answer(w, r, http.StatusOK, res)
	})
}

// stream registers a call that answers with lines. An error before the first
// line is answered as any other; after it, it is the last line.
func stream[Req, Res any](a *api, mux *http.ServeMux, name string, fn func(session, Req, *lineWriter) (Res, error)) {
	mux.HandleFunc(apiPath+name, func(w http.ResponseWriter, r *http.Request) {
		var req Req
		if err := readRequest(w, r, &req); err != nil {
			a.fail(w, r, err)
			return
		}
		a.lines(w, r, func(lines *lineWriter) (any, error) { return fn(sessionOf(r), req, lines) })
	})
}

// lines answers with what do writes, and its result or error.
func (a *api) lines(w http.ResponseWriter, r *http.Request, do func(*lineWriter) (any, error)) {
	lines := &lineWriter{w: w}
	res, err := do(lines)
	if err != nil && !lines.begun {
		a.fail(w, r, err)
		return
	}
	if err != nil {
		_, e := answerOf(err)
		a.logFailure(r, err)
		err = lines.write(frame{Error: e})
	} else {
		err = lines.result(res)
	}
	if err != nil {
		a.Log.Debug("answer not taken", "call", r.URL.Path, "err", err)
	}
}

func sessionOf(r *http.Request) session {
	return session{r.Context(), r.Header.Get(terminalHeader)}
}

// readRequest decodes the body, strictly: a field that is not known is a
// mistake of the caller that would otherwise pass unseen.
func readRequest(w http.ResponseWriter, r *http.Request, req any) error {
	d := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxRequest))
	d.DisallowUnknownFields()
	if err := d.Decode(req); err != nil {
		return fmt.Errorf("read request: %s: %w", err.Error(), outline.ErrInvalid)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("read request: more than one object: %w", outline.ErrInvalid)
	}
	return nil
}

// answer sends an object.
func (a *api) answer(w http.ResponseWriter, r *http.Request, status int, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		a.fail(w, r, fmt.Errorf("encode answer: %w: %w", err, ErrInternal))
		return
	}
	w.Header().Set("Content-Type", jsonType)
	w.WriteHeader(status)
	if _, err := w.Write(append(body, '\n')); err != nil {
		a.Log.Debug("answer not taken", "call", r.URL.Path, "err", err)
	}
}

// fail answers with an error, by the table.
func (a *api) fail(w http.ResponseWriter, r *http.Request, err error) {
	a.logFailure(r, err)
	status, e := answerOf(err)
	a.answer(w, r, status, map[string]*Error{"error": e})
}

// refuse answers with an error and a status of its own.
func (a *api) refuse(w http.ResponseWriter, r *http.Request, status int, err error) {
	_, e := answerOf(err)
	a.answer(w, r, status, map[string]*Error{"error": e})
}

// logFailure logs what is a fault of ours or of the machine; a request that
// was refused for what it asks is the caller's to tell.
func (a *api) logFailure(r *http.Request, err error) {
	if k := kindOf(err); k.status >= http.StatusInternalServerError {
		a.Log.Warn("call failed", "call", r.URL.Path, "code", k.code, "err", err)
	}
}

// view runs fn in a read transaction.
func (a *api) view(fn func(*store.Tx) error) error { return a.DB.View(fn) }
