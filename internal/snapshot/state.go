package snapshot

import (
	"encoding/json"
	"fmt"
	"time"

	"outlast/store"
)

// cursorName is where the database keeps what the schedule needs.
const cursorName = "snapshot"

// state is what the database remembers of the last snapshot; the zero value
// means that there was none.
type state struct {
	Number  uint64    `json:"number"`
	Name    string    `json:"name"`
	TakenAt time.Time `json:"taken_at"`
	Seen    string    `json:"seen"` // survey.state of what it holds
	Dir     string    `json:"dir"`
	Mark    string    `json:"mark"` // of Dir

	Trouble   string    `json:"trouble,omitempty"` // why the last try failed, "" if it did not
	TroubleAt time.Time `json:"trouble_at,omitzero"`
}

func loadState(db *store.DB) (s state, err error) {
	err = db.View(func(tx *store.Tx) error {
		s, err = readState(tx)
		return err
	})
	return s, err
}

func readState(tx *store.Tx) (s state, err error) {
	text, err := tx.Cursor(cursorName)
	if err != nil || text == nil {
		return s, err
	}
	if err := json.Unmarshal(text, &s); err != nil {
		return s, fmt.Errorf("read when the last snapshot was taken: %w", err)
	}
	return s, nil
}

func saveState(db *store.DB, s state) error {
	text, err := json.Marshal(s)
	if err == nil {
		err = db.Update(func(tx *store.Tx) error { return tx.PutCursor(cursorName, text) })
	}
	if err != nil {
		return fmt.Errorf("note when it was taken: %w", err)
	}
	return nil
}
