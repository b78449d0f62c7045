package web

import (
	"context"
	"fmt"
	"strconv"
	"testing"
	"time"

	"outlast/internal/health"
	"outlast/internal/outline"
	"outlast/store"
)

func TestQueueListsDropsAndRetries(t *testing.T) {
	w := newWorld(t)
	ctx := t.Context()
	readOnly(t, w)
	must(w.Check(ctx, CheckRequest{Names: []string{"editable-doc/item"}}))(t)
	w.add("editable-doc", "new")
	text := "newer"
	must(w.Edit(ctx, EditRequest{Name: "editable-doc/new", Text: &text}))(t)
	q := must(w.Queue(ctx))(t)
	if len(q.Waiting) != 3 || q.Waiting[1].What != "add 1 item in editable-doc" ||
		q.Waiting[0].Text != "item" || q.Waiting[1].Text != "new" || q.Waiting[2].Text != "newer" {
		t.Fatalf("got %+v", q)
	}
	name := func(i int) string { return strconv.FormatUint(q.Waiting[i].Seq, 10) }
	shown := must(w.QueueShow(ctx, name(2)))(t)
	if c := shown.Edits[0].NodeChange; c == nil || c.Old.Content != "new" || c.New.Content != "newer" {
		t.Errorf("got %+v", shown)
	}

	_, err := w.QueueDrop(ctx, QueueRequest{Edits: []string{name(1)}})
	wantError(t, err, ErrConfirm) // the edit of its text goes too
	w.wantTree("editable-doc", "item x", "newer")
	gone := must(w.QueueDrop(ctx, QueueRequest{Edits: []string{name(1)}, Confirm: true}))(t)
	if len(gone.Edits) != 2 {
		t.Errorf("dropped %+v", gone)
	}
	w.wantTree("editable-doc", "item x")

	park(t, w.db, "editable-doc")
	if q := must(w.Queue(ctx))(t); len(q.Parked) != 1 || q.Parked[0].Reason != "NodeNotFound" {
		t.Errorf("got %+v", q)
	}
	if l := must(w.Ls(ctx, LsRequest{Pending: true}))(t).Lines; len(l) != 1 || l[0].State != "parked" {
		t.Errorf("ls --pending gave %+v", l)
	}
	must(w.QueueRetry(ctx, name(0)))(t)
	_, err = w.QueueRetry(ctx, name(0))
	wantError(t, err, outline.ErrInvalid)
	_, err = w.QueueDrop(ctx, QueueRequest{Edits: []string{"999"}})
	wantError(t, err, outline.ErrNoNode)

	open(t, w.db, "editable-doc")
	_, err = w.QueueDrop(ctx, QueueRequest{Edits: []string{name(0)}})
	wantError(t, err, ErrInDoubt)
}

