package secret

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"outlast/internal/atomicfile"
)

// ReadFile reads a token from a private file. It refuses one that others can
// read, that another user owns or that is a symlink, and says what to do.
func ReadFile(path string) (Token, error) {
	f, err := openPrivate(path)
	if err != nil {
		return Token{}, fmt.Errorf("read token: %w", err)
	}
	defer f.Close()
	if err := checkPrivate(f, path); err != nil {
		return Token{}, fmt.Errorf("read token: %w", err)
	}
	data, err := io.ReadAll(io.LimitReader(f, maxSize+2))
	if err != nil {
		return Token{}, fmt.Errorf("read token: %w", err)
	}
	token, err := Parse(string(data))
	if err != nil {
		return Token{}, fmt.Errorf("read token from %s: %w", path, err)
	}
	return token, nil
}

// checkPrivate looks at the open file, not at its name, which could be another
// file by now.
func checkPrivate(f *os.File, path string) error {
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s is not a plain file; give a plain file, or use token_command", path)
	}
	return checkOwner(info, path)
}

func errSymlink(path string) error {
	return fmt.Errorf("%s is a symlink, which others may be able to redirect; give the path of the file itself", path)
}

// writeFile stores a token in a private file of a private folder.
func writeFile(path string, token Token) error {
	if err := atomicfile.MkdirAll(filepath.Dir(path)); err != nil {
		return fmt.Errorf("store token: %w", err)
	}
	if err := atomicfile.Write(path, []byte(token.Reveal()+"\n"), 0o600); err != nil {
		return fmt.Errorf("store token: %w", err)
	}
	return nil
}

// removeFile removes a token file; absent is no error.
func removeFile(path string) error {
	err := os.Remove(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = atomicfile.SyncDir(filepath.Dir(path))
	}
	if err != nil {
		return fmt.Errorf("remove stored token: %w", err)
	}
	return nil
}
