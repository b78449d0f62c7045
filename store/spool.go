package store

import (
	"fmt"
	"os"
	"path/filepath"
)

// spoolMemory is how much of a spool is held in memory; what is larger goes to a
// file.
const spoolMemory = 4 << 20

// spool is a sequence of bytes that is written once and read piece by piece:
// small ones in memory, large ones in a file beside the database, which loses its
// name at once where the system lets it. Where no file can be written (disk full,
// or read-only), the memory has to do.
type spool struct {
	dir    string
	size   int64
	memory []byte
	file   *os.File
	name   string // to be removed on close, "" where that is done
	noFile bool
}

func (tx *Tx) newSpool() *spool { return &spool{dir: filepath.Dir(tx.db.path)} }

// nodeSpace is about what a node takes in a spool.
const nodeSpace = 112

// expect makes room for about so many nodes, before the first is written.
func (s *spool) expect(nodes int) {
	s.memory = make([]byte, 0, min(nodes*nodeSpace, spoolMemory))
}

// write appends b.
func (s *spool) write(b []byte) error {
	s.size += int64(len(b))
	if s.file == nil {
		if len(s.memory)+len(b) <= spoolMemory || s.noFile || !s.toFile() {
			s.memory = append(s.memory, b...)
			return nil
		}
	}
	if _, err := s.file.Write(b); err != nil {
		return s.backToMemory(b)
	}
	return nil
}

// toFile goes on in a file, if one can be written.
func (s *spool) toFile() bool {
	f, err := os.CreateTemp(s.dir, ".outlast-spool-*") // with mode 0600
	if err != nil {
		s.noFile = true
		return false
	}
	s.file, s.name = f, f.Name()
	if os.Remove(s.name) == nil {
		s.name = ""
	}
	if _, err := f.Write(s.memory); err != nil {
		s.noFile = true
		_ = s.close() // nothing in it is needed
		return false
	}
	s.memory = nil
	return true
}

// backToMemory takes what the file holds into memory, when b does not fit on the
// disk any more.
func (s *spool) backToMemory(b []byte) error {
	before := s.size - int64(len(b))
	s.memory = make([]byte, before, s.size)
	if _, err := s.file.ReadAt(s.memory, 0); err != nil {
		return fmt.Errorf("read the spool: %w", err)
	}
	s.memory = append(s.memory, b...)
	s.noFile = true
	return s.close()
}

// read returns the bytes from there to there.
func (s *spool) read(from, to int64) (string, error) {
	if s.file == nil {
		return string(s.memory[from:to]), nil
	}
	b := make([]byte, to-from)
	if _, err := s.file.ReadAt(b, from); err != nil {
		return "", fmt.Errorf("read the spool: %w", err)
	}
	return string(b), nil
}

// close gives the file back.
func (s *spool) close() error {
	if s.file == nil {
		return nil
	}
	err := s.file.Close()
	s.file = nil
	if s.name != "" {
		err = os.Remove(s.name)
		s.name = ""
	}
	return err
}
