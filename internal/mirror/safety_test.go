package mirror

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"outlast/internal/format"
	"outlast/internal/outline"
	"outlast/store"
)

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// leftAlone runs a pass in both directions and fails if it did anything.
func (w *world) leftAlone(why string) {
	w.t.Helper()
	if err := w.Take([]string{"Work.md"}); !errors.Is(err, ErrFolder) {
		w.t.Errorf("taken: %v", err)
	}
	if err := w.Give(); !errors.Is(err, ErrFolder) {
		w.t.Errorf("given: %v", err)
	}
	if got := w.report().Trouble; !strings.Contains(got, why) {
		w.t.Errorf("told %q, want %q", got, why)
	}
	if n := len(w.ops()); n > 0 {
		w.t.Errorf("%d edits", n)
	}
}

func TestFolderThatIsNotOursIsLeftAlone(t *testing.T) {
	t.Run("gone", func(t *testing.T) {
		w := newWorld(t, format.Markdown, "a\nb")
		w.must(os.Rename(w.dir, w.dir+".away"))
		w.leftAlone("not there")
		w.must(os.Rename(w.dir+".away", w.dir))
		w.edit("Work.md", "- b\n", "- b2\n")
		w.take("Work.md")
		w.wantOutline("a\nb2\n")
		if w.report().Trouble != "" {
			t.Errorf("trouble stays: %s", w.report().Trouble)
		}
	})
	t.Run("empty mount point", func(t *testing.T) {
		w := newWorld(t, format.Markdown, "a\nb")
		w.must(os.Rename(w.dir, w.dir+".away"))
		w.must(os.Mkdir(w.dir, 0o700))
		w.leftAlone("volume not mounted")
		if entries, err := os.ReadDir(w.dir); err != nil || len(entries) > 0 {
			t.Errorf("something was written below: %v %v", entries, err)
		}
	})
	t.Run("symlink", func(t *testing.T) {
		w := newWorld(t, format.Markdown, "a\nb")
		w.must(os.Rename(w.dir, w.dir+".away"))
		w.must(os.Symlink(w.dir+".away", w.dir))
		w.leftAlone("symlink")
	})
	t.Run("old copy swapped in", func(t *testing.T) {
		w := newWorld(t, format.Markdown, "a\nb")
		w.must(os.CopyFS(w.dir+".copy", os.DirFS(w.dir)))
		w.pageText("b", "b2")
		w.give()
		n := len(w.ops())
		w.must(os.Rename(w.dir, w.dir+".away"))
		w.must(os.Rename(w.dir+".copy", w.dir))
		if err := w.Take([]string{"Work.md"}); !errors.Is(err, ErrFolder) || len(w.ops()) != n {
			t.Errorf("taken: %v, %d edits", err, len(w.ops())-n)
		}
		w.wantOutline("a\nb2\n")
	})
	t.Run("equal copy swapped in", func(t *testing.T) {
		w := newWorld(t, format.Markdown, "a\nb")
		w.must(os.CopyFS(w.dir+".copy", os.DirFS(w.dir)))
		w.must(os.Rename(w.dir, w.dir+".away"))
		w.must(os.Rename(w.dir+".copy", w.dir))
		w.give()
		w.edit("Work.md", "- b\n", "- b2\n")
		w.take("Work.md")
		w.wantOutline("a\nb2\n")
	})
}

func TestStrangeFilesAreToldAndNotTaken(t *testing.T) {
	w := newWorld(t, format.Markdown, "a\nb")
	other := strings.Replace(w.file("Work.md"), "- a\n", "- x\n", 1)
	for _, name := range []string{
		"Work (Ana's conflicted copy 2026-11-27).md", "Work.sync-conflict-20261127-090000-ABCDEFG.md",
		"Work (Case Conflict).md", "notes.md",
	} {
		w.write(name, other)
		w.take(name)
		if w.trouble(name) == "" {
			t.Errorf("nothing is told of %s", name)
		}
		w.must(os.Remove(w.path(name)))
		w.take(name)
		if got := w.trouble(name); got != "" {
			t.Errorf("%s is told of after it went: %s", name, got)
		}
	}
	for _, name := range []string{"4913", ".Work.md.swp", "Work.md~", ".#Work.md", "#Work.md#", ".~lock.Work.md#", "~$Work.md", "#Work.md", ".Work.md"} {
		if !Ignored("md", name) {
			t.Errorf("%s matters", name)
		}
	}
	if len(w.ops()) > 0 {
		t.Errorf("%d edits", len(w.ops()))
	}
	w.must(os.Remove(w.path("Work.md")))
	w.write("elsewhere", other)
	w.must(os.Symlink(w.path("elsewhere"), w.path("Work.md")))
	w.take("Work.md")
	w.give()
	if got := w.trouble("Work.md"); !strings.Contains(got, "symlink") || len(w.ops()) > 0 {
		t.Errorf("told %q, %d edits", got, len(w.ops()))
	}
	if target, err := os.Readlink(w.path("Work.md")); err != nil {
		t.Errorf("the symlink was replaced: %q %v", target, err)
	}
}

