package store

import (
	"os"
	"strconv"
	"strings"
)

// The file beside the database that names the process which has it open. It is
// advice for a message: the lock itself is the system's, on the database file.
// Hence no error of it matters, and stale content after a crash is harmless.
func pidPath(path string) string { return path + ".pid" }

func writePID(path string) {
	_ = os.WriteFile(pidPath(path), []byte(strconv.Itoa(os.Getpid())+"\n"), 0o600)
}

func removePID(path string) { _ = os.Remove(pidPath(path)) }

// readPID returns 0 if no process is named.
func readPID(path string) int {
	b, err := os.ReadFile(pidPath(path))
	if err != nil {
		return 0
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(b)))
	if err != nil || pid < 0 {
		return 0
	}
	return pid
}
