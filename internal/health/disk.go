package health

import (
	"fmt"
	"slices"
)

// Disk is the free space of one file system that the program uses.
type Disk struct {
	Path       string  `json:"path"`
	Use        string  `json:"use"` // "data", "snapshots", "temp", ...
	FreeBytes  uint64  `json:"free_bytes"`
	TotalBytes uint64  `json:"total_bytes"`
	FreeInodes *uint64 `json:"free_inodes"`  // nil where the system has none or does not say
	FullInDays *int    `json:"full_in_days"` // nil when it is not filling, or it is too early to tell
	Level      Level   `json:"level"`

	mount     string // tells file systems apart, "" if not known
	allInodes uint64 // 0 for unlimited
}

// Free space below which a disk is low. A commit, a compaction and a snapshot must
// still find room, and they need the same on every disk, so these are bytes. Only on
// a disk so small that it would always be low they are a share of it.
const (
	lowBytes      = 2 << 30
	criticalBytes = 512 << 20
	lowPercent    = 20
	critPercent   = 5
	lowInodes     = 10_000
	noInodes      = 1_000
	// soonFull is how many days before it will be full a disk is low, whatever is
	// free now.
	soonFull = 7
)

// Look reads the free space of the file system that holds path.
func Look(path, use string) (Disk, error) {
	d := Disk{Path: path, Use: use, Level: Unknown}
	if err := d.read(); err != nil {
		return d, fmt.Errorf("look at the disk of %s: %w", path, err)
	}
	d.Level = d.judge()
	return d, nil
}

// Place is a folder that the program uses, and what for.
type Place struct{ Path, Use string }

// LookAll looks at the file systems of all places, each once, under the first place
// on it. One that cannot be looked at is there with an unknown level, not left out.
// The errors are told to log.
func LookAll(places []Place, log func(error)) []Disk {
	var disks []Disk
	for _, p := range places {
		d, err := Look(p.Path, p.Use)
		if err != nil {
			log(err)
		}
		known := func(e Disk) bool { return d.mount != "" && e.mount == d.mount }
		if !slices.ContainsFunc(disks, known) {
			disks = append(disks, d)
		}
	}
	return disks
}

func (d *Disk) judge() Level {
	switch {
	case d.FreeBytes < min(criticalBytes, d.TotalBytes/100*critPercent), d.short(noInodes, critPercent):
		return Critical
	case d.FreeBytes < min(lowBytes, d.TotalBytes/100*lowPercent), d.short(lowInodes, lowPercent),
		d.FullInDays != nil && *d.FullInDays <= soonFull:
		return Warning
	}
	return Fine
}

// short tells whether there are fewer inodes than a number and a share of all.
func (d *Disk) short(number, percent uint64) bool {
	return d.FreeInodes != nil && *d.FreeInodes < min(number, d.allInodes/100*percent)
}

// Trouble says what is wrong with a disk that is not fine.
func (d Disk) Trouble() string {
	where := fmt.Sprintf("the disk of %s (%s)", d.Path, d.Use)
	now := d
	now.FullInDays = nil
	switch {
	case d.short(lowInodes, lowPercent):
		return fmt.Sprintf("%s is nearly out of inodes: room for %d more files", where, *d.FreeInodes)
	case now.judge() != Fine:
		return fmt.Sprintf("%s is nearly full: %d MiB free", where, d.FreeBytes>>20)
	case d.FullInDays != nil && *d.FullInDays < 1:
		return fmt.Sprintf("%s fills up: at this rate it is full within a day", where)
	case d.FullInDays != nil:
		return fmt.Sprintf("%s fills up: at this rate it is full in %d days", where, *d.FullInDays)
	}
	return where + " is low"
}
