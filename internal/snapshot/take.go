package snapshot

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"

	"outlast/internal/atomicfile"
	"outlast/internal/outline"
	"outlast/store"
)

// Take makes a snapshot of all documents in db, verifies and publishes it. One
// already under way in the same folder is waited for.
//
// Errors wrap ErrFolder, ErrFull, ErrUnverified, an error of the store or of the
// disk. With an error there is no new snapshot, unless Info has a name: then it
// is there and complete, and what failed is told (its folder may not be durable
// yet, or the database could not note when it was taken).
func Take(ctx context.Context, db *store.DB, o Options) (Info, error) {
	info, err := openAndTake(ctx, db, o)
	if err != nil && isFull(err) {
		err = fmt.Errorf("%w: %w", ErrFull, err)
	}
	// On a full disk nothing is written that need not be: a commit that fails would
	// freeze the database.
	if err != nil && ctx.Err() == nil && !errors.Is(err, ErrFull) {
		_ = noteTrouble(db, o.now(), err) // a database that cannot note it shows that by itself
	}
	if err != nil {
		return info, fmt.Errorf("take snapshot: %w", err)
	}
	return info, nil
}

func openAndTake(ctx context.Context, db *store.DB, o Options) (Info, error) {
	if o.Dir == "" {
		return Info{}, fmt.Errorf("%w: none is configured", ErrFolder)
	}
	if o.Room != nil {
		if err := o.Room(); err != nil {
			return Info{}, fmt.Errorf("%w: %w", ErrFull, err)
		}
	}
	if o.Create {
		if err := atomicfile.MkdirAll(o.Dir); err != nil {
			return Info{}, fmt.Errorf("%w: %w", ErrFolder, err)
		}
	}
	f, err := openFolder(o.Dir)
	if err != nil {
		return Info{}, err
	}
	f.seams = o.seams
	info, err := f.take(ctx, db, o)
	return info, errors.Join(err, f.close())
}

func (f *folder) take(ctx context.Context, db *store.DB, o Options) (Info, error) {
	unlock, err := f.lock(ctx)
	if err != nil {
		return Info{}, err
	}
	info, err := f.takeLocked(ctx, db, o)
	return info, errors.Join(err, unlock())
}

func (f *folder) takeLocked(ctx context.Context, db *store.DB, o Options) (Info, error) {
	last, err := loadState(db)
	if err != nil {
		return Info{}, err
	}
	if err := f.recognise(o, last); err != nil {
		return Info{}, err
	}
	if err := f.clean(); err != nil {
		return Info{}, err
	}
	info, m, err := f.build(ctx, db, o, last.Number)
	if err := f.next(); err != nil {
		return info, err
	}
	if info.Name != "" {
		err = errors.Join(err, saveState(db, state{
			Number: m.Number, Name: info.Name, TakenAt: m.TakenAt, Seen: m.State, Dir: o.Dir, Mark: f.mark,
		}))
	}
	return info, err
}

// build makes a snapshot with a number above the one given and above all that
// lie in the folder.
func (f *folder) build(ctx context.Context, db *store.DB, o Options, number uint64) (Info, *Manifest, error) {
	all, err := f.list()
	if err != nil {
		return Info{}, nil, err
	}
	if len(all) > 0 {
		number = max(number, all[0].Number)
	}
	m := &Manifest{Format: manifestFormat, Number: number + 1, Program: o.Program}
	b := newBuilder(db, f, m)
	b.free = o.Free
	b.linkTo(all)
	info, err := b.run(ctx)
	if errors.Is(err, errStale) {
		b = newBuilder(db, f, m) // and link nothing
		info, err = b.run(ctx)
	}
	return info, m, err
}

// builder makes one snapshot below a temporary name.
type builder struct {
	db *store.DB
	in *folder
	m  *Manifest

	previous string                      // name of the snapshot to link to, "" for none
	old      map[outline.FileID]Document // its documents

	temp string   // our folder
	work *os.Root // the same, pinned
	seed maphash.Seed
	free func(dir string) (bytes uint64, err error) // see Options.Free

	mu   sync.Mutex // protects held and part while workers run
	held map[outline.FileID]*held
	part int // names the last part
}

