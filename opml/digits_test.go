package opml

import (
	"math/rand/v2"
	"strconv"
	"testing"
)

func TestNumbersAreWrittenAsStrconvDoes(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	check := func(n int64) {
		if got, want := string(appendNumber(nil, n)), strconv.FormatInt(n, 10); got != want {
			t.Fatalf("got %s, want %s", got, want)
		}
	}
	for _, n := range []int64{0, -1, 1, 1e12, 1e12 - 1, 1e13, 1e13 - 1, 1_700_000_000_000, 1_700_099_999_999, -1 << 63, 1<<63 - 1} {
		check(n)
	}
	for range 1_000_000 {
		check(1e12 + rng.Int64N(9e12))
	}
	for n := range int64(10_000) {
		check(1_700_000_000_000 + n*10_001)
		check(1_700_000_000_000 + n)
	}
}
