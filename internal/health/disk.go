package health

// Disk is the free space of one file system that the program uses.
type Disk struct {
	Path       string  `json:"path"`
	Use        string  `json:"use"` // "data", "snapshots", "temp"
	FreeBytes  uint64  `json:"free_bytes"`
	TotalBytes uint64  `json:"total_bytes"`
	FreeInodes *uint64 `json:"free_inodes"`  // nil where the system has none or does not say
	FullInDays *int    `json:"full_in_days"` // nil when it is not filling or too new to tell
	Level      Level   `json:"level"`
}
