package sync_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"outlast/internal/server"
)

// What a restored database still wanted to insert is sent, or left out with what
// builds on it, as a person says, before and after the first read.
func TestOldDatabaseIsDecided(t *testing.T) {
	for _, mine := range []bool{true, false} {
		for _, rounds := range []int{1, 4} {
			t.Run(fmt.Sprintf("mine %v after %d rounds", mine, rounds), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					s, c, doc := sample(t, server.Compat)
					numbers := sentNumbers{}
					c.reopen(numbers)
					c.once()
					c.add(doc, "gamma", "taken away since")
					c.add(doc, "taken away since", "below it")
					c.edit(doc, "below it", "below it, edited")
					c.edit(doc, "alpha one", "changed")
					other := c.addDoc("Other")
					c.add(other, "", "in the other one")
					restore := c.backup()
					c.reopen(numbers)
					c.settle()
					c.erase("cli", doc, "taken away since")
					c.settle()
					restore()
					c.reopen(numbers)
					for range rounds {
						c.once()
						time.Sleep(time.Minute)
					}
					c.decide(mine)
					c.reopen(numbers)
					c.settle()
					got := served(t, s, "Plan")
					for _, text := range []string{"taken away since", "below it, edited"} {
						if n := strings.Count(got, text); n > 1 || (n == 1) != mine {
							t.Errorf("%q is there %d times:\n%s", text, n, got)
						}
						if trashed := slices.Contains(c.trashed(), text); trashed == mine {
							t.Errorf("%q in the trash: %v", text, trashed)
						}
					}
					if !strings.Contains(got, "changed") {
						t.Errorf("an edit was left out:\n%s", got)
					}
					if here := show(c.document(doc)); here != got {
						t.Errorf("here\n%sat the service\n%s", here, got)
					}
					if got := served(t, s, "Other"); got != "in the other one\n" {
						t.Errorf("other document: %q", got)
					}
					if k := c.conflicts(false); len(k) != 0 {
						t.Errorf("still asked %+v", k)
					}
				})
			})
		}
	}
}
