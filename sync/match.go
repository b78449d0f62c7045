package sync

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"io"
	"maps"
	"slices"
	"unicode/utf8"

	"outlast/internal/outline"
	"outlast/store"
)

// strongText is the length from which one equal text is proof enough that a
// request has run; shorter ones need a neighbour that matches too.
const strongText = 12

// pair ties one insert of an intent to a node of a read.
type pair struct {
	insert int // index in Intent.Inserts
	node   outline.ServiceID
	strong bool
}

// matchInserts finds which new nodes of a read are the inserts of an intent
// that are missing: equal in all fields, below the same parent, in the same order
// and else in any; and of what is left those of the same long text anywhere, since
// somebody may have moved or marked a node before we saw it, unless it is just as
// another insert of the request is: a second copy of that one. isNew tells which
// nodes of the read can be: those that were not there before, are not bound and
// not known dead. Equal inserts are interchangeable.
func matchInserts(in *store.Intent, missing []bool, r *Reading, isNew func(outline.ServiceID) bool) []pair {
	if !slices.Contains(missing, true) {
		return nil
	}
	nodes := make(map[outline.ServiceID]*ReadNode, len(r.Nodes))
	for i := range r.Nodes {
		nodes[r.Nodes[i].ID] = &r.Nodes[i]
	}
	groups := missingByParent(in, missing)
	var pairs []pair
	for _, parent := range slices.Sorted(maps.Keys(groups)) {
		inserts, p := groups[parent], nodes[parent]
		if p == nil {
			continue
		}
		var news []outline.ServiceID
		for _, id := range p.Children {
			if nodes[id] != nil && isNew(id) {
				news = append(news, id)
			}
		}
		equal := func(i, j int) bool { return in.Inserts[inserts[i]].Digest == digestOf(nodes[news[j]].Fields) }
		run := commonRun(len(inserts), len(news), equal)
		pairs = append(pairs, graded(run, inserts, news, in)...)
		pairs = append(pairs, outOfOrder(run, inserts, news, in, equal)...)
	}
	return append(pairs, elsewhere(in, missing, r, pairs, isNew)...)
}

// outOfOrder pairs what is equal below one parent and not in the common order: a
// node that somebody has moved, or wrote alike, must not hide the one beside it,
// which would be inserted a second time.
func outOfOrder(run [][2]int, inserts []int, news []outline.ServiceID, in *store.Intent, equal func(i, j int) bool) (pairs []pair) {
	inRun, taken := make(map[int]bool), make(map[int]bool)
	for _, ij := range run {
		inRun[ij[0]], taken[ij[1]] = true, true
	}
	for i := range inserts {
		for j := 0; j < len(news) && !inRun[i]; j++ {
			if !taken[j] && equal(i, j) {
				inRun[i], taken[j] = true, true
				pairs = append(pairs, pair{insert: inserts[i], node: news[j], strong: in.Inserts[inserts[i]].Long})
			}
		}
	}
	return pairs
}

// elsewhere pairs what is left over by the text alone, where that is long.
func elsewhere(in *store.Intent, missing []bool, r *Reading, found []pair, isNew func(outline.ServiceID) bool) []pair {
	inserts, nodes := make(map[int]bool), make(map[outline.ServiceID]bool)
	for _, p := range found {
		inserts[p.insert], nodes[p.node] = true, true
	}
	byText := make(map[uint64][]*ReadNode)
	for i, n := range r.Nodes {
		if isLong(n.Fields) && !nodes[n.ID] && isNew(n.ID) {
			text := textDigest(n.Fields)
			byText[text] = append(byText[text], &r.Nodes[i])
		}
	}
	isCopy := copiesOf(in, found)
	var pairs []pair
	for i, ins := range in.Inserts {
		if !missing[i] || inserts[i] || !ins.Long {
			continue
		}
		alike := byText[ins.Text]
		at := slices.IndexFunc(alike, func(n *ReadNode) bool { return !isCopy(ins, n) })
		if at < 0 {
			continue
		}
		pairs = append(pairs, pair{insert: i, node: alike[at].ID, strong: true})
		byText[ins.Text] = slices.Delete(alike, at, at+1)
	}
	return pairs
}

