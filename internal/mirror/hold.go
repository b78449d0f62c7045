package mirror

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"outlast/internal/outline"
	"outlast/store"
)

// A save that deletes too much is not taken at all until a person has spoken: file
// and outline both stay as they are. The answer names the items that the question
// was about, and is good for these alone: a later save that would delete others
// waits again. The rest of the save is taken with the answer.

// question is what a conflict of a held save is about.
type question struct {
	Kind  string           `json:"kind"` // "save"
	Nodes []outline.NodeID `json:"nodes"`
	Dir   string           `json:"dir"`
}

// allowed leaves deletions out of the changes that a person does not want.
func (s *save) allowed(changes []outline.Change) []outline.Change {
	if len(s.st.Kept) == 0 {
		return changes
	}
	kept := set(s.st.Kept)
	// What a kept item stood below stays with it.
	for _, id := range s.st.Kept {
		if n := s.base.Node(id); n != nil {
			for a := range n.Ancestors() {
				kept[a.ID] = true
			}
		}
	}
	return slices.DeleteFunc(changes, func(c outline.Change) bool { return c.Kind == outline.Delete && kept[c.Node] })
}

// guard holds a save that deletes too much.
func (s *save) guard(tx *store.Tx, present *outline.Document, file *outline.File, changes []outline.Change) (held bool, err error) {
	agreed := set(s.st.Agreed)
	var ask []outline.NodeID
	for _, c := range changes {
		if c.Kind == outline.Delete && !agreed[c.Node] && present.Node(c.Node) != nil {
			ask = append(ask, c.Node)
		}
	}
	if len(ask) == 0 {
		return false, nil
	}
	waits := set(s.st.Nodes)
	why := ""
	switch {
	case slices.ContainsFunc(ask, func(id outline.NodeID) bool { return waits[id] }):
		why = "it waits already"
	case len(agreed) > 0:
		why = "it is more than was agreed to"
	default:
		if why, err = s.cfg.Guard(tx, present, len(ask), s.got.tree.Len()-1); err != nil {
			return false, err
		}
	}
	if why == "" {
		return false, nil
	}
	return true, s.hold(tx, file, ask, present.Len()-1, why)
}

// hold asks a person.
func (s *save) hold(tx *store.Tx, file *outline.File, nodes []outline.NodeID, of int, why string) error {
	st := s.st
	c := store.Conflict{
		ID: st.Held, At: time.Now(), Kind: store.ConflictSave, Doc: s.doc, Path: []string{file.Title}, Waits: true,
		Text: fmt.Sprintf("the save of %s would delete %d of %d items; it waits for you, because %s", st.Name, len(nodes), of, why),
	}
	if before, ok, err := tx.Conflict(c.ID); err != nil {
		return err
	} else if ok {
		c.At = before.At
	} else {
		c.ID = s.cfg.NewID()
	}
	var err error
	if c.Held, err = json.Marshal(question{"save", nodes, s.cfg.Dir}); err != nil {
		return fmt.Errorf("encode question: %w", err)
	}
	st.Held, st.Nodes = c.ID, nodes
	st.Trouble = "it waits for your decision: `outlast conflicts list`"
	now := time.Now().UTC()
	st.Since = &now
	s.cfg.Log.Warn("save is held", "file", st.Name, "deletes", len(nodes))
	if err := s.put(tx, s.doc, &st); err != nil {
		return err
	}
	return tx.PutConflict(c)
}

// Decide writes down what a person says to a held save, for the next look at its
// file, and drops the conflict: mine takes the save as it is, else what it deletes
// stays and the rest of it is taken.
func Decide(tx *store.Tx, c store.Conflict, mine bool) error {
	var q question
	if err := json.Unmarshal(c.Held, &q); err != nil {
		return fmt.Errorf("read conflict %s: %w: %w", c.ID, store.ErrDamaged, err)
	}
	f := New(Config{Dir: q.Dir})
	var st fileState
	if err := getJSON(tx, f.fileKey(c.Doc), &st); err != nil {
		return err
	}
	if st.Name != "" {
		if mine {
			st.Agreed = append(st.Agreed, q.Nodes...)
		} else {
			st.Kept = append(st.Kept, q.Nodes...)
		}
		st.Held, st.Nodes = "", nil
		if err := putJSON(tx, f.fileKey(c.Doc), st); err != nil {
			return err
		}
	}
	return tx.DropConflict(c.ID)
}
