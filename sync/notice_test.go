package sync

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"outlast/internal/outline"
	"outlast/store"
)

// form turns rows written as lines joined by "/" into a document, with leading
// dots for depth. Marks and notes are written behind the content:
// "a=text {note} h1 x" has a note, heading 1, and is checked.
func form(s string) *outline.Document {
	d := outline.New("doc", "title")
	at := []*outline.Node{d.Root()}
	for _, l := range strings.Split(s, "/") {
		body := strings.TrimLeft(l, ".")
		if body == "" {
			continue
		}
		depth := len(l) - len(body)
		body, checked := strings.CutSuffix(body, " x")
		body, heading, _ := strings.Cut(body, " h")
		body, note, _ := strings.Cut(body, " {")
		id, content, ok := strings.Cut(body, "=")
		if !ok {
			content = id
		}
		f := outline.Fields{Content: content, Note: strings.TrimSuffix(note, "}"), Checked: checked}
		if heading != "" {
			f.Heading = heading[0] - '0'
		}
		n := d.Append(at[depth], outline.NodeID(id), f)
		at = append(at[:depth+1], n)
	}
	return d
}

// What gives way is told, with the node and what is needed to have it back;
// what does not is not told.
func TestMergeTellsWhatGaveWay(t *testing.T) {
	for _, tt := range []struct{ name, base, local, remote, want string }{
		{"nothing", "a/b", "a=A/b", "a/b=B", ""},
		{"insert both", "a", "a/x", "a/y", ""},
		{"insert below a node moved there", "a/.b/c", "a/.b/..x/c", "a/c/.b", ""},
		{"insert below a node deleted there", "a/.b", "a/.b/..x", "a", "recovered x"},
		{"insert of a subtree below a node deleted there", "a/.b", "a/.b/..x/...x2", "a", "recovered x"},
		{"words merged", "a=one two", "a=ONE two", "a=one TWO", ""},
		{"same words", "a=one", "a=mine", "a=theirs", "text a: content mine, theirs"},
		{"same words of the note", "a=a {one}", "a=a {mine}", "a=a {theirs}", "text a: note mine, theirs"},
		{"text and mark", "a", "a=A", "a h1", ""},
		{"mark both alike", "a", "a h1", "a h1", ""},
		{"same mark", "a", "a h1", "a h2", "mark a: heading 1, 2"},
		{"check both", "a", "a x", "a x", ""},
		{"edit here, delete there", "a/b", "a=A/b", "b", "delete a undo delete a"},
		{"mark here, delete there", "a/b", "a h1/b", "b", "delete a undo delete a"},
		{"check here, delete there", "a/b", "a x/b", "b", "delete a undo delete a"},
		{"edit here, parent deleted there", "a/.b", "a/.b=B", "", "recovered b"},
		{"move here, deleted there", "a/b/c", "b/c/.a", "b/c", "delete a undo delete a"},
		{"reorder here, deleted there", "a/b/c", "b/c/a", "b/c", "place a"},
		{"move both, other parents", "a/b/c", "b/.a/c", "b/c/.a", "place a undo move a below c"},
		{"move both, same parent", "a/b/c", "b/.a/c", "b/.a/c", ""},
		{"move here, reorder there", "a/b/c", "b/c/.a", "b/c/a", "place a undo move a below root"},
		{"reorder here, move there", "a/b/c", "b/c/a", "b/.a/c", "place a undo move a below root"},
		{"reorder both", "a/b/c/d", "d/a/b/c", "a/d/b/c", "place d undo move d below root"},
		{"reorder of others", "a/b/c/d", "b/a/c/d", "a/b/d/c", ""},
		{"under itself", "a/b", "b/.a", "a/.b", "place a undo move a below b"},
		{"move below what was deleted there", "a/b", "b/.a", "a", "place a undo move a below b"},
		{"delete here, edit there", "a/b", "a", "a/b=B", "delete b undo delete b"},
		{"delete here, check there", "a/b", "a", "a/b x", "delete b undo delete b"},
		{"delete tree here, insert inside there", "a/.b/d", "d", "a/.b/..y/d", "delete a undo delete a"},
		{"delete tree here, edit inside there", "a/.b/.c/d", "d", "a/.b=B/.c/d", "delete a undo delete a"},
		{"delete here, moved out there", "a/.b/d", "d", "a/b/d", "delete b undo delete b"},
		{"delete here, moved in there", "a/.b/d", "d", "a/.b/..d", "delete a undo delete a"},
		{"delete here, reorder there", "a/b", "b", "b/a", ""},
		{"delete both", "a/b", "b", "b", ""},
		{"delete there", "a/b", "a/b", "b", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			m := mergeTrees(form(tt.base), form(tt.local), form(tt.remote), store.Pending)
			if got := told(m.notices); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// told writes notices in the short form of the table.
func told(all []store.Conflict) string {
	var out []string
	for _, c := range all {
		s := fmt.Sprintf("%s %s", c.Kind, c.Node)
		if c.Mask&outline.Content != 0 {
			s += fmt.Sprintf(": content %s, %s", c.Mine.Content, c.Theirs.Content)
		}
		if c.Mask&outline.Note != 0 {
			s += fmt.Sprintf(": note %s, %s", c.Mine.Note, c.Theirs.Note)
		}
		if c.Mask&outline.Heading != 0 {
			s += fmt.Sprintf(": heading %d, %d", c.Mine.Heading, c.Theirs.Heading)
		}
		if c.Change != nil {
			s += fmt.Sprintf(" undo %s %s", c.Change.Kind, c.Change.Node)
			if c.Change.Kind == outline.Move {
				s += " below " + string(c.Change.To.Parent)
			}
		}
		out = append(out, s)
	}
	return strings.Join(out, "; ")
}

// acked returns the records that lead from base to local, taken by the service
// in so many requests.
func acked(base, local *outline.Document, sends int) []store.Record {
	log := logOf(base, local, store.Acknowledged)
	for i := range log {
		log[i].Sends = sends
	}
	return log
}

func mergeLog(base, remote *outline.Document, log []store.Record) merged {
	n := 0
	return merge(mergeInput{
		base: base, before: base, remote: remote, log: log, now: time.Unix(1e9, 0),
		newID: func() string { n++; return fmt.Sprintf("new%d", n) },
	})
}

// What the service has taken and does not show: old values are sent once more
// and then stand, a missing or a deleted node is asked for again and again, and
// another value stands at once.
func TestMergeOfWhatAReadDoesNotShow(t *testing.T) {
	long := strings.Repeat("word ", 60)
	for _, tt := range []struct {
		name, base, local, remote string
		sends                     int
		want, tree                string
		left, trash               int
	}{
		{"old text, once", "a", "a=A", "a", 1, "", "a=A", 1, 0},
		{"old text, twice", "a", "a=A", "a", 2, "overwritten a: content A, a", "a", 0, 1},
		{"old mark, twice", "a", "a h1", "a", 2, "overwritten a: heading 1, 0", "a", 0, 0},
		{"old place, once", "a/b/c", "b/c/.a", "a/b/c", 1, "", "b/c/.a", 1, 0},
		{"old place, twice", "a/b/c", "b/c/.a", "a/b/c", 2, "place a undo move a below c", "a/b/c", 0, 0},
		{"missing, twice", "a", "a/x", "a", 2, "", "a/x", 1, 0},
		{"missing, three times", "a", "a/x", "a", 3, "refused x", "a/x", 1, 0},
		{"not deleted, twice", "a/b", "a", "a/b", 2, "", "a", 1, 0},
		{"not deleted, three times", "a/b", "a", "a/b", 3, "refused b", "a", 1, 0},
		{"note of an insert not kept, once", "a", "a/x {n}", "a/x", 1, "", "a/x {n}", 1, 0},
		{"trailing blanks", "a", "a=A ", "a=A", 1, "", "a=A", 0, 0},
		{"trailing blanks that undo the edit", "a", "a=a ", "a", 1, "", "a", 0, 0},
		{"line ends", "a", "a=1\r\n2", "a=1\n2", 1, "", "a=1\n2", 0, 0},
		{"Unicode form", "a", "a=e\u0301", "a=é", 1, "", "a=é", 0, 0},
		{"folded blanks", "a", "a=1  2", "a=1 2", 1, "service-form a: content 1  2, 1 2", "a=1 2", 0, 0},
		{"cut", "a", "a=" + long, "a=" + long[:250], 1, "service-form a: content " + long + ", " + long[:250], "a=" + long[:250], 0, 1},
		{"cut, no answer yet", "a", "a=" + long, "a=" + long[:252], 0, "", "a=" + long, 1, 0},
		{"written over", "a", "a=A", "a=other", 1, "overwritten a: content A, other", "a=other", 0, 1},
		{"written on", "a", "a=A", "a=A and more", 1, "", "a=A and more", 0, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			base, local, remote := form(tt.base), form(tt.local), form(tt.remote)
			log := acked(base, local, tt.sends)
			if tt.sends == 0 {
				log = logOf(base, local, store.Pending)
			}
			m := mergeLog(base, remote, log)
			if got := told(m.notices); got != tt.want {
				t.Errorf("told %q, want %q", got, tt.want)
			}
			if !m.work.Equal(form(tt.tree)) || len(m.log) != tt.left || len(m.trash) != tt.trash {
				t.Errorf("%d records left, %d in the trash, want %d and %d, tree\n%s", len(m.log), len(m.trash), tt.left, tt.trash, render(m.work))
			}
			checkMerge(t, base, base, remote, m)
		})
	}
}

// A value that an insert was to have is sent once more, and then given up.
func TestInsertWhoseNoteIsNeverKept(t *testing.T) {
	base, remote := form("a"), form("a/x")
	m := mergeLog(base, remote, acked(base, form("a/x {n}"), 1))
	again := m.log
	again[0].State, again[0].Sends = store.Acknowledged, again[0].Sends+1
	m = mergeLog(remote, remote, again)
	if got := told(m.notices); got != "overwritten x: note n, " || len(m.log) != 0 || len(m.trash) != 1 {
		t.Errorf("told %q, %d left, %d in the trash", got, len(m.log), len(m.trash))
	}
}

// A service that keeps texts in a form of its own must not bring back what a
// person deletes then.
func TestDeleteOfANodeInTheServicesForm(t *testing.T) {
	base := form("a/b")
	log := acked(base, form("a/b=B "), 1)
	gone := base.Node("b")
	log = append(log, store.Record{
		Seq: 2, State: store.Pending,
		Op: store.Op{ID: "del", Doc: "doc", Node: &outline.Change{Kind: outline.Delete, Node: gone.ID}},
	})
	m := mergeLog(base, form("a/b=B"), log)
	if len(m.notices) != 0 || m.work.Node("b") != nil {
		t.Errorf("told %q, tree\n%s", told(m.notices), render(m.work))
	}
}
