package format

import (
	"archive/zip"
	"compress/flate"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"outlast/internal/outline"
)

// Tree is what a folder or archive of documents holds, such as a backup made by
// the service: folders, and documents in any format that can be read.
type Tree struct {
	Entries []Entry           // in preorder: folders and documents of a folder by name
	Skipped map[Skip][]string // paths of what is no document, or one a second time
	files   fs.FS
}

// Entry is a folder or a document.
type Entry struct {
	Path   string // slash-separated, below the top
	Title  string // of a folder its name; of a document the name without extension, until it is read
	Folder bool
	Format string // of a document, by its extension
	Parent int    // index of the folder in Entries, -1 at the top
	Size   int64  // bytes of a document's file
}

// Skip is why a file was passed over.
type Skip string

// The reasons.
const (
	SkipText    Skip = "text beside the OPML of the same name"
	SkipExact   Skip = "OPML beside the exact JSON of the same name"
	SkipJSON    Skip = "JSON of another program"
	SkipOther   Skip = "no format that can be read"
	SkipSpecial Skip = "not an ordinary file"
	SkipHidden  Skip = "hidden"
)

// TreeLimits bound what ReadTree and OpenZip take. Zero means the default.
type TreeLimits struct {
	Entries int   // files and folders, skipped ones too; default 100,000
	Depth   int   // nested folders; default 100
	File    int64 // bytes of one file, unpacked; default 512 MiB
	Total   int64 // bytes of all files of an archive, unpacked; default 8 GiB
}

func (l TreeLimits) orDefault() TreeLimits {
	if l.Entries == 0 {
		l.Entries = 100_000
	}
	if l.Depth == 0 {
		l.Depth = 100
	}
	if l.File == 0 {
		l.File = 512 << 20
	}
	if l.Total == 0 {
		l.Total = 8 << 30
	}
	return l
}

// OpenZip returns the files of an archive, once all its names and sizes have
// been found sound. Names that lead out of the archive are refused, not mended.
func OpenZip(r io.ReaderAt, size int64, limits TreeLimits) (fs.FS, error) {
	limits = limits.orDefault()
	z, err := zip.NewReader(r, size)
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) { // named below
		return nil, zipError(err)
	}
	if len(z.File) > limits.Entries {
		return nil, fmt.Errorf("the zip has more than %d entries: %w", limits.Entries, outline.ErrInvalid)
	}
	seen := make(map[string]bool, len(z.File))
	var total uint64
	for _, f := range z.File {
		name := strings.TrimSuffix(f.Name, "/")
		total += min(f.UncompressedSize64, 1<<40)
		switch {
		case !fs.ValidPath(name) || name == "." || strings.ContainsAny(name, "\\\x00"):
			err = fmt.Errorf("name %q leads out of the archive or is none", f.Name)
		case seen[name]:
			err = fmt.Errorf("name %q occurs twice", f.Name)
		case f.UncompressedSize64 > uint64(limits.File):
			err = fmt.Errorf("%q is larger than %d bytes", f.Name, limits.File)
		case total > uint64(limits.Total):
			err = fmt.Errorf("files are larger than %d bytes in all", limits.Total)
		case f.Flags&1 != 0:
			err = fmt.Errorf("%q is encrypted", f.Name)
		default:
			seen[name] = true
			continue
		}
		return nil, fmt.Errorf("the zip is refused: %w: %w", err, outline.ErrInvalid)
	}
	return z, nil
}

// ReadTree lists what files holds. No document is read yet.
func ReadTree(files fs.FS, limits TreeLimits) (*Tree, error) {
	w := treeWalk{
		Tree:   Tree{Skipped: map[Skip][]string{}, files: files},
		limits: limits.orDefault(),
		parent: map[string]int{".": -1},
	}
	if err := fs.WalkDir(files, ".", w.visit); err != nil {
		return nil, fmt.Errorf("read folder: %w", err)
	}
	return &w.Tree, nil
}

// Open opens the file of a document. It ends after Entry.Size bytes at most, so
// that an archive cannot unpack to more than it declares.
func (t *Tree) Open(e Entry) (io.ReadCloser, error) {
	f, err := t.files.Open(e.Path)
	if err != nil {
		return nil, zipError(err)
	}
	return entryFile{io.LimitReader(f, e.Size), f}, nil
}

// entryFile says in a sentence what is wrong with an entry of an archive.
type entryFile struct {
	io.Reader
	io.Closer
}

func (f entryFile) Read(p []byte) (int, error) {
	n, err := f.Reader.Read(p)
	if err != nil && err != io.EOF {
		err = zipError(err)
	}
	return n, err
}

