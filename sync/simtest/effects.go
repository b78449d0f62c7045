package simtest

import (
	"bytes"
	"encoding/json"
	"slices"
	"time"

	"outlast/internal/dynalist"
	"outlast/internal/outline"
	"outlast/internal/server"
	"outlast/store"
	"outlast/sync/remotetest"
)

// effects ties the nodes of the service to the inserts that made them.
type effects struct {
	inserts map[intentKey]*insertion
	order   []*insertion
	by      map[string]intentKey // service id -> the insert that made it
	staging map[said]bool        // what clients have asked to be put below their staging nodes
	gone    map[string]bool      // service ids that somebody deleted on purpose
	bodies  map[string]string    // request id -> what was sent under it first
	states  map[string]map[int64]*truth
	folder  string

	crossings []crossing

	appeared map[string]time.Time // words at the service
	cut      map[string]int       // nodes that a request of a client has put out of reach
	adrift   map[string]bool      // nodes that were out of reach at some time
	alike    map[string]bool      // nodes of the stranger that look like one of a client
	lastSent string               // text of the last insert that a client sent

	lastUnder string // the parent of that

	edit     *dynalist.DocEditRequest // decoded last
	editBody []byte                   // from that
}

// intentKey names an insert: the client and its id of the node.
type intentKey struct {
	client int
	node   outline.NodeID
}

// insertion is an insert that a user was told is safe.
type insertion struct {
	intentKey
	doc     outline.FileID
	class   string // equal for inserts that nobody can tell apart
	made    []effect
	deleted bool // somebody deleted it on purpose
}

// said is what a node of a client says.
type said struct {
	client        int
	content, note string
	marks         marks
}

// effect is a node of the service.
type effect struct{ doc, id string }

func newEffects() effects {
	return effects{
		inserts: make(map[intentKey]*insertion), by: make(map[string]intentKey), staging: make(map[said]bool), gone: make(map[string]bool),
		bodies: make(map[string]string), states: make(map[string]map[int64]*truth), appeared: make(map[string]time.Time), cut: make(map[string]int), adrift: make(map[string]bool), alike: make(map[string]bool),
	}
}

// sent is what the checker knows of a request: the nodes that its inserts are,
// and of each change, which insert it is, -1 for none.
type sent struct {
	inserts []outline.NodeID
	changes []int
	at      time.Time
}

// nodesOf returns our ids of the inserts of a request as served; kept tells which
// changes of what was sent these are.
func (s *sent) nodesOf(q dynalist.DocEditRequest, kept []int) (nodes []outline.NodeID) {
	n := 0
	for k, c := range q.Changes {
		if c.Action != "insert" {
			continue
		}
		i := n
		if len(kept) > 0 {
			i = s.changes[kept[k]]
		}
		n++
		if i < len(s.inserts) {
			nodes = append(nodes, s.inserts[i])
		}
	}
	return nodes
}

// seen remembers each state of a document, to know a read that it never had.
func (w *world) seen(t *truth) {
	if w.states[t.doc] == nil {
		w.states[t.doc] = make(map[int64]*truth)
	}
	w.states[t.doc][t.version] = t
	for _, id := range t.orphans {
		w.adrift[id] = true
	}
}

// noteEdit follows what a user's command did to the inserts.
func (w *world) noteEdit(c *client, doc outline.FileID, before, after *outline.Document) {
	var b *store.Bindings
	c.view(func(tx *store.Tx) error {
		var err error
		b, err = tx.Bindings(doc)
		return err
	})
	for n := range after.Root().Below() {
		key := intentKey{c.n, n.ID}
		if before.Node(n.ID) != nil {
			continue
		}
		if was := w.inserts[key]; was != nil { // undone
			was.deleted = true
			continue
		}
		if len(n.ID) != ulidLength {
			continue // a node of the service's that came back
		}
		in := &insertion{intentKey: key, doc: doc, class: n.Content}
		w.inserts[key] = in
		w.order = append(w.order, in)
	}
	for n := range before.Root().Below() {
		if after.Node(n.ID) != nil {
			continue
		}
		w.gone[string(b.Service(n.ID))] = true
		if in := w.inserts[intentKey{c.n, n.ID}]; in != nil {
			in.deleted = true
		}
	}
}

// untold follows what a command took away that may have been recorded.
func (w *world) untold(c *client, doc outline.FileID, before *outline.Document, changes []outline.Change) {
	after := before.Clone()
	if after.Apply(changes...) != nil {
		return
	}
	kept := wordSet(after)
	for word := range wordSet(before) {
		w.taken[word] = w.taken[word] || !kept[word]
	}
	for n := range before.Root().Below() {
		if after.Node(n.ID) != nil {
			continue
		}
		w.gone[string(n.ID)] = true // of somebody else: the id is the service's
		if in := w.inserts[intentKey{c.n, n.ID}]; in != nil {
			in.deleted = true
		}
	}
}

// noteStrange follows what the stranger deleted or put out of reach.
func (w *world) noteStrange(before, after *truth) {
	if before == nil {
		return
	}
	for _, id := range before.order {
		if !after.live(id) {
			w.gone[id] = true
		}
	}
}

