package store

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"outlast/internal/outline"
)

// Staging is a node of the engine's own at the service: new nodes of a document
// are made below it and moved to their places from there, so that what stands
// below it is ours whatever became of an answer. It is never part of a base.
type Staging struct {
	Token string              `json:"token"`           // ULID in its content
	Nodes []outline.ServiceID `json:"nodes,omitempty"` // it and its copies, as far as they are known to stand
	Right []outline.ServiceID `json:"right,omitempty"` // of each: the sibling after it in the last read, "" at the end
	Below []StagedChild       `json:"below,omitempty"` // what the last read showed below them, in preorder
	Doubt bool                `json:"doubt,omitempty"` // a request about it had no clear answer
	Full  bool                `json:"full,omitempty"`  // nothing more goes below it: it is to be emptied and deleted
	Fresh bool                `json:"fresh,omitempty"` // nothing about it was sent since that read
	Lost  bool                `json:"lost,omitempty"`  // what went below it may have been written down in a database that is lost
	Gone  time.Time           `json:"gone,omitzero"`   // when it was found gone; a late copy can still come
}

// StagedChild is a node somewhere below a Staging.
type StagedChild struct {
	Service outline.ServiceID `json:"service"`
	Parent  outline.ServiceID `json:"parent"`
	Node    outline.NodeID    `json:"node,omitempty"`    // the staged node that it is
	Foreign bool              `json:"foreign,omitempty"` // neither that nor a spare copy of one
}

// StagedNode is a new node of ours that stands below a Staging.
type StagedNode struct {
	Token   string            `json:"token"`
	Service outline.ServiceID `json:"service"`
	Fields  outline.Fields    `json:"fields"` // as they were sent
}

// Stagings returns the staging nodes of a document, in the order of their tokens.
func (tx *Tx) Stagings(doc outline.FileID) ([]*Staging, error) {
	var out []*Staging
	for k := range valuesWith(tx.bucket(bucketStaging), docPrefix(doc)) {
		st := new(Staging)
		if _, err := tx.getJSON(bucketStaging, k, st); err != nil {
			return nil, err
		}
		out = append(out, st)
	}
	return out, nil
}

// Standing returns the documents in which a staging node stands.
func (tx *Tx) Standing() (map[outline.FileID]bool, error) {
	docs := make(map[outline.FileID]bool)
	for k := range valuesWith(tx.bucket(bucketStaging), nil) {
		var st Staging
		if _, err := tx.getJSON(bucketStaging, k, &st); err != nil {
			return nil, err
		}
		if len(st.Nodes) > 0 {
			docs[outline.FileID(k[:bytes.IndexByte(k, 0)])] = true
		}
	}
	return docs, nil
}

// PutStaging keeps a staging node, or replaces the one of its token.
func (tx *Tx) PutStaging(doc outline.FileID, st *Staging) error {
	if err := checkID("document id", doc); err != nil {
		return err
	}
	if err := checkID("token", st.Token); err != nil {
		return err
	}
	return tx.putJSON(bucketStaging, docKey(doc, st.Token), st)
}

// DropStaging forgets a staging node, if it is there.
func (tx *Tx) DropStaging(doc outline.FileID, token string) error {
	return tx.remove(bucketStaging, docKey(doc, token))
}

// ForgetStagings forgets all staging nodes and what stands below them.
func (tx *Tx) ForgetStagings() error {
	return errors.Join(tx.removeAll(bucketStaging, nil), tx.removeAll(bucketStaged, nil))
}

// Staged returns the nodes of a document that stand below a staging node.
func (tx *Tx) Staged(doc outline.FileID) (map[outline.NodeID]StagedNode, error) {
	out := make(map[outline.NodeID]StagedNode)
	for k := range valuesWith(tx.bucket(bucketStaged), docPrefix(doc)) {
		var n StagedNode
		if _, err := tx.getJSON(bucketStaged, k, &n); err != nil {
			return nil, err
		}
		out[outline.NodeID(k[len(doc)+1:])] = n
	}
	return out, nil
}

// PutStaged keeps where a new node stands.
func (tx *Tx) PutStaged(doc outline.FileID, id outline.NodeID, n StagedNode) error {
	if err := checkID("document id", doc); err != nil {
		return err
	}
	if err := checkID("node id", id); err != nil {
		return err
	}
	if err := checkFields(n.Fields); err != nil {
		return fmt.Errorf("staged node %s: %w", id, err)
	}
	return tx.putJSON(bucketStaged, docKey(doc, string(id)), n)
}

// DropStaged forgets that a node is staged, if it is.
func (tx *Tx) DropStaged(doc outline.FileID, id outline.NodeID) error {
	return tx.remove(bucketStaged, docKey(doc, string(id)))
}
