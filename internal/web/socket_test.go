package web

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"outlast/store/storetest"
)

// TestCallsOverASocket: the same calls as in process, through a real server.
func TestCallsOverASocket(t *testing.T) {
	db := storetest.OpenFast(t)
	path := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: NewHandler(Deps{DB: db, Sync: func(ctx context.Context, _ Round, p func(Progress)) (SyncResult, error) {
		p(Progress{Stage: "pull"})
		<-ctx.Done() // a caller who goes away ends the round
		return SyncResult{}, ctx.Err()
	}})}
	done := make(chan error, 1)
	go func() { done <- server.Serve(l) }()
	tr := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		var d net.Dialer
		return d.DialContext(ctx, "unix", path)
	}}
	t.Cleanup(func() {
		tr.CloseIdleConnections()
		server.Close()
		if err := <-done; !errors.Is(err, http.ErrServerClosed) {
			t.Error(err)
		}
	})
	w := &world{Client: NewClient(tr), t: t, db: db}
	doc := w.doc("Work", "a", " b")
	w.wantTree(doc, "a", " b")
	must(w.Import(t.Context(), ImportRequest{Name: "x.txt"}, strings.NewReader("one\n  two\n")))(t)
	files, _ := w.exported(ExportRequest{All: true, Format: "txt"})
	if len(files) != 2 {
		t.Errorf("got %v", files)
	}
	ctx, cancel := context.WithCancel(t.Context())
	_, err = w.Client.Sync(ctx, SyncRequest{}, func(Progress) { cancel() })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want canceled", err)
	}
	_, err = w.Import(t.Context(), ImportRequest{Name: "x.opml"}, strings.NewReader(strings.Repeat("no OPML ", 1<<20)))
	if !isCode(err, "invalid") {
		t.Errorf("got %v", err)
	}
	_, err = w.Resolve(t.Context(), "Nothing")
	if !isCode(err, "no_node") {
		t.Errorf("got %v", err)
	}
}

// TestAnswerCutShortIsNoResult: a server that dies in the middle of an export
// must not leave a file that looks whole.
func TestAnswerCutShortIsNoResult(t *testing.T) {
	h := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		lines := lineWriter{w: w}
		_ = lines.write(frame{File: &ExportFile{Path: "a.opml"}})
		_, _ = lines.Write([]byte("half of"))
	})
	var readErr error
	_, err := NewClient(InProcess(h)).Export(t.Context(), ExportRequest{All: true}, func(_ ExportFile, content io.Reader) error {
		_, readErr = io.ReadAll(content)
		return readErr
	})
	if !errors.Is(err, io.ErrUnexpectedEOF) || !errors.Is(readErr, io.ErrUnexpectedEOF) {
		t.Errorf("got %v; the file's reader got %v", err, readErr)
	}
}
