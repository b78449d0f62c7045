// Package boltfiletest damages bbolt files as disks do, for tests.
package boltfiletest

import (
	"encoding/binary"
	"iter"
	"math/rand/v2"
	"slices"
)

// Sizes in bytes of a page as these files have it, of its header and of an element.
const page, header, element = 4096, 16, 16

// Kinds are the kinds of damage.
func Kinds() []string {
	return []string{"flip", "flip-head", "flip-branch", "zero-page", "cut", "swap"}
}

// Damage returns a copy of a file with one fault.
func Damage(rng *rand.Rand, kind string, file []byte) []byte {
	used := len(file)
	for used > page && file[used-1] == 0 {
		used-- // the tail was only reserved
	}
	b := slices.Clone(file)
	at := rng.IntN(used)
	start := at / page * page
	end := min(start+page, used)
	switch kind {
	case "flip":
		b[at] ^= 1 << rng.IntN(8)
	case "flip-head": // flags, counts and element headers, which no checksum covers
		b[min(start+rng.IntN(64), used-1)] ^= 1 << rng.IntN(8)
	case "flip-branch": // what leads from page to page
		starts := branches(file)
		b[starts[rng.IntN(len(starts))]+rng.IntN(256)] ^= 1 << rng.IntN(8)
	case "zero-page":
		clear(b[start:end])
	case "cut":
		return b[:at]
	case "swap":
		other := rng.IntN(used) / page * page
		copy(b[start:end], file[other:])
	}
	return b
}

// Circles yields copies of a file in which one branch page leads to a branch page,
// itself included. Some are in free pages and do no harm.
func Circles(file []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		starts := branches(file)
		for _, from := range starts {
			count := int(binary.NativeEndian.Uint16(file[from+10:]))
			for _, at := range []int{header, header + (count-1)*element} {
				for _, to := range starts {
					b := slices.Clone(file)
					binary.NativeEndian.PutUint64(b[from+at+8:], uint64(to/page))
					if !yield(b) {
						return
					}
				}
			}
		}
	}
}

// branches returns where the pages begin that lead to others.
func branches(file []byte) (starts []int) {
	for at := 0; at < len(file); at += page {
		if binary.NativeEndian.Uint16(file[at+8:]) == 1 && file[at+10] != 0 {
			starts = append(starts, at)
		}
	}
	return starts
}
