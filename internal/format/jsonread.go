package format

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"outlast/internal/outline"
	"outlast/opml"
)

// ReadJSON reads a document in the shape of the service's answer, however it is
// laid out. A node with two parents, a child that is not there and an id that
// occurs twice are errors. What is wrong with a file is an opml.SyntaxError.
func ReadJSON(r io.Reader, opts ReadOptions) (*Result, error) {
	in := newLineReader(nil, opts.Limits) // for the defaults of its limits
	j := jsonReader{opts: opts, most: in.limits.Nodes, nodes: map[outline.NodeID]*Orphan{}}
	src := &jsonSource{r: r, left: in.limits.Bytes}
	dec := json.NewDecoder(src)
	err := j.document(dec)
	if err == nil {
		err = atEnd(dec)
	}
	if err != nil {
		return nil, src.fail(dec.InputOffset(), err)
	}
	return j.build()
}

// atEnd refuses anything behind the document.
func atEnd(dec *json.Decoder) error {
	if _, err := dec.Token(); err != io.EOF {
		return errors.New("more than one document")
	}
	return nil
}

type jsonReader struct {
	opts    ReadOptions
	most    int
	id      outline.FileID
	title   string
	version int64
	nodes   map[outline.NodeID]*Orphan // of every node, until the tree takes it
	order   []outline.NodeID
	fresh   []outline.NodeID
}

func (j *jsonReader) document(dec *json.Decoder) error {
	if err := delim(dec, '{'); err != nil {
		return err
	}
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return err
		}
		switch key {
		case "file_id":
			err = dec.Decode(&j.id)
		case "title":
			err = dec.Decode(&j.title)
		case "version":
			err = dec.Decode(&j.version)
		case "nodes":
			err = j.list(dec)
		default:
			var skipped json.RawMessage
			err = dec.Decode(&skipped)
		}
		if err != nil {
			return fmt.Errorf("%v: %w", key, err)
		}
	}
	return delim(dec, '}')
}

func delim(dec *json.Decoder, want json.Delim) error {
	t, err := dec.Token()
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	if err == nil && t != want {
		err = fmt.Errorf("%v where %v is expected", t, want)
	}
	return err
}

func (j *jsonReader) list(dec *json.Decoder) error {
	if err := delim(dec, '['); err != nil {
		return err
	}
	var raw json.RawMessage
	for dec.More() {
		if err := dec.Decode(&raw); err != nil {
			return err
		}
		n, err := parseNode(raw)
		switch {
		case err != nil:
			return fmt.Errorf("node %d: %w", len(j.order)+1, err)
		case j.nodes[n.ID] != nil:
			return fmt.Errorf("node %d: the id %s occurs twice", len(j.order)+1, n.ID)
		case len(j.order) > j.most:
			return &opml.SyntaxError{Limit: true, Reason: fmt.Sprintf("more than %d items", j.most)}
		}
		j.nodes[n.ID] = n
		j.order = append(j.order, n.ID)
	}
	return delim(dec, ']')
}

// build links the nodes from the root down; what is left are orphans.
func (j *jsonReader) build() (*Result, error) {
	id := j.opts.ID
	if id == "" && j.opts.KeepIDs {
		id = j.id
	}
	doc := outline.New(id, j.title)
	doc.Version = j.version
	root := j.nodes[outline.RootID]
	if root == nil {
		return nil, errNoRoot
	}
	doc.Root().Fields = root.Fields
	delete(j.nodes, outline.RootID)
	type open struct {
		node *outline.Node
		left []outline.NodeID
	}
	stack := []open{{doc.Root(), root.Children}}
	for len(stack) > 0 {
		top := &stack[len(stack)-1]
		if len(top.left) == 0 {
			stack = stack[:len(stack)-1]
			continue
		}
		child := top.left[0]
		top.left = top.left[1:]
		n, rest, err := j.take(doc, top.node, child)
		if err != nil {
			return nil, fmt.Errorf("child %s of node %s: %w", child, top.node.ID, err)
		}
		stack = append(stack, open{n, rest})
	}
	return &Result{Document: doc, Fresh: j.fresh, Orphans: j.orphans()}, nil
}

var (
	errTwice  = errors.New("it is missing, or the child of two nodes")
	errNoRoot = errors.New(`there is no node with the id "root"`)
)

// take moves a node into the tree, under its own id or a new one.
func (j *jsonReader) take(doc *outline.Document, parent *outline.Node, id outline.NodeID) (*outline.Node, []outline.NodeID, error) {
	rec := j.nodes[id]
	if rec == nil {
		return nil, nil, errTwice
	}
	delete(j.nodes, id)
	if !j.opts.KeepIDs {
		g := grower{doc, j.opts.NewID, j.most}
		n, err := g.add(parent, rec.Fields)
		return n, rec.Children, err
	}
	n := doc.Append(parent, id, rec.Fields)
	if n == nil {
		return nil, nil, outline.ErrExists
	}
	return n, rec.Children, nil
}

func (j *jsonReader) orphans() []Orphan {
	var list []Orphan
	for _, rec := range j.nodes {
		list = append(list, *rec)
	}
	slices.SortFunc(list, func(a, b Orphan) int { return strings.Compare(string(a.ID), string(b.ID)) })
	return list
}
