package dynalist

import (
	"context"
	"fmt"
	"unicode/utf8"

	"outlast/internal/outline"
	"outlast/sync"
)

// Files lists the account's folders and documents.
func (c *Client) Files(ctx context.Context) (*sync.Listing, error) {
	var l sync.Listing
	r := request{path: PathFileList, body: func(token string) any { return tokenOnly{token} }}
	_, err := c.call(ctx, r, listingField(&l), func() error {
		switch {
		case l.Root == "":
			return missing("root_file_id")
		case l.Files == nil:
			return missing("files")
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &l, nil
}

// tokenOnly is the request of file/list.
type tokenOnly struct {
	Token string `json:"token"`
}

// Versions returns the current versions of documents, those left out that the
// service does not know or does not show.
func (c *Client) Versions(ctx context.Context, docs []outline.ServiceID) (map[outline.ServiceID]int64, error) {
	if len(docs) == 0 {
		return map[outline.ServiceID]int64{}, nil
	}
	names := make([]string, len(docs))
	for i, d := range docs {
		names[i] = string(d)
	}
	var v map[outline.ServiceID]int64
	r := request{path: PathDocCheck, body: func(token string) any {
		return DocCheckRequest{Token: token, FileIDs: names}
	}}
	_, err := c.call(ctx, r, versionsField(&v), func() error {
		if v == nil {
			return missing("versions")
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return v, nil
}

// Read reads a whole document. Its strings share the memory of the answer, so
// what is kept for long is better copied.
func (c *Client) Read(ctx context.Context, doc outline.ServiceID, since int64) (*sync.Reading, error) {
	var d document
	ask := DocReadRequest{FileID: string(doc)}
	if since > 0 && c.server.has(FeatureChangesSince) {
		ask.Since = &since
	}
	r := request{path: PathDocRead, doc: string(doc), body: func(token string) any {
		ask.Token = token
		return ask
	}}
	if ask.Since != nil {
		r.doc += " changes" // their size says nothing of the whole document's, nor that of theirs
	}
	_, err := c.call(ctx, r, d.field, func() error {
		switch err := d.complete(); {
		case err != nil:
			return err
		case d.reading.Doc != doc:
			return fmt.Errorf("%w: it is another document", errUnreadable)
		case ask.Since == nil: // whatever a field of this name means there
			d.reading.Since, d.reading.Deleted = 0, nil
		case d.reading.Since != 0 && d.reading.Since != since:
			return fmt.Errorf("%w: it tells the changes after another version", errUnreadable)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &d.reading, nil
}

// Preference reads a preference of the account, "" if it is not set.
func (c *Client) Preference(ctx context.Context, key string) (string, error) {
	var value string
	r := request{path: PathPrefGet, body: func(token string) any {
		return PrefRequest{Token: token, Key: key}
	}}
	_, err := c.call(ctx, r, func(s *scanner, name string) (known bool, err error) {
		if name != "value" || s.peek() == 'n' {
			return false, nil
		}
		value, err = s.str()
		return true, err
	}, nil)
	return value, err
}

// SetPreference sets a preference of the account. It never repeats the request.
func (c *Client) SetPreference(ctx context.Context, key, value string) error {
	r := request{path: PathPrefSet, write: true, text: true, body: func(token string) any {
		return PrefRequest{Token: token, Key: key, Value: &value}
	}}
	_, err := c.call(ctx, r, nothing, nil)
	return err
}

// EditFiles changes folders and documents in one request, which it never
// repeats.
func (c *Client) EditFiles(ctx context.Context, edit sync.FileEdit) (*sync.FileEdited, error) {
	changes, err := fileChanges(edit.Changes, c.server.has(FeatureDeleteFile))
	if err == nil && len(changes) == 0 {
		err = fmt.Errorf("no changes: %w", outline.ErrInvalid)
	}
	if err != nil {
		return nil, invalid(err)
	}
	id := c.requestID(edit.RequestID)
	var done sync.FileEdited
	r := request{path: PathFileEdit, write: true, text: true, steps: len(changes), body: func(token string) any {
		return FileEditRequest{Token: token, Changes: changes, RequestID: id}
	}}
	env, err := c.call(ctx, r, filesEditedField(&done), nil)
	if err != nil {
		return nil, err
	}
	c.checkEcho(id, env)
	return checkFiles(edit, &done)
}

// checkFiles compares an answer with the changes that it is for.
func checkFiles(edit sync.FileEdit, done *sync.FileEdited) (*sync.FileEdited, error) {
	if len(done.Results) != len(edit.Changes) {
		return nil, unclear(fmt.Sprintf("%d results for %d changes", len(done.Results), len(edit.Changes)))
	}
	created := 0
	for i, s := range edit.Changes {
		if s.Kind == outline.Insert && done.Results[i] {
			created++
		}
	}
	if done.Created != nil && len(done.Created) != created {
		return nil, unclear(fmt.Sprintf("%d ids for %d new files", len(done.Created), created))
	}
	return done, nil
}

// Edit changes the nodes of one document in one request, which it never
// repeats. The same edit gives the same bytes as long as the token and what the
// server announced are the same.
func (c *Client) Edit(ctx context.Context, edit sync.NodeEdit) (*sync.NodeEdited, error) {
	changes, err := nodeChanges(edit.Changes)
	if err == nil && (len(changes) == 0 || !validID(edit.Doc)) {
		err = fmt.Errorf("no changes or no document: %w", outline.ErrInvalid)
	}
	if err != nil {
		return nil, invalid(err)
	}
	id := c.requestID(edit.RequestID)
	body := DocEditRequest{FileID: string(edit.Doc), Changes: changes, RequestID: id}
	if edit.IfVersion != 0 && c.server.has(FeatureIfVersion) {
		body.IfVersion = &edit.IfVersion
	}
	var done sync.NodeEdited
	r := request{path: PathDocEdit, write: true, text: true, steps: len(changes), body: func(token string) any {
		body.Token = token
		return body
	}}
	env, err := c.call(ctx, r, editedField(&done), nil)
	if err != nil {
		return nil, err
	}
	c.checkEcho(id, env)
	done.Replayed = env.replayed
	inserts := 0
	for _, s := range edit.Changes {
		if s.Kind == outline.Insert {
			inserts++
		}
	}
	if len(done.NewNodes) != inserts {
		return nil, unclear(fmt.Sprintf("%d ids for %d new nodes", len(done.NewNodes), inserts))
	}
	return &done, nil
}

// InboxItem is one node for the inbox of the account.
type InboxItem struct {
	RequestID string // as in sync.NodeEdit
	Index     int    // 0 for the first place, -1 for the last
	Fields    outline.Fields
}

// InboxAdded tells where an item of the inbox came to stand.
type InboxAdded struct {
	Doc, Node outline.ServiceID
	Index     int
	Replayed  bool
}

// AddInbox adds a node to the inbox, wherever the account has it, and never
// repeats the request. Without an inbox the error wraps sync.ErrNoInbox.
func (c *Client) AddInbox(ctx context.Context, item InboxItem) (*InboxAdded, error) {
	if err := item.Fields.Validate(); err != nil {
		return nil, invalid(err)
	}
	if item.Index < -1 {
		return nil, invalid(fmt.Errorf("index %d: %w", item.Index, outline.ErrInvalid))
	}
	var n NodeChange
	n.set(item.Fields, outline.Fields{}.Differ(item.Fields))
	id := c.requestID(item.RequestID)
	r := request{path: PathInboxAdd, write: true, text: true, body: func(token string) any {
		return InboxAddRequest{
			Token: token, Index: &item.Index, Content: item.Fields.Content, Note: n.Note, Checked: n.Checked,
			Checkbox: n.Checkbox, Heading: n.Heading, Color: n.Color, RequestID: id,
		}
	}}
	var done InboxAdded
	env, err := c.call(ctx, r, inboxField(&done), func() error {
		if done.Doc == "" || done.Node == "" {
			return missing("file_id or node_id")
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	c.checkEcho(id, env)
	done.Replayed = env.replayed
	return &done, nil
}

func inboxField(a *InboxAdded) readField {
	return func(s *scanner, name string) (known bool, err error) {
		switch name {
		case "file_id":
			a.Doc, err = id(s)
		case "node_id":
			a.Node, err = id(s)
		case "index":
			var n int64
			n, err = s.integer()
			a.Index = int(n)
		default:
			return false, nil
		}
		return true, err
	}
}

// requestID returns the id if the server keeps request ids, else "".
func (c *Client) requestID(id string) string {
	if !c.Server().RequestID || !utf8.ValidString(id) {
		return ""
	}
	return id
}

// checkEcho notes a server that did not give our request id back in an Ok: it,
// or something on the way to it, does not honour what is announced.
func (c *Client) checkEcho(sent string, e envelope) {
	if sent != "" && e.requestID != sent {
		c.server.silent = true
	}
}
