package mirror

import (
	"outlast/internal/outline"
	"outlast/opml"
	"outlast/store"
)

// foreign are the attributes that other programs wrote into an OPML file and no
// outline holds, by item. They live with the file: those of its last save are written
// into it again, on the items that are still there. Nobody merges them.
type foreign map[outline.NodeID][]opml.Attr

// foreignNodes are such attributes while the items get their ids.
type foreignNodes map[*outline.Node][]opml.Attr

func (f foreign) byNode(tree *outline.Document) foreignNodes {
	all := make(foreignNodes, len(f))
	for id, attrs := range f {
		if n := tree.Node(id); n != nil {
			all[n] = attrs
		}
	}
	return all
}

func (f foreignNodes) byID() foreign {
	all := make(foreign, len(f))
	for n, attrs := range f {
		all[n.ID] = attrs
	}
	return all
}

func (f *Folder) foreignKey(doc outline.FileID) string { return f.key + "o/" + string(doc) }

// putForeign keeps the attributes of a file in place of those before.
func (f *Folder) putForeign(tx *store.Tx, doc outline.FileID, all foreign) error {
	if len(all) == 0 {
		return tx.PutCursor(f.foreignKey(doc), nil)
	}
	return putJSON(tx, f.foreignKey(doc), all)
}

// foreignOf returns the attributes of a file.
func (f *Folder) foreignOf(tx *store.Tx, doc outline.FileID) (all foreign, err error) {
	return all, getJSON(tx, f.foreignKey(doc), &all)
}
