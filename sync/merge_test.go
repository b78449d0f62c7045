package sync

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"outlast/internal/outline"
	"outlast/store"
)

// parse reads a document: one node per line, two blanks per level. A line is
// "id" or "id=content"; the content of a bare id is the id.
func parse(text string) *outline.Document {
	d := outline.New("doc", "title")
	at := []*outline.Node{d.Root()}
	for line := range strings.SplitSeq(strings.TrimSpace(text), "\n") {
		body := strings.TrimLeft(line, " ")
		depth := (len(line) - len(body)) / 2
		id, content, ok := strings.Cut(body, "=")
		if !ok {
			content = id
		}
		n := d.Append(at[depth], outline.NodeID(id), outline.Fields{Content: content})
		at = append(at[:depth+1], n)
	}
	return d
}

// render is the inverse of parse, with ids that the merge made shown as *.
func render(d *outline.Document) string {
	var b strings.Builder
	for depth, n := range d.Root().Walk() {
		if depth == 0 {
			continue
		}
		id := string(n.ID)
		if strings.HasPrefix(id, "new") {
			id = "*"
		}
		b.WriteString(strings.Repeat("  ", depth-1) + id)
		if n.Content != string(n.ID) {
			b.WriteString("=" + n.Content)
		}
		if n.Note != "" {
			b.WriteString(" {" + n.Note + "}")
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// logOf returns the fewest records that lead from base to local.
func logOf(base, local *outline.Document, state store.State) []store.Record {
	return recorded(base, outline.Diff(base, local), state)
}

// recorded returns changes as they are recorded one by one.
func recorded(base *outline.Document, changes []outline.Change, state store.State) []store.Record {
	d := base.Clone()
	var out []store.Record
	for i, c := range changes {
		c = d.Complete(c)
		if err := d.Apply(c); err != nil {
			panic(err)
		}
		out = append(out, store.Record{
			Seq: uint64(i + 1), State: state,
			Op: store.Op{ID: store.OpID(fmt.Sprint("op", i)), Actor: "test", Doc: d.ID, Node: &c},
		})
	}
	return out
}

func mergeTrees(base, local, remote *outline.Document, state store.State) merged {
	return mergeLog(base, remote, logOf(base, local, state))
}

func TestMerge(t *testing.T) {
	tree := func(s string) *outline.Document {
		lines := strings.Split(s, "/")
		for i, l := range lines {
			rest := strings.TrimLeft(l, ".")
			lines[i] = strings.Repeat("  ", len(l)-len(rest)) + rest
		}
		return parse(strings.Join(lines, "\n"))
	}
	for _, tt := range []struct{ name, base, local, remote, want string }{
		{"nothing", "a/b", "a/b", "a/b", "a/b"},
		{"insert here", "a/b", "a/x/b", "a/b", "a/x/b"},
		{"insert there", "a/b", "a/b", "a/y/b", "a/y/b"},
		{"insert both in one gap: the service's run first", "a/b", "a/x/x2/b", "a/y/y2/b", "a/y/y2/x/x2/b"},
		{"insert both at the end", "a", "a/x", "a/y", "a/y/x"},
		{"insert both at the start", "a", "x/a", "y/a", "y/x/a"},
		{"insert where the left neighbour has gone", "a/b/c", "a/b/x/c", "a/c", "a/x/c"},
		{"insert where both neighbours have gone", "p/.a/.b/.c", "p/.a/.x/.b/.c", "p/.c", "p/.x/.c"},
		{"insert below a node deleted there", "a/.b/c", "a/.b/..x/c", "c", "c/*=Recovered (outlast)/.x {was in: a / b}"},
		{"insert below a node moved there", "a/.b/c", "a/.b/..x/c", "a/c/.b", "a/c/.b/..x"},
		{"edit here, insert there", "a", "a=A", "a/y", "a=A/y"},
		{"edit both, other nodes", "a/b", "a=A/b", "a/b=B", "a=A/b=B"},
		{"edit both alike", "a", "a=A", "a=A", "a=A"},
		{"edit both, one contains the other", "a", "a=long text", "a=long", "a=long text"},
		{"edit both, only blanks differ", "a", "a=one  two", "a=one two", "a=one two"},
		{"edit both", "a", "a=mine", "a=theirs", "a=mine/.*=⚠ other version #conflict theirs"},
		{"edit here, delete there", "a/b/c", "a/b=B/c", "a/c", "a/b=B/c"},
		{"edit here, parent deleted there", "a/.b/c", "a/.b=B/c", "c", "c/*=Recovered (outlast)/.b=B {was in: a}"},
		{"delete here, edit there", "a/b", "a", "a/b=B", "a/b=B"},
		{"delete tree here, edit inside there", "a/.b/.c/d", "d", "a/.b=B/.c/d", "a/.b=B/d"},
		{"delete tree here, insert inside there", "a/.b/d", "d", "a/.b/..y/d", "a/.b/..y/d"},
		{"delete here, moved out there", "a/.b/d", "d", "a/b/d", "b/d"},
		{"delete both", "a/b", "a", "a", "a"},
		{"move here, edit there", "a/b/c", "b/c/a", "a=A/b/c", "b/c/a=A"},
		{"move both alike", "a/b/c", "b/c/a", "b/c/a", "b/c/a"},
		{"move both, other parents", "a/b/c", "b/.a/c", "b/c/.a", "b/.a/c"},
		{"move here, deleted there", "a/b/c", "b/c/.a", "b/c", "b/c/.a"},
		{"move here below what was deleted there", "a/b/c", "b/.a/c", "a/c", "a/c"},
		{"move both into each other", "a/b", "b/.a", "a/.b", "a/.b"},
		{"reorder here, insert there", "a/b/c", "c/a/b", "a/y/b/c", "c/a/y/b"},
		{"reorder both", "a/b/c/d", "d/a/b/c", "b/a/c/d", "d/b/a/c"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			base, local, remote := tree(tt.base), tree(tt.local), tree(tt.remote)
			m := mergeTrees(base, local, remote, store.Pending)
			if got, want := render(m.work), rows(tt.want); got != want {
				t.Errorf("got\n%swant\n%s", got, want)
			}
			checkMerge(t, base, local, remote, m)
		})
	}
}

// rows turns the short form of a row into the form of render.
func rows(s string) string {
	var b strings.Builder
	for _, l := range splitRows(s) {
		rest := strings.TrimLeft(l, ".")
		b.WriteString(strings.Repeat("  ", len(l)-len(rest)) + rest + "\n")
	}
	return b.String()
}

// splitRows splits at slashes without blanks around them.
func splitRows(s string) []string {
	var out []string
	for _, part := range strings.Split(strings.ReplaceAll(s, " / ", "\x00"), "/") {
		out = append(out, strings.ReplaceAll(part, "\x00", " / "))
	}
	return out
}

// checkMerge holds the laws of every merge.
func checkMerge(t interface{ Errorf(string, ...any) }, base, local, remote *outline.Document, m merged) {
	sum := remote.Clone()
	for _, r := range m.log {
		if err := sum.Apply(*r.Node); err != nil {
			t.Errorf("record %s does not apply to the read: %v", r.ID, err)
		}
	}
	if !sum.Equal(m.work) {
		t.Errorf("read + log is not the working tree")
	}
	for _, side := range []*outline.Document{local, remote} {
		for n := range side.Nodes() {
			b := base.Node(n.ID)
			if n.Parent() == nil || b != nil && b.Content == n.Content {
				continue
			}
			if !textKept(m, n.Content) {
				t.Errorf("text %q is lost", n.Content)
			}
		}
	}
}

// textKept tells whether a text is in the tree or the trash, blanks aside.
func textKept(m merged, text string) bool {
	for n := range m.work.Nodes() {
		if strings.Contains(n.Content, text) || sameText(n.Content, text) {
			return true
		}
	}
	for _, tr := range m.trash {
		for _, n := range tr.Nodes {
			if strings.Contains(n.Content, text) {
				return true
			}
		}
	}
	return false
}

// drawSide changes a copy of base at random: what one side did to it.
func drawSide(t *rapid.T, base *outline.Document, side string) *outline.Document {
	d, _ := drawEdits(t, base, side)
	return d
}

// drawEdits is drawSide that tells the changes, too, in their order.
func drawEdits(t *rapid.T, base *outline.Document, side string) (d *outline.Document, all []outline.Change) {
	d = base.Clone()
	for i := range rapid.IntRange(0, 6).Draw(t, side+" edits") {
		var nodes []*outline.Node
		for _, n := range d.Root().Walk() {
			nodes = append(nodes, n)
		}
		n := rapid.SampledFrom(nodes).Draw(t, "node")
		to := rapid.SampledFrom(nodes).Draw(t, "target")
		text := fmt.Sprintf("%s text %d.", side, i)
		var changes []outline.Change
		switch rapid.SampledFrom([]string{"insert", "edit", "move", "delete"}).Draw(t, "kind") {
		case "insert":
			id := outline.NodeID(fmt.Sprintf("%s%d", side, i))
			place := rapid.SampledFrom([]outline.Place{d.First(to), d.Last(to)}).Draw(t, "place")
			changes = append(changes, outline.Change{Kind: outline.Insert, Node: id, To: place, New: outline.Fields{Content: text}})
		case "edit":
			if n.Parent() != nil {
				changes = append(changes, outline.Change{Kind: outline.Update, Node: n.ID, Mask: outline.Content, New: outline.Fields{Content: text}})
			}
		case "move":
			if n.Parent() != nil && !to.IsWithin(n) {
				place := rapid.SampledFrom([]outline.Place{d.First(to), d.Last(to)}).Draw(t, "place")
				changes = append(changes, outline.Change{Kind: outline.Move, Node: n.ID, To: place})
			}
		case "delete":
			if n.Parent() != nil {
				changes = d.Remove(n)
			}
		}
		if err := d.Apply(changes...); err != nil {
			t.Fatalf("%s: %v", side, err)
		}
		all = append(all, changes...)
	}
	return d, all
}

// When the service's text changes again before the child with the first one has been
// sent, the child holds the new one: there is no second.
func TestMergeReplacesAnOtherVersionThatWaits(t *testing.T) {
	base := parse("a=one")
	changes := []outline.Change{
		{Kind: outline.Update, Node: "a", Mask: outline.Content, New: outline.Fields{Content: "two"}},
		{Kind: outline.Insert, Node: "c", To: outline.Place{Parent: "a"}, New: otherChild(otherVersion{content: "one"})},
	}
	m := mergeLog(base, parse("a=three"), recorded(base, changes, store.Pending))
	if got, want := render(m.work), "a=two\n  c=⚠ other version #conflict three\n"; got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
	if len(m.trash) != 1 || !strings.HasSuffix(m.trash[0].Nodes[0].Content, " one") {
		t.Errorf("in the trash: %+v", m.trash)
	}
}

// So it is where a later edit of that child waits, ours or a person's, whether or not
// the service has the child: what that made of it is the older text.
func TestMergeReplacesAnOtherVersionWhoseEditWaits(t *testing.T) {
	update := func(id outline.NodeID, content string) outline.Change {
		return outline.Change{Kind: outline.Update, Node: id, Mask: outline.Content, New: outline.Fields{Content: content}}
	}
	insert := outline.Change{Kind: outline.Insert, Node: "c", To: outline.Place{Parent: "a"}, New: outline.Fields{Content: OtherVersion + " one"}}
	for name, test := range map[string]struct {
		base, remote string
		log          []outline.Change
		want, trash  string
	}{
		"of a waiting one": {
			"a=one", "a=four",
			[]outline.Change{update("a", "two"), insert, update("c", OtherVersion+" three")},
			"a=two\n  c=⚠ other version #conflict four\n", "⚠ other version #conflict three",
		},
		"of one that is there": {
			"a=one\n  c=⚠ other version #conflict one", "a=four\n  c=⚠ other version #conflict one",
			[]outline.Change{update("a", "two"), update("c", OtherVersion+" three")},
			"a=two\n  c=⚠ other version #conflict four\n", "⚠ other version #conflict three",
		},
		"to an item like any other": {
			"a=one\n  c=⚠ other version #conflict one", "a=four\n  c=⚠ other version #conflict one",
			[]outline.Change{update("a", "two"), update("c", "settled")},
			"a=two\n  c=settled\n  *=⚠ other version #conflict four\n", "",
		},
	} {
		base := parse(test.base)
		m := mergeLog(base, parse(test.remote), recorded(base, test.log, store.Pending))
		if got := render(m.work); got != test.want {
			t.Errorf("%s: got\n%swant\n%s", name, got, test.want)
		}
		var trash string
		for _, gone := range m.trash {
			trash += gone.Nodes[0].Content
		}
		if trash != test.trash {
			t.Errorf("%s: in the trash %q, want %q", name, trash, test.trash)
		}
	}
}

// An edit of an item and then a move of what it stands below bring both back.
func TestMergeKeepsEditBelowLaterMove(t *testing.T) {
	base := parse("a\n  b\n    c\nd")
	changes := []outline.Change{
		{Kind: outline.Update, Node: "b", Mask: outline.Content, New: outline.Fields{Content: "edited"}},
		{Kind: outline.Move, Node: "a", To: outline.Place{Parent: "d"}},
	}
	m := mergeLog(base, parse("d"), recorded(base, changes, store.Pending))
	if got, want := render(m.work), "d\n  a\n    b=edited\n      c\n"; got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

// What an item was changed to before it was deleted here brings it back from a deletion
// at the service no more: taking ours back does, with all of it, whenever it can be sent.
func TestMergeBringsBackWhatADeletionTookBackOnce(t *testing.T) {
	edited := outline.Fields{Content: "edited"}
	for _, state := range []store.State{store.Pending, store.Parked} {
		base := parse("a\n  b\nc")
		log := recorded(base, []outline.Change{
			{Kind: outline.Update, Node: "b", Mask: outline.Content, New: edited},
			{Kind: outline.Move, Node: "b", To: outline.Place{Parent: "c"}},
			{Kind: outline.Delete, Node: "b"},
			{Kind: outline.Insert, Node: "b", To: outline.Place{Parent: "c"}, New: edited},
		}, store.Acknowledged)
		log[3].State = state
		m := mergeLog(base, parse("a\nc"), log)
		if got, want := render(m.work), "a\nc\n  b=edited\n"; got != want {
			t.Errorf("%s: got\n%swant\n%s", state, got, want)
		}
		if len(m.log) != 1 || m.log[0].ID != log[3].ID || m.log[0].State != state || len(m.confirmed) != 3 {
			t.Errorf("%s: left %+v, confirmed %+v", state, m.log, m.confirmed)
		}
		if len(m.notices) != 0 {
			t.Errorf("%s: told %+v", state, m.notices)
		}
	}
}

// In the order in which edits are made, too: of several of one item, or of what
// it stands below, none is lost, whichever comes first.
func TestMergeKeepsTextsInAnyOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		base := parse("a\n  b\n  c\n    d\ne\nf\n  g")
		local, changes := drawEdits(t, base, "mine")
		remote := drawSide(t, base, "theirs")
		state := rapid.SampledFrom([]store.State{store.Pending, store.Acknowledged}).Draw(t, "state")
		checkMerge(t, base, local, remote, mergeLog(base, remote, recorded(base, changes, state)))
	})
}

