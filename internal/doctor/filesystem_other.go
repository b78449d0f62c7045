//go:build !linux

package doctor

// FileSystem knows the hazards of Linux only.
func FileSystem(string) []Finding {
	return []Finding{Skip("hazards of file systems are known to us for Linux only")}
}

// Watching: only Linux has limits that matter.
func Watching(int) []Finding { return []Finding{Good("this system has no limit that matters")} }
