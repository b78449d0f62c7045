package simtest

import (
	"strings"

	"outlast/internal/outline"
	"outlast/store"
)

// checkTold: what the user was told is safe is in log or history (I2).
func (c *client) checkTold() {
	c.view(func(tx *store.Tx) error {
		for _, id := range c.told {
			_, known, err := tx.Known(id)
			if err != nil {
				return err
			}
			if !known {
				c.w.fail("I2", "client %d has forgotten %s", c.n, id)
			}
		}
		return nil
	})
}

// checkSum: what the user sees is base plus log, and the base is a state that
// the service had (I1).
func (c *client) checkSum() {
	c.view(func(tx *store.Tx) error {
		files, err := tx.Files()
		if err != nil || files == nil {
			return err
		}
		for f := range files.Documents() {
			if err := c.checkDocument(tx, f.ID); err != nil {
				return err
			}
		}
		return nil
	})
}

func (c *client) checkDocument(tx *store.Tx, doc outline.FileID) error {
	m, ok, err := tx.Meta(doc)
	if err != nil || !ok {
		return err
	}
	sum, err := tx.Base(doc)
	if err != nil {
		return err
	}
	if key := m.Digest; c.baseSeen[doc] != key {
		c.baseSeen[doc] = key
		if err := c.checkBase(tx, doc, m, sum); err != nil {
			return err
		}
	}
	for r, err := range tx.Unconfirmed(doc) {
		if err != nil {
			return err
		}
		if err := sum.Apply(*r.Node); err != nil {
			c.w.fail("I1", "client %d: the log of %s does not apply: %v", c.n, doc, err)
			return nil
		}
	}
	work, err := tx.Document(doc)
	if err != nil {
		return err
	}
	sum.Root().Content = work.Root().Content
	if !sum.Equal(work) {
		c.w.fail("I1", "client %d: working tree of %s is not base plus log", c.n, doc)
	}
	return nil
}

// checkBase: a base is a state that the service had.
func (c *client) checkBase(tx *store.Tx, doc outline.FileID, m store.Meta, base *outline.Document) error {
	files, err := tx.FileBindings()
	if err != nil {
		return err
	}
	b, err := tx.Bindings(doc)
	if err != nil {
		return err
	}
	service := string(files.Service(doc))
	states := c.w.states[service]
	if states == nil {
		return nil
	}
	got := digestOf(base, b.Service)
	if t := states[m.Version]; t != nil && got == t.digest(whole, byID) {
		return nil // as nearly always
	}
	// What was deleted and is inserted again is bound to its new node already, so
	// a base that holds the old one is known by what it says only.
	said := digestOf(base, func(outline.NodeID) outline.ServiceID { return "" })
	shown := make(map[string]bool, base.Len())
	for n := range base.Nodes() {
		shown[string(b.Service(n.ID))] = true
	}
	is := func(t *truth) bool {
		staged := c.w.staged(t, c.n)
		own := func(id string) bool { return staged(id) && !shown[id] } // what was to leave a staging node is shown in its place
		bare := func(id string) bool { return strings.HasPrefix(t.nodes[id].content, stagingMark) }
		all := func(id string) bool { return bare(id) || own(id) }
		for _, hidden := range []func(string) bool{whole, own, bare, all} {
			if got == t.digest(hidden, byID) || said == t.digest(hidden, nameless) {
				return true
			}
		}
		return false
	}
	if t := states[m.Version]; t != nil && is(t) {
		return nil
	}
	for v, t := range states { // a version that regressed cannot be told from a true one
		if v >= m.Version && is(t) {
			return nil
		}
	}
	c.w.fail("I1", "client %d: base of %s, version %d, is no state that the service had", c.n, service, m.Version)
	return nil
}
