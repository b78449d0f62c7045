package simtest

import (
	"encoding/json"
	"strings"
	"time"

	"outlast/internal/dynalist"
	"outlast/internal/outline"
	"outlast/internal/server"
	"outlast/sync"
)

const strangerToken = "token-of-somebody-else"

// nobody is the number of the stranger among the clients.
const nobody = -1

// call makes a request of the stranger's, to which nothing happens.
func (w *world) call(path string, q any) []byte {
	_, body := w.inj.Direct(nobody, path, q)
	return body
}

// furnish fills the account with one document that people edit, or two, and a
// folder.
func (w *world) furnish() {
	w.listFiles()
	number := 0
	changes := []dynalist.FileChange{fileCreate("folder", w.root, "Folder"), fileCreate("document", w.root, "Plan")}
	if w.rnd.IntN(4) == 0 || w.crossing {
		changes = append(changes, fileCreate("document", w.root, "Second"))
	}
	var made dynalist.FileEditResponse
	w.must(json.Unmarshal(w.call(dynalist.PathFileEdit, dynalist.FileEditRequest{Token: strangerToken, Changes: changes}), &made))
	w.folder, w.docs = made.Created[0], made.Created[1:]
	for _, doc := range w.docs {
		var tops []dynalist.NodeChange
		for range 3 {
			tops = append(tops, nodeInsert("root", number, "first "+w.word()))
			number++
		}
		number = 0
		ids := w.strange(doc, tops)
		var below []dynalist.NodeChange
		for _, id := range ids {
			below = append(below, nodeInsert(id, 0, "below "+w.word()), nodeInsert(id, 1, "and "+w.word()))
		}
		w.strange(doc, below)
	}
}

func (w *world) listFiles() dynalist.FileListResponse {
	var list dynalist.FileListResponse
	w.must(json.Unmarshal(w.call(dynalist.PathFileList, map[string]string{"token": strangerToken}), &list))
	w.root = list.RootFileID
	return list
}

func fileCreate(kind, parent, title string) dynalist.FileChange {
	return dynalist.FileChange{Action: "create", Type: kind, ParentID: parent, Index: new(0), Title: &title}
}

func nodeInsert(parent string, index int, content string) dynalist.NodeChange {
	return dynalist.NodeChange{Action: "insert", ParentID: parent, Index: &index, Content: &content}
}

// strange makes changes to a document in the stranger's name and returns the ids
// of new nodes.
func (w *world) strange(doc string, changes []dynalist.NodeChange) []string {
	time.Sleep(time.Millisecond) // nobody changes what he cannot have seen yet
	before := w.truthOf(doc)
	var made dynalist.DocEditResponse
	body := w.call(dynalist.PathDocEdit, dynalist.DocEditRequest{Token: strangerToken, FileID: doc, Changes: changes})
	w.must(json.Unmarshal(body, &made))
	if made.Code != dynalist.CodeOK {
		w.note("stranger: %s", made.Code)
	}
	after := w.truthOf(doc)
	w.compare("stranger", before.words(), after.words())
	w.noteStrange(before, after)
	for _, c := range changes {
		text := ""
		if c.Content != nil {
			text = *c.Content
		}
		w.note("stranger: %s %s below %s %q", c.Action, c.NodeID, c.ParentID, text)
	}
	return made.NewNodeIDs
}

// stranger writes something anywhere, on our fresh nodes as well.
func (w *world) stranger() {
	doc := pick(w.rnd, w.docs)
	t := w.truthOf(doc)
	if t == nil || w.strangers == 0 {
		return
	}
	n := t.nodes[pick(w.rnd, t.order)]
	if w.belowStaging(doc, n.id) {
		return // where items stand for a second, on their way
	}
	known := n.id != "root" && n.content != sync.RecoveredTitle && !strings.HasPrefix(n.content, sync.OtherVersion) &&
		!strings.HasPrefix(n.content, "⟳")
	switch k := w.rnd.IntN(12); {
	case k < 4 || !known:
		w.hit("X11 insert")
		text := w.text()
		if n.id != "root" && strings.HasPrefix(n.content, stagingMark) {
			text += " " + w.word() // what is just as the client has sent it there is what a late copy leaves, for all that anybody can tell
		}
		w.strange(doc, []dynalist.NodeChange{nodeInsert(n.id, w.rnd.IntN(len(n.children)+1), text)})
	case k < 5 && w.lastSent != "":
		w.hit("X11 insert of the same text")
		under := n.id
		if p := t.nodes[w.lastUnder]; t.live(w.lastUnder) && !strings.HasPrefix(p.content, stagingMark) && w.rnd.IntN(4) > 0 {
			under = p.id // two people write the same at the same place
		}
		for _, id := range w.strange(doc, []dynalist.NodeChange{nodeInsert(under, 0, w.lastSent)}) {
			w.alike[id] = true
		}
	case k < 7:
		w.hit("X11 edit")
		text := n.content + " " + w.word()
		w.strange(doc, []dynalist.NodeChange{{Action: "edit", NodeID: n.id, Content: &text}})
	case k < 8:
		w.hit("X11 check")
		w.strange(doc, []dynalist.NodeChange{{Action: "edit", NodeID: n.id, Checked: new(!n.marks.checked)}})
	case k < 10:
		w.strangeMove(doc, t, n)
	default:
		w.strangeDelete(doc, t, n)
	}
}

