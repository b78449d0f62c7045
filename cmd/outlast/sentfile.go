package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/denisbrodbeck/machineid"

	"outlast/internal/atomicfile"
	"outlast/sync"
)

// sentFile keeps the number of the last request in a folder of its own, not
// beside the database: what is restored or copied with the database would say
// nothing. Each database has a file of its own, named by its client id; the
// file names the machine.
func sentFile(dir string) sync.Sent {
	return sync.Sent{
		Last: func(client string) (uint64, bool, error) { return lastSent(filepath.Join(dir, "sent-"+client)) },
		Note: func(client string, n uint64, durable bool) error {
			return noteSent(dir, filepath.Join(dir, "sent-"+client), n, durable)
		},
	}
}

func lastSent(path string) (n uint64, ok bool, err error) {
	text, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return 0, false, nil
	case err != nil:
		return 0, false, err
	}
	var machine string
	if _, err := fmt.Sscanf(string(text), "%20d %64s\n", &n, &machine); err != nil || machine != machineName() {
		return 0, false, nil // torn, or of another machine: not trusted
	}
	return n, true, nil
}

// noteSent writes the number over the last one. The line is as long as before
// and lies in one sector, so a crash leaves one or the other.
func noteSent(dir, path string, n uint64, durable bool) error {
	if err := atomicfile.MkdirAll(dir); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(f, "%020d %-64s\n", n, machineName())
	if durable {
		err = errors.Join(err, f.Sync())
	}
	return errors.Join(err, f.Close())
}

// machineName is an id of this machine that says nothing else about it, or its
// host name where there is none.
func machineName() string {
	if id, err := machineid.ProtectedID("outlast"); err == nil {
		return id
	}
	host, err := os.Hostname()
	if err != nil || host == "" {
		return "unknown"
	}
	host = strings.Join(strings.Fields(host), "-")
	return host[:min(len(host), 64)]
}
