package store_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"outlast/store"
	"outlast/store/storetest"
)

// What a transaction asks of the account after it was written is what a later
// process reads from the file.
func TestAccountReadsAsItIsOnDisk(t *testing.T) {
	db := storetest.OpenFast(t)
	now := time.Now() // has a reading of the monotonic clock
	trouble := store.Trouble{Kind: "offline", Text: "no network", Since: now, Next: now}
	fare := store.Fare{Passed: 1, Last: now, Since: now}
	want := store.Account{
		Server: "s", RootFile: "root", ClientID: "c", PrefsAt: now, DoubtAt: now, NotBefore: now, LastContact: now,
		LastSync: now, LastList: now, Trouble: &trouble, Held: map[string]store.Trouble{"d": trouble},
		Budgets: []store.Budget{{Name: "b", At: now}}, Fares: store.Fares{Small: fare, Sent: fare, Read: fare},
	}
	update(t, db, func(tx *store.Tx) error { return tx.PutAccount(want) })
	kept := accountOf(t, db)
	want.Held["e"], want.Budgets[0].Name, want.Trouble.Text = trouble, "other", "other" // ours no longer

	if s := fmt.Sprintf("%+v %+v", kept, *kept.Trouble); strings.Contains(s, "m=") {
		t.Errorf("the account has readings of the monotonic clock: %s", s)
	}
	if read := accountOf(t, storetest.Reopen(t, db)); inJSON(t, read) != inJSON(t, kept) {
		t.Errorf("read %s, kept %s", inJSON(t, read), inJSON(t, kept))
	}
}

func accountOf(t *testing.T, db *store.DB) (a store.Account) {
	t.Helper()
	view(t, db, func(tx *store.Tx) (err error) {
		a, err = tx.Account()
		return err
	})
	return a
}

func inJSON(t *testing.T, v any) string {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
