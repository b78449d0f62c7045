package web

import (
	"encoding/binary"
	"fmt"

	"github.com/oklog/ulid/v2"

	"outlast/internal/outline"
	"outlast/store"
)

// group is the id of one command. It is a number of 128 bits: the time in the
// upper 48, chance in the lower 80. The ids of its operations and new nodes
// are the numbers that follow it, so they sort in order, and the same group
// always gives the same ids.
type group struct{ id ulid.ULID }

func parseGroup(s string) (group, error) {
	id, err := ulid.ParseStrict(s)
	if err != nil {
		return group{}, fmt.Errorf("group %q is not a ULID: %w", s, outline.ErrInvalid)
	}
	return group{id}, nil
}

func (g group) String() string { return g.id.String() }

// op returns the id of the n-th operation, from 0.
func (g group) op(n int) store.OpID { return store.OpID(g.add(uint64(n) + 1).String()) }

// node returns an id for the node that the n-th operation makes.
func (g group) node(n int) outline.NodeID { return outline.NodeID(g.op(n)) }

// file returns an id for the file that the n-th operation makes.
func (g group) file(n int) outline.FileID { return outline.FileID(g.op(n)) }

// sub returns the k-th group of a command that makes several; the 0th is g. Each
// has room for 2^32 operations.
func (g group) sub(k int) group { return group{g.add(uint64(k) << 32)} }

// add counts on in the lower 80 bits, which wrap around and leave the time.
func (g group) add(n uint64) ulid.ULID {
	id := g.id
	low := binary.BigEndian.Uint64(id[8:])
	binary.BigEndian.PutUint64(id[8:], low+n)
	if low+n < low {
		high := binary.BigEndian.Uint16(id[6:8])
		binary.BigEndian.PutUint16(id[6:8], high+1)
	}
	return id
}
