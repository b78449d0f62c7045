package server

import (
	"encoding/binary"
	"fmt"
	"time"

	"go.etcd.io/bbolt"
)

// maxNodes is how many nodes stay in memory, about 300 bytes each. A document
// in use may exceed it alone.
const maxNodes = 1_500_000

// createDocument stores a new document that consists of its root.
func createDocument(tx *bbolt.Tx, id string, now int64) error {
	b, err := bucket(tx, bucketDocs).CreateBucket([]byte(id))
	if err != nil {
		return err
	}
	for _, name := range []string{bucketNodes, bucketGone, bucketCuts} {
		if _, err := b.CreateBucket([]byte(name)); err != nil {
			return err
		}
	}
	root := &node{num: rootNum, id: rootID, created: now, modified: now, changed: firstVersion}
	if err := putNode(b.Bucket([]byte(bucketNodes)), root); err != nil {
		return err
	}
	return putHead(b, head{version: firstVersion, next: rootNum + 1})
}

// firstVersion is the version of a new document: 0 would read as "none".
const firstVersion = 1

func putHead(doc *bbolt.Bucket, h head) error {
	return putSealed(doc, []byte(keyHead), h.encode())
}

func putNode(nodes *bbolt.Bucket, n *node) error {
	return putSealed(nodes, number(n.num), n.encode())
}

func readHead(doc *bbolt.Bucket) (head, error) {
	v, err := unseal([]byte(keyHead), doc.Get([]byte(keyHead)))
	if err != nil {
		return head{}, err
	}
	return decodeHead(v)
}

// fetch reads a document into memory.
func (s *Server) fetch(id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.db.View(func(tx *bbolt.Tx) error {
		_, err := s.document(tx, id)
		return err
	})
}

// document returns a document, reading it if need be. The caller holds the
// lock for writing.
func (s *Server) document(tx *bbolt.Tx, id string) (*document, error) {
	d := s.docs[id]
	if d == nil {
		var err error
		if d, err = loadDocument(tx, id); err != nil {
			return nil, fmt.Errorf("read document %s: %w", id, err)
		}
		s.docs[id] = d
	}
	s.evict(d)
	d.used.Store(time.Now().UnixNano())
	return d, nil
}

// evict drops the documents longest unused while too many nodes are held.
func (s *Server) evict(keep *document) {
	total := 0
	for _, d := range s.docs {
		total += len(d.nodes)
	}
	for total > s.maxNodes && len(s.docs) > 1 {
		var oldest *document
		for _, d := range s.docs {
			if d != keep && (oldest == nil || d.used.Load() < oldest.used.Load()) {
				oldest = d
			}
		}
		total -= len(oldest.nodes)
		delete(s.docs, oldest.id)
	}
}

func loadDocument(tx *bbolt.Tx, id string) (*document, error) {
	b := docBucket(tx, id)
	if b == nil {
		return nil, fmt.Errorf("no nodes: %w", errDamaged)
	}
	h, err := readHead(b)
	if err != nil {
		return nil, err
	}
	records, err := readRecords(b.Bucket([]byte(bucketNodes)))
	if err != nil {
		return nil, err
	}
	d := &document{id: id, next: h.next, nodes: make(map[string]*node, len(records))}
	return d, d.link(records)
}

func readRecords(nodes *bbolt.Bucket) ([]*record, error) {
	var all []*record
	err := nodes.ForEach(func(k, sealed []byte) error {
		v, err := unseal(k, sealed)
		if err != nil {
			return err
		}
		r, err := decodeNode(binary.BigEndian.Uint64(k), v)
		if err == nil {
			all = append(all, &r)
		}
		return err
	})
	return all, err
}

// link builds the tree from its records. A record whose parent is gone is an
// orphan; see profile compat.
func (d *document) link(records []*record) error {
	byNum := make(map[uint64]*node, len(records))
	behind := make(map[uint64]*node, len(records)) // number of a sibling => the node after it
	first := make(map[uint64]*node)                // number of a parent => its first child
	for _, r := range records {
		byNum[r.num] = &r.node
		d.nodes[r.id] = &r.node
	}
	d.root = byNum[rootNum]
	if d.root == nil || d.root.id != rootID || len(d.nodes) != len(records) {
		return fmt.Errorf("root or double id: %w", errDamaged)
	}
	children := 0
	for _, r := range records {
		if byNum[r.parentNum] == nil {
			continue
		}
		children++
		if r.prevNum == 0 {
			first[r.parentNum] = &r.node
		} else {
			behind[r.prevNum] = &r.node
		}
	}
	for parent, c := range first {
		p := byNum[parent]
		for ; c != nil; c = behind[c.num] {
			c.parent = p
			if n := len(p.children); n > 0 {
				c.prev = p.children[n-1]
			}
			p.children = append(p.children, c)
			children--
		}
	}
	if children != 0 {
		return fmt.Errorf("%d children out of order: %w", children, errDamaged)
	}
	return nil
}
