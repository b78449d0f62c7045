package sync

import (
	"slices"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// maxTokens bounds the texts that are merged by words. Longer ones are data
// that somebody pasted; of these one side stays whole.
const maxTokens = 20_000

// mergeText merges a text that both sides changed, word by word. It returns
// the text to keep and, where both changed the same words, the other side's
// whole text: in the one kept those words are the local ones. Blanks alone are
// no reason for two versions, nor is a text that the other one contains.
func mergeText(ancestor, local, remote string) (text, other string) {
	switch {
	case local == remote, remote == ancestor:
		return local, ""
	case local == ancestor, sameText(local, remote):
		return remote, ""
	}
	l, r := tokens(local), tokens(remote)
	text, clean := merge3(tokens(ancestor), l, r)
	switch {
	case clean:
		return text, ""
	case holds(r, l):
		return remote, ""
	case holds(l, r), isCut(local, remote), strings.TrimSpace(remote) == "": // nothing to put into a child
		return local, ""
	}
	return text, remote
}

// sameText compares without regard to blanks, line ends and the Unicode form,
// which a service may normalise.
func sameText(a, b string) bool { return a == b || words(a) == words(b) }

// words returns a text with each run of blanks as one.
func words(s string) string { return norm.NFC.String(strings.Join(strings.Fields(s), " ")) }

// holdsNew tells whether a text holds every token that local has more of than
// the ancestor: who wrote it lost nothing of ours.
func holdsNew(text, ancestor, local string) bool {
	more := make(map[string]int)
	for _, t := range tokens(local) {
		more[t]++
	}
	for _, t := range tokens(ancestor) {
		more[t]--
	}
	for _, t := range tokens(text) {
		delete(more, t)
	}
	for t, n := range more {
		if n > 0 && strings.TrimSpace(t) != "" {
			return false
		}
	}
	return true
}

// holds tells whether part stands in whole as a run of tokens. No tokens stand
// nowhere: an erased text must not give way to any other.
func holds(whole, part []string) bool {
	const end = "\xff" // in no valid text
	joined := func(tokens []string) string { return end + strings.Join(tokens, end) + end }
	return len(part) > 0 && strings.Contains(joined(whole), joined(part))
}

// merge3 puts what either side changed into the ancestor. Where both changed
// the same it takes the local tokens and is not clean. Texts that are too long,
// or share too little with the ancestor, count as one change of everything, and
// so do changes that side by side would read as other words than either wrote.
func merge3(ancestor, local, remote []string) (text string, clean bool) {
	whole := strings.Join(local, "")
	if max(len(ancestor), len(local), len(remote)) > maxTokens {
		return whole, false
	}
	number := make(map[string]int)
	a := numbers(number, ancestor)
	ours, ok := diff(a, numbers(number, local))
	theirs, ok2 := diff(a, numbers(number, remote))
	if !ok || !ok2 {
		return whole, false
	}
	z := zipper{ancestor: ancestor, local: local, remote: remote, ours: ours, theirs: theirs, clean: true}
	for len(z.ours) > 0 || len(z.theirs) > 0 {
		z.next()
	}
	z.put(len(ancestor), len(ancestor), nil)
	text = strings.Join(z.out, "")
	if !slices.Equal(tokens(text), z.out) {
		return whole, false
	}
	return text, z.clean
}

// numbers gives equal tokens equal numbers.
func numbers(known map[string]int, tokens []string) []int {
	out := make([]int, len(tokens))
	for i, t := range tokens {
		n, ok := known[t]
		if !ok {
			n = len(known)
			known[t] = n
		}
		out[i] = n
	}
	return out
}

// zipper walks through the hunks of both sides from left to right.
type zipper struct {
	ancestor, local, remote []string
	ours, theirs            []hunk // still to come
	at                      int    // the ancestor's tokens before it are done
	out                     []string
	clean                   bool
}

// put writes what stands between the last hunk and [from, to), and then the
// tokens that replace that range.
func (z *zipper) put(from, to int, tokens []string) {
	z.out = append(append(z.out, z.ancestor[z.at:from]...), tokens...)
	z.at = to
}

func (z *zipper) next() {
	switch {
	case len(z.theirs) == 0 || len(z.ours) > 0 && z.ours[0].before(z.theirs[0]):
		h := z.ours[0]
		z.put(h.from, h.to, h.in(z.local))
		z.ours = z.ours[1:]
	case len(z.ours) == 0 || z.theirs[0].before(z.ours[0]):
		h := z.theirs[0]
		z.put(h.from, h.to, h.in(z.remote))
		z.theirs = z.theirs[1:]
	default:
		z.overlap()
	}
}

// overlap settles the hunks at the front and all that hang together with them.
func (z *zipper) overlap() {
	first, theirs := z.ours[0], z.theirs[0]
	last, lastTheirs := z.ours[0], z.theirs[0]
	z.ours, z.theirs = z.ours[1:], z.theirs[1:]
	if first.from == theirs.from && first.to == theirs.to && slices.Equal(first.in(z.local), theirs.in(z.remote)) {
		z.put(first.from, first.to, first.in(z.local))
		return
	}
	z.clean = false
	for {
		switch {
		case len(z.ours) > 0 && z.ours[0].meets(lastTheirs):
			last, z.ours = z.ours[0], z.ours[1:]
			continue
		case len(z.theirs) > 0 && z.theirs[0].meets(last):
			lastTheirs, z.theirs = z.theirs[0], z.theirs[1:]
			continue
		}
		break
	}
	from, to := min(first.from, theirs.from), max(last.to, lastTheirs.to)
	z.put(from, to, z.local[first.newFrom-(first.from-from):last.newTo+(to-last.to)])
}
