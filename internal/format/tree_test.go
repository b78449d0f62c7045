package format

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"outlast/internal/outline"
)

const tiny = `<opml version="2.0"><head><title>t</title></head><body/></opml>`

// pack makes an archive of files with one content.
func pack(t *testing.T, names ...string) *bytes.Reader {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range names {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(name, "/") {
			_, err = io.WriteString(w, tiny)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return bytes.NewReader(b.Bytes())
}

func openZip(r *bytes.Reader, lim TreeLimits) (fs.FS, error) { return OpenZip(r, r.Size(), lim) }

func TestTreeOfZip(t *testing.T) {
	files, err := openZip(pack(t, "b.opml", "a/b/c.opml", "a/x.OPML", "a/x.txt", "notes.txt", ".hidden", "__MACOSX/._b.opml", "empty/"), TreeLimits{})
	if err != nil {
		t.Fatal(err)
	}
	tree, err := ReadTree(files, TreeLimits{})
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	for _, e := range tree.Entries {
		fmt.Fprintf(&got, "%s|%s|%v|%d\n", e.Path, e.Title, e.Folder, e.Parent)
	}
	const want = "a|a|true|-1\na/b|b|true|0\na/b/c.opml|c|false|1\na/x.OPML|x|false|0\nb.opml|b|false|-1\nempty|empty|true|-1\nnotes.txt|notes|false|-1\n"
	if got.String() != want {
		t.Errorf("got\n%s\nwant\n%s", got.String(), want)
	}
	if fmt.Sprint(tree.Skipped) != "map[hidden:[.hidden __MACOSX] text beside the OPML of the same name:[a/x.txt]]" {
		t.Errorf("skipped %v", tree.Skipped)
	}
	r, err := tree.Open(tree.Entries[4])
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close() //nolint:errcheck // read only
	if b, err := io.ReadAll(r); err != nil || string(b) != tiny {
		t.Errorf("got %q, %v", b, err)
	}
}

func TestZipRefuses(t *testing.T) {
	for want, names := range map[string][]string{
		"leads out":          {"../evil.opml"},
		"/etc":               {"/etc/passwd.opml"},
		`a\\b`:               {`a\b.opml`},
		"a/../b":             {"a/../b.opml"},
		"occurs twice":       {"a.opml", "a.opml"},
		"more than 3":        {"a", "b", "c", "d"},
		"bytes in all":       {"a", "b", "c"},
		"larger than 70":     {"x"},
		"this is no zip":     nil,
		"nested deeper than": {"a/b/c/d.opml"},
	} {
		lim := TreeLimits{Entries: 3, File: 1000, Total: 150, Depth: 2}
		if want == "larger than 70" {
			lim.File = int64(len(tiny)) - 1
			want = "larger than"
		}
		r := pack(t, names...)
		if names == nil {
			r = bytes.NewReader([]byte("not a zip"))
		}
		files, err := openZip(r, lim)
		if err == nil {
			_, err = ReadTree(files, lim)
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: got %v, want %q", names, err, want)
		}
	}
}

func TestTreeSkipsLinks(t *testing.T) {
	files := fstest.MapFS{
		"a.opml":    {Data: []byte(tiny)},
		"link.opml": {Data: []byte("a.opml"), Mode: fs.ModeSymlink},
	}
	tree, err := ReadTree(files, TreeLimits{})
	if err != nil || len(tree.Entries) != 1 || len(tree.Skipped[SkipSpecial]) != 1 {
		t.Errorf("got %+v, %v", tree, err)
	}
	_, err = ReadTree(fstest.MapFS{"a.opml": {Data: make([]byte, 10)}}, TreeLimits{File: 9})
	if !errors.Is(err, outline.ErrInvalid) {
		t.Errorf("got %v for a huge file", err)
	}
}

// A zip that was damaged after it was packed says so in a sentence.
func TestDamagedZip(t *testing.T) {
	packed := pack(t, "a.opml")
	raw := make([]byte, packed.Len())
	if _, err := packed.ReadAt(raw, 0); err != nil {
		t.Fatal(err)
	}
	for name, damage := range map[string]func(b []byte) []byte{
		"cut short": func(b []byte) []byte { return b[:len(b)-10] },
		"changed": func(b []byte) []byte {
			for i := 40; i < 48; i++ {
				b[i] ^= 0xFF
			}
			return b
		},
	} {
		err := readAll(damage(bytes.Clone(raw)))
		if err == nil || strings.Contains(err.Error(), "zip:") || strings.Contains(err.Error(), "flate:") ||
			!strings.Contains(err.Error(), "cut short") && !strings.Contains(err.Error(), "damaged here") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// readAll reads the one document of a zip.
func readAll(b []byte) error {
	files, err := OpenZip(bytes.NewReader(b), int64(len(b)), TreeLimits{})
	if err != nil {
		return err
	}
	tree, err := ReadTree(files, TreeLimits{})
	if err != nil {
		return err
	}
	f, err := tree.Open(tree.Entries[0])
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = ReadOPML(f, ReadOptions{NewID: counter()})
	return err
}

// What a folder holds beside OPML is taken when it can be read, once, and named
// when it is not.
func TestTreeTakesEveryFormat(t *testing.T) {
	ours := &fstest.MapFile{Data: []byte(`{"file_id":"x","title":"Odd"`)}
	text := &fstest.MapFile{Data: []byte("- a\n")}
	tree, err := ReadTree(fstest.MapFS{
		"a.md": text, "b.txt": text, "c.markdown": text, "d.json": ours, "e.opml": text, "e.md": text,
		"f.opml": text, "f.json": ours, "g.json": text, "h.html": text, "i": text, "feed.xml": text,
	}, TreeLimits{})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range tree.Entries {
		got = append(got, e.Path+"="+e.Format)
	}
	if fmt.Sprint(got) != "[a.md=md b.txt=txt c.markdown=md d.json=json e.opml=opml f.json=json]" {
		t.Errorf("got %v", got)
	}
	const want = "map[JSON of another program:[g.json] OPML beside the exact JSON of the same name:[f.opml] " +
		"no format that can be read:[feed.xml h.html i] text beside the OPML of the same name:[e.md]]"
	if fmt.Sprint(tree.Skipped) != want {
		t.Errorf("skipped %v", tree.Skipped)
	}
}
