package health

import (
	"fmt"

	"outlast/store"
)

// Record counts in the journal what a command has done by itself, between two
// facts: requests, changes sent and how long they waited, rounds, snapshots. Its
// transaction is the one that holds the outcome, so it costs no commit of its own.
// It raises no alarm and begins no incident; those are for whoever looks regularly.
// Where a daemon runs, its Keeper counts.
func Record(tx *store.Tx, before, after Facts) error {
	j, err := readJournal(tx)
	if err != nil {
		return fmt.Errorf("record what was done: %w", err)
	}
	for _, f := range []Facts{before, after} {
		if day := j.measure(f, 0); day != nil {
			if err := rememberDay(tx, *day, f.Now); err != nil {
				return fmt.Errorf("record what was done: %w", err)
			}
		}
		j.Fares = f.fares()
	}
	if err := putValue(tx, journalName, j); err != nil {
		return fmt.Errorf("record what was done: %w", err)
	}
	return nil
}
