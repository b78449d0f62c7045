package snapshot

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"outlast/internal/format"
	"outlast/internal/outline"
	"outlast/internal/outline/outlinetest"
	"outlast/opml"
	"outlast/store"
	"outlast/store/storetest"
)

// T is what testing and rapid have in common.
type T interface {
	Helper()
	Fatal(...any)
	Fatalf(string, ...any)
	Errorf(string, ...any)
}

// load makes documents the account's: those with an odd place in a folder Work.
func load(t T, db *store.DB, docs ...*outline.Document) {
	t.Helper()
	files := outline.NewFiles("root-folder")
	if err := files.Append(files.Root, outline.File{ID: "folder-work", Kind: outline.FolderKind, Title: "Work"}); err != nil {
		t.Fatal(err)
	}
	for i, d := range docs {
		parent := files.Root
		if i%2 == 1 {
			parent = "folder-work"
		}
		err := files.Append(parent, outline.File{
			ID: d.ID, Kind: outline.DocumentKind, Title: d.Title, Permission: outline.Owner,
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	err := db.Update(func(tx *store.Tx) error {
		if err := tx.PutBaseFiles(files); err != nil {
			return err
		}
		for _, d := range docs {
			if _, err := tx.PutBase(d, nil, time.Unix(1_700_000_000, 0)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// generated returns n documents of that size.
func generated(n, nodes int) []*outline.Document {
	var docs []*outline.Document
	for i := range n {
		docs = append(docs, outlinetest.Generate(uint64(i+1), nodes))
	}
	return docs
}

// edit changes the content of the first node of a document.
func edit(t T, db *store.DB, id outline.FileID, content string) {
	t.Helper()
	err := db.Update(func(tx *store.Tx) error {
		d, err := tx.Document(id)
		if err != nil {
			return err
		}
		seq := strconv.FormatInt(time.Now().UnixNano(), 36)
		n := d.Root().First()
		c := outline.Change{
			Kind: outline.Update, Node: n.ID, Mask: outline.Content, New: outline.Fields{Content: content},
		}
		_, err = tx.Append(store.Op{ID: store.OpID("op-" + seq + content), Actor: "cli", Doc: id, Node: &c})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func options(dir string) Options { return Options{Dir: dir, Program: "1.2.3"} }

// take takes a snapshot that must succeed.
func take(t T, db *store.DB, o Options) Info {
	t.Helper()
	info, err := Take(context.Background(), db, o)
	if err != nil {
		t.Fatal(err)
	}
	return info
}

// manifestOf reads the manifest of a published snapshot.
func manifestOf(t T, info Info) *Manifest {
	t.Helper()
	root, err := os.OpenRoot(info.Path)
	if err != nil {
		t.Fatal(err)
	}
	m, err := readManifest(root)
	if err != nil {
		t.Fatal(err)
	}
	if err := root.Close(); err != nil {
		t.Fatal(err)
	}
	return m
}

// tree is a document in its written form, in a way that shares no code with
// what compares it in the product.
func tree(d *outline.Document) []string {
	lines := []string{fmt.Sprintf("%s %q %q", d.ID, opml.Written(d.Title), opml.Written(d.Root().Note))}
	for e := range d.Root().Entries() {
		if e.Depth == 0 {
			continue
		}
		e.Content, e.Note, e.Extra = opml.Written(e.Content), opml.Written(e.Note), ""
		lines = append(lines, fmt.Sprintf("%d %s %+v", e.Depth, e.ID, e.Fields))
	}
	return lines
}

// checkHolds compares each file of a snapshot with the documents of the database.
func checkHolds(t T, db *store.DB, info Info) {
	t.Helper()
	m := manifestOf(t, info)
	if !m.Verified || !info.Verified {
		t.Errorf("%s is not marked verified", info.Name)
	}
	err := db.View(func(tx *store.Tx) error {
		files, err := tx.Files()
		if err != nil {
			return err
		}
		if got, want := len(m.Documents), len(slices.Collect(files.Documents())); got != want {
			t.Fatalf("got %d documents, want %d", got, want)
		}
		for _, d := range m.Documents {
			want, err := tx.Document(d.ID)
			if err != nil {
				return err
			}
			if got := decode(t, filepath.Join(info.Path, d.Path)); !slices.Equal(tree(got), tree(want)) {
				t.Errorf("document %s differs:\n%v\n%v", d.ID, tree(got), tree(want))
			}
			if got := decodeExact(t, filepath.Join(info.Path, d.Exact.Path)); !got.Equal(want) || got.Title != want.Title {
				t.Errorf("the JSON of document %s differs", d.ID)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// decodeExact reads the JSON by other code than what verifies it.
func decodeExact(t T, path string) *outline.Document {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	text, err := zstd.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	defer text.Close()
	res, err := format.ReadJSON(text, format.ReadOptions{KeepIDs: true})
	if err != nil {
		t.Fatal(err)
	}
	return res.Document
}

func decode(t T, path string) *outline.Document {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	r, err := opml.Decode(file, opml.DecodeOptions{KeepIDs: true, Limits: opml.Limits{Depth: 1 << 20}})
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	return r.Document
}

// names lists all below dir, with slashes and contents' sizes; folders end in one.
func names(t T, dir string) []string {
	t.Helper()
	var all []string
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, e fs.DirEntry, err error) error {
		if err != nil || name == "." {
			return err
		}
		if e.IsDir() {
			name += "/"
		}
		all = append(all, name)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// content returns every file below dir.
func content(t T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, name := range names(t, dir) {
		if strings.HasSuffix(name, "/") {
			continue
		}
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		all[name] = string(text)
	}
	return all
}

// published returns the names of the snapshots in dir that List can read.
func published(t T, dir string) []string {
	t.Helper()
	all, err := List(dir)
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, info := range all {
		if info.Problem != "" {
			t.Errorf("%s: %s", info.Name, info.Problem)
		}
		found = append(found, info.Name)
	}
	return found
}

func open(t testing.TB) *store.DB {
	t.Helper()
	return storetest.OpenFast(t)
}
