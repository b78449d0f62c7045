package mirror

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"outlast/internal/format"
	"outlast/internal/outline"
	"outlast/store"
	"outlast/store/storetest"
	"outlast/sync"
)

// newID makes ids in the form of ULIDs that sort as they are made.
func newID() string {
	lastID.Add(1)
	return fmt.Sprintf("01K%023d", lastID.Load())
}

var lastID atomic.Int64

// world is a database with a document "Work" (id doc) and a watched folder.
type world struct {
	t   testing.TB
	db  *store.DB
	dir string
	*Folder
}

// newWorld begins a folder. The outline is written as indented lines.
func newWorld(t testing.TB, formatName, lines string) *world {
	t.Helper()
	return newWorldIn(t, storetest.OpenFast(t), formatName, lines)
}

func newWorldIn(t testing.TB, db *store.DB, formatName, lines string) *world {
	t.Helper()
	w := &world{t: t, db: db, dir: filepath.Join(t.TempDir(), "outline")}
	w.addDoc("doc", "Work", lines)
	w.Folder = New(w.config(formatName))
	if err := w.Begin(); err != nil {
		t.Fatal(err)
	}
	w.give()
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

func (w *world) config(formatName string) Config {
	return Config{
		DB: w.db, Dir: w.dir, Format: formatName, NewID: newID,
		Merge: func(base, present *outline.Document, changes []outline.Change) Merged {
			return Merged(sync.Rebase(base, present, changes, time.Now(), newID))
		},
		Guard: func(tx *store.Tx, doc *outline.Document, gone, left int) (string, error) {
			return sync.Limits{Nodes: 20, Percent: 10}.Holds(tx, doc, gone, left, time.Now())
		},
	}
}

// addDoc adds a document as the service would show it.
func (w *world) addDoc(id outline.FileID, title, lines string) {
	w.t.Helper()
	err := w.db.Update(func(tx *store.Tx) error {
		files, err := tx.BaseFiles()
		if err != nil || files == nil {
			files = outline.NewFiles("rootfile")
		}
		if err := files.Append(files.Root, outline.File{ID: id, Kind: outline.DocumentKind, Title: title, Permission: outline.Owner}); err != nil {
			return err
		}
		if err := tx.PutAccount(store.Account{RootFile: outline.ServiceID(files.Root)}); err != nil {
			return err
		}
		if err := tx.PutBaseFiles(files); err != nil {
			return err
		}
		_, err = tx.PutBase(docOf(id, title, lines), nil, time.Now())
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// docOf makes a document of indented lines; a line that begins with "> " is a note.
func docOf(id outline.FileID, title, lines string) *outline.Document {
	d := outline.New(id, title)
	path := []*outline.Node{d.Root()}
	for i, line := range strings.Split(strings.Trim(lines, "\n"), "\n") {
		text := strings.TrimLeft(line, " ")
		if text == "" {
			continue
		}
		if note, ok := strings.CutPrefix(text, "> "); ok {
			path[len(path)-1].Note = note
			continue
		}
		depth := len(line) - len(text) + 1
		path = append(path[:depth], d.Append(path[depth-1], outline.NodeID(fmt.Sprintf("%s-%03d", id, i)), outline.Fields{Content: text}))
	}
	return d
}

// outline returns the working tree as indented lines.
func (w *world) outline() string {
	w.t.Helper()
	var b strings.Builder
	err := w.db.View(func(tx *store.Tx) error {
		d, err := tx.Document("doc")
		if err != nil {
			return err
		}
		for depth, n := range d.Root().Walk() {
			if depth == 0 {
				continue
			}
			fmt.Fprintf(&b, "%s%s\n", strings.Repeat(" ", depth-1), n.Content)
			if n.Note != "" {
				fmt.Fprintf(&b, "%s> %s\n", strings.Repeat(" ", depth-1), n.Note)
			}
		}
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return b.String()
}

func (w *world) wantOutline(want string) {
	w.t.Helper()
	if got := w.outline(); got != strings.TrimLeft(want, "\n") {
		w.t.Errorf("outline is\n%swant\n%s", got, strings.TrimLeft(want, "\n"))
	}
}

// id returns the id of the node with a content.
func (w *world) id(content string) (id outline.NodeID) {
	w.t.Helper()
	w.view(func(tx *store.Tx) error {
		d, err := tx.Document("doc")
		if err != nil {
			return err
		}
		for n := range d.Nodes() {
			if n.Content == content {
				id = n.ID
			}
		}
		return nil
	})
	if id == "" {
		w.t.Fatalf("no item %q in\n%s", content, w.outline())
	}
	return id
}

func (w *world) view(fn func(*store.Tx) error) {
	w.t.Helper()
	if err := w.db.View(fn); err != nil {
		w.t.Fatal(err)
	}
}

// page makes a change as a person on the page would.
func (w *world) page(c outline.Change) {
	w.t.Helper()
	err := w.db.Update(func(tx *store.Tx) error {
		id := store.OpID(newID())
		_, err := tx.Append(store.Op{ID: id, Group: id, Actor: "web", Doc: "doc", Node: &c})
		return err
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) pageText(from, to string) {
	w.t.Helper()
	w.page(outline.Change{Kind: outline.Update, Node: w.id(from), Mask: outline.Content, New: outline.Fields{Content: to}})
}

func (w *world) pageAdd(after, text string) {
	w.t.Helper()
	w.page(outline.Change{
		Kind: outline.Insert, Node: outline.NodeID(newID()), New: outline.Fields{Content: text},
		To: outline.Place{Parent: outline.RootID, Left: w.id(after)},
	})
}

func (w *world) give() {
	w.t.Helper()
	if err := w.Give(); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) take(names ...string) {
	w.t.Helper()
	if err := w.Take(names); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) path(name string) string { return filepath.Join(w.dir, name) }

func (w *world) file(name string) string {
	w.t.Helper()
	data, err := os.ReadFile(w.path(name))
	if err != nil {
		w.t.Fatal(err)
	}
	return string(data)
}

func (w *world) write(name, text string) {
	w.t.Helper()
	if err := os.WriteFile(w.path(name), []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
}

// edit replaces text in a file, and fails if it is not there.
func (w *world) edit(name, old, text string) {
	w.t.Helper()
	was := w.file(name)
	now := strings.Replace(was, old, text, 1)
	if now == was {
		w.t.Fatalf("no %q in\n%s", old, was)
	}
	w.write(name, now)
}

func (w *world) report() Report {
	w.t.Helper()
	var r Report
	w.view(func(tx *store.Tx) (err error) {
		r, err = Look(tx, w.dir)
		return err
	})
	return r
}

// trouble returns what is told of a file.
func (w *world) trouble(name string) string {
	w.t.Helper()
	for _, f := range w.report().Files {
		if f.Name == name {
			return f.Trouble
		}
	}
	for _, s := range w.report().Strange {
		if s.Name == name {
			return s.Why
		}
	}
	return ""
}

func (w *world) conflicts() (all []store.Conflict) {
	w.t.Helper()
	w.view(func(tx *store.Tx) error {
		for c, err := range tx.Conflicts() {
			if err != nil {
				return err
			}
			all = append(all, c)
		}
		return nil
	})
	return all
}

// ops returns the records of the log.
func (w *world) ops() (all []store.Record) {
	w.t.Helper()
	w.view(func(tx *store.Tx) error {
		for r, err := range tx.AllUnconfirmed() {
			if err != nil {
				return err
			}
			all = append(all, r)
		}
		return nil
	})
	return all
}

func TestDocumentBecomesAFile(t *testing.T) {
	w := newWorld(t, format.Markdown, "a\n b\n> note\nc")
	got := w.file("Work.md")
	if !strings.HasPrefix(got, "# Work\n\n- a\n  - b\n    > note\n- c\n<!-- outlast ") {
		t.Errorf("got\n%s", got)
	}
	info, err := os.Stat(w.path("Work.md"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	before := w.file("Work.md")
	w.give()
	if w.file("Work.md") != before {
		t.Error("it was written again without reason")
	}
}

func TestSaveIsOneGroupOfQueuedEdits(t *testing.T) {
	for _, form := range []string{format.Markdown, format.OPML} {
		t.Run(form, func(t *testing.T) {
			w := newWorld(t, form, "a\n b\nc")
			name := "Work." + form
			if form == format.Markdown {
				w.write(name, strings.Replace(strings.Replace(w.file(name), "- a", "- [x] a!", 1), "- c\n", "- c\n  - d\n", 1))
			} else {
				text := strings.Replace(w.file(name), `text="a"`, `text="a!" complete="true"`, 1)
				text = strings.Replace(text, `<outline text="c"`, `<outline text="d"/><outline text="c"`, 1)
				w.write(name, text)
			}
			saved := w.file(name)
			w.take(name)
			ops := w.ops()
			if len(ops) != 2 {
				t.Fatalf("%d operations: %+v", len(ops), ops)
			}
			for _, r := range ops {
				if r.Group != ops[0].Group || r.Actor != actorFile || r.State != store.Pending {
					t.Errorf("record %+v", r)
				}
			}
			if !strings.Contains(w.outline(), "a!\n b\n") || !strings.Contains(w.outline(), "d\n") {
				t.Errorf("outline\n%s", w.outline())
			}
			w.give()
			if w.file(name) != saved {
				t.Errorf("the save was written over:\n%s\nwas\n%s", w.file(name), saved)
			}
			w.take(name) // no echo
			if len(w.ops()) != 2 {
				t.Error("the same save was taken twice")
			}
		})
	}
}

func TestOutlineIsWrittenToItsFile(t *testing.T) {
	for _, form := range []string{format.Markdown, format.OPML} {
		t.Run(form, func(t *testing.T) {
			w := newWorld(t, form, "a\nb")
			w.pageText("a", "A")
			w.give()
			name := "Work." + form
			if !strings.Contains(w.file(name), "A") {
				t.Errorf("got\n%s", w.file(name))
			}
			w.take(name)
			if n := len(w.ops()); n != 1 {
				t.Errorf("our own write came back as %d operations", n-1)
			}
		})
	}
}

// A save of a file while the outline changed merges, and the file shows both.
func TestSaveAndOutlineMerge(t *testing.T) {
	w := newWorld(t, format.Markdown, "a\nb\nc")
	w.edit("Work.md", "- a\n", "- a in the file\n")
	w.pageText("b", "b on the page")
	w.give() // must not write over the save
	w.take("Work.md")
	w.give()
	w.wantOutline("a in the file\nb on the page\nc\n")
	if !strings.Contains(w.file("Work.md"), "- a in the file\n- b on the page\n- c\n") {
		t.Errorf("file\n%s", w.file("Work.md"))
	}
}

// An editor that had the file open before it was written anew saves what is based
// on an older export. What came meanwhile stays.
func TestSaveFromAnOldBufferRevertsNothing(t *testing.T) {
	for _, form := range []string{format.Markdown, format.OPML} {
		t.Run(form, func(t *testing.T) {
			w := newWorld(t, form, "a\nb\nc")
			name := "Work." + form
			buffer := w.file(name)
			w.pageText("b", "b2")
			w.give()
			w.pageAdd("b2", "new")
			w.give()
			w.write(name, strings.Replace(buffer, "a", "a", 1)) // saved as it was
			w.take(name)
			w.wantOutline("a\nb2\nnew\nc\n")
			w.give()
			if form == format.Markdown {
				buffer = strings.Replace(buffer, "- a\n", "- a3\n", 1)
			} else {
				buffer = strings.Replace(buffer, `text="a"`, `text="a3"`, 1)
			}
			w.write(name, buffer)
			w.take(name)
			w.wantOutline("a3\nb2\nnew\nc\n")
			w.pageText("c", "c4")
			w.give()
			w.write(name, strings.Replace(buffer, "a3", "a5", 1)) // goes on from its own last save
			w.take(name)
			w.wantOutline("a5\nb2\nnew\nc4\n")
		})
	}
}

func TestBothSidesChangeOneText(t *testing.T) {
	w := newWorld(t, format.Markdown, "call Ana today\nb")
	w.edit("Work.md", "call Ana today", "call Ana tomorrow")
	w.pageText("call Ana today", "call Ana on Friday")
	w.take("Work.md")
	w.give()
	for _, text := range []string{"call Ana tomorrow", "call Ana on Friday"} {
		if !strings.Contains(w.outline(), text) || !strings.Contains(w.file("Work.md"), text) {
			t.Errorf("%q is lost:\n%s\n%s", text, w.outline(), w.file("Work.md"))
		}
	}
	cs := w.conflicts()
	if len(cs) != 1 || strings.Contains(cs[0].Text, "service") {
		t.Errorf("conflicts %+v", cs)
	}
}

func TestFaultyFilesAreLeftAlone(t *testing.T) {
	for _, form := range []string{format.Markdown, format.OPML} {
		w := newWorld(t, form, "a\nb\nc")
		name := "Work." + form
		whole := w.file(name)
		for fault, text := range map[string]string{
			"empty": "", "blank": "\n\n", "cut": whole[:len(whole)-12], "half": whole[:len(whole)/2], "NULs": strings.Repeat("\x00", len(whole)),
			"other": "<html><body>404</body></html>", "bad UTF-8": strings.Replace(whole, "b", "\xff", 1),
		} {
			t.Run(form+" "+fault, func(t *testing.T) {
				w.write(name, text)
				w.take(name)
				w.give()
				if w.file(name) != text {
					t.Error("it was written over")
				}
				if w.trouble(name) == "" {
					t.Error("nothing is told of it")
				}
				if n := len(w.ops()); n > 0 {
					t.Errorf("it made %d edits", n)
				}
			})
		}
		w.write(name, whole)
		w.take(name)
		if got := w.trouble(name); got != "" {
			t.Errorf("trouble stays: %s", got)
		}
	}
}

func TestDeletedFileDeletesNothingAndComesBack(t *testing.T) {
	w := newWorld(t, format.Markdown, "a\nb")
	was := w.file("Work.md")
	if err := os.Remove(w.path("Work.md")); err != nil {
		t.Fatal(err)
	}
	w.take("Work.md")
	w.give()
	w.pageText("a", "A")
	w.give()
	if _, err := os.Stat(w.path("Work.md")); err == nil {
		t.Error("it came back at once, where an editor may be about to write it")
	}
	if got := w.trouble("Work.md"); !strings.Contains(got, "missing") {
		t.Errorf("told %q", got)
	}
	w.missing["doc"] = time.Now().Add(-time.Minute)
	w.give()
	w.wantOutline("A\nb\n")
	if got := w.trouble("Work.md"); got != "" {
		t.Errorf("trouble stays: %q", got)
	}
	if got := w.file("Work.md"); !strings.Contains(got, "- A\n- b\n") || got == was {
		t.Errorf("got\n%s", got)
	}
	w.write("Work.md", strings.Replace(was, "- b\n", "- b2\n", 1)) // a buffer from before still knows its base
	w.take("Work.md")
	w.wantOutline("A\nb2\n")
}

// It comes back though nothing else happens.
func TestDeletedFileComesBackByItself(t *testing.T) {
	w := newWorld(t, format.Markdown, "a\nb")
	w.live(time.Hour)
	w.until("the file is seen", func() bool { return w.inStep("Work.md") })
	if err := os.Remove(w.path("Work.md")); err != nil {
		t.Fatal(err)
	}
	w.until("the file is back", func() bool { return w.inStep("Work.md") })
	w.wantOutline("a\nb\n")
}

func TestLargeDeletionWaitsForAPerson(t *testing.T) {
	var lines strings.Builder
	for i := range 100 {
		fmt.Fprintf(&lines, "item %02d\n", i)
	}
	cut := func(w *world) {
		text := w.file("Work.md")
		from, to := strings.Index(text, "- item 10\n"), strings.Index(text, "- item 50\n")
		w.write("Work.md", strings.Replace(text[:from]+text[to:], "- item 60\n", "- item 60 edited\n", 1))
		w.take("Work.md")
	}
	for _, mine := range []bool{true, false} {
		t.Run(fmt.Sprint(mine), func(t *testing.T) {
			w := newWorld(t, format.Markdown, lines.String())
			cut(w)
			saved := w.file("Work.md")
			w.give()
			cs := w.conflicts()
			if len(cs) != 1 || !cs[0].Waits || cs[0].Kind != store.ConflictSave || !strings.Contains(cs[0].Text, "40 of 100") {
				t.Fatalf("conflicts %+v", cs)
			}
			if len(w.ops()) > 0 || w.file("Work.md") != saved || !strings.Contains(w.trouble("Work.md"), "waits") {
				t.Errorf("%d operations, trouble %q", len(w.ops()), w.trouble("Work.md"))
			}
			w.take("Work.md") // asked once
			if len(w.conflicts()) != 1 {
				t.Errorf("asked %d times", len(w.conflicts()))
			}
			if nodes, _, err := sync.HeldItems(cs[0]); err != nil || len(nodes) != 40 {
				t.Errorf("%d items, %v", len(nodes), err)
			}
			if err := w.db.Update(func(tx *store.Tx) error { return Decide(tx, cs[0], mine) }); err != nil {
				t.Fatal(err)
			}
			w.give()
			want := 60
			if !mine {
				want = 100
			}
			if got := strings.Count(w.outline(), "\n"); got != want || !strings.Contains(w.outline(), "item 60 edited") {
				t.Errorf("%d items, want %d:\n%s", got, want, w.outline())
			}
			w.give()
			if got := strings.Count(w.file("Work.md"), "- item"); got != want {
				t.Errorf("%d items in the file, want %d", got, want)
			}
			if len(w.conflicts()) > 0 || w.trouble("Work.md") != "" {
				t.Errorf("left: %+v %q", w.conflicts(), w.trouble("Work.md"))
			}
		})
	}
	t.Run("nothing but what is not wanted", func(t *testing.T) {
		w := newWorld(t, format.Markdown, "a\nb")
		w.edit("Work.md", "- a\n- b\n", "")
		w.take("Work.md")
		if err := w.db.Update(func(tx *store.Tx) error { return Decide(tx, w.conflictsIn(tx)[0], false) }); err != nil {
			t.Fatal(err)
		}
		w.give()
		if !strings.Contains(w.file("Work.md"), "- a\n- b\n") {
			t.Errorf("file\n%s", w.file("Work.md"))
		}
	})
	t.Run("taken back in the editor", func(t *testing.T) {
		w := newWorld(t, format.Markdown, lines.String())
		whole := w.file("Work.md")
		cut(w)
		w.write("Work.md", whole)
		w.take("Work.md")
		if len(w.conflicts()) > 0 || w.trouble("Work.md") != "" || len(w.ops()) > 0 {
			t.Errorf("left: %+v %q, %d operations", w.conflicts(), w.trouble("Work.md"), len(w.ops()))
		}
	})
	t.Run("answer is good for what was asked", func(t *testing.T) {
		w := newWorld(t, format.Markdown, lines.String())
		cut(w)
		if err := w.db.Update(func(tx *store.Tx) error { return Decide(tx, w.conflictsIn(tx)[0], true) }); err != nil {
			t.Fatal(err)
		}
		w.edit("Work.md", "- item 70\n", "")
		w.give()
		if len(w.ops()) > 0 || len(w.conflicts()) != 1 {
			t.Errorf("%d operations, conflicts %+v", len(w.ops()), w.conflicts())
		}
	})
	t.Run("everything", func(t *testing.T) {
		w := newWorld(t, format.Markdown, "a\nb")
		w.edit("Work.md", "- a\n- b\n", "")
		w.take("Work.md")
		if len(w.conflicts()) != 1 {
			t.Errorf("conflicts %+v", w.conflicts())
		}
	})
}

func (w *world) conflictsIn(tx *store.Tx) (all []store.Conflict) {
	for c, err := range tx.Conflicts() {
		if err == nil {
			all = append(all, c)
		}
	}
	return all
}

// What a save deletes is in the trash, as the trees that it was.
func TestDeletionOfASaveIsKeptInTheTrash(t *testing.T) {
	w := newWorld(t, format.Markdown, "a\n b\n  c\n moves out of it\ne")
	w.edit("Work.md", "- a\n  - b\n    - c\n  - moves out of it\n", "- moves out of it\n")
	w.take("Work.md")
	w.wantOutline("moves out of it\ne\n")
	var trash []store.Trashed
	w.view(func(tx *store.Tx) error {
		for t, err := range tx.Trashed() {
			if err != nil {
				return err
			}
			trash = append(trash, t)
		}
		return nil
	})
	if len(trash) != 1 || len(trash[0].Nodes) != 3 || trash[0].Nodes[2].Depth != 2 || trash[0].Nodes[2].Content != "c" {
		t.Errorf("trash %+v", trash)
	}
}
