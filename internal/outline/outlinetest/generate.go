// Package outlinetest makes documents for tests and benchmarks: the same seed
// and size give the same document on every machine, so that figures of two
// packages, or of two weeks, can be compared.
//
// The shape follows real accounts: about 184 bytes of JSON per node, contents
// of 5-120 bytes with an exponential spread, a note on 15 % of the nodes, about
// 18 % of the words with markup or outside ASCII, 71 % leaves, depth up to 13,
// and now and then a parent with more than a thousand children.
package outlinetest

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"outlast/internal/outline"
)

const (
	maxDepth   = 13
	deeper     = 0.29 // chance that the next node is a child of this one
	longList   = 1.0 / 20_000
	longestRun = 1_300
	firstDay   = 1_500_000_000_000 // Unix milliseconds of the oldest node
	days       = 3_000
	dayMillis  = 86_400_000
)

// Generate returns a document with that many nodes below its root.
func Generate(seed uint64, nodes int) *outline.Document {
	g := generator{Rand: rand.New(rand.NewPCG(seed, 0x6f75746c617374))}
	doc := outline.New(outline.FileID(g.id()), fmt.Sprintf("Document %d", seed))
	doc.Version = 1 + g.Int64N(10_000)
	root := doc.Root()
	root.Created, root.Modified = firstDay, firstDay
	at, depth, run := root, 0, 0
	for range nodes {
		switch {
		case run > 0:
			run--
			at = at.Parent()
		case depth < maxDepth && (depth == 0 || g.Float64() < deeper):
			depth++
			if g.Float64() < longList {
				run = g.IntN(longestRun)
			}
		default:
			at = at.Parent()
			for depth > 1 && g.Float64() < up[min(depth, len(up)-1)] {
				at, depth = at.Parent(), depth-1
			}
		}
		at = g.append(doc, at)
	}
	return doc
}

type generator struct{ *rand.Rand }

// append adds a node with new fields; ids of 144 random bits do not collide.
func (g generator) append(doc *outline.Document, parent *outline.Node) *outline.Node {
	return doc.Append(parent, outline.NodeID(g.id()), g.fields())
}

func (g generator) fields() outline.Fields {
	f := outline.Fields{Content: g.text(g.length(5, 30, 120))}
	f.Created = firstDay + g.Int64N(days*dayMillis)
	f.Modified = f.Created + g.Int64N(30*dayMillis)
	if g.chance(0.15) {
		f.Note = g.text(g.length(10, 60, 400))
		for g.chance(0.3) {
			f.Note += "\n" + g.text(g.length(10, 40, 200))
		}
	}
	f.Checked = g.chance(0.08)
	f.Checkbox = f.Checked || g.chance(0.06)
	f.Collapsed = g.chance(0.04)
	f.Numbered = g.chance(0.01)
	if g.chance(0.03) {
		f.Heading = uint8(1 + g.IntN(outline.MaxHeading))
	}
	if g.chance(0.03) {
		f.Color = uint8(1 + g.IntN(outline.MaxColor))
	}
	return f
}

func (g generator) chance(p float64) bool { return g.Float64() < p }

// length is exponential above least, with that mean, and never above most.
func (g generator) length(least int, mean float64, most int) int {
	return min(least+int(g.ExpFloat64()*mean), most)
}

const idLetters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

// id looks like an id of the service.
func (g generator) id() string {
	var b [24]byte
	for i := range b {
		b[i] = idLetters[g.IntN(len(idLetters))]
	}
	return string(b[:])
}

// text returns words of at least n bytes in all.
func (g generator) text(n int) string {
	var b strings.Builder
	for b.Len() < n {
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(g.word())
	}
	return b.String()
}

func (g generator) word() string {
	if g.chance(0.18) {
		return special[g.IntN(len(special))]
	}
	return plain[g.IntN(len(plain))]
}

// up is the chance to leave one more level, by depth: documents have some tens
// of chapters, not thousands.
var up = [...]float64{0, 0, 0.02, 0.12, 0.3}

// Arrays, so that nobody can append to them.
var (
	plain = [...]string{
		"plan", "the", "week", "call", "review", "draft", "and", "send", "for", "garden",
		"list", "of", "open", "questions", "budget", "read", "chapter", "to", "meeting", "with",
		"notes", "from", "a", "longer", "walk", "in", "next", "month", "compare", "prices",
	}
	special = [...]string{
		"**bold**", "__slanted__", "`x < y && z`", "~~gone~~", "[a link](https://example.com/?a=1&b=2)",
		"!(2024-04-26)", "#later", "@home", "R&D", "\"quoted\"", "café", "Größe", "naïve",
		"日本語", "данные", "🙂", "a<b", "it's", "$$e^x$$", "→",
	}
)
