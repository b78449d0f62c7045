package main

import (
	"errors"
	"io"
	"os"
	"path"
	"path/filepath"

	"outlast/internal/atomicfile"
	"outlast/internal/format"
	"outlast/internal/web"
)

// sink takes the files of an export: into a folder, one file, or a stream. A file
// appears under its name only when it is complete.
type sink struct {
	root   *os.Root  // the folder, or nil
	file   string    // the one file, or ""
	stream io.Writer // else

	dry  bool // nothing is written
	many bool // more than one may come; so with a folder

	written []string // paths
	waiting []waitingFile
}

// openSink makes the folder if need be. All writes stay inside it.
func openSink(dir string) (*sink, error) {
	if err := atomicfile.MkdirAll(dir); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	return &sink{root: root, written: []string{}}, nil
}

// take is called with one file after another.
func (s *sink) take(f web.ExportFile, content io.Reader) error {
	if s.root == nil && !s.many && f.Of > 1 {
		return errSecondFile
	}
	switch {
	case s.dry:
		s.written = append(s.written, f.Path)
		return nil
	case s.root != nil:
		return s.intoFolder(f.Path, content)
	case s.file != "":
		name := s.file
		if f.Exact {
			name += "." + format.JSON
		}
		w, err := atomicfile.Create(name, 0o600)
		if err != nil {
			return err
		}
		s.waiting = append(s.waiting, waitingFile{name, w}) // should another come, none is written
		_, err = io.Copy(w, content)
		return err
	}
	_, err := io.Copy(s.stream, content)
	return err
}

// waitingFile is complete but for its name.
type waitingFile struct {
	name string
	file *atomicfile.File
}

func (s *sink) intoFolder(name string, content io.Reader) error {
	if dir := path.Dir(name); dir != "." {
		if err := s.root.MkdirAll(filepath.FromSlash(dir), 0o700); err != nil {
			return err
		}
	}
	w, err := atomicfile.CreateIn(s.root, filepath.FromSlash(name), 0o600)
	return s.finish(filepath.Join(s.root.Name(), filepath.FromSlash(name)), w, err, content)
}

func (s *sink) finish(name string, w *atomicfile.File, err error, content io.Reader) error {
	if err != nil {
		return err
	}
	defer w.Abort() // after Commit this does nothing
	if _, err := io.Copy(w, content); err != nil {
		return err
	}
	if err := w.Commit(); err != nil {
		return err
	}
	s.written = append(s.written, name)
	return nil
}

// end gives the one file its name if all went well, closes the folder, and says
// what an export of one file cannot hold.
func (s *sink) end(err error) error {
	for _, w := range s.waiting {
		if err == nil {
			err = w.file.Commit()
			s.written = append(s.written, w.name)
		}
		_ = w.file.Abort() // after Commit this does nothing
	}
	if errors.Is(err, errSecondFile) {
		err = usage("name a folder: --out DIR/", "%v", errSecondFile)
	}
	if s.root != nil {
		err = errors.Join(err, s.root.Close())
	}
	return err
}
