package snapshot

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"outlast/store"
)

// drillCursor is where the database keeps the result of the last drill.
const drillCursor = "snapshot-drill"

// Clocks tell what was proven of the snapshots, and when. They are kept in the
// database, so they are known while the disk of the snapshots is not there.
type Clocks struct {
	LastVerified time.Time // when the last verified snapshot was taken; zero for never
	Name         string    // of it
	Trouble      string    // why the last try to take one failed, "" if it did not; without outline text
	TroubleAt    time.Time // when that was first so

	LastDrill    time.Time // last drill in which all came back; zero for never
	DrillTried   time.Time // last drill, however it ended
	DrillTrouble string    // why that one failed, "" if it did not; without outline text
}

// ReadClocks returns the clocks.
func ReadClocks(tx *store.Tx) (Clocks, error) {
	s, err := readState(tx)
	if err != nil {
		return Clocks{}, err
	}
	d, err := readDrill(tx)
	return Clocks{
		LastVerified: s.TakenAt, Name: s.Name, Trouble: s.Trouble, TroubleAt: s.TroubleAt,
		LastDrill: d.Good, DrillTried: d.At, DrillTrouble: d.Problem,
	}, err
}

func readDrill(tx *store.Tx) (d DrillResult, err error) {
	text, err := tx.Cursor(drillCursor)
	if err != nil || text == nil {
		return d, err
	}
	if err := json.Unmarshal(text, &d); err != nil {
		return d, fmt.Errorf("read the result of the last drill: %w", err)
	}
	return d, nil
}

// noteTrouble remembers why no snapshot was taken, as far as the database can.
func noteTrouble(db *store.DB, at time.Time, cause error) error {
	s, err := loadState(db)
	if err != nil {
		return err
	}
	if s.Trouble == "" {
		s.TroubleAt = at
	}
	s.Trouble = Tell(cause)
	return saveState(db, s)
}

// Tell says what went wrong without the names of files in a snapshot, which hold
// titles of the outline: for logs and notices.
func Tell(err error) string {
	path, inFile := errors.AsType[*fs.PathError](err)
	link, inLink := errors.AsType[*os.LinkError](err)
	switch {
	case errors.Is(err, ErrFull):
		return ErrFull.Error()
	case errors.Is(err, ErrFolder): // speaks of the folder of snapshots only
		return err.Error()
	case errors.Is(err, ErrUnverified):
		return ErrUnverified.Error()
	case inFile:
		return path.Op + " a file: " + path.Err.Error()
	case inLink:
		return link.Op + " a file: " + link.Err.Error()
	}
	return err.Error()
}
