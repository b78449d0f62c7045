package main

import (
	"bufio"
	"fmt"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// dropFilePages lets go of the pages of files that are mapped into this process and
// as they are on the disk: those of the program that only its start needed, and
// those of the database that were read. They stay in the system's cache while it
// has room, and come back when they are touched.
func dropFilePages() {
	f, err := os.Open("/proc/self/smaps")
	if err != nil {
		return
	}
	defer f.Close()
	var begin, end uintptr
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var from, to uintptr
		var mode string
		var offset, device, inode string
		line := lines.Text()
		if n, _ := fmt.Sscanf(line, "%x-%x %s %s %s %s", &from, &to, &mode, &offset, &device, &inode); n == 6 {
			begin, end = 0, 0
			if !strings.Contains(mode, "w") && inode != "0" {
				begin, end = from, to
			}
			continue
		}
		// A page that was written to once, as by relocation, is no longer the file's.
		if begin != 0 && strings.HasPrefix(line, "Anonymous:") && strings.Fields(line)[1] == "0" {
			_, _, _ = unix.Syscall(unix.SYS_MADVISE, begin, end-begin, unix.MADV_DONTNEED)
		}
	}
}

// residentBytes is how much memory this process has in use, shared or not.
func residentBytes() int {
	text, err := os.ReadFile("/proc/self/statm") // proc(5): size resident shared ... in pages
	if err != nil {
		return 0
	}
	var size, resident int
	if _, err := fmt.Sscan(string(text), &size, &resident); err != nil {
		return 0
	}
	return resident * os.Getpagesize()
}
