package doctor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Call makes one request of the service, with the token put in, and returns the
// answer's JSON, whatever its code.
type Call func(ctx context.Context, endpoint string, request map[string]any) (json.RawMessage, error)

// Observed is how one habit of the service turned out.
type Observed struct {
	Habit    string `json:"habit"` // F1 to F24
	About    string `json:"about"`
	Expected string `json:"expected"` // what the client was built for; any of several, with " or " between
	Found    string `json:"found"`    // "" when it was not tried
	Note     string `json:"note"`     // why not, or what went wrong
}

// Differs tells whether the service does otherwise than the client was built for.
func (o Observed) Differs() bool {
	return o.Found != "" && !slices.Contains(strings.Split(o.Expected, " or "), o.Found)
}

// ScratchTitle is the document that a probe works in. The service cannot delete it
// for us; the next probe uses it again, unless somebody has written into it.
const ScratchTitle = "outlast probe (may be deleted)"

// habit is one row: try makes requests and says what the service did.
type habit struct {
	name, about, expected string
	try                   func(*prober) (string, error)
}

// untried are rows that a probe must not, or cannot, bring about.
func untried() []Observed {
	return []Observed{
		{Habit: "F2", About: "more than 500 changes in one request", Note: "not tried: it would use up the budget of changes for minutes; the client sends 200 at most"},
		{Habit: "F5", About: "moving the root item", Note: "not tried: it was seen to lock the account; the client refuses it"},
		{Habit: "F9", About: "too many requests", Note: "not brought about; seen only when the service says so during the probe"},
		{Habit: "F20", About: "documents without the right to edit", Note: "not tried: it needs a document of somebody else"},
		{Habit: "F21", About: "deleting the root item", Note: "not tried: the client refuses it"},
		{Habit: "F22", About: "outages of large requests", Note: "cannot be brought about; `outlast report --month` measures them"},
		{Habit: "F23", About: "largest request", Note: "not tried: the client sends 256 KiB at most, unless one change is larger"},
	}
}

// habits returns the rows that are tried, each below an item of its own in the
// scratch document.
func habits() []habit {
	return []habit{
		{"F1", "version after a request that edits", "+1", tryVersion},
		{"F3", "children of a deleted item", "stay as orphans or deleted", tryOrphans},
		{"F4", "moving an item below itself", "accepted or refused", trySelfMove},
		{"F6", "index -1 for three inserts of one request", "C B A or A B C", tryMinusOne},
		{"F7", "index of a move", "counts after removal", tryMoveIndex},
		{"F8", "fields that an edit leaves out, and empty ones", "kept, cleared", tryFields},
		{"F10", "a wrong change in the middle of a request", "prefix kept or nothing kept or all others kept", tryBatchError},
		{"F11", "times of items of one request", "equal or different", tryCreated},
		{"F12", "a wrong change of a file", "Ok, false", tryWrongFile},
		{"F13", "unknown documents when versions are asked for", "left out", tryUnknownVersion},
		{"F14", "children of an item that has none", "absent or []", tryLeaf},
		{"F15", "the frame of an answer", "_code without _msg", tryEnvelope},
		{"F16", "type of the root folder", "folder or root", tryRootType},
		{"F17", "ids of files when none was made", "absent or []", tryCreatedFiles},
		{"F18", "an insert without an index", "last or first", tryNoIndex},
		{"F19", "an empty title", "Untitled or kept empty or refused", tryEmptyTitle},
		{"F24", "the same insert sent twice", "two items", tryTwice},
	}
}

// Probe tries the habits of the service on a scratch document and returns all rows,
// in order. It ends at the first request that gets no answer.
func Probe(ctx context.Context, call Call, tell func(Observed)) ([]Observed, error) {
	p := &prober{ctx: ctx, call: call, wait: holdTime}
	if err := p.open(); err != nil {
		return nil, fmt.Errorf("open the scratch document: %w", err)
	}
	all := untried()
	for _, o := range all {
		tell(o)
	}
	for _, h := range habits() {
		o := Observed{Habit: h.name, About: h.about, Expected: h.expected}
		found, err := h.try(p)
		if ctx.Err() != nil {
			return all, ctx.Err()
		}
		if o.Found = found; err != nil {
			o.Found, o.Note = "", err.Error()
		}
		// At once: a client in step with this account would hold many deletions at
		// one time for somebody to decide.
		if err := p.clear(); err != nil {
			return all, fmt.Errorf("clear the scratch document: %w", err)
		}
		tell(o)
		all = append(all, o)
	}
	slices.SortStableFunc(all, func(a, b Observed) int { return number(a.Habit) - number(b.Habit) })
	return all, nil
}

func number(habit string) (n int) {
	_, _ = fmt.Sscanf(habit, "F%d", &n)
	return n
}

// holdTime is how long the service was seen to refuse after too many requests.
const holdTime = 50 * time.Second

// prober makes the requests of a probe. It holds a context since it is one call.
type prober struct {
	ctx  context.Context
	call Call
	wait time.Duration
	root string // root folder
	doc  string // scratch document
}

// answer is what of an answer the probe looks at.
type answer struct {
	Code     string           `json:"_code"`
	Msg      *string          `json:"_msg"`
	Root     string           `json:"root_file_id"`
	Files    []probedFile     `json:"files"`
	Results  []bool           `json:"results"`
	Created  *[]string        `json:"created"`
	Version  int64            `json:"version"`
	Versions map[string]int64 `json:"versions"`
	Nodes    []probedNode     `json:"nodes"`
	NewNodes []string         `json:"new_node_ids"`
}

