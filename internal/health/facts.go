package health

import (
	"fmt"
	"time"

	"outlast/store"
)

// Facts is all that a state is judged by. Judge is a pure function of it.
type Facts struct {
	Now time.Time
	Stored
	Extras
}

// Stored are the facts that the database holds; see Read.
type Stored struct {
	Account   store.Account
	Frozen    error        // why nothing is saved any more, nil while all is well
	Queue     store.Counts // summed over all documents
	Conflicts int          // that nobody has resolved
	Decisions int          // of those, the ones that wait for a person
	Documents int          // in the working tree of files
	Read      int          // of those, the ones with a base
	Incidents []Incident   // that last, as last written down
}

// Extras are the facts that only the running program knows. The zero value
// knows nothing and raises no alarm by itself.
type Extras struct {
	Daemon       *bool // runs in the background; nil: not known or of no concern
	Installed    bool  // the background service is installed, so it should run
	ReadOnly     string
	LastContact  time.Time // newer than what the database holds; zero: not known
	LastSync     time.Time // of this process
	Network      *bool     // whether this machine has any; nil: not known
	SmallClass   Class     // "" for unknown
	LargeClass   Class
	Fares        *store.Fares // newer than what the database holds; nil: not known
	NextRetry    time.Time    // zero for none
	Snapshots    *Snapshots   // nil: not known
	Disks        []Disk
	Monitors     string     // address for monitors, "" for none
	AlertTrouble string     // why the user could not be told something, "" for none
	Incidents    []Incident // newer than what the database holds; nil: not known
	Watched      *Watched   // nil: not known, or no folder is watched
}

// fares returns the newest that is known of requests.
func (f Facts) fares() store.Fares {
	if f.Fares != nil {
		return *f.Fares
	}
	return f.Account.Fares
}

// incidents returns the newest that is known of those that last.
func (f Facts) incidents() []Incident {
	if f.Extras.Incidents != nil {
		return f.Extras.Incidents
	}
	return f.Stored.Incidents
}

// Snapshots is what the folder of snapshots shows.
type Snapshots struct {
	LastVerified time.Time // zero for none
	LastDrill    time.Time // zero for never
	Trouble      string    // of the last attempt, "" for none

	First        time.Time     // the oldest that is there; zero for none
	DrillLimit   time.Duration // how old LastDrill may be; zero: no drills are wanted
	DrillTrouble string        // of the last drill, "" for none
}

// Collect returns all facts of this moment.
func Collect(db *store.DB, x Extras, now time.Time) (Facts, error) {
	stored, err := Read(db)
	f := Facts{Now: now, Stored: stored, Extras: x}
	if a := &f.Account; a.LastSync.Before(x.LastSync) { // written down less often
		a.LastSync = x.LastSync
	}
	if a := &f.Account; a.LastContact.Before(x.LastContact) {
		a.LastContact = x.LastContact
	}
	return f, err
}

// Read collects what the database knows.
func Read(db *store.DB) (Stored, error) {
	s := Stored{Frozen: db.Frozen()}
	err := db.View(s.read)
	if err != nil {
		return s, fmt.Errorf("read status: %w", err)
	}
	return s, nil
}

// ReadIn collects what a transaction shows of the database.
func ReadIn(tx *store.Tx) (s Stored, err error) {
	if err := s.read(tx); err != nil {
		return s, fmt.Errorf("read status: %w", err)
	}
	return s, nil
}

func (s *Stored) read(tx *store.Tx) error {
	var err error
	if s.Account, err = tx.Account(); err != nil {
		return err
	}
	if err := s.count(tx); err != nil {
		return err
	}
	for c, err := range tx.Conflicts() {
		if err != nil {
			return err
		}
		s.Conflicts++
		if c.Waits {
			s.Decisions++
		}
	}
	journal, err := readJournal(tx)
	if err != nil {
		return err
	}
	s.Incidents = journal.Open
	return s.documents(tx)
}

// count sums the records of all documents.
func (s *Stored) count(tx *store.Tx) error {
	waiting, err := tx.Waiting()
	if err != nil {
		return err
	}
	for _, c := range waiting {
		s.Queue.Pending += c.Pending
		s.Queue.Acknowledged += c.Acknowledged
		s.Queue.Parked += c.Parked
		s.Queue.Bytes += c.Bytes
		if !c.Oldest.IsZero() && (s.Queue.Oldest.IsZero() || c.Oldest.Before(s.Queue.Oldest)) {
			s.Queue.Oldest = c.Oldest
		}
	}
	return nil
}

func (s *Stored) documents(tx *store.Tx) error {
	files, err := tx.Files()
	if err != nil || files == nil {
		return err
	}
	for f := range files.Documents() {
		s.Documents++
		_, ok, err := tx.Meta(f.ID)
		if err != nil {
			return err
		}
		if ok {
			s.Read++
		}
	}
	return nil
}
