package store

import (
	"bytes"
	"maps"
	"slices"
	"time"

	"outlast/internal/outline"
)

// Account is what is known of the account and its service.
type Account struct {
	Server      string             `json:"server"` // base address
	RootFile    outline.ServiceID  `json:"root_file"`
	ServerID    string             `json:"server_id,omitempty"` // of a server of ours
	ClientID    string             `json:"client_id"`           // ULID of this database
	Origin      string             `json:"origin,omitempty"`    // the client id that it had before it was restored from a backup
	Sent        uint64             `json:"sent,omitempty"`      // number of the last request that was written down
	Inbox       string             `json:"inbox,omitempty"`     // preference inbox_location
	InboxTop    bool               `json:"inbox_top,omitempty"`
	PrefsAt     time.Time          `json:"prefs_at,omitzero"`     // preferences read
	BatchCap    int                `json:"batch_cap,omitempty"`   // changes per request, 0 for the default
	BatchBytes  int                `json:"batch_bytes,omitempty"` // of a request with several changes, 0 for the default
	Restored    bool               `json:"restored,omitempty"`    // found to be restored or copied: what it wants to insert is looked at first
	DoubtAt     time.Time          `json:"doubt_at,omitzero"`     // the last answer that was unclear
	Clear       int                `json:"clear,omitempty"`       // clear answers since, as long as they are counted
	Budgets     []Budget           `json:"budgets,omitempty"`
	Fares       Fares              `json:"fares,omitzero"`
	NotBefore   time.Time          `json:"not_before,omitzero"`   // the service asked for rest until then
	LastContact time.Time          `json:"last_contact,omitzero"` // any good answer
	LastSync    time.Time          `json:"last_sync,omitzero"`    // versions compared and nothing left to pull
	LastList    time.Time          `json:"last_list,omitzero"`    // file list read
	Trouble     *Trouble           `json:"trouble,omitempty"`     // nil when the last round went well
	Held        map[string]Trouble `json:"held,omitempty"`        // by FileID: documents whose read is not trusted, or whose push is stopped
}

// Budget is the state of one rate bucket at the service.
type Budget struct {
	Name   string    `json:"name"`
	Tokens float64   `json:"tokens"`
	At     time.Time `json:"at"`

	PerMinute int  `json:"per_minute,omitempty"` // how fast it fills; 0 if not known
	Burst     int  `json:"burst,omitempty"`      // most tokens that it holds; 0 if not known
	Off       bool `json:"off,omitempty"`        // the service said that it has no such limit
}

// Fares tells how requests fare at the service, by size.
type Fares struct {
	Small Fare `json:"small,omitzero"`
	Sent  Fare `json:"sent,omitzero"` // requests that carry much
	Read  Fare `json:"read,omitzero"` // requests whose answers do

	Changes int `json:"changes,omitempty"` // that the service took, ever
}

// Fare tells how one class of requests fares.
type Fare struct {
	Passed int       `json:"passed,omitempty"` // ever
	Failed int       `json:"failed,omitempty"` // ever
	Last   time.Time `json:"last,omitzero"`    // last one, however it ended
	Row    int       `json:"row,omitempty"`    // failures since the last that passed
	Since  time.Time `json:"since,omitzero"`   // the first of these
	Bytes  int       `json:"bytes,omitempty"`  // the smallest of these
	Slow   int       `json:"slow,omitempty"`   // slow ones in a row
}

// Trouble is why something does not go on, for status.
type Trouble struct {
	Kind  string    `json:"kind"`            // "offline", "token", "rate", "service", "hold", "permission", ...
	Cause string    `json:"cause,omitempty"` // what is in the way: "dns", "tls", ...; "" if that is not known
	Code  string    `json:"code,omitempty"`  // of the service or of HTTP, "" for none
	Text  string    `json:"text"`            // for a person; no token, no outline text
	Since time.Time `json:"since"`
	Next  time.Time `json:"next,omitzero"` // next try
}

// Account returns what is known of the account, the zero value before init.
func (tx *Tx) Account() (Account, error) {
	a, err := tx.db.cache.account.get(func() (*Account, error) {
		var a Account
		_, err := tx.getJSON(bucketMeta, []byte(keyAccount), &a)
		return &a, err
	})
	if err != nil {
		return Account{}, err
	}
	return a.clone(), nil
}

// clone returns a copy that shares nothing with a.
func (a Account) clone() Account {
	a.Budgets, a.Held = slices.Clone(a.Budgets), maps.Clone(a.Held)
	if a.Trouble != nil {
		t := *a.Trouble
		a.Trouble = &t
	}
	return a
}

// PutAccount replaces what is known of the account.
func (tx *Tx) PutAccount(a Account) error {
	old, err := tx.Account()
	if err != nil {
		return err
	}
	if old.RootFile != a.RootFile {
		tx.replaced("") // an account without a list starts with this root
	}
	if err := tx.putJSON(bucketMeta, []byte(keyAccount), a); err != nil {
		return err
	}
	// Each request writes the account, and each transaction after it asks for it.
	kept := a.wall()
	tx.db.cache.account.set(&kept)
	return nil
}

// wall returns a copy that shares nothing with a, as it is read from the file
// again: without the readings of this process's monotonic clock.
func (a Account) wall() Account {
	a = a.clone()
	strip(&a.PrefsAt, &a.DoubtAt, &a.NotBefore, &a.LastContact, &a.LastSync, &a.LastList)
	for _, f := range []*Fare{&a.Fares.Small, &a.Fares.Sent, &a.Fares.Read} {
		strip(&f.Last, &f.Since)
	}
	for i := range a.Budgets {
		strip(&a.Budgets[i].At)
	}
	if a.Trouble != nil {
		strip(&a.Trouble.Since, &a.Trouble.Next)
	}
	for doc, t := range a.Held {
		strip(&t.Since, &t.Next)
		a.Held[doc] = t
	}
	return a
}

func strip(times ...*time.Time) {
	for _, t := range times {
		*t = t.Round(0)
	}
}

// Cursor returns a named value that survives restarts, nil if not set: how far
// a consumer of the log has come, when a schedule is due, what a terminal listed.
func (tx *Tx) Cursor(name string) ([]byte, error) {
	v, err := tx.sealed(bucketCursors, []byte(name))
	return bytes.Clone(v), err
}

// PutCursor sets a named value; nil forgets it.
func (tx *Tx) PutCursor(name string, v []byte) error {
	if err := checkID("cursor", name); err != nil {
		return err
	}
	if v == nil {
		return tx.remove(bucketCursors, []byte(name))
	}
	return tx.putSealed(bucketCursors, []byte(name), v)
}
