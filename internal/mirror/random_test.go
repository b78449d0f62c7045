package mirror

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	"outlast/internal/format"
	"outlast/internal/outline"
	"outlast/store"
)

// savesEach is how many saves the random test makes of each seed.
const savesEach = 100

// seeds is how many it tries: 2,000 saves when all of it is run.
func seeds() int {
	if os.Getenv("OUTLAST_WATCH") == "full" {
		return 20
	}
	return 2
}

// scribe is an editor with a buffer, which it seldom loads anew: so most of its
// saves are based on what the file said some time ago.
type scribe struct {
	*world
	random  *rand.Rand
	buffer  []string        // lines
	written map[string]bool // words that it put somewhere
	cut     map[string]bool // words in lines that it deleted
	words   int
}

func (s *scribe) word() string {
	s.words++
	w := fmt.Sprintf("word%04dx", s.words)
	s.written[w] = true
	return w
}

// load reads the file, if it is whole.
func (s *scribe) load() bool {
	data, err := os.ReadFile(s.path("Work.md"))
	if err != nil || !strings.Contains(string(data), "<!-- outlast ") {
		return false
	}
	s.buffer = strings.SplitAfter(string(data), "\n")
	return true
}

// items returns the lines of the buffer that hold items.
func (s *scribe) items() (at []int) {
	for i, line := range s.buffer {
		if strings.HasPrefix(strings.TrimLeft(line, " "), "- ") {
			at = append(at, i)
		}
	}
	return at
}

// edit changes the buffer in one way, and returns a word that the save brings.
func (s *scribe) edit() string {
	items := s.items()
	i := items[s.random.IntN(len(items))]
	line := s.buffer[i]
	indent := line[:len(line)-len(strings.TrimLeft(line, " "))]
	word := s.word()
	switch s.random.IntN(6) {
	case 0: // words at the end of an item
		s.buffer[i] = strings.TrimSuffix(line, "\n") + " " + word + "\n"
	case 1: // a note
		s.insert(i+1, indent+"  > "+word+"\n")
	case 2: // an item below
		s.insert(i+1, indent+"  - "+word+" item\n")
	case 3: // an item elsewhere with another one moved to the end
		s.insert(i, indent+"- "+word+" item\n")
		if last := s.items(); indent == "" && s.leaf(i+1) {
			moved := s.buffer[i+1]
			s.buffer = append(s.buffer[:i+1], s.buffer[i+2:]...)
			s.insert(min(last[len(last)-1], len(s.buffer)-1), moved)
		}
	case 4: // an item goes
		if len(items) > 20 && s.leaf(i) {
			for w := range strings.FieldsSeq(line) {
				s.cut[w] = true
			}
			s.buffer = append(s.buffer[:i], s.buffer[i+1:]...)
			i--
		}
		s.insert(max(i, 2), "- "+word+" item\n")
	default:
		s.insert(i, indent+"- "+word+" item\n")
	}
	return word
}

// leaf tells whether the item of a line has nothing below it, neither note nor child.
func (s *scribe) leaf(i int) bool {
	depth := func(line string) int { return len(line) - len(strings.TrimLeft(line, " ")) }
	return i+1 >= len(s.buffer) || depth(s.buffer[i+1]) <= depth(s.buffer[i])
}

func (s *scribe) insert(i int, line string) {
	s.buffer = append(s.buffer[:i:i], append([]string{line}, s.buffer[i:]...)...)
}

