package store

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"outlast/internal/outline"
)

// Meta describes the base of a document.
type Meta struct {
	Version  int64     `json:"version"`  // of the last full read taken (API field version)
	Expected int64     `json:"expected"` // the version that our acknowledged edits lead to
	Digest   string    `json:"digest"`   // SHA-256 over the base as stored, hex
	Nodes    int       `json:"nodes"`    // the root included
	ReadAt   time.Time `json:"read_at"`  // when the base was read
	Orphans  int       `json:"orphans,omitempty"`
}

// Meta returns the description of a base; ok is false without one.
func (tx *Tx) Meta(id outline.FileID) (m Meta, ok bool, err error) {
	kept := &tx.db.cache.metas
	if m, ok := kept.Load(id); ok {
		return m.(Meta), true, nil
	}
	ok, err = tx.getJSON(bucketBase, []byte(id), &m)
	if ok && err == nil {
		kept.Store(id, m)
	}
	return m, ok, err
}

// SetExpected changes Meta.Expected alone. Without a base it says ErrNoFile.
func (tx *Tx) SetExpected(id outline.FileID, version int64) error {
	m, ok, err := tx.Meta(id)
	if err != nil {
		return err
	}
	if !ok {
		return fmt.Errorf("base of %s: %w", id, outline.ErrNoFile)
	}
	m.Expected = version
	return tx.putJSON(bucketBase, []byte(id), m)
}

// Base returns the base in our ids, a copy of the caller's own; nil without one.
// The content of its root is the title in Files, as in every tree of a document.
func (tx *Tx) Base(id outline.FileID) (*outline.Document, error) {
	_, ok, err := tx.Meta(id)
	if !ok || err != nil {
		return nil, err
	}
	f, err := tx.file(id)
	if err != nil {
		return nil, err
	}
	return tx.loadBase(id, f)
}

// loadBase reads the base under the values of its file; just the root without one.
func (tx *Tx) loadBase(id outline.FileID, f outline.File) (*outline.Document, error) {
	meta, ok, err := tx.Meta(id)
	if err != nil {
		return nil, err
	}
	d := outline.New(id, f.Title)
	d.Permission, d.Version = f.Permission, meta.Version
	if !ok {
		return d, nil
	}
	binds, err := tx.Bindings(id)
	if err != nil {
		return nil, err
	}
	d.Grow(meta.Nodes)
	b := builder{doc: d, binds: binds}
	for k, v := range valuesWith(tx.bucket(bucketChunks), docPrefix(id)) {
		nodes, err := unseal(k, v)
		if err == nil {
			err = b.chunk(string(nodes))
		}
		if err != nil {
			return nil, fmt.Errorf("base of %s: %w", id, err)
		}
	}
	if d.Len() != meta.Nodes {
		return nil, damaged("base of %s has %d nodes of %d", id, d.Len(), meta.Nodes)
	}
	d.Root().Content = f.Title
	return d, nil
}

// PutBase replaces the base by a full read (nodes in our ids; bindings made
// before in this transaction are used), drops the acknowledged steps and
// returns the new description. The content of the root is not stored: it is the
// title, which belongs to Files. Orphans is what the read held beside the tree,
// as raw JSON, or nil. Chunks that did not change are not written.
func (tx *Tx) PutBase(d *outline.Document, orphans []byte, readAt time.Time) (Meta, error) {
	m, err := tx.putBase(d, orphans, readAt)
	if err != nil {
		return Meta{}, tx.fail(fmt.Errorf("put base of %s: %w", d.ID, err))
	}
	return m, nil
}

func (tx *Tx) putBase(d *outline.Document, orphans []byte, readAt time.Time) (Meta, error) {
	if err := checkID("document id", d.ID); err != nil {
		return Meta{}, err
	}
	m := Meta{Version: d.Version, Expected: d.Version, Nodes: d.Len(), ReadAt: readAt}
	var err error
	if m.Orphans, err = tx.putOrphans(d.ID, orphans); err != nil {
		return Meta{}, err
	}
	tx.replaced(d.ID)
	if m.Digest, err = tx.putChunks(d); err != nil {
		return Meta{}, err
	}
	if err := tx.removeAll(bucketSteps, docPrefix(d.ID)); err != nil {
		return Meta{}, err
	}
	return m, tx.putJSON(bucketBase, []byte(d.ID), m)
}

// RebindBase ties nodes of a base to other ids of the service. It is kept under those
// ids, so it is written anew; what was acknowledged since stays.
func (tx *Tx) RebindBase(id outline.FileID, binds map[outline.NodeID]outline.ServiceID) error {
	if err := tx.rebindBase(id, binds); err != nil {
		return tx.fail(fmt.Errorf("bind nodes of the base of %s: %w", id, err))
	}
	return nil
}

