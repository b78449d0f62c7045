package outline_test

import (
	"fmt"
	"strings"
	"testing"

	"outlast/internal/outline"
	"outlast/internal/outline/outlinetest"
)

// tree reads an outline of one line per node, two blanks per level. Where a line
// begins with an id in brackets the node has it, else a name of the reader.
func tree(text string) *outline.Document {
	d := outline.New("doc", "")
	path := []*outline.Node{d.Root()}
	for i, line := range strings.Split(strings.TrimSuffix(text, "\n"), "\n") {
		content := strings.TrimLeft(line, " ")
		depth := (len(line) - len(content)) / 2
		id := fmt.Sprint("line ", i)
		if strings.HasPrefix(content, "[") {
			id, content, _ = strings.Cut(content[1:], "] ")
		}
		f := outline.Fields{Content: content}
		if rest, done := strings.CutPrefix(content, "x "); done {
			f = outline.Fields{Content: rest, Checked: true}
		}
		n := d.Append(path[depth], outline.NodeID(id), f)
		if n == nil { // the second of a doubled id, as readers do
			n = d.Append(path[depth], outline.NodeID(fmt.Sprint("line ", i)), f)
		}
		path = append(path[:depth+1], n)
	}
	return d
}

// say writes changes in one line: what, whose text before, where below, new text.
func say(old, new *outline.Document, changes []outline.Change) string {
	var out []string
	text := func(id outline.NodeID) string {
		if n := old.Node(id); n != nil {
			return n.Content
		}
		return new.Node(id).Content
	}
	for _, c := range changes {
		s := fmt.Sprintf("%s %q", c.Kind, text(c.Node))
		switch c.Kind {
		case outline.Move, outline.Insert:
			s += fmt.Sprintf(" below %q", text(c.To.Parent))
		case outline.Update:
			s += fmt.Sprintf(" to %q", c.New.Content)
		}
		out = append(out, s)
	}
	return strings.Join(out, ", ")
}

const week = `[a] Groceries for the week
  [b] milk
  [c] TODO
  [d] bread from the corner shop
[e] Projects of this year
  [f] TODO
  [g] Write the second chapter
    [h] collect the notes of May
    [i] TODO
  [j] TODO
[k] Later
`

