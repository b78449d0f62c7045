package server

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"go.etcd.io/bbolt"

	"outlast/internal/dynalist"
)

// SetPermission says what the account may do with a file: 0 nothing, 1 read,
// 2 edit, 3 manage, 4 own.
func (s *Server) SetPermission(fileID string, permission int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.tree.living(fileID)
	switch {
	case f == nil:
		return fmt.Errorf("no file %s", fileID)
	case permission < permNone || permission > permOwner:
		return fmt.Errorf("permission %d is not one of 0 to 4", permission)
	}
	return s.administer(func(w *write) error {
		s.keepFile(w, f)
		f.Permission = permission
		return putFiles(w, f)
	})
}

// Unlock ends the lock of a compat account whose root was moved (F5).
func (s *Server) Unlock() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.locked = false
}

// Restore puts a deleted file back, as the last one of the root folder. It
// can be had as long as its content is kept, 30 days.
func (s *Server) Restore(fileID string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.tree.byID[fileID]
	if f == nil || f.Deleted == 0 {
		return fmt.Errorf("no deleted file %s", fileID)
	}
	root := s.tree.byID[s.tree.root]
	return s.administer(func(w *write) error {
		s.keepFile(w, f)
		s.keepFile(w, root)
		f.Deleted = 0
		s.tree.insert(f, root, len(root.Children))
		return putFiles(w, f, root)
	})
}

// ID returns the name of the data file, as the header Outlast-Server tells it.
func (s *Server) ID() string { return s.id }

// Seq returns the number of the last request that changed something. A test
// that hands requests over one by one learns by it which made which node.
func (s *Server) Seq() uint64 {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.seq
}

// AuditNode tells where a node came from. Clients never see this.
type AuditNode struct {
	ID        string
	Seq       uint64 // of the request that inserted it, see Server.Seq
	RequestID string // of that request, "" if it had none
	Deleted   int64  // version that deleted it, 0 while it lives
}

// Audit returns every node that a document ever had, the root excepted: first
// the living ones in order, then the deleted ones.
func (s *Server) Audit(docID string) ([]AuditNode, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.tree.document(docID) == nil {
		return nil, fmt.Errorf("no document %s", docID)
	}
	var all []AuditNode
	err := s.db.View(func(tx *bbolt.Tx) error {
		d, err := s.document(tx, docID)
		if err != nil {
			return err
		}
		for _, n := range d.inOrder() {
			if n != d.root {
				all = append(all, auditNode(n.id, n.born))
			}
		}
		return docBucket(tx, docID).Bucket([]byte(bucketGone)).ForEach(func(k, sealed []byte) error {
			a, err := auditDeleted(k, sealed)
			all = append(all, a)
			return err
		})
	})
	return all, err
}

// Contents returns a document as doc/read would answer, whatever the permissions
// and limits are.
func (s *Server) Contents(docID string) ([]byte, error) {
	s.mu.RLock()
	f := s.tree.document(docID)
	s.mu.RUnlock()
	if f == nil {
		return nil, fmt.Errorf("no document %s", docID)
	}
	var body []byte
	err := s.view(context.Background(), docID, func(d *document) error {
		body = s.readWhole(f, d).body
		return nil
	})
	return body, err
}

func auditNode(id string, born origin) AuditNode {
	a := AuditNode{ID: id, Seq: born.seq}
	if !born.request.IsZero() {
		a.RequestID = born.request.String()
	}
	return a
}

func auditDeleted(k, sealed []byte) (AuditNode, error) {
	v, err := unseal(k, sealed)
	if err != nil {
		return AuditNode{}, err
	}
	t, err := decodeTombstone(v)
	a := auditNode(string(k), t.born)
	a.Deleted = t.version
	return a, err
}

// live answers as long as the process does.
func (s *Server) live(r *http.Request) answer {
	if no := readOnly(r); no != nil {
		return *no
	}
	return answer{status: http.StatusOK, body: []byte("ok\n"), plain: true}
}

// ready writes a probe through to the disk, so that it fails when writing does.
func (s *Server) ready(r *http.Request) answer {
	if no := readOnly(r); no != nil {
		return *no
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.probe()
	if err != nil {
		s.log.Warn("not ready", "error", err.Error())
		return answer{status: http.StatusServiceUnavailable, body: []byte("not ready\n"), plain: true}
	}
	return answer{status: http.StatusOK, body: []byte("ok\n"), plain: true}
}

func (s *Server) probe() error {
	if s.cfg.Full != nil {
		if err := s.cfg.Full(); err != nil {
			return err
		}
	}
	return s.administer(func(w *write) error {
		return putString(w.tx, bucketMeta, keyProbe, strconv.FormatInt(time.Now().UnixMilli(), 10))
	})
}

func readOnly(r *http.Request) *answer {
	if r.Method == http.MethodGet || r.Method == http.MethodHead {
		return nil
	}
	a := refuse(dynalist.CodeInvalid, "wrong method").answer()
	a.status = http.StatusMethodNotAllowed
	return &a
}
