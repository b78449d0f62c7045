package web

import (
	"strings"

	"outlast/internal/outline"
)

// inboxTitle is the title that makes a document the inbox when the account's
// preference is not known.
const inboxTitle = "Inbox"

func (a *api) inbox(s session, r InboxRequest) (ChangeResult, error) {
	return a.run(s, r.Change, func(c *command) error {
		account, err := c.tx.Account()
		if err != nil {
			return err
		}
		parent, err := c.inboxNode(account.Inbox)
		if err != nil {
			return err
		}
		if err := editable(parent); err != nil {
			return err
		}
		to := parent.doc.Last(parent.node)
		if account.InboxTop {
			to = parent.doc.First(parent.node)
		}
		return c.addItems(parent, to, []NewNode{{Text: r.Text, Note: r.Note}})
	})
}

// inboxNode returns where captured items go: where the account's preference
// says ("file" or "file/node", in the service's ids), else the only document
// with the title Inbox.
func (c *command) inboxNode(location string) (target, error) {
	if location != "" {
		doc, node, _ := strings.Cut(location, "/")
		if node == "" {
			node = string(outline.RootID)
		}
		found, err := c.byLink(outline.ServiceID(doc), outline.ServiceID(node))
		if err != nil {
			return target{}, err
		}
		if len(found) == 1 && !found[0].isFolder() {
			return found[0], nil
		}
	}
	var found []target
	for f := range c.files.Documents() {
		if !strings.EqualFold(f.Title, inboxTitle) {
			continue
		}
		t, _, err := c.target(f.ID, outline.RootID)
		if err != nil {
			return target{}, err
		}
		found = append(found, t)
	}
	if len(found) == 1 {
		return found[0], nil
	}
	return target{}, noInbox(location, found)
}

func noInbox(location string, found []target) error {
	e := Fail(ErrNoInbox, "no document is known as the inbox", "")
	switch {
	case len(found) > 1:
		e.Message = "several documents have the title Inbox"
		e.Next = "rename all but one, or set the inbox at the service and run `outlast sync`"
		for _, t := range found[:min(len(found), maxCandidates)] {
			e.Candidates = append(e.Candidates, t.ref())
		}
	case location != "":
		e.Message = "the inbox set at the service is not among the documents here"
		e.Next = "run `outlast sync`, or make a document with the title Inbox"
	}
	return e
}