// zipError puts what the packages zip and flate say in words about the archive.
func zipError(err error) error {
	_, corrupt := errors.AsType[flate.CorruptInputError](err)
	switch {
	case errors.Is(err, zip.ErrFormat):
		return errors.New("this is no zip file, or it was cut short")
	case errors.Is(err, zip.ErrAlgorithm):
		return errors.New("the zip is compressed in a way that cannot be read here; unpack it and import the folder")
	case corrupt, errors.Is(err, zip.ErrChecksum), errors.Is(err, io.ErrUnexpectedEOF):
		return errors.New("the zip is damaged here: what it holds is not what was packed; fetch it again")
	}
	return fmt.Errorf("read document: %w", err)
}

// treeWalk builds a Tree.
type treeWalk struct {
	Tree
	limits TreeLimits
	count  int
	parent map[string]int // index of each folder, by path
}

func (w *treeWalk) visit(name string, d fs.DirEntry, err error) error {
	if err != nil || name == "." {
		return err
	}
	if w.count++; w.count > w.limits.Entries {
		return fmt.Errorf("more than %d files and folders: %w", w.limits.Entries, outline.ErrInvalid)
	}
	if strings.HasPrefix(d.Name(), ".") || d.Name() == "__MACOSX" {
		w.skip(name, SkipHidden)
		if d.IsDir() {
			return fs.SkipDir
		}
		return nil
	}
	if d.IsDir() {
		return w.folder(name)
	}
	return w.file(name, d)
}

func (w *treeWalk) folder(name string) error {
	if strings.Count(name, "/") >= w.limits.Depth {
		return fmt.Errorf("%s: folders are nested deeper than %d: %w", name, w.limits.Depth, outline.ErrInvalid)
	}
	e := Entry{Path: name, Title: path.Base(name), Folder: true, Parent: w.parent[path.Dir(name)]}
	w.parent[name] = len(w.Entries)
	w.Entries = append(w.Entries, e)
	return nil
}

func (w *treeWalk) skip(name string, why Skip) {
	w.Skipped[why] = append(w.Skipped[why], name)
}

func (w *treeWalk) file(name string, d fs.DirEntry) error {
	f, why, err := w.formatOf(name, d)
	if err != nil {
		return err
	}
	if why != "" {
		w.skip(name, why)
		return nil
	}
	info, err := d.Info()
	if err != nil {
		return err
	}
	if info.Size() > w.limits.File {
		return fmt.Errorf("%s is larger than %d bytes: %w", name, w.limits.File, outline.ErrInvalid)
	}
	w.Entries = append(w.Entries, Entry{
		Path: name, Title: strings.TrimSuffix(path.Base(name), path.Ext(name)), Format: f,
		Parent: w.parent[path.Dir(name)], Size: info.Size(),
	})
	return nil
}

// formatOf returns the format of a file, or why it is passed over.
func (w *treeWalk) formatOf(name string, d fs.DirEntry) (string, Skip, error) {
	ext := path.Ext(name)
	f, err := ByFile(name)
	switch {
	case !d.Type().IsRegular():
		return "", SkipSpecial, nil
	case err != nil || f.Read == nil || f.Name == OPML && !strings.EqualFold(ext, ".opml"):
		return "", SkipOther, nil
	case f.Name == JSON:
		ours, err := w.ours(name)
		if !ours {
			return "", SkipJSON, err
		}
	case f.Name == OPML:
		if exact, err := w.exact(name, ext); exact || err != nil {
			return "", SkipExact, err
		}
	case w.beside(name, ext):
		return "", SkipText, nil
	}
	return f.Name, "", nil
}

// ours tells whether a JSON file begins as ours do.
func (w *treeWalk) ours(name string) (bool, error) {
	const beginning = `{"file_id":`
	f, err := w.files.Open(name)
	if err != nil {
		return false, zipError(err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, int64(len(beginning))))
	if err != nil {
		return false, zipError(err)
	}
	return string(b) == beginning, nil
}

// exact tells whether our JSON lies beside an OPML file, as after an export of
// texts that OPML cannot hold.
func (w *treeWalk) exact(name, ext string) (bool, error) {
	beside := strings.TrimSuffix(name, ext) + "." + JSON
	if _, err := fs.Stat(w.files, beside); err != nil {
		return false, nil
	}
	return w.ours(beside)
}

// beside tells whether there is an OPML file of the same name.
func (w *treeWalk) beside(name, ext string) bool {
	stem := strings.TrimSuffix(name, ext)
	return slices.ContainsFunc([]string{".opml", ".OPML"}, func(e string) bool {
		_, err := fs.Stat(w.files, stem+e)
		return err == nil
	})
}
