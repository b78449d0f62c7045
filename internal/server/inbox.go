package server

import (
	"slices"
	"strings"

	"outlast/internal/dynalist"
)

// Preferences of the account.
const (
	prefInboxLocation = "inbox_location"      // "file_id" or "file_id/node_id", "" for none
	prefInboxPosition = "inbox_move_position" // "top" or "bottom"
)

type inboxAdded struct {
	dynalist.Envelope
	FileID    string `json:"file_id"`
	NodeID    string `json:"node_id"`
	Index     int    `json:"index"`
	RequestID string `json:"request_id,omitempty"`
}

func (s *Server) inboxAdd(c call, q *dynalist.InboxAddRequest) answer {
	insert := dynalist.NodeChange{
		Action: "insert", ParentID: rootID, Index: q.Index, Content: &q.Content, Note: q.Note,
		Checked: q.Checked, Checkbox: q.Checkbox, Heading: q.Heading, Color: q.Color,
	}
	if msg := nodeChangeError(&insert); msg != "" {
		return refuse(dynalist.CodeInvalid, "%s", msg).answer()
	}
	ch := change{call: c, requestID: s.honoured(q.RequestID), body: q}
	return s.perform(ch, func(w *write) (any, error) {
		fileID, nodeID, _ := strings.Cut(s.prefs[prefInboxLocation], "/")
		if s.tree.document(fileID) == nil {
			return nil, noInbox()
		}
		if nodeID != "" {
			insert.ParentID = nodeID
		}
		if insert.Index == nil && s.prefs[prefInboxPosition] == "top" {
			insert.Index = new(int)
		}
		return s.addToInbox(w, fileID, &insert, ch.requestID)
	})
}

func (s *Server) addToInbox(w *write, fileID string, insert *dynalist.NodeChange, requestID string) (any, error) {
	f, err := s.editable(fileID)
	if err != nil {
		return nil, err
	}
	e, err := s.edit(w, f)
	if err != nil {
		return nil, err
	}
	p := e.d.nodes[insert.ParentID]
	if p == nil {
		return nil, noInbox()
	}
	if err := s.insertNode(e, insert); err != nil {
		return nil, err
	}
	n := e.d.nodes[e.ids[0]]
	return &inboxAdded{
		Envelope: success(), FileID: fileID, NodeID: n.id,
		Index: slices.Index(p.children, n), RequestID: requestID,
	}, e.finish()
}

func noInbox() *refusal { return refuse(dynalist.CodeNoInbox, "no inbox is set") }

type prefGot struct {
	dynalist.Envelope
	Key   string `json:"key"`
	Value string `json:"value"`
}

func (s *Server) prefGet(c call, q *dynalist.PrefRequest) answer {
	if no := s.admit(c); no != nil {
		return no.answer()
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	switch q.Key {
	case prefInboxLocation, prefInboxPosition:
		return reply(prefGot{success(), q.Key, s.prefs[q.Key]})
	}
	return refuse(dynalist.CodeInvalid, "unknown key").answer()
}

func (s *Server) prefSet(c call, q *dynalist.PrefRequest) answer {
	ch := change{call: c, body: q}
	return s.perform(ch, func(w *write) (any, error) {
		if err := s.checkPref(w, q); err != nil {
			return nil, err
		}
		old := s.prefs[q.Key]
		s.prefs[q.Key] = *q.Value
		w.onUndo(func() { s.prefs[q.Key] = old })
		return success(), putString(w.tx, bucketPrefs, q.Key, *q.Value)
	})
}

func (s *Server) checkPref(w *write, q *dynalist.PrefRequest) error {
	switch {
	case q.Value == nil:
		return refuse(dynalist.CodeInvalid, "value is missing")
	case q.Key == prefInboxPosition && (*q.Value == "top" || *q.Value == "bottom"):
		return nil
	case q.Key == prefInboxLocation && *q.Value == "":
		return nil
	case q.Key == prefInboxLocation:
		return s.checkInbox(w, *q.Value)
	}
	return refuse(dynalist.CodeInvalid, "unknown key or value")
}

func (s *Server) checkInbox(w *write, location string) error {
	fileID, nodeID, _ := strings.Cut(location, "/")
	if s.tree.document(fileID) == nil {
		return refuse(dynalist.CodeNotFound, "no such document")
	}
	d, err := s.document(w.tx, fileID)
	if err != nil {
		return err
	}
	if nodeID != "" && d.nodes[nodeID] == nil {
		return refuse(dynalist.CodeNodeNotFound, "no such node")
	}
	return nil
}