// stranger changes the outline as another device would.
func (s *scribe) stranger() {
	word := s.word()
	err := s.db.Update(func(tx *store.Tx) error {
		d, err := tx.Document("doc")
		if err != nil {
			return err
		}
		var all []*outline.Node
		for n := range d.Root().Below() {
			all = append(all, n)
		}
		n := all[s.random.IntN(len(all))]
		c := outline.Change{Kind: outline.Insert, Node: outline.NodeID(newID()), To: d.Last(n), New: outline.Fields{Content: word}}
		switch to := all[s.random.IntN(len(all))]; {
		case s.random.IntN(3) == 0:
			c = outline.Change{Kind: outline.Update, Node: n.ID, Mask: outline.Content, New: outline.Fields{Content: n.Content + " " + word}}
		case s.random.IntN(4) == 0 && !to.IsWithin(n):
			move := outline.Change{Kind: outline.Move, Node: n.ID, To: d.First(to)}
			id := store.OpID(newID())
			if _, err := tx.Append(store.Op{ID: id, Group: id, Actor: "web", Doc: "doc", Node: &move}); err != nil {
				return err
			}
		}
		id := store.OpID(newID())
		_, err = tx.Append(store.Op{ID: id, Group: id, Actor: "web", Doc: "doc", Node: &c})
		return err
	})
	if err != nil {
		s.t.Fatal(err)
	}
}

// everything is all text that is kept anywhere.
func (s *scribe) everything() string {
	var b strings.Builder
	b.WriteString(s.outline())
	s.view(func(tx *store.Tx) error {
		for t, err := range tx.Trashed() {
			if err != nil {
				return err
			}
			for _, n := range t.Nodes {
				fmt.Fprintln(&b, n.Content, n.Note)
			}
		}
		return nil
	})
	return b.String()
}

// Saves of every kind, from old buffers, while the outline changes: each final
// state arrives, nothing that was written is lost, and nothing echoes.
func TestRandomSavesLoseNothing(t *testing.T) {
	patterns := savePatterns()
	names := []string{"truncate and write", "atomic rename", "empty, then full", "vim, backupcopy=no", "vim, backupcopy=yes", "LibreOffice", "emacs"}
	for seed := range seeds() {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			var lines strings.Builder
			for i := range 40 {
				fmt.Fprintf(&lines, "%sitem number %d of the outline\n", strings.Repeat(" ", i%3), i)
			}
			w := newWorld(t, format.Markdown, lines.String())
			w.cfg.Guard = func(*store.Tx, *outline.Document, int, int) (string, error) { return "", nil } // it is tested elsewhere
			w.live(200 * time.Millisecond)
			s := &scribe{world: w, random: rand.New(rand.NewPCG(uint64(seed), 1)), written: map[string]bool{}, cut: map[string]bool{}}
			w.until("the file can be loaded", s.load)
			for range savesEach {
				if s.random.IntN(4) == 0 {
					w.until("the file can be loaded", s.load)
				}
				word := s.edit()
				for range s.random.IntN(3) {
					s.stranger()
				}
				name := names[s.random.IntN(len(names))]
				patterns[name](steps{t, w.path("Work.md")}, w.fileOrNothing("Work.md"), strings.Join(s.buffer, ""))
				if s.random.IntN(2) == 0 { // else the next save comes at once
					w.until("the last save in the outline", func() bool { return strings.Contains(s.everything(), word) })
				}
			}
			w.until("file and outline the same", func() bool { return w.inStep("Work.md") && w.trouble("Work.md") == "" })
			groups, kept := w.groups(), s.everything()
			for word := range s.written {
				if !strings.Contains(kept, word) && !s.cut[word] {
					t.Errorf("%s is lost", word)
				}
			}
			if groups > savesEach {
				t.Errorf("%d groups of edits after %d saves: an echo", groups, savesEach)
			}
			for i := range 40 { // some were deleted; other versions of a text begin with their mark
				begins, n := fmt.Sprintf("item number %d of", i), 0
				for line := range strings.Lines(w.outline()) {
					if strings.HasPrefix(strings.TrimLeft(line, " "), begins) {
						n++
					}
				}
				if n > 1 {
					t.Errorf("%q is there %d times", begins, n)
				}
			}
		})
	}
}

func (w *world) fileOrNothing(name string) string {
	data, _ := os.ReadFile(w.path(name))
	return string(data)
}
