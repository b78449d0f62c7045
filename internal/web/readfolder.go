package web

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"outlast/internal/format"
	"outlast/internal/outline"
)

// readFolder reads every document of a folder or zip, with the folders they
// lie in. One that cannot be read ends the import: a part of a backup must not
// pass for the whole.
func readFolder(s session, r ImportRequest, isDir bool) (importSet, error) {
	if r.Format != "" && r.Format != format.OPML {
		return importSet{}, fmt.Errorf("folders and archives are read as OPML only: %w", outline.ErrInvalid)
	}
	files, done, err := openFolder(r.Path, isDir)
	if err != nil {
		return importSet{}, err
	}
	defer done()
	tree, err := format.ReadTree(files, format.TreeLimits{})
	if err != nil {
		return importSet{}, err
	}
	set := skipped(tree)
	nodes := 0
	for _, e := range tree.Entries {
		if err := s.Err(); err != nil {
			return importSet{}, err
		}
		t, err := readEntry(r, tree, e)
		if err != nil {
			return importSet{}, fmt.Errorf("read %s: %w", e.Path, err)
		}
		if t.doc != nil {
			nodes += t.doc.Len()
		}
		if nodes > maxImported {
			return importSet{}, fmt.Errorf("more than %d items in all: %w", maxImported, outline.ErrInvalid)
		}
		set.trees = append(set.trees, t)
	}
	if len(set.trees) == 0 {
		return set, fmt.Errorf("%s holds no OPML: %w", r.Path, outline.ErrInvalid)
	}
	return set, nil
}

// maxImported is how many items one import may bring: they are held in memory
// until the one transaction that adds them.
const maxImported = 2_000_000

// openFolder opens a folder, which links inside it cannot lead out of, or a zip.
func openFolder(name string, isDir bool) (fs.FS, func(), error) {
	if isDir {
		root, err := os.OpenRoot(name)
		if err != nil {
			return nil, nil, err
		}
		return root.FS(), func() { root.Close() }, nil
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, nil, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, nil, errors.Join(err, f.Close())
	}
	files, err := format.OpenZip(f, info.Size(), format.TreeLimits{})
	if err != nil {
		return nil, nil, errors.Join(fmt.Errorf("%w: %w", err, outline.ErrInvalid), f.Close())
	}
	return files, func() { f.Close() }, nil
}

// readEntry reads a document; a folder is an imported without one.
func readEntry(r ImportRequest, tree *format.Tree, e format.Entry) (imported, error) {
	t := imported{source: e.Path, folders: foldersOf(tree, e)}
	if e.Folder {
		t.folders = append(t.folders, e.Title)
		return t, nil
	}
	f, err := tree.Open(e)
	if err != nil {
		return t, err
	}
	defer f.Close()
	read, err := readTree(ImportRequest{Format: format.OPML, Lenient: r.Lenient, Flavor: r.Flavor}, e.Path, f)
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

// skipped counts what is passed over; texts beside their OPML are expected and
// are not worth a warning.
func skipped(tree *format.Tree) importSet {
	var set importSet
	for why, n := range tree.Skipped {
		set.skipped += n
		if why != format.SkipText {
			set.warnings = append(set.warnings, fmt.Sprintf("%d files skipped: %s", n, why))
		}
	}
	return set
}
