package snapshot

import (
	"fmt"
)

const (
	// bytesPerNode is what a node takes in both files, roughly, when nothing is
	// known of the document.
	bytesPerNode = 160
	// reserve is what a snapshot leaves free: others write to that disk too, the
	// database of unsent edits for one.
	reserve = 32 << 20
)

// room refuses to begin what the disk has no room for. What is needed is as much
// as the documents took last time, and an eighth, or else a guess by their nodes.
func (b *builder) room(todo []Document) error {
	if b.free == nil || len(todo) == 0 {
		return nil
	}
	var need uint64
	for _, d := range todo {
		size := int64(d.Nodes) * bytesPerNode
		if old, found := b.old[d.ID]; found {
			size = old.Size + old.Exact.Size
		}
		need += uint64(size + size/8)
	}
	free, err := b.free(b.in.path)
	if err != nil {
		return fmt.Errorf("look for room: %w", err)
	}
	if free < need+reserve {
		return fmt.Errorf("%w: %d MB are free, about %d MB and a reserve of %d MB are needed", ErrFull,
			free/1e6, need/1e6+1, reserve/1_000_000)
	}
	return nil
}
