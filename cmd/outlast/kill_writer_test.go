package main

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"outlast/internal/web"
)

// writer is a person who edits through the daemon's socket, as commands do.
type writer struct {
	ledger ledger
	stage  *killStage
	random *rand.Rand
	number int
	lost   *attempt // the edit that got no answer when the daemon was killed
}

// attempt is one edit: how to ask for it, and what its answer means.
type attempt struct {
	ask      func(web.Change) (web.ChangeResult, error)
	answered func(web.ChangeResult)
	lost     func()
	change   web.Change
}

func newWriter(seed uint64, s *killStage) *writer {
	return &writer{stage: s, random: rand.New(rand.NewPCG(seed, 2))}
}

// work edits until the daemon is gone; enough is closed after a number of answers.
func (w *writer) work(t *testing.T, answers int, enough chan<- struct{}) {
	for n := 0; ; n++ {
		if n == answers {
			close(enough)
		}
		if !w.try(t, w.next()) {
			return
		}
		// Edits come in flurries, and slower the longer a kill is waited for.
		time.Sleep(time.Duration(w.random.IntN(4)+n/10) * time.Millisecond)
	}
}

// try makes an edit and tells whether the daemon is still there.
func (w *writer) try(t *testing.T, a *attempt) bool {
	res, err := a.ask(a.change)
	if refused, ok := errors.AsType[*web.Error](err); ok {
		t.Errorf("an edit was refused: %v", refused)
		return true
	}
	if err != nil {
		w.ledger.lost++
		w.lost = a
		a.lost()
		return false
	}
	w.ledger.answered++
	a.answered(res)
	return true
}

// repeatLost says every other lost edit once more, under the same name, as a
// client may that got no answer.
func (w *writer) repeatLost(t *testing.T) {
	a := w.lost
	w.lost = nil
	if a == nil || w.random.IntN(2) == 0 {
		return
	}
	if !w.try(t, a) {
		t.Fatal("the daemon ended before it was killed")
	}
	w.ledger.redo++
}

// next chooses an edit.
func (w *writer) next() *attempt {
	w.number++
	a := w.choose()
	a.change = web.Change{Group: web.NewGroup()}
	return a
}

func (w *writer) choose() *attempt {
	e := w.any()
	roll := w.random.IntN(100)
	switch {
	case roll < 3:
		return w.addDocument()
	case e == nil || roll < 55:
		return w.add()
	case roll < 75:
		return w.annotate(e)
	case roll < 90:
		return w.move(e)
	}
	return w.remove(e)
}

// any returns an item that is there for sure, nil if there is none.
func (w *writer) any() *entry {
	var sure []*entry
	for _, e := range w.ledger.items {
		if e.name != "" {
			sure = append(sure, e)
		}
	}
	if len(sure) == 0 {
		return nil
	}
	return sure[w.random.IntN(len(sure))]
}

func (w *writer) box() string {
	all := boxes()
	return all[w.random.IntN(len(all))]
}

func (w *writer) addDocument() *attempt {
	e := &entry{text: fmt.Sprintf("document %d", w.number)}
	w.ledger.docs = append(w.ledger.docs, e)
	return &attempt{
		ask: func(ch web.Change) (web.ChangeResult, error) {
			return w.stage.door.AddFile(context.Background(), web.AddFileRequest{Change: ch, Kind: web.KindDocument, Title: e.text})
		},
		answered: func(web.ChangeResult) { e.there.answered(true) },
		lost:     func() { e.there = possible[bool]{false, true} },
	}
}

func (w *writer) add() *attempt {
	e := &entry{text: fmt.Sprintf("item %d", w.number), note: possible[string]{""}}
	parent := w.box()
	e.parent.answered(parent)
	w.ledger.items = append(w.ledger.items, e)
	r := web.AddRequest{Parent: parent, Items: []web.NewNode{{Text: e.text}}, Top: w.random.IntN(3) == 0}
	return &attempt{
		ask: func(ch web.Change) (web.ChangeResult, error) {
			r.Change = ch
			return w.stage.door.Add(context.Background(), r)
		},
		answered: func(res web.ChangeResult) {
			e.there.answered(true)
			e.name = res.Refs[0].Name()
		},
		lost: func() { e.there = possible[bool]{false, true} },
	}
}

func (w *writer) annotate(e *entry) *attempt {
	note := fmt.Sprintf("note %d", w.number)
	e.touched++
	r := web.EditRequest{Name: e.name, Note: &note}
	return &attempt{
		ask: func(ch web.Change) (web.ChangeResult, error) {
			r.Change = ch
			return w.stage.door.Edit(context.Background(), r)
		},
		answered: func(web.ChangeResult) { e.note.answered(note) },
		lost:     func() { e.note.lost(note) },
	}
}

// move takes an item to another box, often in another document, where the
// service gives it a new id and so do we.
func (w *writer) move(e *entry) *attempt {
	parent := w.box()
	e.touched++
	r := web.MoveRequest{Name: e.name, Parent: parent}
	return &attempt{
		ask: func(ch web.Change) (web.ChangeResult, error) {
			r.Change = ch
			return w.stage.door.Move(context.Background(), r)
		},
		answered: func(res web.ChangeResult) {
			e.parent.answered(parent)
			e.name = res.Refs[0].Name()
		},
		lost: func() {
			e.parent.lost(parent)
			e.name = ""
		},
	}
}

func (w *writer) remove(e *entry) *attempt {
	e.touched++
	r := web.RemoveRequest{Names: []string{e.name}}
	e.name = ""
	return &attempt{
		ask: func(ch web.Change) (web.ChangeResult, error) {
			r.Change = ch
			return w.stage.door.Remove(context.Background(), r)
		},
		answered: func(web.ChangeResult) { e.there.answered(false) },
		lost:     func() { e.there.lost(false) },
	}
}
