package web

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"outlast/internal/outline"
	"outlast/store"
)

// What the numbers of a list stand for is kept per terminal, as for ls, but
// beside it: `:3` goes on to name a line of ls.

// idList is what the lines of the last list of one kind stood for in a terminal.
type idList struct {
	Terminal string   `json:"terminal"`
	IDs      []string `json:"ids"`
}

func idListKey(kind, terminal string) string {
	return kind + strings.TrimPrefix(slotOf(terminal), "lines")
}

// rememberIDs keeps what the numbers of a list stand for from now on. A database
// that takes no writes still lists.
func (a *api) rememberIDs(kind, terminal string, ids []string) bool {
	if terminal == "" {
		return false
	}
	value, err := json.Marshal(idList{terminal, ids[:min(len(ids), maxNumbered)]})
	if err == nil {
		err = a.putCursor(idListKey(kind, terminal), value)
	}
	if err != nil {
		a.Log.Debug("line numbers not kept", "err", err)
	}
	return err == nil
}

// numberedIDs returns what the numbers stand for in a terminal.
func numberedIDs(tx *store.Tx, kind, terminal string) ([]string, error) {
	value, err := tx.Cursor(idListKey(kind, terminal))
	if err != nil || value == nil || terminal == "" {
		return nil, err
	}
	var l idList
	if err := json.Unmarshal(value, &l); err != nil {
		return nil, fmt.Errorf("read line numbers: %w", err)
	}
	if l.Terminal != terminal {
		return nil, nil
	}
	return l.IDs, nil
}

// idOf resolves a number or an id of a kind ("conflicts", "trash") to an id.
func idOf(tx *store.Tx, kind, terminal, name string) (string, error) {
	name = strings.TrimPrefix(strings.TrimPrefix(name, "id:"), ":")
	n, err := strconv.Atoi(name)
	if err != nil {
		return name, nil
	}
	ids, err := numberedIDs(tx, kind, terminal)
	if err != nil {
		return "", err
	}
	if n < 1 || n > len(ids) {
		return "", Fail(outline.ErrNoNode, fmt.Sprintf("the last list of %s in this terminal has no line %d", kind, n),
			fmt.Sprintf("run `outlast %s list` in this terminal, or use an id", kind))
	}
	return ids[n-1], nil
}

// numberOf returns the number that an id has in the last list, 0 for none.
func numberOf(ids []string, id string) int { return slices.Index(ids, id) + 1 }