// onServed ties the new nodes of a request to its inserts.
func (w *world) onServed(s remotetest.Served) {
	w.note("served %d %s %d %s", s.Client, s.Path, s.Status, s.Answer)
	switch s.Path {
	case dynalist.PathFileEdit:
		w.seeFiles(s)
		return
	case dynalist.PathDocEdit:
	default:
		return
	}
	q := w.editIn(s.Request)
	before := w.truths[q.FileID]
	after := w.truthOf(q.FileID)
	if after == nil {
		return
	}
	if after.unsound != "" {
		w.fail("I7", "document %s after a request of client %d: %s", q.FileID, s.Client, after.unsound)
	}
	tag, _ := s.Tag.(*sent)
	if s.Client == nobody || before == nil || tag == nil {
		w.appear(after)
		return
	}
	w.overwritten(before, after, tag)
	for _, id := range after.orphans {
		if before.live(id) {
			w.cut[id] = s.Client
		}
	}
	fresh := newNodes(before, after)
	nodes := tag.nodesOf(q, s.Kept)
	for _, c := range q.Changes {
		if c.Action != "insert" {
			continue
		}
		if len(nodes) == 0 {
			nodes = append(nodes, "") // a staging node is nobody's insert
		}
		if at := after.madeBy(c, fresh); at >= 0 {
			w.bind(intentKey{s.Client, nodes[0]}, effect{q.FileID, fresh[at].id})
			fresh = slices.Delete(fresh, at, at+1)
		}
		nodes = nodes[1:]
	}
}

// madeBy returns which of some new nodes an insert has made, -1 for none: of several
// with its text one below the parent that it names, which may be out of reach since.
func (t *truth) madeBy(c dynalist.NodeChange, fresh []*truthNode) int {
	says := func(n *truthNode) bool { return n.content == *c.Content }
	if p := t.nodes[c.ParentID]; p != nil {
		at := slices.IndexFunc(fresh, func(n *truthNode) bool { return says(n) && slices.Contains(p.children, n.id) })
		if at >= 0 {
			return at
		}
	}
	return slices.IndexFunc(fresh, says)
}

// writeAge is how old the engine's knowledge of a document may be when it writes
// to a service that cannot check versions: what others wrote since is written
// over, which nothing can prevent there (risk R1).
const writeAge = 5 * time.Second

// overwritten lets go of words that were written at the service after the client
// last looked.
func (w *world) overwritten(before, after *truth, tag *sent) {
	now := w.appear(after)
	if w.profile != server.Compat {
		return
	}
	for word := range before.words() {
		if !now[word] && w.appeared[word].After(tag.at.Add(-writeAge)) && !w.taken[word] {
			w.taken[word] = true
			w.hit("R1 written over")
		}
	}
}

// appear notes when words came to the service first, and returns those there.
func (w *world) appear(t *truth) map[string]bool {
	now := t.words()
	for word := range now {
		if w.appeared[word].IsZero() {
			w.appeared[word] = time.Now()
		}
	}
	return now
}

// seeFiles looks at the documents that were made or renamed.
func (w *world) seeFiles(s remotetest.Served) {
	var q dynalist.FileEditRequest
	var a dynalist.FileEditResponse
	if json.Unmarshal(s.Request, &q) != nil || json.Unmarshal(s.Answer, &a) != nil {
		return
	}
	for _, id := range a.Created {
		w.truthOf(id)
	}
	for _, c := range q.Changes {
		if c.FileID != "" {
			w.truthOf(c.FileID)
		}
	}
}

func (w *world) bind(key intentKey, e effect) {
	w.by[e.id] = key
	if in := w.inserts[key]; in != nil {
		in.made = append(in.made, e)
	}
}

// noteStaged notes what a client asks to be put below a staging node, in the form of
// the service: what says the same there it takes for its own, whether or not the
// service has made that already, or ever does: the staging node may have gone.
func (w *world) noteStaged(client int, q dynalist.DocEditRequest) {
	for _, c := range q.Changes {
		if c.Action != "insert" {
			continue
		}
		content, note := valueOf(c.Content), valueOf(c.Note)
		if w.form != nil {
			content, note = w.form(content), w.form(note)
		}
		m := marks{valueOf(c.Checked), valueOf(c.Checkbox), valueOf(c.Heading), valueOf(c.Color)}
		w.staging[said{client, content, note, m}] = true
	}
}

// valueOf returns what a field of a change says, the zero value if it is left out.
func valueOf[T any](field *T) (v T) {
	if field != nil {
		v = *field
	}
	return v
}

func newNodes(before, after *truth) (fresh []*truthNode) {
	for _, id := range append(slices.Clone(after.order), after.orphans...) {
		if before.nodes[id] == nil {
			fresh = append(fresh, after.nodes[id])
		}
	}
	return fresh
}

// editIn returns what a request says. The same is asked for when it is sent and when
// it is served.
func (x *effects) editIn(body []byte) dynalist.DocEditRequest {
	if x.edit == nil || !bytes.Equal(x.editBody, body) {
		x.edit, x.editBody = new(dynalist.DocEditRequest), body
		_ = json.Unmarshal(body, x.edit) // what is no request has no changes
	}
	return *x.edit
}