func (w *world) strangeMove(doc string, t *truth, n *truthNode) {
	to := t.nodes[pick(w.rnd, t.order)]
	if strings.HasPrefix(to.content, stagingMark) && to.id != "root" {
		return // nobody drops an item below what says that it is outlast's own
	}
	if t.within(to.id, n.id) {
		if w.profile != "compat" || w.rnd.IntN(4) > 0 {
			return
		}
		w.hit("X11 cycle") // what it holds is out of reach from now on
	} else {
		w.hit("X11 move")
	}
	w.strange(doc, []dynalist.NodeChange{{Action: "move", NodeID: n.id, ParentID: to.id, Index: new(w.rnd.IntN(len(to.children) + 1))}})
}

// strangeDelete takes a node with all below it, or, at a service where that can
// be done, leaves what is below it out of reach.
func (w *world) strangeDelete(doc string, t *truth, n *truthNode) {
	var changes []dynalist.NodeChange
	w.hit("X11 delete")
	if len(n.children) > 0 && w.profile == "compat" && w.rnd.IntN(4) == 0 {
		w.hit("X11 orphans")
		changes = []dynalist.NodeChange{{Action: "delete", NodeID: n.id}}
	} else {
		for _, id := range t.postOrder(n.id) {
			changes = append(changes, dynalist.NodeChange{Action: "delete", NodeID: id})
		}
	}
	w.strange(doc, changes)
}

// permission changes what the account may do with a document, or where it is.
func (w *world) permission() {
	doc := pick(w.rnd, w.docs)
	switch w.rnd.IntN(4) {
	case 0:
		w.hit("X9 read-only")
		w.setPermission(doc, outline.Read)
	case 1:
		w.hit("X17 closed")
		w.setPermission(doc, outline.NoAccess)
	case 2:
		w.hit("X17 moved")
		w.call(dynalist.PathFileEdit, dynalist.FileEditRequest{Token: strangerToken, Changes: []dynalist.FileChange{
			{Action: "move", Type: "document", FileID: doc, ParentID: w.folder, Index: new(0)},
		}})
		w.note("stranger: move document %s", doc)
	default:
		w.setPermission(doc, outline.Owner)
		if w.profile == server.Safe && len(w.docs) > 1 {
			w.deleteDocument()
		}
	}
}

// deleteDocument deletes the last document that people edit, with all it holds.
func (w *world) deleteDocument() {
	doc := w.docs[len(w.docs)-1]
	t := w.truthOf(doc)
	var a dynalist.FileEditResponse
	body := w.call(dynalist.PathFileEdit, dynalist.FileEditRequest{Token: strangerToken, Changes: []dynalist.FileChange{
		{Action: "delete", Type: "document", FileID: doc},
	}})
	if json.Unmarshal(body, &a) != nil || len(a.Results) != 1 || !a.Results[0] {
		return
	}
	w.hit("X17 deleted")
	w.hit("X17 closed") // for the clients that is the same
	w.note("stranger: delete document %s", doc)
	w.docs = w.docs[:len(w.docs)-1]
	w.gone[doc] = true
	for word := range t.words() {
		w.taken[word] = true
	}
	for _, id := range t.order {
		w.gone[id] = true
	}
}

func (w *world) setPermission(doc string, p outline.Permission) {
	w.must(w.inj.SetPermission(doc, int(p)))
	w.note("permission of %s: %d", doc, p)
}
