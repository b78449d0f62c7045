package snapshot

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"outlast/internal/atomicfile"
)

// Prune removes the snapshots in dir that Retain does not keep at now, the
// oldest first, and returns what it decided of each. Before the first goes, the
// newest is read back: nothing goes if it is not what it was (ErrUnverified). A
// dry run removes nothing.
//
// A snapshot that goes loses its name in one step, so that none is ever there in
// part; what a crash leaves of it the next take removes. After an error some may
// have gone; all others are whole.
func Prune(ctx context.Context, dir string, keep Keep, now time.Time, dry bool) ([]Decision, error) {
	return pruneIn(ctx, Options{Dir: dir}, keep, now, dry)
}

func pruneIn(ctx context.Context, o Options, keep Keep, now time.Time, dry bool) ([]Decision, error) {
	f, err := openFolder(o.Dir)
	if err != nil {
		return nil, fmt.Errorf("prune snapshots: %w", err)
	}
	f.seams = o.seams
	plan, err := f.prune(ctx, keep, now, dry)
	if err = errors.Join(err, f.close()); err != nil {
		return plan, fmt.Errorf("prune snapshots: %w", err)
	}
	return plan, nil
}

func (f *folder) prune(ctx context.Context, keep Keep, now time.Time, dry bool) (plan []Decision, err error) {
	unlock, err := f.lock(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	all, err := f.list()
	if err != nil {
		return nil, err
	}
	plan = Retain(keep, now, all)
	doomed := slices.DeleteFunc(slices.Clone(plan), func(d Decision) bool { return d.Keep })
	if dry || len(doomed) == 0 {
		return plan, nil
	}
	if err := f.newestIsSound(plan); err != nil {
		return plan, err
	}
	for _, d := range slices.Backward(doomed) {
		if err := ctx.Err(); err != nil {
			return plan, err
		}
		if err := f.next(); err != nil {
			return plan, err
		}
		if err := atomicfile.RemoveDir(f.root, d.Name); err != nil {
			return plan, err
		}
	}
	return plan, nil
}

// newestIsSound reads the newest verified snapshot back, by its hashes.
func (f *folder) newestIsSound(plan []Decision) error {
	for _, d := range plan {
		if d.good() {
			return f.checkHashes(d.Name)
		}
	}
	return ErrMissing // Retain lets nothing go then
}

// checkHashes tells whether the files of a snapshot are those that were written.
func (f *folder) checkHashes(name string) (err error) {
	in, err := f.sub(name)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	m, err := readManifest(in)
	if err != nil {
		return fmt.Errorf("%w: %s: %w", ErrUnverified, name, err)
	}
	for i := range m.Documents {
		d := &m.Documents[i]
		if d.Path == "" {
			continue
		}
		if err := checkFiles(in, d); err != nil {
			return fmt.Errorf("%w: %s: document %s: %w", ErrUnverified, name, d.ID, err)
		}
	}
	return nil
}