func TestFileOfAnotherIsNeverReplaced(t *testing.T) {
	w := newWorld(t, format.Markdown, "a")
	w.write("Home.md", "mine\n")
	w.addDoc("doc2", "Home", "x")
	w.give()
	if w.file("Home.md") != "mine\n" {
		t.Error("it was written over")
	}
	found := false
	for _, f := range w.report().Files {
		found = found || f.Doc == "doc2" && f.Name != "Home.md" && strings.Contains(w.file(f.Name), "- x\n")
	}
	if !found {
		t.Errorf("no file for it: %+v", w.report().Files)
	}
}

func TestRenamedFileIsFollowed(t *testing.T) {
	for _, to := range []string{"Other name.md", "work.md"} {
		w := newWorld(t, format.Markdown, "a\nb")
		w.must(os.Rename(w.path("Work.md"), w.path(to)))
		w.take("Work.md", to)
		w.give()
		w.edit(to, "- b\n", "- b2\n")
		w.take(to)
		w.wantOutline("a\nb2\n")
		if _, err := os.Stat(w.path("Work.md")); err == nil && to != "work.md" {
			t.Error("the old name came back")
		}
	}
}

func TestTitleOfAFileRenamesItsDocument(t *testing.T) {
	w := newWorld(t, format.Markdown, "a")
	title := func() (title string) {
		w.view(func(tx *store.Tx) error {
			files, err := tx.Files()
			if err == nil {
				title = files.File("doc").Title
			}
			return err
		})
		return title
	}
	w.edit("Work.md", "# Work", "# Work and play")
	w.take("Work.md")
	if title() != "Work and play" {
		t.Errorf("title %q", title())
	}
	w.give()
	if !strings.HasPrefix(w.file("Work.md"), "# Work and play\n") {
		t.Errorf("file\n%s", w.file("Work.md"))
	}
	buffer := w.file("Work.md")
	w.must(w.db.Update(func(tx *store.Tx) error {
		id := store.OpID(newID())
		_, err := tx.Append(store.Op{ID: id, Group: id, Actor: "web", File: &outline.FileChange{Kind: outline.Update, File: "doc", NewTitle: "Page"}})
		return err
	}))
	w.write("Work.md", strings.Replace(buffer, "# Work and play", "# File", 1))
	w.take("Work.md")
	if title() != "Page" || len(w.conflicts()) != 1 || w.conflicts()[0].Kind != store.ConflictTitle {
		t.Errorf("title %q, conflicts %+v", title(), w.conflicts())
	}
}

// An editor that knows no notes or colors drops them all, and our own elements.
func TestEditorThatCannotHoldMarksDoesNotDeleteThem(t *testing.T) {
	w := newWorld(t, format.OPML, "a\n> note a\nb\n> note b\nc")
	w.write("Work.opml", `<?xml version="1.0"?><opml version="1.0"><head><title>Work</title></head><body>
<outline text="a"/><outline text="b, edited there"/><outline text="c"/><outline text="new"/></body></opml>`)
	w.take("Work.opml")
	w.wantOutline("a\n> note a\nb, edited there\n> note b\nc\nnew\n")
}

func TestDocumentThatMayOnlyBeReadIsNotChanged(t *testing.T) {
	w := newWorld(t, format.Markdown, "a\nb")
	w.must(w.db.Update(func(tx *store.Tx) error {
		files, err := tx.BaseFiles()
		if err != nil {
			return err
		}
		files.File("doc").Permission = outline.Read
		return tx.PutBaseFiles(files)
	}))
	w.edit("Work.md", "- a\n", "- a2\n")
	w.take("Work.md")
	w.give()
	if len(w.ops()) > 0 || !strings.Contains(w.trouble("Work.md"), "only be read") || !strings.Contains(w.file("Work.md"), "a2") {
		t.Errorf("%d edits, told %q", len(w.ops()), w.trouble("Work.md"))
	}
}

