package sync_test

import (
	"bytes"
	"errors"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"outlast/internal/dynalist"
	"outlast/internal/server"
	"outlast/store"
	"outlast/sync"
)

// A disk that made something else of a document is found within half a day, though
// the versions agree: such a round is no verified one. It asks the service for nothing
// more, and other rounds compare nothing again.
func TestRoundIsVerifiedOnlyWhileWhatIsKeptIsWhatWasRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, c, _ := sample(t, server.Safe)
		account := func() (a store.Account) {
			c.view(func(tx *store.Tx) (err error) { a, err = tx.Account(); return err })
			return a
		}
		verified := func() time.Time { return account().LastSync }
		before := verified()
		time.Sleep(time.Hour)
		if err := c.db.Close(); err != nil {
			t.Fatal(err)
		}
		damageText(t, c.path, "beta one")
		c.open()
		if _, err := c.once(); err != nil || !verified().After(before) {
			t.Fatalf("compared again after an hour: %v", err)
		}
		before = verified()
		time.Sleep(12 * time.Hour)
		s.Faults(nil)
		_, err := c.once()
		if !errors.Is(err, store.ErrDamaged) {
			t.Fatalf("got %v, want ErrDamaged", err)
		}
		if now := account(); now.LastSync.After(before) || now.Trouble == nil {
			t.Errorf("verified %v, trouble %+v", now.LastSync, now.Trouble)
		}
		if n := s.Requests()[dynalist.PathDocRead]; n != 0 {
			t.Errorf("%d documents were read", n)
		}
	})
}

// A round that compares costs no commit more.
func TestComparingCostsNoCommit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newAccount(t, []int{50})
		c, path := openCounted(t, a)
		rounds := func() uint64 {
			before := commits(t, path)
			c.round(sync.Round{List: true})
			return commitsSince(t, path, before)
		}
		for range 3 {
			rounds()
			time.Sleep(time.Minute)
		}
		plain := rounds()
		time.Sleep(13 * time.Hour)
		if compared := rounds(); compared != plain {
			t.Errorf("%d commits, %d without comparing", compared, plain)
		}
	})
}

// damageText changes a letter of a text wherever it stands in a file.
func damageText(t *testing.T, path, text string) {
	t.Helper()
	file, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(file, []byte(text)) {
		t.Fatalf("%q is not in the file", text)
	}
	file = bytes.ReplaceAll(file, []byte(text), append([]byte{text[0] ^ 1}, text[1:]...))
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
}
