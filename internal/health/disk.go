package health

import "fmt"

// Disk is the free space of one file system that the program uses.
type Disk struct {
	Path       string  `json:"path"`
	Use        string  `json:"use"` // "data", "snapshots", "temp"
	FreeBytes  uint64  `json:"free_bytes"`
	TotalBytes uint64  `json:"total_bytes"`
	FreeInodes *uint64 `json:"free_inodes"`  // nil where the system has none or does not say
	FullInDays *int    `json:"full_in_days"` // nil when it is not filling, or it is too early to tell
	Level      Level   `json:"level"`
}

// Free space below which a disk is low. A commit, a compaction and a snapshot
// must still find room, and the size of the disk does not matter to them, so
// these are bytes and not a percentage.
const (
	lowBytes      = 2 << 30
	criticalBytes = 512 << 20
	lowInodes     = 10_000
	noInodes      = 1_000
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

func (d *Disk) judge() Level {
	inodes := uint64(lowInodes)
	if d.FreeInodes != nil {
		inodes = *d.FreeInodes
	}
	switch {
	case d.FreeBytes < criticalBytes || inodes < noInodes:
		return Critical
	case d.FreeBytes < lowBytes || inodes < lowInodes:
		return Warning
	}
	return Fine
}
