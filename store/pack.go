package store

import (
	"errors"
	"fmt"
	"iter"
	"slices"

	"outlast/internal/outline"
)

// Packed is the working tree of a document as one transaction showed it, to be
// read at leisure after the transaction: it holds up no commit, and takes as
// good as no memory. Its nodes lie in a spool in the form of the base's chunks;
// what the log changed lies beside as a small document (see overlay). Close it.
type Packed struct {
	ID         outline.FileID
	Title      string
	Permission outline.Permission
	Version    int64

	spool  *spool
	nodes  int               // packed
	starts []int64           // where each block begins in the spool; a block holds whole nodes
	over   *outline.Document // what the log made, nil without a log
	runs   map[outline.NodeID]run
}

// PackedNode is one node of a Packed.
type PackedNode struct {
	Depth  int // 0 for the root
	ID     outline.NodeID
	Fields outline.Fields

	from, to int64 // where it lies in the spool
}

// blockSize is the least size of a block that is packed from a tree in memory.
const blockSize = 32 << 10

// mappedMost is how many bytes of the file a packing holds in memory.
const mappedMost = 4 << 20

// Pack returns what Document returns, packed. ErrNoFile if Files has no such
// document.
func (tx *Tx) Pack(id outline.FileID) (*Packed, error) {
	files, err := tx.Files()
	if err != nil {
		return nil, err
	}
	f := files.File(id)
	if f == nil || f.Kind != outline.DocumentKind {
		return nil, fmt.Errorf("document %s: %w", id, outline.ErrNoFile)
	}
	p := &Packed{ID: id, Title: f.Title, Permission: f.Permission, spool: tx.newSpool()}
	if err := tx.pack(p); err != nil {
		return nil, fmt.Errorf("pack document %s: %w", id, errors.Join(err, p.Close()))
	}
	return p, nil
}

func (tx *Tx) pack(p *Packed) error {
	if _, err := tx.index(); err != nil { // is the log whole?
		return err
	}
	meta, _, err := tx.Meta(p.ID)
	if err != nil {
		return err
	}
	p.Version = meta.Version
	inMemory := tx.trees[p.ID] != nil || tx.db.cache.entry(p.ID).tree.peek() != nil
	logged := len(keysWith(tx.bucket(bucketLog), docPrefix(p.ID)))
	p.spool.expect(meta.Nodes)
	switch {
	case inMemory, logged > meta.Nodes/4: // there is little to be saved
		t, err := tx.tree(p.ID)
		if err != nil {
			return err
		}
		return p.tree(t.doc)
	case meta.Nodes == 0:
		return p.tree(outline.New(p.ID, p.Title))
	}
	if err := tx.packBase(p, meta); err != nil || logged == 0 {
		return err
	}
	return tx.lay(p)
}

// tree packs a tree that is in memory.
func (p *Packed) tree(d *outline.Document) error {
	var block []byte
	for depth, n := range d.Root().Walk() {
		if block = appendNode(block, depth, string(n.ID), n.Fields); len(block) < blockSize {
			continue
		}
		if err := p.block(block); err != nil {
			return err
		}
		block = block[:0]
	}
	return p.block(block)
}

// block adds whole nodes to the spool.
func (p *Packed) block(b []byte) error {
	p.starts = append(p.starts, p.spool.size)
	return p.spool.write(b)
}

// packBase packs the base in our ids.
func (tx *Tx) packBase(p *Packed, meta Meta) error {
	binds, err := tx.Bindings(p.ID)
	if err != nil {
		return err
	}
	var block, last []byte
	read := 0
	for k, v := range valuesWith(tx.bucket(bucketChunks), docPrefix(p.ID)) {
		if read, last = read+len(v), v; read > mappedMost {
			tx.unmap(last)
			read = 0
		}
		chunk, err := unseal(k, v)
		if err != nil {
			return err
		}
		if block, err = p.rename(block[:0], string(chunk), binds); err != nil {
			return err
		}
		if err := p.block(block); err != nil {
			return err
		}
	}
	tx.unmap(last)
	if p.nodes != meta.Nodes {
		return damaged("base of %s has %d nodes of %d", p.ID, p.nodes, meta.Nodes)
	}
	return nil
}

// rename appends the nodes of a chunk under our ids, the root with the title.
func (p *Packed) rename(dst []byte, chunk string, binds *Bindings) ([]byte, error) {
	r := reader{rest: chunk}
	for r.rest != "" {
		depth, id, f := r.node()
		switch {
		case r.bad:
			return nil, damaged("a chunk ends within a node")
		case (depth == 0) != (p.nodes == 0):
			return nil, damaged("node %s is no root, or a second one", id)
		case depth == 0:
			f.Content, id = p.Title, string(outline.RootID)
		default:
			id = string(binds.Ours(outline.ServiceID(id)))
		}
		p.nodes++
		dst = appendNode(dst, depth, id, f)
	}
	return dst, nil
}

// All yields every node in preorder, the root first. The node is valid until
// the next one; an error is the last that is yielded.
func (p *Packed) All() iter.Seq2[*PackedNode, error] {
	return func(yield func(*PackedNode, error) bool) {
		r := packedReader{p: p, block: -1}
		if p.over == nil {
			r.run(run{to: p.spool.size}, 0, yield)
			return
		}
		for depth, n := range p.over.Root().Walk() {
			if run, packed := p.runs[n.ID]; packed {
				if !r.run(run, depth-run.depth, yield) {
					return
				}
				continue
			}
			if !yield(&PackedNode{Depth: depth, ID: n.ID, Fields: n.Fields}, nil) {
				return
			}
		}
	}
}

// Close gives the spool back. It may be called twice.
func (p *Packed) Close() error { return p.spool.close() }

// packedReader reads nodes back from the spool.
type packedReader struct {
	p     *Packed
	block int // the one in text, -1 for none
	text  string
	node  PackedNode
}

// run yields the nodes of a run, deeper by shift, and tells whether to go on.
func (r *packedReader) run(at run, shift int, yield func(*PackedNode, error) bool) bool {
	for from := at.from; from < at.to; {
		i, found := slices.BinarySearch(r.p.starts, from)
		if !found {
			i--
		}
		if err := r.load(i); err != nil {
			yield(nil, err)
			return false
		}
		begin := r.p.starts[i]
		end := min(at.to-begin, int64(len(r.text)))
		nodes := reader{rest: r.text[from-begin : end]}
		for nodes.rest != "" {
			depth, id, f := nodes.node()
			if nodes.bad {
				yield(nil, damaged("the spool ends within a node"))
				return false
			}
			to := begin + end - int64(len(nodes.rest))
			r.node = PackedNode{depth + shift, outline.NodeID(id), f, from, to}
			if !yield(&r.node, nil) {
				return false
			}
			from = to
		}
	}
	return true
}

func (r *packedReader) load(block int) error {
	if block == r.block {
		return nil
	}
	end := r.p.spool.size
	if block+1 < len(r.p.starts) {
		end = r.p.starts[block+1]
	}
	var err error
	r.text, err = r.p.spool.read(r.p.starts[block], end)
	r.block = block
	return err
}
