package remotetest

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"outlast/internal/outline"
	"outlast/sync"
)

// Subject is a Remote under test, and what the suite may use of its account.
type Subject struct {
	Remote sync.Remote
	// Doc is a document that may be edited. Each check adds one item at the top
	// of it and leaves the rest alone, so a document with content will do.
	Doc outline.ServiceID
	// Folder is where files may be made, "" for nowhere: not every service can
	// delete them again.
	Folder outline.ServiceID
	// ReadOnly is a document that may be read but not edited, "" for none.
	ReadOnly outline.ServiceID
	// Stranger reaches the same service with a token that it does not accept,
	// nil for none.
	Stranger sync.Remote
	// Again returns the Remote as the next run of the program would open it,
	// with what Budgets returned in this one; nil if that cannot be done.
	Again func(saved []sync.Budget) sync.Remote
}

// Run checks what every Remote must do, whatever the service behind it, by the
// sentences in the documentation of sync.Remote and its types. It spends rate
// budget like any client and does no harm, so it may be run on an account in
// use. What it would take a service of our own to see is in RunOwn.
func Run(t *testing.T, open func(t *testing.T) Subject) {
	t.Helper()
	for _, c := range contract() {
		t.Run(c.name, func(t *testing.T) { c.run(newProbe(t, open(t))) })
	}
}

type check struct {
	name string
	run  func(*probe)
}

func contract() []check {
	return []check{
		{"listing has its shape", checkListing},
		{"versions", checkVersions},
		{"reading has its shape", checkReading},
		{"changes since a version", checkChangesSince},
		{"insert carries every field", checkInsertFields},
		{"insert in levels", checkLevels},
		{"insert at an index", checkInsertIndex},
		{"new nodes in order", checkNewNodes},
		{"update one field", checkUpdateFields},
		{"update clears", checkClear},
		{"move counts after removal", checkMoveIndex},
		{"move to another parent", checkMoveParent},
		{"delete", checkDelete},
		{"text byte for byte", checkText},
		{"200 changes", checkManyChanges},
		{"unknown document", checkUnknownDocument},
		{"unknown node", checkUnknownNode},
		{"unaccepted token", checkToken},
		{"read-only document", checkReadOnly},
		{"request id", checkRequestID},
		{"request id of files", checkFileRequestID},
		{"if-version", checkIfVersion},
		{"files", checkFiles},
		{"files in part", checkFilesInPart},
		{"delete files", checkDeleteFiles},
		{"context has ended", checkCancelled},
		{"preference", checkPreference},
		{"budgets survive", checkBudgets},
	}
}

// probe is a Subject with the means to ask it.
type probe struct {
	testing.TB
	Subject
}

func newProbe(t testing.TB, s Subject) *probe { return &probe{t, s} }

// need ends the check with an error.
func (p *probe) need(err error) {
	p.Helper()
	if err != nil {
		p.Fatal(err)
	}
}

// send makes an edit of the document.
func (p *probe) send(steps ...sync.Step) (*sync.NodeEdited, error) {
	return p.Remote.Edit(p.Context(), sync.NodeEdit{Doc: p.Doc, Changes: steps})
}

// edit makes an edit that must succeed, and returns the new ids.
func (p *probe) edit(steps ...sync.Step) []outline.ServiceID {
	p.Helper()
	done, err := p.send(steps...)
	p.need(err)
	return done.NewNodes
}

// item adds an item at the top of the document, for the check's own use.
func (p *probe) item() outline.ServiceID {
	p.Helper()
	return p.edit(insert(outline.ServiceID(outline.RootID), 0, outline.Fields{Content: "conformance of " + p.Name()}))[0]
}

// items adds one item with these children and returns all ids.
func (p *probe) items(contents ...string) (parent outline.ServiceID, children []outline.ServiceID) {
	p.Helper()
	parent = p.item()
	var steps []sync.Step
	for i, c := range contents {
		steps = append(steps, insert(parent, i, outline.Fields{Content: c}))
	}
	return parent, p.edit(steps...)
}

func insert(parent outline.ServiceID, index int, f outline.Fields) sync.Step {
	return sync.Step{Kind: outline.Insert, Parent: parent, Index: index, Fields: f}
}

func update(node outline.ServiceID, m outline.Mask, f outline.Fields) sync.Step {
	return sync.Step{Kind: outline.Update, Node: node, Mask: m, Fields: f}
}

func move(node, parent outline.ServiceID, index int) sync.Step {
	return sync.Step{Kind: outline.Move, Node: node, Parent: parent, Index: index}
}

func remove(node outline.ServiceID) sync.Step {
	return sync.Step{Kind: outline.Delete, Node: node}
}

// shown is a document as a read shows it.
type shown struct {
	*sync.Reading
	nodes map[outline.ServiceID]sync.ReadNode
}

func (p *probe) read() shown {
	p.Helper()
	r, err := p.Remote.Read(p.Context(), p.Doc, 0)
	p.need(err)
	s := shown{r, make(map[outline.ServiceID]sync.ReadNode, len(r.Nodes))}
	for _, n := range r.Nodes {
		if _, twice := s.nodes[n.ID]; twice {
			p.Errorf("node %s comes twice", n.ID)
		}
		s.nodes[n.ID] = n
	}
	return s
}

// children returns the contents below a node.
func (s shown) children(id outline.ServiceID) []string {
	var out []string
	for _, c := range s.nodes[id].Children {
		out = append(out, s.nodes[c].Fields.Content)
	}
	return out
}

// wantChildren reads the document and compares what is below a node.
func (p *probe) wantChildren(id outline.ServiceID, want ...string) {
	p.Helper()
	if got := p.read().children(id); !slices.Equal(got, want) {
		p.Errorf("children are %q, want %q", got, want)
	}
}

// wantSame fails when the document has changed since a read.
func (p *probe) wantSame(before shown) {
	p.Helper()
	if now := p.read(); now.Version != before.Version || len(now.Nodes) != len(before.Nodes) {
		p.Errorf("version %d with %d nodes became version %d with %d, want no change",
			before.Version, len(before.Nodes), now.Version, len(now.Nodes))
	}
}

// wantFailure checks that an error is a Failure of one of the classes, with a
// reason if there is to be one.
func (p *probe) wantFailure(err, reason error, classes ...sync.Class) {
	p.Helper()
	f, ok := errors.AsType[*sync.Failure](err)
	switch {
	case !ok:
		p.Errorf("got error %v, want a Failure", err)
	case !slices.Contains(classes, f.Class):
		p.Errorf("%v: want class %v", err, classes)
	case reason != nil && !errors.Is(err, reason):
		p.Errorf("%v does not wrap %q", err, reason)
	case f.Msg == "":
		p.Errorf("%v tells a person nothing", err)
	}
}

// server returns what the service announces, which takes an answer to know.
func (p *probe) server() sync.ServerInfo {
	p.Helper()
	_, err := p.Remote.Versions(p.Context(), []outline.ServiceID{p.Doc})
	p.need(err)
	return p.Remote.Server()
}

// unknownID has the form of an id and names nothing.
const unknownID outline.ServiceID = "AAAAAAAAAAAAAAAAAAAAAAAA"

// requestID returns a fresh ULID: 48 bits of time, 80 at random, in base 32.
func requestID(at time.Time) string {
	const letters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	var b [26]byte
	ms := uint64(at.UnixMilli())
	for i := 9; i >= 0; i-- {
		b[i] = letters[ms%32]
		ms /= 32
	}
	for i := 10; i < len(b); i++ {
		b[i] = letters[rand.IntN(len(letters))]
	}
	return string(b[:])
}