func TestDocumentTooDeepForMarkdownIsTold(t *testing.T) {
	var deep strings.Builder
	for i := range 150 {
		fmt.Fprintf(&deep, "%slevel %d\n", strings.Repeat(" ", i), i)
	}
	w := newWorld(t, format.Markdown, deep.String())
	if why := w.trouble("Work"); !strings.Contains(why, "cannot be held") {
		t.Errorf("told %q of %+v", why, w.report())
	}
	if _, err := os.Stat(w.path("Work.md")); err == nil {
		t.Error("a file was written that says something else")
	}
}

// A save at the very moment when the file is written anew is found in the place
// of the old file, and taken.
func TestSaveWhileTheFileIsReplacedIsNotLost(t *testing.T) {
	w := newWorld(t, format.Markdown, "a\nb")
	old, err := os.OpenFile(w.path("Work.md"), os.O_RDWR, 0) // an editor that has it open
	w.must(err)
	defer old.Close()
	buffer := w.file("Work.md")
	w.pageText("a", "a2")
	w.give()
	if !strings.Contains(w.file("Work.md"), "a2") || len(w.spares) == 0 {
		t.Skip("names cannot be exchanged here")
	}
	w.must(old.Truncate(0))
	_, err = old.WriteAt([]byte(strings.Replace(buffer, "- b\n", "- b3\n", 1)), 0)
	w.must(err)
	w.must(w.sweep(time.Now()))
	w.wantOutline("a2\nb\n") // not yet: it may still be written to
	w.must(w.sweep(time.Now().Add(time.Minute)))
	w.wantOutline("a2\nb3\n")
	w.give()
	if !strings.Contains(w.file("Work.md"), "- a2\n- b3\n") {
		t.Errorf("file\n%s", w.file("Work.md"))
	}
	w.must(w.sweep(time.Now().Add(time.Hour)))
	entries, err := os.ReadDir(w.dir)
	if err != nil || len(entries) != 2 {
		t.Errorf("left in the folder: %v %v", entries, err)
	}
}

// Killed after the base was kept and before the file got its name: the next run
// knows the old file and writes it; a save in between is taken with its own base.
func TestKilledBeforeTheFileGotItsName(t *testing.T) {
	for _, saved := range []bool{false, true} {
		t.Run(fmt.Sprint(saved), func(t *testing.T) {
			w := newWorld(t, format.Markdown, "a\nb")
			was := w.file("Work.md")
			w.pageText("a", "a2")
			w.give()
			// As if the rename had not been:
			w.must(w.update("doc", func(st *fileState) { st.Before = hash([]byte(was)) }))
			w.must(os.WriteFile(w.path("Work.md"), []byte(was), 0o600))
			want := "a2\nb\n"
			if saved {
				w.edit("Work.md", "- b\n", "- b3\n")
				want = "a2\nb3\n"
			}
			w.must(w.Close())
			w.Folder = New(w.config(format.Markdown))
			w.must(w.db.View(w.load))
			w.take("Work.md")
			w.give()
			w.wantOutline(want)
			if !strings.Contains(w.file("Work.md"), "- a2\n") {
				t.Errorf("file\n%s", w.file("Work.md"))
			}
			w.take("Work.md")
			w.wantOutline(want)
		})
	}
}

// What is kept of a folder survives a restart, and all of it goes with Forget.
func TestRestartAndForget(t *testing.T) {
	w := newWorld(t, format.Markdown, "a\n b\nc")
	buffer := w.file("Work.md")
	w.pageText("c", "c2")
	w.give()
	w.must(w.Close())
	w.Folder = New(w.config(format.Markdown))
	w.write("Work.md", strings.Replace(buffer, "- b\n", "- b2\n", 1))
	w.take("Work.md")
	w.wantOutline("a\n b2\nc2\n")
	w.must(Forget(w.db, w.dir))
	w.view(func(tx *store.Tx) error {
		for _, key := range []string{w.key, w.fileKey("doc"), w.partKey("doc", 0)} {
			if raw, err := tx.Cursor(key); err != nil || raw != nil {
				t.Errorf("%s is kept: %q %v", key, raw, err)
			}
		}
		return nil
	})
	if _, err := os.Stat(filepath.Join(w.dir, "Work.md")); err != nil {
		t.Error("the file went")
	}
}
