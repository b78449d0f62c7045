package snapshot

import (
	"cmp"
	"context"
	"errors"
	"sync"
	"sync/atomic"
)

// workers is how many documents are worked on at once. None of them is in memory.
const workers = 2

// worker has what one goroutine needs to encode and compare documents.
type worker struct {
	printer  printer
	packer   *packer
	unpacker *unpacker
}

func (b *builder) newWorker() (*worker, error) {
	p, err := newPacker()
	if err != nil {
		return nil, err
	}
	u, err := newUnpacker()
	if err != nil {
		return nil, err
	}
	return &worker{printer: printer{seed: b.seed}, packer: p, unpacker: u}, nil
}

func (w *worker) close() { w.unpacker.close() }

// inParallel calls fn for 0 to n-1, in order but a few at a time, until one
// fails or ctx ends.
func (b *builder) inParallel(ctx context.Context, n int, fn func(w *worker, i int) error) error {
	crew := make([]*worker, min(n, workers))
	defer func() {
		for _, w := range crew {
			if w != nil {
				w.close()
			}
		}
	}()
	for k := range crew {
		var err error
		if crew[k], err = b.newWorker(); err != nil {
			return err
		}
	}
	var (
		running sync.WaitGroup
		next    atomic.Int64
		errs    = make([]error, len(crew))
	)
	for k, w := range crew {
		running.Go(func() {
			for i := next.Add(1) - 1; i < int64(n) && errs[k] == nil; i = next.Add(1) - 1 {
				errs[k] = cmp.Or(ctx.Err(), fn(w, int(i)))
				if errs[k] != nil {
					next.Store(int64(n)) // the others begin no more
				}
			}
		})
	}
	running.Wait()
	return errors.Join(errs...)
}
