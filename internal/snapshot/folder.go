package snapshot

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"outlast/internal/atomicfile"
)

const (
	// markName is a file in the folder of snapshots with a random line. The
	// database remembers the line, so that the empty folder below a mount that
	// is absent today is not taken for the real one.
	markName = ".outlast-snapshots"
	markSize = 26 // of rand.Text

	// staleAge is when an unfinished folder counts as abandoned where the folder
	// cannot be locked; where it can, none is in use once we hold the lock.
	staleAge  = 10 * time.Minute
	lockPause = 100 * time.Millisecond
)

// folder is the folder of snapshots, pinned: whatever happens to its path, all
// that is read and written lies in the folder that was opened.
type folder struct {
	path   string
	root   *os.Root
	mark   string // "" if it has none
	locked bool

	seams
}

// openFolder opens dir, which must be a real folder and no symlink.
func openFolder(dir string) (*folder, error) {
	before, err := os.Lstat(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("%w: %s is missing; is its disk mounted? (%w)", ErrFolder, dir, fs.ErrNotExist)
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrFolder, err)
	case !before.IsDir():
		return nil, fmt.Errorf("%w: %s is a link or a file, not a folder", ErrFolder, dir)
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFolder, err)
	}
	f := &folder{path: dir, root: root}
	if err := f.stillThere(); err != nil {
		return nil, errors.Join(err, root.Close())
	}
	return f, nil
}

// stillThere tells whether the path leads to the pinned folder.
func (f *folder) stillThere() error {
	at, err := os.Lstat(f.path)
	if err != nil {
		return fmt.Errorf("%w: %s has gone: %w", ErrFolder, f.path, err)
	}
	pinned, err := f.root.Stat(".")
	if err != nil {
		return fmt.Errorf("%w: %w", ErrFolder, err)
	}
	if !os.SameFile(at, pinned) {
		return fmt.Errorf("%w: %s was replaced by another folder", ErrFolder, f.path)
	}
	return nil
}

func (f *folder) readMark() error {
	info, err := f.root.Lstat(markName)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrFolder, err)
	}
	if !info.Mode().IsRegular() || info.Size() > 2*markSize {
		return fmt.Errorf("%w: %s in it is not a file of ours", ErrFolder, markName)
	}
	text, err := f.root.ReadFile(markName)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrFolder, err)
	}
	f.mark = strings.TrimSpace(string(text))
	return nil
}

// recognise checks that this is the folder used before, and marks a new one. The
// folder is locked.
func (f *folder) recognise(o Options, last state) error {
	if err := f.readMark(); err != nil {
		return err
	}
	known := last.Dir == o.Dir && last.Mark != ""
	if known && last.Mark != f.mark && !o.Create && !o.Adopt {
		return fmt.Errorf("%w: %s is not the folder that held the snapshots before; is its disk mounted?",
			ErrFolder, o.Dir)
	}
	if f.mark != "" {
		return nil
	}
	mark := rand.Text()
	if err := atomicfile.WriteIn(f.root, markName, []byte(mark+"\n"), 0o600); err != nil {
		return err
	}
	f.mark = mark
	return nil
}

// lock waits until no other snapshot is being taken here. The function it
// returns unlocks.
func (f *folder) lock(ctx context.Context) (unlock func() error, err error) {
	dir, err := f.root.Open(".")
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrFolder, err)
	}
	for {
		locked, possible := tryLock(dir)
		if f.locked = locked; locked || !possible {
			return dir.Close, nil
		}
		select {
		case <-time.After(lockPause):
		case <-ctx.Done():
			return nil, errors.Join(fmt.Errorf("wait for another snapshot to end: %w", ctx.Err()), dir.Close())
		}
	}
}

// clean removes what interrupted takes left.
func (f *folder) clean() error {
	age := staleAge
	if f.locked {
		age = 0
	}
	if err := f.next(); err != nil {
		return err
	}
	_, err := atomicfile.CleanIn(f.root, ".", age)
	return err
}

// drop takes an unfinished folder away.
func (f *folder) drop(temp string) error {
	if err := f.next(); err != nil {
		return err
	}
	return f.root.RemoveAll(temp)
}

// sub pins a folder inside, which must not be a link.
func (f *folder) sub(name string) (*os.Root, error) {
	info, err := f.root.Lstat(name)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return nil, fmt.Errorf("%s is a link or a file, not a folder", name)
	}
	return f.root.OpenRoot(name)
}

func (f *folder) close() error { return f.root.Close() }
