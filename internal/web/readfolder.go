package web

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"outlast/internal/format"
	"outlast/internal/outline"
)

// folder reads every document of a folder or zip, with the folders they
// lie in. One that cannot be read ends the import: a part of a backup must not
// pass for the whole.
func (r reading) folder(s session, isDir bool) (importSet, error) {
	asked, err := r.asked()
	if err != nil {
		return importSet{}, err
	}
	files, done, err := r.open(isDir)
	if err != nil {
		return importSet{}, err
	}
	defer done()
	tree, err := format.ReadTree(files, r.treeLimits())
	if err != nil {
		return importSet{}, err
	}
	var set importSet
	nodes, size := 0, int64(0)
	for _, e := range tree.Entries {
		size += e.Size
	}
	r.expect(size)
	for _, e := range tree.Entries {
		if err := s.Err(); err != nil {
			return importSet{}, err
		}
		if asked != "" && !e.Folder && e.Format != asked {
			tree.Skipped[notAsked] = append(tree.Skipped[notAsked], e.Path)
			continue
		}
		t, err := r.entry(tree, e)
		if err != nil {
			return importSet{}, fmt.Errorf("read %s: %w", e.Path, err)
		}
		if t.doc != nil {
			nodes += t.doc.Len()
		}
		if most := max(maxImported, r.limits.Nodes); nodes > most {
			return importSet{}, fmt.Errorf("more than %d items in all: %w", most, outline.ErrInvalid)
		}
		set.trees = append(set.trees, t)
	}
	set.skip(tree)
	if len(set.trees) == 0 {
		return set, set.nothing(r.Path)
	}
	return set, nil
}

// maxImported is how many items one import may bring: they are held in memory
// until the one transaction that adds them. A single file may be allowed more.
const maxImported = 2_000_000

// treeLimits are those of a folder in which each file keeps to the limits of one.
func (r reading) treeLimits() format.TreeLimits { return format.TreeLimits{File: r.limits.Bytes} }

// open opens a folder, which links inside it cannot lead out of, or a zip.
func (r reading) open(isDir bool) (fs.FS, func(), error) {
	if isDir {
		root, err := os.OpenRoot(r.Path)
		if err != nil {
			return nil, nil, err
		}
		return root.FS(), func() { root.Close() }, nil
	}
	f, err := os.Open(r.Path)
	if err != nil {
		return nil, nil, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, nil, errors.Join(err, f.Close())
	}
	files, err := format.OpenZip(f, info.Size(), r.treeLimits())
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("read %s: %w", filepath.Base(r.Path), r.unreadable(err)), f.Close())
	}
	return files, func() { f.Close() }, nil
}

// entry reads a document; a folder is an imported without one.
func (r reading) entry(tree *format.Tree, e format.Entry) (imported, error) {
	t := imported{source: e.Path, folders: foldersOf(tree, e)}
	if e.Folder {
		t.folders = append(t.folders, e.Title)
		return t, nil
	}
	f, err := tree.Open(e)
	if err != nil {
		return t, r.unreadable(err)
	}
	defer f.Close()
	r.Format = e.Format
	if e.Format != format.OPML {
		r.Flavor, r.Lenient = "", false // said of the OPML among the files
	}
	read, err := r.tree(e.Path, r.told.reader(f))
	if err != nil {
		return t, err
	}
	read.source, read.folders = t.source, t.folders
	return read, nil
}

// foldersOf returns the titles of the folders around an entry, outermost first.
func foldersOf(tree *format.Tree, e format.Entry) []string {
	if e.Parent < 0 {
		return nil
	}
	up := tree.Entries[e.Parent]
	return append(foldersOf(tree, up), up.Title)
}

// nothing is the error of a folder without documents.
func (set *importSet) nothing(path string) error {
	said := strings.Join(append([]string{path + " holds no document"}, set.warnings...), "; ")
	var names []string
	for _, f := range format.Readable() {
		names = append(names, "."+f.Name)
	}
	return Fail(outline.ErrInvalid, said, "files in "+strings.Join(names, ", ")+" can be read")
}

// notAsked is why a file of another format than the one asked for is passed over.
const notAsked format.Skip = "another format than the one asked for"

// asked returns the one format that a request asks for, "" for any.
func (r reading) asked() (string, error) {
	if r.Format == "" {
		return "", nil
	}
	f, err := formatOf(r.Format, "")
	if err == nil {
		_, err = r.source(f)
	}
	return f.Name, err
}

// namedSkipped is how many files that were passed over a warning names.
const namedSkipped = 5

// skip tells what is passed over; texts beside their OPML are expected and are not
// worth a warning.
func (set *importSet) skip(tree *format.Tree) {
	for _, why := range slices.Sorted(maps.Keys(tree.Skipped)) {
		paths := tree.Skipped[why]
		set.skipped += len(paths)
		if why == format.SkipText {
			continue
		}
		names := strings.Join(paths[:min(len(paths), namedSkipped)], ", ")
		if more := len(paths) - namedSkipped; more > 0 {
			names += " and " + counted(more, "other")
		}
		set.warnings = append(set.warnings, counted(len(paths), "file")+" left out, "+string(why)+": "+names)
	}
}