func (tx *Tx) rebindBase(id outline.FileID, binds map[outline.NodeID]outline.ServiceID) error {
	m, _, err := tx.Meta(id)
	if err != nil {
		return err
	}
	d, err := tx.Base(id)
	if err != nil || d == nil {
		return err
	}
	for n, s := range binds {
		if err := tx.Bind(id, n, s); err != nil {
			return err
		}
	}
	if m.Digest, err = tx.putChunks(d); err != nil {
		return err
	}
	tx.replaced(id)
	return tx.putJSON(bucketBase, []byte(id), m)
}

// putChunks writes the tree and returns its digest.
func (tx *Tx) putChunks(d *outline.Document) (string, error) {
	binds, err := tx.Bindings(d.ID)
	if err != nil {
		return "", err
	}
	digest, count := sha256.New(), uint32(0)
	bucket := tx.bucket(bucketChunks)
	bucket.FillPercent = 0.95 // rewritten as a whole, in order
	err = encodeChunks(d, binds, func(chunk []byte) error {
		digest.Write(chunk)
		key := chunkKey(d.ID, count)
		count++
		return tx.putSealed(bucketChunks, key, chunk)
	})
	if err != nil {
		return "", err
	}
	for _, k := range keysWith(bucket, docPrefix(d.ID)) {
		if binary.BigEndian.Uint32(k[len(k)-4:]) < count {
			continue
		}
		if err := tx.remove(bucketChunks, k); err != nil {
			return "", err
		}
	}
	return hex.EncodeToString(digest.Sum(nil)), nil
}

// CheckBase reads a base as it is stored, without loading it, and compares every
// checksum and the digest. It says ErrDamaged of what is not as it was written.
func (tx *Tx) CheckBase(id outline.FileID) error {
	m, ok, err := tx.Meta(id)
	if !ok || err != nil {
		return err
	}
	digest := sha256.New()
	var last []byte
	read := 0
	for k, v := range valuesWith(tx.bucket(bucketChunks), docPrefix(id)) {
		if read, last = read+len(v), v; read > mappedMost {
			tx.unmap(last)
			read = 0
		}
		chunk, err := unseal(k, v)
		if err != nil {
			return fmt.Errorf("base of %s: %w", id, err)
		}
		digest.Write(chunk)
	}
	tx.unmap(last)
	if hex.EncodeToString(digest.Sum(nil)) != m.Digest {
		return damaged("the digest of the base of %s differs", id)
	}
	return nil
}

func chunkKey(doc outline.FileID, n uint32) []byte {
	return binary.BigEndian.AppendUint32(docPrefix(doc), n)
}

// Digest returns what PutBase would put into Meta.Digest, without writing:
// equal digests mean equal trees at the service.
func (tx *Tx) Digest(d *outline.Document) (string, error) {
	binds, err := tx.Bindings(d.ID)
	if err != nil {
		return "", err
	}
	digest := sha256.New()
	err = encodeChunks(d, binds, func(chunk []byte) error {
		digest.Write(chunk)
		return nil
	})
	return hex.EncodeToString(digest.Sum(nil)), err
}

func (tx *Tx) putOrphans(id outline.FileID, orphans []byte) (count int, err error) {
	if len(orphans) == 0 {
		return 0, tx.remove(bucketOrphans, []byte(id))
	}
	if !json.Valid(orphans) {
		return 0, fmt.Errorf("orphans are not JSON: %w", outline.ErrInvalid)
	}
	var list []json.RawMessage
	if json.Unmarshal(orphans, &list) != nil {
		list = make([]json.RawMessage, 1) // one value that is no list
	}
	return len(list), tx.putSealed(bucketOrphans, []byte(id), orphans)
}

// Orphans returns what PutBase was given, nil for nothing.
func (tx *Tx) Orphans(id outline.FileID) ([]byte, error) {
	b, err := tx.sealed(bucketOrphans, []byte(id))
	return append([]byte(nil), b...), err
}

// DropBase forgets the base of a document, its steps and bindings.
func (tx *Tx) DropBase(id outline.FileID) error {
	if err := checkID("document id", id); err != nil {
		return err
	}
	tx.replaced(id)
	tx.db.cache.drop(id)
	for _, bucket := range []string{bucketChunks, bucketSteps, bucketBind} {
		if err := tx.removeAll(bucket, docPrefix(id)); err != nil {
			return tx.fail(err)
		}
	}
	for _, bucket := range []string{bucketBase, bucketOrphans} {
		if err := tx.remove(bucket, []byte(id)); err != nil {
			return tx.fail(err)
		}
	}
	return nil
}
