package doctor

import (
	"fmt"
	"strings"
)

func tryVersion(p *prober) (string, error) {
	before, err := p.read()
	if err != nil {
		return "", err
	}
	if _, _, err := p.below("F1"); err != nil {
		return "", err
	}
	after, err := p.read()
	return fmt.Sprintf("%+d", after.Version-before.Version), err
}

func tryOrphans(p *prober) (string, error) {
	parent, ids, err := p.below("F3", "child")
	if err != nil {
		return "", err
	}
	a, err := p.edit(map[string]any{"action": "delete", "node_id": parent})
	if err != nil {
		return "", err
	}
	if !a.ok() {
		return "refused", nil
	}
	after, err := p.read()
	if after.node(ids[0]) != nil {
		return "stay as orphans", err
	}
	return "deleted", err
}

func trySelfMove(p *prober) (string, error) {
	parent, _, err := p.below("F4")
	if err != nil {
		return "", err
	}
	a, err := p.edit(map[string]any{"action": "move", "node_id": parent, "parent_id": parent, "index": 0})
	if a.ok() {
		return "accepted", err
	}
	return "refused", err
}

func tryMinusOne(p *prober) (string, error) {
	parent, _, err := p.below("F6")
	if err != nil {
		return "", err
	}
	var changes []any
	for _, c := range []string{"A", "B", "C"} {
		changes = append(changes, map[string]any{"action": "insert", "parent_id": parent, "index": -1, "content": c})
	}
	a, err := p.edit(changes...)
	if err != nil || !a.ok() {
		return "refused", err
	}
	return p.contents(parent)
}

func tryMoveIndex(p *prober) (string, error) {
	parent, ids, err := p.below("F7", "a", "b", "c", "d")
	if err != nil {
		return "", err
	}
	if _, err := p.edit(map[string]any{"action": "move", "node_id": ids[0], "parent_id": parent, "index": 2}); err != nil {
		return "", err
	}
	switch order, err := p.contents(parent); order {
	case "b c a d":
		return "counts after removal", err
	case "b a c d":
		return "counts before removal", err
	default:
		return "order " + order, err
	}
}

func tryFields(p *prober) (string, error) {
	parent, _, err := p.below("F8")
	if err != nil {
		return "", err
	}
	fields := map[string]any{"action": "edit", "node_id": parent, "note": "a note", "checked": true, "heading": 2}
	if _, err := p.edit(fields); err != nil {
		return "", err
	}
	if _, err := p.edit(map[string]any{"action": "edit", "node_id": parent, "content": "F8 again"}); err != nil {
		return "", err
	}
	kept, err := p.read()
	if err != nil {
		return "", err
	}
	if _, err := p.edit(map[string]any{"action": "edit", "node_id": parent, "note": "", "checked": false, "heading": 0}); err != nil {
		return "", err
	}
	cleared, err := p.read()
	if err != nil {
		return "", err
	}
	a, b := kept.node(parent), cleared.node(parent)
	if a == nil || b == nil {
		return "the item is gone", nil
	}
	words := []string{"kept", "cleared"}
	if a.Note != "a note" || !a.Checked || a.Heading != 2 {
		words[0] = "lost"
	}
	if b.Note != "" || b.Checked || b.Heading != 0 {
		words[1] = "not cleared"
	}
	return strings.Join(words, ", "), nil
}

func tryBatchError(p *prober) (string, error) {
	parent, _, err := p.below("F10")
	if err != nil {
		return "", err
	}
	_, err = p.edit(
		map[string]any{"action": "insert", "parent_id": parent, "index": 0, "content": "before"},
		map[string]any{"action": "edit", "node_id": noFile, "content": "nowhere"},
		map[string]any{"action": "insert", "parent_id": parent, "index": 1, "content": "after"},
	)
	if err != nil {
		return "", err
	}
	switch kept, err := p.contents(parent); kept {
	case "":
		return "nothing kept", err
	case "before":
		return "prefix kept", err
	case "before after":
		return "all others kept", err
	default:
		return "kept " + kept, err
	}
}

func tryCreated(p *prober) (string, error) {
	_, ids, err := p.below("F11", "a", "b", "c")
	if err != nil {
		return "", err
	}
	a, err := p.read()
	if err != nil {
		return "", err
	}
	times := map[int64]bool{}
	for _, id := range ids {
		if n := a.node(id); n != nil {
			times[n.Created] = true
		}
	}
	if len(times) == 1 {
		return "equal", nil
	}
	return "different", nil
}

func tryLeaf(p *prober) (string, error) {
	leaf, _, err := p.below("F14")
	if err != nil {
		return "", err
	}
	a, err := p.read()
	n := a.node(leaf)
	switch {
	case err != nil || n == nil:
		return "", err
	case n.Children == nil:
		return "absent", nil
	}
	return "[]", nil
}

func tryNoIndex(p *prober) (string, error) {
	parent, _, err := p.below("F18", "a", "b")
	if err != nil {
		return "", err
	}
	a, err := p.edit(map[string]any{"action": "insert", "parent_id": parent, "content": "new"})
	if err != nil || !a.ok() {
		return "refused", err
	}
	switch order, err := p.contents(parent); order {
	case "a b new":
		return "last", err
	case "new a b":
		return "first", err
	default:
		return "order " + order, err
	}
}

func tryTwice(p *prober) (string, error) {
	parent, _, err := p.below("F24")
	if err != nil {
		return "", err
	}
	for range 2 {
		if _, err := p.edit(map[string]any{"action": "insert", "parent_id": parent, "index": 0, "content": "same"}); err != nil {
			return "", err
		}
	}
	got, err := p.contents(parent)
	if got == "same same" {
		return "two items", err
	}
	return "items: " + got, err
}