type probedFile struct{ ID, Title, Type string }

type probedNode struct {
	ID, Content, Note string
	Created           int64
	Checked           bool
	Heading           int
	Children          *[]string
}

func (a answer) ok() bool { return strings.EqualFold(a.Code, "ok") }

// errRefused is an answer other than Ok where Ok was needed.
var errRefused = errors.New("the service refused a request of the probe")

// ask makes a request, and makes it again after a pause when there were too many.
func (p *prober) ask(endpoint string, request map[string]any) (a answer, err error) {
	for range 3 {
		var raw json.RawMessage
		if raw, err = p.call(p.ctx, endpoint, request); err != nil {
			return a, err
		}
		a = answer{}
		if err = json.Unmarshal(raw, &a); err != nil {
			return a, fmt.Errorf("read the answer: %w", err)
		}
		if !strings.EqualFold(a.Code, "TooManyRequests") {
			return a, nil
		}
		select {
		case <-p.ctx.Done():
			return a, p.ctx.Err()
		case <-time.After(p.wait):
		}
	}
	return a, fmt.Errorf("%w: %s", errRefused, a.Code)
}

// must is ask for what has to succeed.
func (p *prober) must(endpoint string, request map[string]any) (answer, error) {
	a, err := p.ask(endpoint, request)
	if err == nil && !a.ok() {
		err = fmt.Errorf("%w: %s", errRefused, a.Code)
	}
	return a, err
}

// open finds the scratch document, or makes it.
func (p *prober) open() error {
	list, err := p.must("file/list", map[string]any{})
	if err != nil {
		return err
	}
	p.root = list.Root
	for _, f := range list.Files {
		if f.Title != ScratchTitle || f.Type != "document" {
			continue
		}
		p.doc = f.ID
		a, err := p.read()
		if err != nil {
			return err
		}
		if onlyOurs(a.Nodes) {
			return p.clear()
		}
	}
	made, err := p.must("file/edit", map[string]any{"changes": []any{
		map[string]any{"action": "create", "type": "document", "parent_id": p.root, "index": 0, "title": ScratchTitle},
	}})
	if err != nil {
		return err
	}
	if made.Created == nil || len(*made.Created) != 1 {
		return fmt.Errorf("%w: no document was made", errRefused)
	}
	p.doc = (*made.Created)[0]
	return nil
}

// onlyOurs tells whether a document holds nothing but what a probe writes. Somebody
// may have written into a scratch document, and then it is theirs.
func onlyOurs(nodes []probedNode) bool {
	ours := []string{"child", "A", "B", "C", "a", "b", "c", "d", "before", "after", "new", "same", "F8 again"}
	for _, h := range habits() {
		ours = append(ours, h.name)
	}
	for _, n := range nodes {
		if n.ID != rootID && (!slices.Contains(ours, n.Content) || n.Note != "" && n.Note != "a note") {
			return false
		}
	}
	return true
}

// clear deletes all items of the scratch document, orphans too, deepest first.
func (p *prober) clear() error {
	a, err := p.read()
	if err != nil {
		return err
	}
	var changes []any
	for _, n := range slices.Backward(a.Nodes) {
		if n.ID != rootID {
			changes = append(changes, map[string]any{"action": "delete", "node_id": n.ID})
		}
	}
	for part := range slices.Chunk(changes, 100) {
		if _, err := p.ask("doc/edit", map[string]any{"file_id": p.doc, "changes": part}); err != nil {
			return err
		}
	}
	return nil
}

const rootID = "root"

func (p *prober) read() (answer, error) {
	return p.must("doc/read", map[string]any{"file_id": p.doc})
}

// edit sends changes that may fail.
func (p *prober) edit(changes ...any) (answer, error) {
	return p.ask("doc/edit", map[string]any{"file_id": p.doc, "changes": changes})
}

// insert makes items in order below a parent and returns their ids.
func (p *prober) insert(parent string, contents ...string) ([]string, error) {
	var changes []any
	for i, c := range contents {
		changes = append(changes, map[string]any{"action": "insert", "parent_id": parent, "index": i, "content": c})
	}
	a, err := p.must("doc/edit", map[string]any{"file_id": p.doc, "changes": changes})
	if err == nil && len(a.NewNodes) != len(contents) {
		err = fmt.Errorf("%w: %d ids for %d inserts", errRefused, len(a.NewNodes), len(contents))
	}
	return a.NewNodes, err
}

// below makes an item for one habit, with items below it.
func (p *prober) below(name string, contents ...string) (parent string, ids []string, err error) {
	made, err := p.insert(rootID, name)
	if err != nil || len(contents) == 0 {
		return first(made), nil, err
	}
	ids, err = p.insert(made[0], contents...)
	return made[0], ids, err
}

func first(ids []string) string {
	if len(ids) == 0 {
		return ""
	}
	return ids[0]
}

// node returns an item as a read shows it, nil if it is gone.
func (a answer) node(id string) *probedNode {
	for i := range a.Nodes {
		if a.Nodes[i].ID == id {
			return &a.Nodes[i]
		}
	}
	return nil
}

// contents returns the texts below an item, in order.
func (p *prober) contents(parent string) (string, error) {
	a, err := p.read()
	if err != nil {
		return "", err
	}
	n := a.node(parent)
	if n == nil || n.Children == nil {
		return "", nil
	}
	var all []string
	for _, id := range *n.Children {
		if c := a.node(id); c != nil {
			all = append(all, c.Content)
		}
	}
	return strings.Join(all, " "), nil
}