// Whatever two sides do: what the merge keeps applies to the read, no text is
// lost, a second merge with the result changes nothing, and when only one side
// did something its tree is the result.
func TestMergeLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		base := parse("a\n  b\n  c\n    d\ne\nf\n  g")
		local, remote := drawSide(t, base, "mine"), drawSide(t, base, "theirs")
		state := rapid.SampledFrom([]store.State{store.Pending, store.Acknowledged}).Draw(t, "state")
		m := mergeTrees(base, local, remote, state)
		checkMerge(t, base, local, remote, m)

		if again := mergeTrees(remote, m.work, m.work, store.Acknowledged); len(again.log) != 0 {
			t.Fatalf("%d records are left after the service has taken everything:\n%s", len(again.log), render(again.work))
		}
		if m := mergeTrees(base, local, base, store.Pending); !m.work.Equal(local) || len(m.notices) != 0 {
			t.Fatalf("only we changed something: got\n%swant\n%s", render(m.work), render(local))
		}
		if m := mergeTrees(base, base, remote, state); !m.work.Equal(remote) || len(m.log) != 0 {
			t.Fatalf("only the service changed something: got\n%swant\n%s", render(m.work), render(remote))
		}
	})
}

// A service that trims or folds blanks must not cause a conflict with itself.
func TestMergeTakesNormalisedText(t *testing.T) {
	base := parse("a")
	m := mergeTrees(base, parse("a=one  two "), parse("a=one two"), store.Acknowledged)
	if len(m.notices) != 1 || m.notices[0].Kind != store.ConflictForm || len(m.log) != 0 || len(m.trash) != 0 {
		t.Errorf("got %v, %d records left, %d in the trash", m.notices, len(m.log), len(m.trash))
	}
}

