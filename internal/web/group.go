package web

import (
	"fmt"

	"github.com/oklog/ulid/v2"

	"outlast/internal/outline"
	"outlast/store"
)

// group is the id of one command. It is a number of 128 bits: the time in the
// upper 48, chance in the lower 80. The ids of its operations and new nodes
// are the numbers that follow it, so they sort in order, and the same group
// always gives the same ids.
type group struct{ id store.OpID }

func parseGroup(s string) (group, error) {
	id, err := ulid.ParseStrict(s)
	if err != nil {
		return group{}, fmt.Errorf("group %q is not a ULID: %w", s, outline.ErrInvalid)
	}
	return group{store.OpID(id.String())}, nil
}

func (g group) String() string { return string(g.id) }

// op returns the id of the n-th operation, from 0.
func (g group) op(n int) store.OpID { return g.id.Plus(uint64(n) + 1) }

// node returns an id for the node that the n-th operation makes.
func (g group) node(n int) outline.NodeID { return outline.NodeID(g.op(n)) }

// file returns an id for the file that the n-th operation makes.
func (g group) file(n int) outline.FileID { return outline.FileID(g.op(n)) }

// sub returns the k-th group of a command that makes several; the 0th is g. Each
// has room for 2^32 operations.
func (g group) sub(k int) group { return group{g.id.Plus(uint64(k) << 32)} }
