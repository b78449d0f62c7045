package web

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"slices"
	"strconv"
	"strings"

	"outlast/internal/outline"
	"outlast/store"
)

// maxNumbered is how many lines of a list are remembered for `:N`.
const maxNumbered = 10_000

// terminals is how many terminals are remembered: a terminal takes the slot
// that its name hashes to, so that the database does not grow with every
// window that was ever open.
const terminals = 64

// numbered is what the lines of the last list in one terminal stood for.
type numbered struct {
	Terminal string       `json:"terminal"`
	Lines    []lineTarget `json:"lines"`
}

type lineTarget struct {
	Kind Kind           `json:"k"`
	Doc  outline.FileID `json:"d"`
	Node outline.NodeID `json:"n,omitempty"`
}

func slotOf(terminal string) string {
	h := fnv.New32a()
	_, _ = h.Write([]byte(terminal))
	return "lines/" + strconv.Itoa(int(h.Sum32()%terminals))
}

// remember numbers lines and stores what they stand for. It tells whether `:N`
// works: a database that takes no writes still lists.
func (a *api) remember(terminal string, lines []Line) bool {
	for i := range lines {
		lines[i].N = i + 1
	}
	if terminal == "" {
		return false
	}
	n := numbered{Terminal: terminal}
	for _, l := range lines[:min(len(lines), maxNumbered)] {
		n.Lines = append(n.Lines, lineTarget{l.Kind, l.Doc, l.Node})
	}
	value, err := json.Marshal(n)
	if err == nil {
		err = a.putCursor(slotOf(terminal), value)
	}
	if err != nil {
		a.Log.Debug("line numbers not kept", "err", err)
	}
	return err == nil
}

// putCursor writes a cursor unless it has that value already: the same list again
// costs no fsync.
func (a *api) putCursor(name string, value []byte) error {
	same := false
	err := a.view(func(tx *store.Tx) error {
		old, err := tx.Cursor(name)
		same = slices.Equal(old, value)
		return err
	})
	if err != nil || same {
		return err
	}
	return a.DB.Update(func(tx *store.Tx) error { return tx.PutCursor(name, value) })
}

// line returns what `:N` stands for in a terminal.
func line(tx *store.Tx, terminal, name string) (lineTarget, error) {
	i, err := strconv.Atoi(strings.TrimPrefix(name, ":"))
	if err != nil || i < 1 {
		return lineTarget{}, fmt.Errorf("%q is not a line number: %w", name, outline.ErrInvalid)
	}
	var n numbered
	value, err := tx.Cursor(slotOf(terminal))
	if err != nil {
		return lineTarget{}, err
	}
	if terminal != "" && value != nil {
		if err := json.Unmarshal(value, &n); err != nil {
			return lineTarget{}, fmt.Errorf("read line numbers: %w", err)
		}
	}
	if n.Terminal != terminal || i > len(n.Lines) {
		return lineTarget{}, Fail(outline.ErrNoNode,
			fmt.Sprintf("the last list in this terminal has no line %d", i),
			"run `outlast ls` or `outlast search` again in this terminal")
	}
	return n.Lines[i-1], nil
}