// copiesOf returns a test for nodes that are just as another insert of a request
// than the one in question was found: they are second copies of that other one.
func copiesOf(in *store.Intent, found []pair) func(store.IntentInsert, *ReadNode) bool {
	digests := make(map[uint64]bool)
	for _, p := range found {
		digests[in.Inserts[p.insert].Digest] = true
	}
	return func(ins store.IntentInsert, n *ReadNode) bool {
		d := digestOf(n.Fields)
		return d != ins.Digest && digests[d]
	}
}

// isLong tells whether a text says enough to be taken for ours by itself.
func isLong(f outline.Fields) bool { return utf8.RuneCountInString(f.Content) >= strongText }

// insertFields returns the fields of the inserts among steps, in order.
func insertFields(steps []Step) []outline.Fields {
	var out []outline.Fields
	for _, s := range steps {
		if s.Kind == outline.Insert {
			out = append(out, s.Fields)
		}
	}
	return out
}

// missingByParent groups the missing inserts, each group in the order of places.
func missingByParent(in *store.Intent, missing []bool) map[outline.ServiceID][]int {
	groups := make(map[outline.ServiceID][]int)
	for i, ins := range in.Inserts {
		if missing[i] {
			groups[ins.Parent] = append(groups[ins.Parent], i)
		}
	}
	for _, g := range groups {
		slices.SortStableFunc(g, func(a, b int) int { return cmp.Compare(in.Inserts[a].Index, in.Inserts[b].Index) })
	}
	return groups
}

// graded turns index pairs into pairs and tells the strong ones: a run of two
// or more in a row, or one text that is long enough.
func graded(run [][2]int, inserts []int, news []outline.ServiceID, in *store.Intent) []pair {
	var out []pair
	for k, ij := range run {
		p := pair{insert: inserts[ij[0]], node: news[ij[1]]}
		p.strong = in.Inserts[p.insert].Long ||
			k > 0 && run[k-1] == [2]int{ij[0] - 1, ij[1] - 1} ||
			k+1 < len(run) && run[k+1] == [2]int{ij[0] + 1, ij[1] + 1}
		out = append(out, p)
	}
	return out
}

// digestOf is a number for what an insert sets, text without regard to what a
// service may normalise. Equal nodes have equal digests.
func digestOf(f outline.Fields) uint64 {
	h := fnv.New64a()
	fmt.Fprintf(h, "%s\x00%s\x00%t %t %d %d", words(f.Content), words(f.Note), f.Checked, f.Checkbox, f.Heading, f.Color)
	return h.Sum64()
}

// textDigest is a number for the content alone.
func textDigest(f outline.Fields) uint64 {
	h := fnv.New64a()
	io.WriteString(h, words(f.Content))
	return h.Sum64()
}

// commonRun returns the index pairs of a longest common subsequence of two
// lists of n and m elements (Wagner and Fischer 1974).
func commonRun(n, m int, equal func(i, j int) bool) [][2]int {
	if n == 0 || m == 0 {
		return nil
	}
	length := make([][]int32, n+1)
	for i := range length {
		length[i] = make([]int32, m+1)
	}
	for i := n - 1; i >= 0; i-- {
		for j := m - 1; j >= 0; j-- {
			if equal(i, j) {
				length[i][j] = length[i+1][j+1] + 1
			} else {
				length[i][j] = max(length[i+1][j], length[i][j+1])
			}
		}
	}
	var out [][2]int
	for i, j := 0, 0; i < n && j < m; {
		switch {
		case equal(i, j):
			out = append(out, [2]int{i, j})
			i, j = i+1, j+1
		case length[i+1][j] >= length[i][j+1]:
			i++
		default:
			j++
		}
	}
	return out
}
