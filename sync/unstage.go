package sync

import (
	"errors"
	"slices"
	"strings"
	"time"

	"outlast/internal/outline"
	"outlast/store"
)

// unstage finds out what a read shows of the staging nodes of a document (part
// of T4), and returns the reading without them: they are no part of the outline.
// What somebody else has put below one takes its place.
func unstage(tx *store.Tx, doc outline.FileID, r *Reading, now time.Time, newID func() string) (*Reading, error) {
	all, err := allStagings(tx, doc, r)
	if err != nil || len(all) == 0 {
		return r, err
	}
	u := newUnstager(r, all)
	u.now, u.newID = now, newID
	in, err := tx.Inflight(doc)
	if err != nil {
		return nil, err
	}
	fills, err := fillings(tx, doc, in)
	if err != nil {
		return nil, err
	}
	known := digestsOf(fills)
	if in != nil && in.Stage == store.StageFill {
		if err := u.adopt(tx, in, r, known); err != nil {
			return nil, err
		}
	}
	if err := u.restage(tx, doc); err != nil {
		return nil, err
	}
	if err := u.settle(tx, doc); err != nil {
		return nil, err
	}
	if err := u.sweepLost(tx, doc); err != nil {
		return nil, err
	}
	if err := u.findForeign(tx, doc, fills); err != nil {
		return nil, err
	}
	if err := u.settleKept(tx, doc); err != nil {
		return nil, err
	}
	for _, st := range all {
		if err := u.note(tx, doc, st); err != nil {
			return nil, err
		}
	}
	return u.without(), nil
}

// unstager takes a reading apart.
type unstager struct {
	reading *Reading
	all     []*store.Staging
	nodes   map[outline.ServiceID]*ReadNode
	token   map[outline.ServiceID]string // of staging nodes and all below them
	parent  map[outline.ServiceID]outline.ServiceID
	below   map[string][]outline.ServiceID // by token, in preorder
	staged  map[outline.ServiceID]outline.NodeID
	sent    map[outline.NodeID]store.StagedNode
	foreign map[outline.ServiceID]bool
	lost    map[string]bool // tokens
	now     time.Time
	newID   func() string
}

func newUnstager(r *Reading, all []*store.Staging) *unstager {
	u := &unstager{
		reading: r, all: all, nodes: make(map[outline.ServiceID]*ReadNode, len(r.Nodes)),
		token: make(map[outline.ServiceID]string), parent: make(map[outline.ServiceID]outline.ServiceID),
		below: make(map[string][]outline.ServiceID), staged: make(map[outline.ServiceID]outline.NodeID),
		foreign: make(map[outline.ServiceID]bool), lost: make(map[string]bool),
	}
	tokens := make(map[string]*store.Staging, len(all))
	for _, st := range all {
		tokens[st.Token], u.lost[st.Token] = st, st.Lost
		st.Nodes, st.Right, st.Below = nil, nil, nil
	}
	for i := range r.Nodes {
		n := &r.Nodes[i]
		u.nodes[n.ID] = n
		for _, c := range n.Children {
			u.parent[c] = n.ID
		}
	}
	for _, n := range r.Nodes {
		token, ours := strings.CutPrefix(n.Fields.Content, tempPrefix)
		if st := tokens[token]; ours && st != nil && u.parent[n.ID] != "" {
			st.Nodes = append(st.Nodes, n.ID)
			u.token[n.ID] = token
			u.walk(&n, token)
		}
	}
	return u
}

// walk notes what stands below a staging node.
func (u *unstager) walk(n *ReadNode, token string) {
	for stack := slices.Clone(n.Children); len(stack) > 0; {
		id := stack[0]
		stack = stack[1:]
		if c := u.nodes[id]; c != nil && u.token[id] == "" {
			u.token[id] = token
			u.below[token] = append(u.below[token], id)
			stack = append(slices.Clone(c.Children), stack...)
		}
	}
}

