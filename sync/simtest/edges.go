package simtest

import (
	"errors"
	"testing/synctest"

	"outlast/sync/remotetest"
)

// onEdge lets things happen while a request is under way: its client ends, a
// stranger writes, another client does a round, its user goes on editing.
func (w *world) onEdge(n int, path string, e remotetest.Edge) {
	// Timers that fire at the same moment are done before anything goes on: the
	// order of goroutines is not the seed's.
	synctest.Wait()
	defer synctest.Wait()
	if w.calm || n < 0 {
		return
	}
	c := w.clients[n]
	if w.chance(w.crash) {
		w.hit([]string{"X12 kill before a request", "X12 kill before an answer"}[e])
		panic(ended{c})
	}
	if w.depth > 0 {
		return
	}
	w.depth++
	defer func() { w.depth-- }()
	if w.chance(w.strangers) {
		w.stranger()
	}
	if !w.chance(w.race) {
		return
	}
	other := w.clients[w.rnd.IntN(len(w.clients))]
	if other.busy {
		w.hit("X16 edit during a round")
		w.edit(other)
		return
	}
	w.hit("X16 other client during a request")
	w.attempt(other, "round within a request of another", func() { other.round(false) })
}

var errDisk = errors.New("input/output error")

// commit is each commit of a client.
func (c *client) commit(commit func() error) error {
	w := c.w
	switch {
	case w.calm || !c.acting:
	case w.chance(w.crash / 4):
		w.hit("X12 kill before a commit")
		panic(ended{c})
	case w.chance(w.crash / 4):
		err := commit()
		w.hit("X12 kill after a commit")
		if err == nil {
			panic(ended{c})
		}
		return err
	case w.chance(w.storage / 2):
		w.hit("X13 commit fails")
		return errDisk
	case w.chance(w.storage / 2):
		if err := commit(); err != nil {
			return err
		}
		w.hit("X13 commit fails after it was written")
		return errDisk
	}
	return commit()
}
