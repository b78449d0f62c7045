package sync

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"outlast/internal/outline"
	"outlast/store"
)

// outlineOf makes a document of n nodes in which each has about ten children.
func outlineOf(n int) *outline.Document {
	d := outline.New("doc", "title")
	nodes := []*outline.Node{d.Root()}
	for i := 1; i < n; i++ {
		f := outline.Fields{Content: fmt.Sprintf("this is the text of the line number %d", i)}
		nodes = append(nodes, d.Append(nodes[(i-1)/10], outline.NodeID(fmt.Sprintf("node%06d", i)), f))
	}
	return d
}

// mixedLog makes n edits at random: most change texts, some mark, insert, move
// and delete.
func mixedLog(d *outline.Document, n int) []store.Record {
	rnd := rand.New(rand.NewPCG(1, 1))
	work := d.Clone()
	pick := func() *outline.Node {
		for {
			if n := work.Node(outline.NodeID(fmt.Sprintf("node%06d", 1+rnd.IntN(d.Len()-1)))); n != nil {
				return n
			}
		}
	}
	var log []store.Record
	for len(log) < n {
		at := pick()
		c := outline.Change{Kind: outline.Update, Node: at.ID, Mask: outline.Content}
		switch k := rnd.IntN(100); {
		case k < 60:
			c.New.Content = fmt.Sprintf("this is the new text of the line, edit %d", len(log))
		case k < 70:
			c.Mask, c.New.Checked = outline.Checked, !at.Checked
		case k < 85:
			c = outline.Change{Kind: outline.Insert, Node: outline.NodeID(fmt.Sprintf("mine%06d", len(log))), To: work.After(at)}
			c.New.Content = "a new line"
		case k < 95:
			to := pick()
			c = outline.Change{Kind: outline.Move, Node: at.ID, To: work.Last(to)}
			if to.IsWithin(at) {
				continue
			}
		default:
			if at.First() != nil {
				continue
			}
			c = outline.Change{Kind: outline.Delete, Node: at.ID}
		}
		c = work.Complete(c)
		if err := work.Apply(c); err != nil {
			panic(err)
		}
		log = append(log, store.Record{
			Seq: uint64(len(log) + 1), State: store.Pending,
			Op: store.Op{ID: store.OpID(fmt.Sprint("op", len(log))), Actor: "test", Doc: "doc", Node: &c},
		})
	}
	return log
}

// changedBy returns a document after somebody else has changed n texts in it.
func changedBy(d *outline.Document, n int) *outline.Document {
	out, rnd := d.Clone(), rand.New(rand.NewPCG(2, 2))
	for i := range n {
		at := out.Node(outline.NodeID(fmt.Sprintf("node%06d", 1+rnd.IntN(d.Len()-1))))
		at.Content = fmt.Sprintf("this is what another person wrote, %d", i)
	}
	return out
}

// BenchmarkRebase rebases edits over a document of 100,000 nodes in which
// somebody has changed 1,000 lines meanwhile: base, log and read become the new
// working tree and its log. The limit is a copy of the document and a walk
// through the two that a merge cannot do without. BenchmarkRebaseRound has the
// round around it.
func BenchmarkRebase(b *testing.B) {
	base := outlineOf(100_000)
	remote := changedBy(base, 1000)
	b.Run("size=100k/limit=copy+walk", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			work, gone := remote.Clone(), 0
			for n := range base.Nodes() {
				if work.Node(n.ID) == nil {
					gone++
				}
			}
		}
	})
	for _, edits := range []int{0, 10_000} {
		log := mixedLog(base, edits)
		b.Run(fmt.Sprintf("size=100k/log=%d/ours", edits), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				n := 0
				merge(mergeInput{
					base: base, before: base, remote: remote, log: log, now: time.Unix(1e9, 0),
					newID: func() string { n++; return fmt.Sprint("new", n) },
				})
			}
		})
	}
	log := mixedLog(base, 10_000)
	b.Run("size=100k/log=10000/plan", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			newPlan(base.Clone(), log, func(store.Record) bool { return true })
		}
	})
}

// BenchmarkPair plays one pair of operations of the exhaustive test to its end:
// some six merges and plans of a small tree.
func BenchmarkPair(b *testing.B) {
	base := forest([]int{0, 1, 2, 0, 1})
	mine, theirs := deeds(base, "mine"), deeds(base, "theirs")
	rnd := rand.New(rand.NewPCG(3, 3))
	for b.Loop() {
		_, _, err := play(base, mine[rnd.IntN(len(mine))], theirs[rnd.IntN(len(theirs))], true, nil)
		if err != nil {
			b.Fatal(err)
		}
	}
}