func newBuilder(db *store.DB, in *folder, m *Manifest) *builder {
	return &builder{db: db, in: in, m: m, held: map[outline.FileID]*held{}, seed: maphash.MakeSeed()}
}

// linkTo chooses the newest verified snapshot as the one to share files with.
func (b *builder) linkTo(all []Info) {
	for _, info := range all {
		if !info.Verified || info.Problem != "" {
			continue
		}
		if m, err := b.in.manifest(info.Name); err == nil {
			b.previous, b.old = info.Name, m.byID()
		}
		return
	}
}

// run builds, verifies and publishes. Until the rename only our own folder is
// written to, and every failure takes it away.
func (b *builder) run(ctx context.Context) (Info, error) {
	if err := b.in.next(); err != nil {
		return Info{}, err
	}
	temp, err := atomicfile.MkdirTemp(b.in.root, ".")
	if err != nil {
		return Info{}, err
	}
	b.temp = temp
	if err := b.fill(ctx); err != nil {
		return Info{}, errors.Join(err, b.in.drop(temp))
	}
	return b.publish()
}

func (b *builder) fill(ctx context.Context) (err error) {
	if b.work, err = b.in.root.OpenRoot(b.temp); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.work.Close()) }()
	if err := errors.Join(b.in.next(), b.work.Mkdir(partsName, 0o700)); err != nil {
		return err
	}
	if err := b.gather(ctx); err != nil {
		return err
	}
	if err := b.place(ctx); err != nil {
		return err
	}
	if err := b.compare(ctx); err != nil {
		return err
	}
	return b.describe()
}

// describe writes the manifest and reads it back.
func (b *builder) describe() error {
	b.m.Verified = true
	b.m.Totals = b.m.sum()
	text, err := b.m.encode()
	if err != nil {
		return err
	}
	if err := b.write(manifestName, text); err != nil {
		return err
	}
	again, err := readManifest(b.work)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrUnverified, err)
	}
	if retext, err := again.encode(); err != nil || string(retext) != string(text) {
		return fmt.Errorf("%w: %s reads back differently", ErrUnverified, manifestName)
	}
	return nil
}

// publish gives the folder its name. Where the name is taken, because two were
// taken in one second or the clock went back, the next one is tried.
func (b *builder) publish() (Info, error) {
	if err := b.in.stillThere(); err != nil {
		return Info{}, errors.Join(err, b.in.drop(b.temp))
	}
	name, err := b.freeName()
	if err != nil {
		return Info{}, errors.Join(err, b.in.drop(b.temp))
	}
	if err := b.in.next(); err != nil {
		return Info{}, err
	}
	if err = atomicfile.RenameDir(b.in.root, b.temp, name); err != nil {
		// It may be in place all the same, when only the last fsync failed.
		if _, absent := b.in.root.Lstat(name); absent != nil || errors.Is(err, fs.ErrExist) {
			return Info{}, err
		}
	}
	return infoOf(b.in, name, b.m), err
}

// freeName returns a name that nothing has. Nobody else takes one meanwhile but
// by hand: the folder is locked.
func (b *builder) freeName() (string, error) {
	for n := 1; ; n++ {
		name := nameOf(b.m.TakenAt, n)
		_, err := b.in.root.Lstat(name)
		if errors.Is(err, fs.ErrNotExist) {
			return name, nil
		}
		if err != nil {
			return "", err
		}
	}
}

// write writes a file that must not exist. It is made durable when the whole
// folder is.
func (b *builder) write(name string, text []byte) error {
	return b.create(name, func(w io.Writer) error {
		_, err := w.Write(text)
		return err
	})
}

// create is write for what comes piece by piece.
func (b *builder) create(name string, fill func(io.Writer) error) error {
	if err := b.in.next(); err != nil {
		return err
	}
	file, err := b.work.OpenFile(filepath.FromSlash(name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(fill(file), file.Close())
}