// settle binds the staged nodes that a read shows at their places, and forgets
// those that it does not show at all: they are to be made again. One whose item has
// another node by now, since a late request brought it, is a second copy, which is
// dealt with where these are (spare.go).
func (u *unstager) settle(tx *store.Tx, doc outline.FileID) error {
	staged, err := tx.Staged(doc)
	if err != nil {
		return err
	}
	binds, err := tx.Bindings(doc)
	if err != nil {
		return err
	}
	u.sent = staged
	for id, n := range staged {
		other, bound := binds.Bound(id)
		switch {
		case u.nodes[n.Service] != nil && u.token[n.Service] != "":
			u.staged[n.Service] = id
			continue
		case bound && other != n.Service && u.reachable(other):
			err = tx.DropStaged(doc, id)
		case u.reachable(n.Service):
			err = errors.Join(tx.Bind(doc, id, n.Service), tx.DropStaged(doc, id))
		default:
			err = errors.Join(tx.Bury(doc, n.Service, id), tx.DropStaged(doc, id))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// reachable tells whether a node hangs together with the root.
func (u *unstager) reachable(id outline.ServiceID) bool {
	for range len(u.nodes) {
		if id == outline.ServiceID(outline.RootID) {
			return true
		}
		if id = u.parent[id]; id == "" {
			return false
		}
	}
	return false // a cycle
}

// findForeign finds what somebody else has put below staging nodes: what is none
// of the staged nodes, and no copy of what went there, new or taken for dead.
func (u *unstager) findForeign(tx *store.Tx, doc outline.FileID, fills []*store.Intent) error {
	known := digestsOf(fills)
	isNew, err := newcomers(tx, doc)
	if err != nil {
		return err
	}
	dead, err := tx.Buried(doc)
	if err != nil {
		return err
	}
	for id := range u.token {
		n := u.nodes[id]
		_, staging := strings.CutPrefix(n.Fields.Content, tempPrefix+u.token[id])
		was, buried := dead[id]
		switch {
		case staging:
		case buried && was == "" && u.lost[u.token[id]] && u.untouched(n): // a second copy
		case u.staged[id] != "":
			u.foreign[id], err = u.taken(tx, doc, id)
		default:
			u.foreign[id] = !known[digestOf(n.Fields)] || !buried && !isNew(id)
			if !u.foreign[id] && !buried && u.putThere(n, fills) {
				u.foreign[id] = true
				err = u.tell(tx, doc, n, "this item may be there twice, since a request may have arrived twice and somebody has moved it since")
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// putThere tells whether somebody has put a node where it is that looks like a copy of
// ours: a request makes its nodes directly below a staging node. A copy that somebody
// has moved is known by another one of its request, made in the same moment.
func (u *unstager) putThere(n *ReadNode, fills []*store.Intent) bool {
	if parent := u.nodes[u.parent[n.ID]]; strings.HasPrefix(parent.Fields.Content, tempPrefix) {
		return false
	}
	digest := digestOf(n.Fields)
	for _, in := range fills {
		sent := digestsOf([]*store.Intent{in})
		if sent[digest] && (len(in.Inserts) == 1 || u.cameWithOthers(n, sent)) {
			return false
		}
	}
	return true
}

func (u *unstager) cameWithOthers(n *ReadNode, sent map[uint64]bool) bool {
	return slices.ContainsFunc(u.reading.Nodes, func(m ReadNode) bool {
		return m.ID != n.ID && m.Fields.Created == n.Fields.Created && sent[digestOf(m.Fields)]
	})
}

// tell tells a person of a node that may be there twice, or was.
func (u *unstager) tell(tx *store.Tx, doc outline.FileID, n *ReadNode, what string) error {
	return tx.PutConflict(store.Conflict{
		ID: u.newID(), At: u.now, Kind: store.ConflictDuplicate, Doc: doc, Node: outline.NodeID(n.ID), Path: []string{},
		Text: what, Theirs: &n.Fields,
	})
}

// taken tells whether somebody has changed a staged node that is not wanted here any
// more: the merge decides about it then, as his edit wins over a deletion.
func (u *unstager) taken(tx *store.Tx, doc outline.FileID, id outline.ServiceID) (bool, error) {
	ours := u.staged[id]
	if digestOf(u.sent[ours].Fields) == digestOf(u.nodes[id].Fields) {
		return false, nil
	}
	work, err := tx.Document(doc)
	return nodeOf(work, ours) == nil, err
}

// settleKept binds the staged nodes that somebody has put below what is his: the
// base shows them there.
func (u *unstager) settleKept(tx *store.Tx, doc outline.FileID) error {
	for service, id := range u.staged {
		if !u.kept(service) {
			continue
		}
		if err := errors.Join(tx.Bind(doc, id, service), tx.DropStaged(doc, id)); err != nil {
			return err
		}
		delete(u.staged, service)
	}
	return nil
}

// note writes down what a read shows of one staging node.
func (u *unstager) note(tx *store.Tx, doc outline.FileID, st *store.Staging) error {
	for _, id := range u.below[st.Token] {
		st.Below = append(st.Below, store.StagedChild{Service: id, Parent: u.parent[id], Node: u.staged[id], Foreign: u.foreign[id]})
	}
	st.Fresh = true
	for _, id := range st.Nodes {
		st.Right = append(st.Right, u.right(id))
	}
	switch {
	case len(st.Nodes) > 0 && !st.Gone.IsZero():
		st.Gone, st.Full = time.Time{}, true // a late copy
	case len(st.Nodes) == 0 && st.Gone.IsZero():
		st.Gone, st.Full = u.now, true
	case len(st.Nodes) == 0 && !within(u.now, st.Gone, keepDoubtful):
		return tx.DropStaging(doc, st.Token)
	}
	return tx.PutStaging(doc, st)
}

// right returns the next sibling that is no staging node.
func (u *unstager) right(id outline.ServiceID) outline.ServiceID {
	siblings := u.nodes[u.parent[id]].Children
	for _, s := range siblings[slices.Index(siblings, id)+1:] {
		if u.token[s] == "" {
			return s
		}
	}
	return ""
}

// without returns the reading in which each staging node is replaced by what is
// not ours below it.
func (u *unstager) without() *Reading {
	if len(u.token) == 0 {
		return u.reading
	}
	r := *u.reading
	r.Nodes = nil
	for _, n := range u.reading.Nodes {
		if u.token[n.ID] != "" && !u.kept(n.ID) {
			continue
		}
		n.Children = u.children(n.Children)
		r.Nodes = append(r.Nodes, n)
	}
	return &r
}

// kept tells whether a node below a staging node is somebody else's, or stands
// below such a one.
func (u *unstager) kept(id outline.ServiceID) bool {
	for ; u.token[id] != ""; id = u.parent[id] {
		if u.foreign[id] {
			return true
		}
	}
	return false
}

// children replaces staging nodes, and nodes of ours below them, by what is
// foreign below them.
func (u *unstager) children(ids []outline.ServiceID) []outline.ServiceID {
	if !slices.ContainsFunc(ids, func(id outline.ServiceID) bool { return u.token[id] != "" && !u.kept(id) }) {
		return ids
	}
	var out []outline.ServiceID
	for stack := slices.Clone(ids); len(stack) > 0; {
		id := stack[0]
		stack = stack[1:]
		switch n := u.nodes[id]; {
		case u.token[id] == "" || u.kept(id):
			out = append(out, id)
		case n != nil:
			stack = append(slices.Clone(n.Children), stack...)
		}
	}
	return out
}