// Two people who change other words of one line and its note get one line with
// the words of both, and when the service has it nothing is left to do.
func TestMergeJoinsWords(t *testing.T) {
	tree := func(content, note string) *outline.Document {
		d := parse("a")
		d.Node("a").Content, d.Node("a").Note = content, note
		return d
	}
	base := tree("Call Bob on Monday", "one\ntwo")
	local := tree("Phone Bob on Monday #rent", "one\nnew\ntwo")
	remote := tree("Call Bob on Friday", "one more\ntwo")
	m := mergeTrees(base, local, remote, store.Pending)
	if got, want := render(m.work), "a=Phone Bob on Friday #rent {one more\nnew\ntwo}\n"; got != want || len(m.notices) != 0 {
		t.Errorf("got %q with %d conflicts, want %q", got, len(m.notices), want)
	}
	if again := mergeTrees(remote, m.work, m.work, store.Acknowledged); len(again.log) != 0 {
		t.Errorf("%d records are left", len(again.log))
	}
}

// An acknowledged edit that the read does not show is wanted again, later.
func TestMergeWantsDroppedEditAgain(t *testing.T) {
	base := parse("a/b")
	local := parse("a/b")
	local.Node("a/b").Content = "new"
	m := mergeTrees(base, local, base, store.Acknowledged)
	if len(m.log) != 1 || m.log[0].State != store.Pending || !m.log[0].After.After(time.Unix(1e9, 0)) {
		t.Errorf("got %+v", m.log)
	}
}

