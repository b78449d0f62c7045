package store

import "strings"

// crockford are the digits of a ULID, five bits each. The first timeDigits are a
// time, the others chance.
const (
	crockford  = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	timeDigits = 10
)

// Plus returns the id that stands n behind this one. The time in front stays.
func (id OpID) Plus(n uint64) OpID {
	b := []byte(id)
	for i := len(b) - 1; i >= timeDigits && n > 0; i-- {
		n += uint64(max(strings.IndexByte(crockford, b[i]), 0))
		b[i] = crockford[n&31]
		n >>= 5
	}
	return OpID(b)
}

// stride lies between the operations of a group whose id was drawn among others: those
// of one millisecond follow each other more closely.
const stride = 1 << 40

// Nth returns the id of the n-th operation, from 0, of a group with this id, which was
// drawn as any other is. It has room for 16 million.
func (id OpID) Nth(n int) OpID { return id.Plus((uint64(n) + 1) * stride) }

// Group returns the records of one command from log and history, in the order in
// which they were recorded. They need not stand together any more: where a rebase
// put a change between those of one document, what follows there has new sequences.
//
// It finds operations whose ids count on from that of the group, in ones or as Nth
// does, and one that is its group by itself.
func (tx *Tx) Group(group OpID) ([]Record, error) {
	for _, step := range []uint64{1, stride} {
		recs, err := tx.counted(group, step)
		if err != nil || len(recs) > 0 {
			return recs, err
		}
	}
	r, known, err := tx.Known(group)
	if err != nil || !known || r.Group != group {
		return nil, err
	}
	return []Record{r}, nil
}

// counted returns the records of a group whose ids follow its own in steps. An id that
// is too short for a step leads to itself.
func (tx *Tx) counted(group OpID, step uint64) (recs []Record, err error) {
	for n := step; group.Plus(n) != group; n += step {
		r, known, err := tx.Known(group.Plus(n))
		if err != nil || !known || r.Group != group {
			return recs, err
		}
		recs = append(recs, r)
	}
	return recs, nil
}
