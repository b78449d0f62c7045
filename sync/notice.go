package sync

import (
	"slices"

	"outlast/internal/outline"
	"outlast/store"
)

// notices collects the decisions that a person should know of: of one node and
// kind the last one.
type notices struct {
	list []store.Conflict
	at   map[noticeKey]int // in list
}

type noticeKey struct {
	kind store.ConflictKind
	node outline.NodeID
}

// notice adds one.
func (m *merger) notice(kind store.ConflictKind, node outline.NodeID, what string) *store.Conflict {
	m.unnotice(kind, node)
	if m.said.at == nil {
		m.said.at = make(map[noticeKey]int)
	}
	m.said.at[noticeKey{kind, node}] = len(m.said.list)
	m.said.list = append(m.said.list, store.Conflict{At: m.now, Kind: kind, Doc: m.remote.ID, Node: node, Text: what})
	return &m.said.list[len(m.said.list)-1]
}

// noticeChange is notice with the change that gave way, or that undoes what was done.
func (m *merger) noticeChange(kind store.ConflictKind, node outline.NodeID, what string, c outline.Change) {
	m.notice(kind, node, what).Change = &c
}

// noticeOurs is noticeChange for a change of ours.
func (m *merger) noticeOurs(kind store.ConflictKind, node outline.NodeID, what string, c outline.Change) {
	n := m.notice(kind, node, what)
	n.Change, n.Ours = &c, true
}

// noticeFields is notice with the values of both sides.
func (m *merger) noticeFields(kind store.ConflictKind, node outline.NodeID, what string, mask outline.Mask, mine, theirs outline.Fields) {
	n := m.notice(kind, node, what)
	mine, theirs = mine.Only(mask), theirs.Only(mask)
	n.Mask, n.Mine, n.Theirs = mask, &mine, &theirs
}

// noticed returns the notice of a node and kind, nil without one.
func (m *merger) noticed(kind store.ConflictKind, node outline.NodeID) *store.Conflict {
	if i, ok := m.said.at[noticeKey{kind, node}]; ok {
		return &m.said.list[i]
	}
	return nil
}

// unnotice takes a notice back.
func (m *merger) unnotice(kind store.ConflictKind, node outline.NodeID) {
	if n := m.noticed(kind, node); n != nil {
		n.Kind = ""
		delete(m.said.at, noticeKey{kind, node})
	}
}

// signNotices hands out the notices, with ids and with where their nodes stand
// in the end.
func (m *merger) signNotices() {
	m.out.notices = slices.DeleteFunc(m.said.list, func(c store.Conflict) bool { return c.Kind == "" })
	for i := range m.out.notices {
		c := &m.out.notices[i]
		c.ID = m.newID()
		n := m.out.work.Node(c.Node)
		if n == nil {
			n = nodeOf(m.base, c.Node)
		}
		if n == nil {
			continue
		}
		c.Text = quoted(n.Content) + ": " + c.Text
		if path := n.Path(); len(path) > 0 {
			c.Path = path[:len(path)-1]
		}
	}
}

// maxQuote bounds the characters of a text that stand for it in a sentence.
const maxQuote = 40

// quoted returns a text, or its beginning, in quotes.
func quoted(s string) string {
	r := []rune(s)
	if len(r) > maxQuote {
		r = append(r[:maxQuote-1], '…')
	}
	return "“" + string(r) + "”"
}
