package snapshot

import (
	"errors"
	"strings"
	"testing"
)

// A disk without room is not written to, and says how much is needed.
func TestTakeLooksForRoomFirst(t *testing.T) {
	db, dir := open(t), t.TempDir()
	docs := generated(2, 50)
	load(t, db, docs...)
	o := options(dir)
	free := uint64(reserve)
	o.Free = func(string) (uint64, error) { return free, nil }
	info, err := Take(t.Context(), db, o)
	if !errors.Is(err, ErrFull) || info.Name != "" || !strings.Contains(err.Error(), "are free") {
		t.Errorf("got %+v, %v", info, err)
	}
	if got := published(t, dir); len(got) != 0 {
		t.Errorf("got %v", got)
	}
	free = reserve + 1<<20
	take(t, db, o)
	free = 0 // what did not change needs none
	take(t, db, o)
}
