package outline

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

// What align pairs is equal and in order, and no other choice of pairs is worth
// more: 4 for each, 1 for each two elements left in one place.
func TestAlignIsBest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := rapid.SliceOfN(rapid.Uint64Range(0, 3), 0, 14)
		a, b := list.Draw(t, "a"), list.Draw(t, "b")
		lasti, lastj, got := len(a), len(b), 0
		ok := align(a, b, func(i, j int) {
			if i >= lasti || j >= lastj || a[i] != b[j] {
				t.Fatalf("paired %d and %d after %d and %d", i, j, lasti, lastj)
			}
			got += 4 + min(lasti-i, lastj-j) - 1
			lasti, lastj = i, j
		})
		if got += min(lasti, lastj); !ok || got != worth(a, b) {
			t.Fatalf("got a worth of %d, want %d, ok is %v", got, worth(a, b), ok)
		}
	})
}

// worth is that of the best pairs, by the textbook's table.
func worth(a, b []uint64) int {
	row := make([]int, len(b)+1)
	for i := range a {
		corner := 0
		for j := range b {
			both := corner + 1
			if a[i] == b[j] {
				both = corner + 4
			}
			corner = row[j+1]
			row[j+1] = max(row[j+1], row[j], both)
		}
	}
	return row[len(b)]
}

// Of many equal lines it is the one in place of which something else stands
// that has no partner.
func TestAlignLeavesWhatWasChanged(t *testing.T) {
	for _, tt := range []struct {
		a, b []uint64
		want string
	}{
		{[]uint64{1, 1, 1, 1}, []uint64{1, 2, 1, 1}, "[3-3 2-2 0-0]"},
		{[]uint64{1, 1, 1, 1}, []uint64{1, 2, 1, 1, 1}, "[3-4 2-3 1-2 0-0]"},
		{[]uint64{1, 2}, []uint64{2, 3}, "[1-0]"},
		{nil, []uint64{2, 3}, "[]"},
		{[]uint64{1}, nil, "[]"},
		{nil, nil, "[]"},
	} {
		got := []string{}
		align(tt.a, tt.b, func(i, j int) { got = append(got, fmt.Sprintf("%d-%d", i, j)) })
		if fmt.Sprint(got) != tt.want {
			t.Errorf("%v, %v: got %v, want %s", tt.a, tt.b, got, tt.want)
		}
	}
}
