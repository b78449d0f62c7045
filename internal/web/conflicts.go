package web

import (
	"cmp"
	"fmt"
	"slices"

	"outlast/internal/outline"
	"outlast/store"
)

// kindConflicts and kindTrash name the lists whose lines have numbers.
const (
	kindConflicts = "conflicts"
	kindTrash     = "trash"
)

// shownItems bounds the items of a held deletion that are shown.
const shownItems = 200

func (a *api) conflicts(s session, _ struct{}) (ConflictsResult, error) {
	res := ConflictsResult{Conflicts: []ConflictInfo{}}
	var ids []string
	err := a.view(func(tx *store.Tx) error {
		find, err := newResolver(tx, s.terminal)
		if err != nil {
			return err
		}
		for k, err := range tx.Conflicts() {
			if err != nil {
				return err
			}
			if k.Waits {
				res.Waiting++
			}
			res.Conflicts = append(res.Conflicts, conflictInfo(find.files, k))
		}
		return nil
	})
	slices.SortStableFunc(res.Conflicts, func(a, b ConflictInfo) int { // what waits for a person comes first
		return cmp.Compare(boolInt(b.Waits), boolInt(a.Waits))
	})
	for i := range res.Conflicts {
		res.Conflicts[i].N = i + 1
		ids = append(ids, res.Conflicts[i].ID)
	}
	if err == nil {
		res.Numbered = a.rememberIDs(kindConflicts, s.terminal, ids)
	}
	return res, err
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// conflictInfo describes a conflict for a list.
func conflictInfo(files *outline.Files, k store.Conflict) ConflictInfo {
	c := ConflictInfo{
		ID: k.ID, At: k.At.UTC(), Kind: string(k.Kind), Doc: k.Doc, Node: k.Node,
		Path: append([]string{}, k.Path...), Text: k.Text, Waits: k.Waits,
	}
	if f := files.File(k.Doc); f != nil {
		c.Title = f.Title
	}
	o := optionsOf(k)
	c.IfMine, c.IfTheirs, c.TakesText = o.mine, o.theirs, o.text
	return c
}

func (a *api) conflictShow(s session, r ConflictRequest) (ConflictInfo, error) {
	var res ConflictInfo
	err := a.view(func(tx *store.Tx) error {
		find, err := newResolver(tx, s.terminal)
		if err != nil {
			return err
		}
		k, err := find.conflict(r.Name)
		if err != nil {
			return err
		}
		res, err = a.conflictDetail(find, k)
		return err
	})
	return res, err
}

// conflict finds a conflict by number or id.
func (r *resolver) conflict(name string) (store.Conflict, error) {
	id, err := idOf(r.tx, kindConflicts, r.terminal, name)
	if err != nil {
		return store.Conflict{}, err
	}
	k, ok, err := r.tx.Conflict(id)
	if err == nil && !ok {
		err = Fail(outline.ErrNoNode, fmt.Sprintf("no conflict is named %q", name),
			"`outlast conflicts list` shows those that are left; others have been settled")
	}
	return k, err
}

// conflictDetail describes a conflict with all that one decides by.
func (a *api) conflictDetail(find *resolver, k store.Conflict) (ConflictInfo, error) {
	c := conflictInfo(find.files, k)
	ids, err := numberedIDs(find.tx, kindConflicts, find.terminal)
	if err != nil {
		return c, err
	}
	c.N, c.Mine, c.Theirs, c.Fields = numberOf(ids, k.ID), k.Mine, k.Theirs, fieldNames(k.Mask)
	if a.HeldItems == nil || !k.Waits {
		return c, nil
	}
	nodes, docs, err := a.HeldItems(k)
	if err != nil {
		return c, err
	}
	c.Total = len(nodes) + len(docs)
	for _, id := range docs[:min(len(docs), shownItems)] {
		it := HeldItem{Doc: id, Path: []string{}}
		if f := find.files.File(id); f != nil {
			it.Text, it.Path = f.Title, find.files.Path(id)
		}
		c.Items = append(c.Items, it)
	}
	items, err := find.heldItems(k, nodes[:min(len(nodes), shownItems)])
	c.Items = append(c.Items, items...)
	return c, err
}

// heldItems describes the items of a held deletion: as they stand here, or, where
// it is ours, as they stood.
func (r *resolver) heldItems(k store.Conflict, nodes []outline.NodeID) ([]HeldItem, error) {
	if len(nodes) == 0 {
		return nil, nil
	}
	base, err := r.tx.Base(k.Doc)
	if k.Kind == store.ConflictSave { // nothing is deleted yet
		base, err = r.tx.Document(k.Doc)
	}
	if err != nil {
		return nil, err
	}
	var items []HeldItem
	for _, id := range nodes {
		it := HeldItem{Node: id, Path: []string{}}
		if base != nil && base.Node(id) != nil {
			n := base.Node(id)
			it.Text = n.Content
			if path := n.Path(); len(path) > 0 {
				it.Path = path[:len(path)-1]
			}
		}
		items = append(items, it)
	}
	return items, nil
}

// fieldNames names the fields of a mask as people know them.
func fieldNames(m outline.Mask) []string {
	var names []string
	for _, f := range []struct {
		mask outline.Mask
		name string
	}{
		{outline.Content, "text"},
		{outline.Note, "note"},
		{outline.Checked, "done"},
		{outline.Checkbox, "checkbox"},
		{outline.Heading, "heading"},
		{outline.Color, "color"},
	} {
		if m&f.mask != 0 {
			names = append(names, f.name)
		}
	}
	return names
}

// options say what the choices about a conflict do.
type options struct {
	mine, theirs string
	text         bool
}

func optionsOf(k store.Conflict) options {
	deletes := k.Change != nil && k.Change.Kind == outline.Delete
	switch k.Kind {
	case store.ConflictText:
		return options{"keep what stands here and remove the other version", "take the other version", k.Mask&(outline.Content|outline.Note) != 0}
	case store.ConflictMark:
		return options{mine: "keep the mark as it is here", theirs: "take that of the service"}
	case store.ConflictOverwrote, store.ConflictForm:
		return options{"write what we had once more", "leave what the service shows", k.Mask&(outline.Content|outline.Note) != 0}
	case store.ConflictDuplicate:
		return options{mine: "delete this one; the trash keeps it", theirs: "keep both"}
	case store.ConflictDeletionThere:
		if k.Doc == "" {
			return options{mine: "make them anew at the service, from what is here", theirs: "let them go; their copies here stay, to be read"}
		}
		return options{mine: "put them back at the service", theirs: "delete them here as well; the trash keeps them for 30 days"}
	case store.ConflictDeletionHere:
		return options{mine: "delete them at the service as well", theirs: "put them back here"}
	case store.ConflictRead:
		if k.Doc != "" {
			return options{mine: "put the service's document back to what is here", theirs: "go back to the older version; the trash keeps what vanishes"}
		}
		return options{}
	case store.ConflictSave:
		return options{mine: "take the save as it is; the trash keeps what it deletes", theirs: "keep these items, and take the rest of the save"}
	case store.ConflictOldDatabase:
		return options{mine: "send them", theirs: "leave them out; the trash keeps them"}
	}
	switch {
	case deletes && k.Ours:
		return options{mine: "delete it after all; the trash keeps it", theirs: "leave it"}
	case deletes:
		return options{mine: "leave it", theirs: "delete it; the trash keeps it"}
	case k.Change != nil && k.Ours:
		return options{mine: "make our change once more", theirs: "leave it as it stands"}
	case k.Change != nil:
		return options{mine: "leave it as it stands", theirs: "make the service's change"}
	}
	return options{mine: "leave it as it stands", theirs: "leave it as it stands"}
}
