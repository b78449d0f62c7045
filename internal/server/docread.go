package server

import (
	"encoding/json"
	"net/http"
	"strconv"

	"go.etcd.io/bbolt"

	"outlast/internal/dynalist"
)

func (s *Server) docRead(c call, q *dynalist.DocReadRequest) answer {
	if no := s.admit(c); no != nil {
		return no.answer()
	}
	s.mu.RLock()
	_, err := s.readable(q.FileID)
	s.mu.RUnlock()
	if err != nil {
		return s.failed(c, err)
	}
	var a answer
	err = s.view(c.ctx, q.FileID, func(d *document) error {
		f, err := s.readable(q.FileID)
		if err != nil {
			return err
		}
		if s.safe() && q.Since != nil && *q.Since > 0 && *q.Since <= f.version {
			a, err = s.readSince(f, d, *q.Since)
		} else {
			a = s.readWhole(f, d)
		}
		return err
	})
	if err != nil {
		return s.failed(c, err)
	}
	return a
}

// readable returns a document that may be read. The caller holds the lock.
func (s *Server) readable(id string) (*file, error) {
	f := s.tree.document(id)
	switch {
	case f == nil:
		return nil, refuse(dynalist.CodeNotFound, "no such document")
	case f.Permission < permRead:
		return nil, refuse(dynalist.CodeUnauthorized, "the document may not be read")
	}
	return f, nil
}

// readWhole encodes a document once per version: all readers share the bytes.
func (s *Server) readWhole(f *file, d *document) answer {
	d.encoding.Lock()
	defer d.encoding.Unlock()
	if d.body == nil {
		b := make([]byte, 0, 1024+200*len(d.nodes))
		b = s.appendDocument(b, f, d.inOrder())
		d.body = append(b, '}')
	}
	return answer{status: http.StatusOK, code: dynalist.CodeOK, body: d.body}
}

// readSince answers with what changed after a version.
func (s *Server) readSince(f *file, d *document, since int64) (answer, error) {
	var deleted []string
	err := s.db.View(func(tx *bbolt.Tx) (err error) {
		deleted, err = cutSince(docBucket(tx, d.id), since)
		return err
	})
	if err != nil {
		return answer{}, err
	}
	var changed []*node
	for _, n := range d.inOrder() {
		if n.changed > since {
			changed = append(changed, n)
		}
	}
	b := s.appendDocument(nil, f, changed)
	b = append(b, `,"since":`...)
	b = strconv.AppendInt(b, since, 10)
	b = append(b, `,"deleted":`...)
	b = appendStrings(b, deleted)
	b = append(b, `,"node_count":`...)
	b = strconv.AppendInt(b, int64(len(d.nodes)), 10)
	return answer{status: http.StatusOK, code: dynalist.CodeOK, body: append(b, '}')}, nil
}

// appendDocument writes the answer to doc/read but for its last brace. It is
// written by hand: encoding/json takes six times as long for a large document.
func (s *Server) appendDocument(b []byte, f *file, nodes []*node) []byte {
	b = append(b, `{"_code":"`+dynalist.CodeOK+`","file_id":`...)
	b = appendString(b, f.id)
	b = append(b, `,"title":`...)
	b = appendString(b, f.Title)
	b = append(b, `,"version":`...)
	b = strconv.AppendInt(b, f.version, 10)
	b = append(b, `,"nodes":[`...)
	for i, n := range nodes {
		if i > 0 {
			b = append(b, ',')
		}
		content := n.content
		if n.id == rootID {
			content = f.Title
		}
		b = s.appendNode(b, n, content)
	}
	return append(b, ']')
}

func (s *Server) appendNode(b []byte, n *node, content string) []byte {
	b = append(b, `{"id":`...)
	b = appendString(b, n.id)
	b = append(b, `,"content":`...)
	b = appendString(b, content)
	b = append(b, `,"note":`...)
	b = appendString(b, n.note)
	b = append(b, `,"created":`...)
	b = strconv.AppendInt(b, n.created, 10)
	b = append(b, `,"modified":`...)
	b = strconv.AppendInt(b, n.modified, 10)
	b = appendMarks(b, n)
	if len(n.children) > 0 || s.safe() { // F14
		b = append(b, `,"children":[`...)
		for i, c := range n.children {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendString(b, c.id)
		}
		b = append(b, ']')
	}
	return append(b, '}')
}

// appendMarks writes the marks that are not default.
func appendMarks(b []byte, n *node) []byte {
	if n.checked {
		b = append(b, `,"checked":true`...)
	}
	if n.checkbox {
		b = append(b, `,"checkbox":true`...)
	}
	if n.heading > 0 {
		b = append(b, `,"heading":`...)
		b = strconv.AppendInt(b, int64(n.heading), 10)
	}
	if n.color > 0 {
		b = append(b, `,"color":`...)
		b = strconv.AppendInt(b, int64(n.color), 10)
	}
	return b
}

func appendStrings(b []byte, list []string) []byte {
	b = append(b, '[')
	for i, s := range list {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendString(b, s)
	}
	return append(b, ']')
}

// appendString writes a JSON string. Plain ASCII, nearly all there is, goes as
// it stands.
func appendString(b []byte, s string) []byte {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			quoted, err := json.Marshal(s)
			if err != nil {
				panic(err) // a string always has a JSON form
			}
			return append(b, quoted...)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}

// docVersions answers doc/check_for_updates.
type docVersions struct {
	dynalist.Envelope
	Versions map[string]int64 `json:"versions"`
}

func (s *Server) docCheck(c call, q *dynalist.DocCheckRequest) answer {
	if no := s.admit(c); no != nil {
		return no.answer()
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	a := docVersions{success(), map[string]int64{}}
	for _, id := range q.FileIDs {
		if f := s.tree.document(id); f != nil && f.Permission >= permRead {
			a.Versions[id] = f.version
		}
	}
	return reply(a)
}
