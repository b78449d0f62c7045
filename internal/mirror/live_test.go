package mirror

import (
	"context"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"outlast/internal/format"
	"outlast/internal/outline"
	"outlast/internal/watch"
	"outlast/store"
)

// live runs the watcher and the mirror of a world, at a pace for tests, until the
// test ends or stop is called.
func (w *world) live(poll time.Duration) (stop func()) {
	w.t.Helper()
	w.pace = pace{20 * time.Millisecond, 100 * time.Millisecond, 100 * time.Millisecond, 200 * time.Millisecond, 50 * time.Millisecond}
	return w.run(watch.Config{Quiet: 30 * time.Millisecond, Ceiling: 200 * time.Millisecond, Poll: poll})
}

// run is live at the pace of the config and the folder.
func (w *world) run(cfg watch.Config) (stop func()) {
	cfg.Dir = w.dir
	cfg.Ignore = func(name string) bool { return Ignored(w.form.name, name) }
	ctx, cancel := context.WithCancel(context.Background())
	batches, changes := make(chan watch.Batch), make(chan Change)
	var parts sync.WaitGroup
	parts.Go(func() {
		_ = watch.Run(ctx, cfg, batches)
	})
	parts.Go(func() {
		for {
			select {
			case <-ctx.Done():
				return
			case b := <-batches:
				select {
				case <-ctx.Done():
				case changes <- Change{Names: b.Names}:
				}
			}
		}
	})
	parts.Go(func() { _ = w.Run(ctx, changes, nil) })
	var once sync.Once
	stop = func() {
		once.Do(func() {
			cancel()
			parts.Wait()
		})
	}
	w.t.Cleanup(stop)
	return stop
}

// until waits until a condition holds. A minute is far beyond what any machine needs.
func (w *world) until(what string, holds func() bool) {
	w.t.Helper()
	for end := time.Now().Add(time.Minute); !holds(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			w.t.Fatalf("not in a minute: %s\noutline\n%s\nfile\n%s\ntold: %+v", what, w.outline(), w.fileOrNothing("Work."+w.form.name), w.report())
		}
	}
}

// untilText waits until the outline has a text.
func (w *world) untilText(text string) {
	w.t.Helper()
	w.until(text+" in the outline", func() bool { return strings.Contains(w.outline(), text) })
}

// inStep tells whether file and outline say the same.
func (w *world) inStep(name string) bool {
	data, err := os.ReadFile(w.path(name))
	if err != nil {
		return false
	}
	got, err := (form{name: w.form.name}).read(data, "doc", nil)
	if err != nil {
		return false
	}
	same := false
	w.view(func(tx *store.Tx) error {
		d, err := tx.Document("doc")
		if err == nil {
			same = listing(d) == listing(got.tree)
		}
		return err
	})
	return same
}

// listing is what a tree says, without ids.
func listing(d *outline.Document) string {
	var b strings.Builder
	for depth, n := range d.Root().Walk() {
		if depth > 0 {
			b.WriteString(strings.Repeat(" ", depth) + n.Content + "\x00" + n.Note + "\n")
		}
	}
	return b.String()
}

// groups returns how many groups of edits came from files.
func (w *world) groups() int {
	seen := map[store.OpID]bool{}
	for _, r := range w.ops() {
		if r.Actor == actorFile || r.Actor == actorAgreed {
			seen[r.Group] = true
		}
	}
	return len(seen)
}

// fiveSaves saves a file five times and checks that each is taken once, and that
// the file is left as the program wrote it.
func fiveSaves(t *testing.T, save func(t *testing.T, path, old, text string)) {
	w := newWorld(t, format.Markdown, "first\n child\nlast")
	w.live(50 * time.Millisecond)
	for i, word := range []string{"one", "two", "three", "four", "five"} {
		was := strings.ReplaceAll(w.file("Work.md"), "\r\n", "\n")
		save(t, w.path("Work.md"), was, strings.Replace(was, "- last\n", "- last\n- "+word+"\n", 1))
		w.untilText(word)
		w.until("file and outline the same", func() bool { return w.inStep("Work.md") })
		if n := w.groups(); n != i+1 {
			t.Fatalf("%d groups of edits after %d saves", n, i+1)
		}
	}
	if got := strings.ReplaceAll(w.file("Work.md"), "\r\n", "\n"); !strings.Contains(got, "- last\n- five\n- four\n- three\n- two\n- one\n") {
		t.Errorf("file\n%s", got)
	}
	w.wantOutline("first\n child\nlast\nfive\nfour\nthree\ntwo\none\n")
	if r := w.report(); r.Files[0].Trouble != "" || len(r.Strange) > 0 || r.Trouble != "" {
		t.Errorf("told: %+v", r)
	}
}
