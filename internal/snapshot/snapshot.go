// Package snapshot leaves dated copies of the whole outline behind, in OPML that
// other programs import and in exact JSON, and proves each of them before it counts.
//
//	<dir>/2026-11-23T040000Z/            UTC; a second one in that second ends in -2
//	    Work/Projects/plan-1a2b3c4d.opml     one per document, folders as in the account
//	    Work/Projects/plan-1a2b3c4d.json.zst what OPML cannot hold too: see Exact
//	    manifest.json                    what is in it: see Manifest
//	<dir>/.outlast-snapshots             a random line by which the folder is known again
//
// # How one is taken
//
//  1. Each document is packed in a read transaction of its own (store.Packed), and
//     its files are written from that after it, a node at a time, below a temporary
//     name in dir: commits wait for readers, so none may wait for a disk or for all
//     documents. Then a survey in one
//     transaction looks at everything at once. What changed since it was encoded
//     is encoded again, until a survey finds every document as it was encoded:
//     that moment is the one that the snapshot shows. Should documents change
//     faster than that, the last survey encodes the rest itself. Memory holds no
//     document, but the ids of two and sixteen bytes per node of all: fingerprints of
//     what the files are to hold.
//  2. Files whose content is that of the last verified snapshot become hard links
//     to it, copies where links fail.
//  3. Each file is read back, its hash compared, decoded strictly, and every node
//     compared with its fingerprint: in OPML in the written form (opml.Written),
//     since what OPML cannot hold is listed in the manifest; in JSON exactly.
//  4. The manifest is written, and says "verified" only now. Everything is made
//     durable, the name is given by one rename, and the folder is made durable.
//  5. The database remembers when it was, for the schedule.
//
// A failure before the rename removes the temporary folder and nothing else. What
// a crash leaves is removed by the next take, which a lock on dir keeps from
// touching one that is still being written. Snapshots that exist are never
// written to, with one exception that their files share with any hard link: a
// program that edits one in place edits all. Such a file no longer has its hash,
// and is then written anew instead of being linked once more.
//
// # What is not compared again
//
// A document with the title, base and log that it had in the last snapshot is
// linked without being read from the database or decoded: its files were compared
// with the very same content before, and their hashes show that they are still
// those. After a day they are compared in full all the same.
//
// # What stays
//
// Retain decides, as a pure function of the list and the time; Prune carries it out
// after a new snapshot is in its place, and never before.
//
// # What comes back
//
// A Reader gives documents back with their ids, from the JSON, or from the OPML when
// that is all there is. Drill proves it every week: it restores the newest snapshot
// and a random older one into a temporary database and compares. Replicate copies a
// snapshot to another folder; other places are the business of package offsite.
//
// # Folder
//
// All access goes through an os.Root on dir. A dir that is a link, is missing, was
// replaced, or is not the one used before (the empty folder below an absent
// mount) is an ErrFolder. Only a folder below the program's own data is created.
package snapshot

import (
	"errors"
	"time"
)

// Sentinels of this package.
var (
	// ErrFolder: the folder of snapshots is not there, or not the right one.
	ErrFolder = errors.New("snapshot folder cannot be used")
	// ErrFull: the disk, a quota or a size limit is used up. Older snapshots are
	// untouched.
	ErrFull = errors.New("no room for the snapshot")
	// ErrMissing: there is no snapshot of this name.
	ErrMissing = errors.New("no such snapshot")
	// ErrUnverified: the files are not what they should be.
	ErrUnverified = errors.New("snapshot is not verified")
)

// errStale: a file of the snapshot before, to be linked, has changed since.
var errStale = errors.New("a file of the previous snapshot has changed")

// compareEvery is how long a file may be linked on the word of its hash alone.
const compareEvery = 24 * time.Hour

// Options say where snapshots go.
type Options struct {
	Dir     string // the folder; required
	Program string // version of the program, for the manifest
	Create  bool   // make Dir if it is missing: for the folder below our own data only
	Adopt   bool   // accept a Dir that is not the folder used before, because a person said so

	// Free tells how many bytes may be written in dir, so that one that cannot
	// succeed is not begun; nil: it is found out by writing.
	Free func(dir string) (bytes uint64, err error)
	// Room is asked before anything is written and says why there is no room for a
	// snapshot; nil when it is not to be asked.
	Room func() error

	seams
}

// seams are for tests only, which play years with clocks that jump and a process
// that ends between any two steps.
type seams struct {
	wall func() time.Time // the clock on the wall, in the zone of its user; nil is time.Now
	step func() error     // asked before each operation on a file; an error is the end of the process
}

// local is the clock on the wall, without the monotonic one, which stops while a
// machine sleeps.
func (s seams) local() time.Time {
	if s.wall == nil {
		return time.Now().Round(0)
	}
	return s.wall().Round(0)
}

// now is the wall clock in UTC, as a manifest holds it.
func (s seams) now() time.Time { return s.local().UTC() }

func (s seams) next() error {
	if s.step == nil {
		return nil
	}
	return s.step()
}