// What is asked for again waits longer each time only while nothing comes of that.
func TestMergeAsksAgainSoonWhereThatHelps(t *testing.T) {
	base := parse("a\nb\nc")
	for remote, pause := range map[string]time.Duration{
		"a\nb\nc": 16 * time.Minute,
		"b\nc":    time.Minute,
	} {
		log := logOf(base, parse("c"), store.Acknowledged)
		for i := range log {
			log[i].Sends = 5
		}
		m := mergeLog(base, parse(remote), log)
		for _, r := range m.log {
			if got := r.After.Sub(time.Unix(1e9, 0)); got != pause {
				t.Errorf("%q: %s waits %v, want %v", remote, r.Node.Node, got, pause)
			}
		}
		if len(m.log) == 0 {
			t.Errorf("%q: nothing is sent again", remote)
		}
	}
}

// When all is put back as it was, what is read is what the merge begins with. An item of
// ours that it shows for the first time, without its note, gets the note all the same.
func TestNewItemKeepsItsNoteWhenAllIsPutBack(t *testing.T) {
	before, remote := parse("a"), parse("a\nb")
	log := []store.Record{{
		Op: store.Op{ID: "op", Doc: "doc", Node: &outline.Change{
			Kind: outline.Insert, Node: "b", To: outline.Place{Parent: outline.RootID, Left: "a"},
			New: outline.Fields{Content: "b", Note: "note"},
		}},
		State: store.Pending,
	}}
	m := merge(mergeInput{
		base: remote, before: before, remote: remote, log: log, now: time.Unix(1e9, 0),
		newID: func() string { return "new" },
	})
	if got := render(m.work); got != "a\nb {note}\n" || len(m.log) != 1 || m.log[0].Node.Kind != outline.Update {
		t.Errorf("got\n%s%v", got, m.log)
	}
}

