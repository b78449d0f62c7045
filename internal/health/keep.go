package health

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"outlast/store"
)

// The journal lies in the database as named values: "health" is the Journal, and
// "health/2026-11" what a month is remembered by.
const journalName = "health"

const (
	saveEvery    = 10 * time.Minute // while nothing happens
	keepMonths   = 36
	maxIncidents = 300 // of one month
)

// Month is what is remembered of one month.
type Month struct {
	Days      []Day      `json:"days"`
	Incidents []Incident `json:"incidents"` // that are over, by their beginning
}

// Keeper keeps the journal of one database. Its methods may be called from any
// goroutine.
type Keeper struct {
	db *store.DB

	mu      sync.Mutex // protects the rest
	journal Journal
	saved   time.Time
	unsaved Outcome // what no commit holds yet
}

// Open reads the journal.
func Open(db *store.DB) (*Keeper, error) {
	k := &Keeper{db: db}
	err := db.View(func(tx *store.Tx) (err error) {
		k.journal, err = readJournal(tx)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the journal of incidents: %w", err)
	}
	return k, nil
}

// Observe takes in facts and returns what a person should be told. The notices
// hold in spite of an error, which means that the journal was not written: a
// database that takes nothing any more is one of the things to be told.
func (k *Keeper) Observe(f Facts, r Rules) ([]Notice, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	out := k.journal.Observe(f, r)
	k.unsaved.Ended = append(k.unsaved.Ended, out.Ended...)
	if out.Day != nil {
		k.unsaved.Day = out.Day
	}
	if age := f.Now.Sub(k.saved); !out.Changed && out.Day == nil && age >= 0 && age < saveEvery {
		return out.Notices, nil
	}
	return out.Notices, k.save(f.Now)
}

// Incidents returns those that last.
func (k *Keeper) Incidents() []Incident {
	k.mu.Lock()
	defer k.mu.Unlock()
	open := slices.Clone(k.journal.Open)
	for n := range open { // whoever gets them reads them while the journal goes on
		i := &open[n]
		i.Causes, i.Codes, i.Moments = maps.Clone(i.Causes), maps.Clone(i.Codes), slices.Clone(i.Moments)
	}
	return open
}

// Close writes down what was measured since the last time.
func (k *Keeper) Close() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.journal.At.IsZero() || k.db.Frozen() != nil {
		return nil
	}
	return k.save(k.journal.At)
}

// save writes journal and months in one transaction.
func (k *Keeper) save(now time.Time) error {
	err := k.db.Update(func(tx *store.Tx) error {
		for _, i := range k.unsaved.Ended {
			if err := changeMonth(tx, monthOf(i.Since), func(m *Month) { m.add(i) }); err != nil {
				return err
			}
		}
		if d := k.unsaved.Day; d != nil {
			if err := rememberDay(tx, *d, now); err != nil {
				return err
			}
		}
		return putValue(tx, journalName, k.journal)
	})
	if err != nil {
		return fmt.Errorf("write the journal of incidents: %w", err)
	}
	k.saved, k.unsaved = now, Outcome{}
	return nil
}

// rememberDay adds a day that is over to its month, and forgets a month that is old.
func rememberDay(tx *store.Tx, d Day, now time.Time) error {
	if err := changeMonth(tx, d.Date[:len("2006-01")], func(m *Month) { m.Days = append(m.Days, d) }); err != nil {
		return err
	}
	return tx.PutCursor(journalName+"/"+monthsBefore(now, keepMonths), nil)
}

// add keeps an incident. In a month that has very many, the shortest of those
// that nobody was told goes.
func (m *Month) add(i Incident) {
	m.Incidents = append(m.Incidents, i)
	if len(m.Incidents) <= maxIncidents {
		return
	}
	least := slices.MinFunc(m.Incidents, func(a, b Incident) int {
		if (a.Told == nil) != (b.Told == nil) {
			if a.Told == nil {
				return -1
			}
			return 1
		}
		return int(a.Lasted(*a.Until).Seconds()) - int(b.Lasted(*b.Until).Seconds())
	})
	m.Incidents = slices.DeleteFunc(m.Incidents, func(o Incident) bool { return o.ID == least.ID })
}

func monthOf(t time.Time) string { return t.Local().Format("2006-01") }

// monthsBefore returns the name of the month n months before t.
func monthsBefore(t time.Time, n int) string {
	local := t.Local()
	return time.Date(local.Year(), local.Month()-time.Month(n), 1, 0, 0, 0, 0, time.Local).Format("2006-01")
}

func readJournal(tx *store.Tx) (j Journal, err error) {
	err = getValue(tx, journalName, &j)
	return j, err
}

func changeMonth(tx *store.Tx, name string, change func(*Month)) error {
	var m Month
	if err := getValue(tx, journalName+"/"+name, &m); err != nil {
		return err
	}
	change(&m)
	return putValue(tx, journalName+"/"+name, m)
}

func getValue(tx *store.Tx, name string, v any) error {
	text, err := tx.Cursor(name)
	if err != nil || text == nil {
		return err
	}
	if err := json.Unmarshal(text, v); err != nil {
		return fmt.Errorf("decode %s: %w", name, err)
	}
	return nil
}

func putValue(tx *store.Tx, name string, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode %s: %w", name, err)
	}
	return tx.PutCursor(name, text)
}
