package snapshot

import (
	"cmp"
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"time"
)

// Info is a snapshot in a line.
type Info struct {
	Name     string    `json:"name"`
	Path     string    `json:"path"` // of its folder
	Number   uint64    `json:"number"`
	TakenAt  time.Time `json:"taken_at"`
	Verified bool      `json:"verified"`
	Totals   Totals    `json:"totals"`
	// Problem says why it cannot be read, "" if it can. Only Name, Path and the
	// time in the name are known then.
	Problem string `json:"problem,omitempty"`
}

func infoOf(f *folder, name string, m *Manifest) Info {
	return Info{
		Name: name, Path: filepath.Join(f.path, name), Number: m.Number,
		TakenAt: m.TakenAt, Verified: m.Verified, Totals: m.Totals,
	}
}

// List returns the snapshots in dir, newest first by their numbers, then those
// that cannot be read. A missing dir is an ErrFolder that is also fs.ErrNotExist.
func List(dir string) ([]Info, error) {
	f, err := openFolder(dir)
	if err != nil {
		return nil, err
	}
	all, err := f.list()
	return all, errors.Join(err, f.close())
}

func (f *folder) list() ([]Info, error) {
	entries, err := fs.ReadDir(f.root.FS(), ".")
	if err != nil {
		return nil, err
	}
	var all []Info
	for _, e := range entries {
		at, ok := parseName(e.Name())
		if !ok {
			continue
		}
		m, err := f.manifest(e.Name())
		if err != nil {
			all = append(all, Info{
				Name: e.Name(), Path: filepath.Join(f.path, e.Name()), TakenAt: at, Problem: err.Error(),
			})
			continue
		}
		all = append(all, infoOf(f, e.Name(), m))
	}
	slices.SortFunc(all, func(a, b Info) int {
		return cmp.Or(cmp.Compare(b.Number, a.Number), cmp.Compare(b.Name, a.Name))
	})
	return all, nil
}

func (f *folder) manifest(name string) (*Manifest, error) {
	in, err := f.sub(name)
	if err != nil {
		return nil, err
	}
	m, err := readManifest(in)
	return m, errors.Join(err, in.Close())
}
