package store

import (
	"encoding/binary"
	"fmt"
	"io"

	"go.etcd.io/bbolt"
)

// checkBranches checks that no two pages lead to the same one, and none beyond the
// end of the file. bbolt goes down from page to page without counting: one flipped
// bit in a branch page that leads back up makes it go down until the memory of the
// machine is used up, and that is no panic that a guard could catch. So nothing
// may be read before this.
//
// It reads the branch pages, of which there is one for a hundred others, and as
// siblings are all branches or all leaves, of these only the first; or with all
// the head of every page.
func (tx *Tx) checkBranches(f io.ReaderAt, all bool) error {
	w := &descent{f: f, page: tx.db.bolt.Info().PageSize, all: all}
	w.led = make([]bool, int(tx.bolt.Size())/w.page)
	if err := w.from(uint64(tx.bolt.Cursor().Bucket().Root())); err != nil {
		return err
	}
	return tx.bolt.ForEach(func(_ []byte, b *bbolt.Bucket) error {
		if b.Root() == 0 {
			return nil // so small that it stands within the page of its name
		}
		return w.from(uint64(b.Root()))
	})
}

// descent goes through the pages of a file from those above to those below.
type descent struct {
	f    io.ReaderAt
	page int    // bytes
	led  []bool // by page: one leads to it
	all  bool   // read each page below, not the first of its siblings only
}

func (w *descent) from(root uint64) error {
	if err := w.reach(root); err != nil {
		return err
	}
	for todo := []uint64{root}; len(todo) > 0; {
		below, err := w.below(todo[0])
		if err != nil {
			return err
		}
		todo = todo[1:]
		for _, id := range below {
			if err := w.reach(id); err != nil {
				return err
			}
		}
		if deeper, err := w.deeper(below); err != nil {
			return err
		} else if deeper {
			todo = append(todo, below...)
		}
	}
	return nil
}

func (w *descent) reach(id uint64) error {
	if id >= uint64(len(w.led)) {
		return damaged("a page leads to page %d beyond the end of the file", id)
	}
	if w.led[id] {
		return damaged("more than one page leads to page %d", id)
	}
	w.led[id] = true
	return nil
}

// deeper tells whether siblings are to be read: branches are.
func (w *descent) deeper(siblings []uint64) (bool, error) {
	if w.all || len(siblings) == 0 {
		return len(siblings) > 0, nil
	}
	below, err := w.below(siblings[0])
	return len(below) > 0, err
}

// below returns the pages that a branch page leads to; none for any other.
func (w *descent) below(id uint64) ([]uint64, error) {
	at := int64(id) * int64(w.page)
	head := make([]byte, pageHeader)
	if _, err := w.f.ReadAt(head, at); err != nil {
		return nil, fmt.Errorf("read page %d: %w", id, err)
	}
	if binary.NativeEndian.Uint16(head[8:]) != branchPage {
		return nil, nil
	}
	count := int(binary.NativeEndian.Uint16(head[10:]))
	elements := make([]byte, count*pageElement)
	if n, err := w.f.ReadAt(elements, at+pageHeader); err == io.EOF {
		return nil, damaged("page %d ends after %d bytes", id, n)
	} else if err != nil {
		return nil, fmt.Errorf("read page %d: %w", id, err)
	}
	ids := make([]uint64, count)
	for i := range ids {
		ids[i] = binary.NativeEndian.Uint64(elements[i*pageElement+8:])
	}
	return ids, nil
}