// An edit that the service took is not shown by a read, which shows what somebody else did
// to the item since, and the item was moved to another document. Only what he did goes to
// the copy: it has the edit.
func TestOnlyWhatOthersDidGoesAlong(t *testing.T) {
	base, remote := parse("a"), parse("a")
	remote.Node("a").Checked = true
	log := recorded(base, []outline.Change{{Kind: outline.Update, Node: "a", Mask: outline.Note, New: outline.Fields{Note: "ours"}}}, store.Acknowledged)
	gone := store.Record{Op: store.Op{ID: "gone", Doc: "doc", Node: &outline.Change{Kind: outline.Delete, Node: "a"}}, State: store.Pending}
	gone.Copy = &store.CopyRef{Doc: "other", Node: "copy"}
	m := merge(mergeInput{
		base: base, before: base, remote: remote, log: append(log, gone), now: time.Unix(1e9, 0),
		leaving: map[outline.NodeID]store.CopyRef{"a": *gone.Copy}, newID: func() string { return "new" },
	})
	if len(m.carried) != 1 || m.carried[0].was.Differ(m.carried[0].now) != outline.Checked {
		t.Errorf("carried %+v, want the mark alone", m.carried)
	}
}

// An edit of an item that leaves for another document and others edited too is merged with
// theirs, so that nothing of theirs is lost should the item come back.
func TestEditOfALeavingItemIsMerged(t *testing.T) {
	base, remote := parse("a one two"), parse("a one two")
	n := remote.Node("a one two")
	n.Content = "a one 2"
	log := recorded(base, []outline.Change{{Kind: outline.Update, Node: n.ID, Mask: outline.Content, New: outline.Fields{Content: "a 1 two"}}}, store.Pending)
	ref := store.CopyRef{Doc: "other", Node: "copy"}
	gone := store.Record{Op: store.Op{ID: "gone", Doc: "doc", Copy: &ref, Node: &outline.Change{Kind: outline.Delete, Node: n.ID}}, State: store.Pending}
	m := merge(mergeInput{
		base: base, before: base, remote: remote, log: append(log, gone), now: time.Unix(1e9, 0),
		leaving: map[outline.NodeID]store.CopyRef{n.ID: ref}, newID: func() string { return "new" },
	})
	if len(m.log) != 2 || m.log[0].Node.New.Content != "a 1 2" || m.log[0].Node.Old.Content != "a one 2" {
		t.Errorf("log %+v, want the edit with both changes, and the deletion", m.log)
	}
}