func park(t *testing.T, db *store.DB, doc outline.FileID) {
	t.Helper()
	err := db.Update(func(tx *store.Tx) error {
		for rec, err := range tx.Unconfirmed(doc) {
			if err != nil {
				return err
			}
			rec.State, rec.Reason = store.Parked, "NodeNotFound"
			if err := tx.Rewrite(rec); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func open(t *testing.T, db *store.DB, doc outline.FileID) {
	t.Helper()
	err := db.Update(func(tx *store.Tx) error {
		return tx.PutInflight(&store.Intent{RequestID: NewGroup(), Doc: doc, Phase: store.Prepared, SentAt: now()})
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestDropOfANewDocumentTakesItsItems(t *testing.T) {
	w := newWorld(t)
	readOnly(t, w)
	w.doc("Draft", "a", "b")
	q := must(w.Queue(t.Context()))(t)
	first := strconv.FormatUint(q.Waiting[0].Seq, 10)
	gone := must(w.QueueDrop(t.Context(), QueueRequest{Edits: []string{first}, Confirm: true}))(t)
	if len(gone.Edits) != 3 || len(must(w.Queue(t.Context()))(t).Waiting) != 0 {
		t.Errorf("dropped %+v", gone)
	}
	_, err := w.Resolve(t.Context(), "Draft")
	wantError(t, err, outline.ErrNoNode)
}

func TestUndoSkipsWhatWasDropped(t *testing.T) {
	w := newWorld(t)
	readOnly(t, w)
	must(w.Check(t.Context(), CheckRequest{Names: []string{"editable-doc/item"}}))(t)
	w.add("editable-doc", "new")
	q := must(w.Queue(t.Context()))(t)
	must(w.QueueDrop(t.Context(), QueueRequest{Edits: []string{q.Waiting[1].ID}}))(t)
	must(w.Undo(t.Context(), UndoRequest{}))(t)
	w.wantTree("editable-doc", "item")
}

func TestSyncStreamsProgressAndKeepsErrors(t *testing.T) {
	w := newWorld(t)
	doc := w.doc("Work")
	var asked Round
	fail := error(nil)
	w.rt = InProcess(NewHandler(Deps{DB: w.db, Sync: func(_ context.Context, r Round, p func(Progress)) (SyncResult, error) {
		asked = r
		for i := range 3 {
			p(Progress{Stage: "pull", Done: i, Total: 3})
		}
		return SyncResult{Pulled: 3}, fail
	}}))
	seen := 0
	res, err := w.Client.Sync(t.Context(), SyncRequest{Docs: []string{"Work"}, List: true}, func(p Progress) {
		if p.Done != seen {
			t.Errorf("progress %+v, want %d", p, seen)
		}
		seen++
	})
	if err != nil || seen != 3 || res.Pulled != 3 || len(asked.Docs) != 1 || asked.Docs[0] != doc || !asked.List {
		t.Errorf("got %+v, %v, asked %+v", res, err, asked)
	}
	fail = fmt.Errorf("connect: %w", Fail(ErrUnreachable, "no reply in 30 s", "next try 09:47"))
	_, err = w.Client.Sync(t.Context(), SyncRequest{}, nil)
	if e := wantError(t, err, ErrUnreachable); e.Next != "next try 09:47" {
		t.Errorf("got %+v", e)
	}
	_, err = worldOf(t, w.db).Client.Sync(t.Context(), SyncRequest{}, nil)
	wantError(t, err, ErrNotReady)
}

func TestSnapshotsAreReachedThroughFunctions(t *testing.T) {
	w := newWorld(t)
	_, err := w.SnapshotTake(t.Context(), TakeRequest{})
	wantError(t, err, ErrNotReady)
	at := time.Date(2026, 11, 23, 4, 0, 0, 0, time.UTC)
	w.rt = InProcess(NewHandler(Deps{
		DB: w.db,
		TakeSnapshot: func(_ context.Context, r TakeRequest) (SnapshotInfo, error) {
			return SnapshotInfo{At: at, Taken: !r.IfDue}, nil
		},
		ListSnapshots: func(context.Context) ([]SnapshotInfo, error) { return nil, ErrSnapshot },
	}))
	if s := must(w.SnapshotTake(t.Context(), TakeRequest{}))(t); !s.Taken || !s.At.Equal(at) {
		t.Errorf("got %+v", s)
	}
	_, err = w.SnapshotList(t.Context())
	wantError(t, err, ErrSnapshot)
}

func TestStatusOfANewDatabase(t *testing.T) {
	w := newWorld(t)
	w.doc("Work", "a")
	s := must(w.Status(t.Context()))(t)
	if s.Status.State != health.Starting || s.Status.Queue.Count != 2 || s.Status.Documents != 1 || s.Level != health.Unknown {
		t.Errorf("got %+v", s)
	}
}

func TestLsDepthAndLimit(t *testing.T) {
	w := newWorld(t)
	w.doc("Work", "a", " b", "  c", "d")
	for _, c := range []struct{ depth, limit, lines, more int }{
		{0, 0, 2, 0}, {1, 0, 2, 0}, {2, 0, 3, 0}, {9, 0, 4, 0}, {9, 3, 3, 1},
	} {
		r := must(w.Ls(t.Context(), LsRequest{Name: "Work", Depth: c.depth, Limit: c.limit}))(t)
		if len(r.Lines) != c.lines || r.More != c.more || r.Lines[0].N != 1 || r.Lines[0].Children != 1 {
			t.Errorf("%+v: got %+v", c, r)
		}
	}
	if r := must(w.Ls(t.Context(), LsRequest{}))(t); len(r.Lines) != 1 || r.Lines[0].Kind != KindDocument || r.Of != nil {
		t.Errorf("got %+v", r)
	}
}
