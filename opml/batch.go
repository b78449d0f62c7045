package opml

import (
	"errors"
	"fmt"
	"io"
	"runtime"
)

// A large file is read by two goroutines: one makes Items of its bytes, the caller's
// makes nodes of those. They hand batches to and fro, so memory does not grow.

// batch is some outlines in order, and what came after them if not another one.
type batch struct {
	items []Item
	err   error
}

const (
	batchItems = 256
	batches    = 4       // on their way
	largeFile  = 1 << 18 // bytes from which a second goroutine is worth while
)

// aside tells whether a file of that size is read by two goroutines.
func aside(size int) bool { return size >= largeFile && runtime.GOMAXPROCS(0) > 1 }

// fill makes nodes of all outlines of d.
func (b *builder) fill(d *Decoder, size int) error {
	if aside(size) {
		return b.fillAside(d)
	}
	room := make([]Item, 0, batchItems)
	for {
		got := d.batch(room)
		if err := b.addAll(got); err != nil || got.err != nil {
			return err
		}
	}
}

// fillAside is fill with a goroutine that reads, and that has ended when it returns.
func (b *builder) fillAside(d *Decoder) (failed error) {
	full, empty := make(chan batch, batches), make(chan []Item, batches)
	for range batches {
		empty <- make([]Item, 0, batchItems)
	}
	go func() {
		defer close(full)
		for room := range empty {
			got := d.batch(room)
			full <- got
			if got.err != nil {
				return
			}
		}
	}()
	for got := range full {
		if failed != nil {
			continue // was read before it was known
		}
		if failed = b.addAll(got); failed == nil && got.err == nil {
			empty <- got.items
		} else if got.err == nil {
			close(empty)
		}
	}
	return failed
}

// batch reads outlines into the room there is.
func (d *Decoder) batch(room []Item) (got batch) {
	defer catch(&got.err)
	room = room[:cap(room)]
	for n := range room {
		room[n] = Item{}
		if got.err = d.next(&room[n]); got.err != nil {
			break
		}
		got.items = room[:n+1]
	}
	return got
}

// catch makes a fault of ours an error of this file: where one goroutine reads aside
// nobody else could catch it, and it has to end where the other one fails.
func catch(err *error) {
	if fault := recover(); fault != nil {
		*err = fmt.Errorf("%w: %v", errFault, fault)
	}
}

// errFault is no fault of the file.
var errFault = errors.New("read OPML: outlast failed on this file, which may be sound; please report it")

// addAll makes nodes of a batch; the end of the file is no error.
func (b *builder) addAll(got batch) (err error) {
	defer catch(&err)
	for i := range got.items {
		item := &got.items[i]
		if item.wide && unheld(item.was, b.head.Format != 0) {
			return errUnheld
		}
		if err := b.add(item); err != nil {
			return err
		}
	}
	if got.err == io.EOF {
		return nil
	}
	return got.err
}
