package snapshot

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"iter"
	"sync"
)

const (
	// workers is how many documents are worked on at once.
	workers = 2
	// inFlight bounds the nodes in memory: two documents of no more than this
	// together, or one that is larger alone.
	inFlight = 1 << 16
)

// worker has what one goroutine needs to encode and compare documents.
type worker struct {
	text     bytes.Buffer
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
// fails or ctx ends. Weight is how much of inFlight each takes.
func (b *builder) inParallel(ctx context.Context, n int, weight func(i int) int, fn func(w *worker, i int) error) error {
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
		next    = queue{n: n, weight: weight, room: sync.NewCond(&sync.Mutex{})}
		errs    = make([]error, len(crew))
	)
	for k, w := range crew {
		running.Go(func() {
			for i := range next.all() {
				if errs[k] = cmp.Or(ctx.Err(), errs[k]); errs[k] == nil {
					errs[k] = fn(w, i)
				}
				if errs[k] != nil {
					next.stop()
				}
			}
		})
	}
	running.Wait()
	return errors.Join(errs...)
}

// queue hands out numbers as long as what is in work leaves room.
type queue struct {
	n, next int
	weight  func(i int) int
	room    *sync.Cond // its lock protects all else
	taken   int
}

// all yields the numbers that fall to one worker.
func (q *queue) all() iter.Seq[int] {
	return func(yield func(int) bool) {
		for {
			i, weight := q.take()
			if i < 0 {
				return
			}
			again := yield(i)
			q.giveBack(weight)
			if !again {
				return
			}
		}
	}
}

// take returns the next number, -1 for none.
func (q *queue) take() (i, weight int) {
	q.room.L.Lock()
	defer q.room.L.Unlock()
	for {
		if q.next >= q.n {
			return -1, 0
		}
		weight = q.weight(q.next)
		if q.taken == 0 || q.taken+weight <= inFlight {
			q.taken += weight
			q.next++
			return q.next - 1, weight
		}
		q.room.Wait()
	}
}

func (q *queue) giveBack(weight int) {
	q.room.L.Lock()
	q.taken -= weight
	q.room.L.Unlock()
	q.room.Broadcast()
}

func (q *queue) stop() {
	q.room.L.Lock()
	q.next = q.n
	q.room.L.Unlock()
	q.room.Broadcast()
}