func TestMatchCases(t *testing.T) {
	for _, tt := range []struct{ name, edit, want string }{
		{"a line is typed anew", "milk|oat drink", `edit "milk" to "oat drink"`},
		{"one of many equal lines is done", "    [i] TODO|    [i] x TODO", `edit "TODO" to ""`},
		{"a branch is cut and pasted", `  [g] Write the second chapter
    [h] collect the notes of May
    [i] TODO
  [j] TODO
[k] Later
|  [j] TODO
[k] Later
  [g] Write the second chapter
    [h] collect the notes of May
    [i] TODO
`, `move "Write the second chapter" below "Later"`},
		{"a branch is pasted and changed there", `  [g] Write the second chapter
    [h] collect the notes of May
    [i] TODO
  [j] TODO
[k] Later
|  [j] TODO
[k] Later
  [g] Write chapter two
    [h] collect the notes of May
    [x] and the drafts
    [i] TODO
`, `move "Write the second chapter" below "Later", ` +
			`edit "Write the second chapter" to "Write chapter two", ` +
			`insert "and the drafts" below "Write the second chapter"`},
		{
			"a branch is copied", "[k] Later\n|[k] Later\n  [g] Write the second chapter\n    [h] collect the notes of May\n    [i] TODO\n",
			`insert "Write the second chapter" below "Later", ` +
				`insert "collect the notes of May" below "Write the second chapter", ` +
				`insert "TODO" below "Write the second chapter"`,
		},
		{
			"a copy comes first", "[a] Groceries|[g] Write the second chapter\n  [h] collect the notes of May\n  [i] TODO\n[a] Groceries",
			`insert "Write the second chapter" below "", ` +
				`insert "collect the notes of May" below "Write the second chapter", ` +
				`insert "TODO" below "Write the second chapter"`,
		},
		{
			"a line is doubled and the first one changed", "  [b] milk\n|  [b] milk and eggs\n  [b] milk\n",
			`insert "milk and eggs" below "Groceries for the week"`,
		},
		{
			"siblings change places", "  [b] milk\n  [c] TODO\n|  [c] TODO\n  [b] milk\n",
			`move "TODO" below "Groceries for the week"`,
		},
		{
			"a level is put between", "  [b] milk\n|  [x] from the farm\n    [b] milk\n",
			`insert "from the farm" below "Groceries for the week", move "milk" below "from the farm"`,
		},
		{
			"a level is taken out", "  [g] Write the second chapter\n    [h] collect the notes of May\n    [i] TODO\n|  [h] collect the notes of May\n  [i] TODO\n",
			`move "collect the notes of May" below "Projects of this year", move "TODO" below "Projects of this year", ` +
				`delete "Write the second chapter"`,
		},
		{
			"a line is moved and changed", "    [h] collect the notes of May\n    [i] TODO\n  [j] TODO\n[k] Later\n|    [i] TODO\n  [j] TODO\n[k] Later\n  [h] collect all the notes of May\n",
			`move "collect the notes of May" below "Later", edit "collect the notes of May" to "collect all the notes of May"`,
		},
		{"a title is rewritten", "[e] Projects of this year|[e] What I want to do", `edit "Projects of this year" to "What I want to do"`},
		{
			"a short line goes and an equal one comes elsewhere", "  [j] TODO\n[k] Later\n|[k] Later\n  [x] TODO\n",
			`insert "TODO" below "Later", delete "TODO"`,
		},
	} {
		from, to, _ := strings.Cut(tt.edit, "|")
		if strings.Count(week, from) == 0 {
			t.Fatalf("%s: %q is not in the tree", tt.name, from)
		}
		edited := strings.Replace(week, from, to, 1)
		for kind, file := range map[string]string{"ids": edited, "no ids": bare(edited), "some ids": some(edited)} {
			t.Run(tt.name+"/"+kind, func(t *testing.T) {
				old, file := tree(week), tree(strings.ReplaceAll(file, "[x] ", ""))
				if got := say(old, file, checkScript(t, old, file)); got != tt.want {
					t.Errorf("got  %s\nwant %s", got, tt.want)
				}
			})
		}
	}
}

// bare takes all ids away, some those of every second line.
func bare(text string) string { return cutIDs(text, 1) }
func some(text string) string { return cutIDs(text, 2) }

func cutIDs(text string, every int) string {
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if before, rest, ok := strings.Cut(line, "["); ok && i%every == 0 {
			_, rest, _ = strings.Cut(rest, "] ")
			lines[i] = before + rest
		}
	}
	return strings.Join(lines, "\n")
}

// A file that another one was saved over must not look like an edit of every
// line: whoever guards against mass deletion counts the deletes.
func TestMatchOfAnotherDocumentIsDeletion(t *testing.T) {
	for seed := range uint64(5) {
		old, other := outlinetest.Generate(seed, 2_000), outlinetest.Generate(seed+100, 2_000)
		deleted := 0
		for _, c := range checkScript(t, old, without(other, noIDs)) {
			if c.Kind == outline.Delete {
				deleted++
			}
		}
		t.Logf("%d of %d deleted", deleted, old.Len()-1)
		if deleted < (old.Len()-1)*3/4 {
			t.Errorf("seed %d: only %d of %d nodes deleted", seed, deleted, old.Len()-1)
		}
	}
}

// An id goes back to where its owner stood, and then the node around it gives its
// own id back in the same step: what stood below it must be looked for anew.
func TestMatchTakesNestedIDsBackAtOnce(t *testing.T) {
	old := tree("[b] bb\n  [a] aa\n    [k] kid")
	file := tree("[a] aa\n  else\n[b] changed\n  aa\n    kid\nbb\n  aa\n    kid")
	changes := checkScript(t, old, file)
	for _, c := range changes {
		if c.Kind == outline.Delete {
			t.Errorf("%s: nothing of what was there has gone", say(old, file, changes))
			break
		}
	}
}
