package outline

// Costs of align. To pair one element more is worth 4 and to leave two unequal
// ones in one place 1, so of all longest common subsequences it takes the one
// that looks most like edits in place: of many equal lines the one that was
// changed, not the last.
const (
	costGap    = 2 // an element that is on one side only
	costChange = 3 // two unequal elements in one place
	maxCost    = 600
)

// align calls pair for the indices of equal elements that two lists have in the
// same order, from the end to the start. It follows the furthest path on each
// diagonal, cost by cost (Ukkonen 1985), in time of the length of the lists by
// the cost; beyond maxCost it gives up, and says so.
func align(a, b []uint64, pair func(i, j int)) (ok bool) {
	w := wave{a: a, b: b}
	for cost := range maxCost + 1 {
		w.grow(cost)
		if w.at(cost, len(a)-len(b)) == len(a) {
			w.retrace(cost, pair)
			return true
		}
	}
	return false
}

// wave holds how far into a the paths of each cost come, by diagonal: that of i
// and j is i-j. Those of cost c are between -c/costGap and c/costGap.
type wave struct {
	a, b  []uint64
	reach [][]int32
}

const unreached = -1

func (w *wave) at(cost, diagonal int) int {
	side := cost / costGap
	if cost < 0 || diagonal < -side || diagonal > side {
		return unreached
	}
	return int(w.reach[cost][diagonal+side])
}

// grow adds the paths of the next cost.
func (w *wave) grow(cost int) {
	side := cost / costGap
	reach := make([]int32, 2*side+1)
	for k := -side; k <= side; k++ {
		i, _, _ := w.before(cost, k)
		if i != unreached {
			for j := i - k; i < len(w.a) && j < len(w.b) && w.a[i] == w.b[j]; j++ {
				i++
			}
		}
		reach[k+side] = int32(max(i, w.at(cost-1, k)))
	}
	w.reach = append(w.reach, reach)
}

// before returns where the equal run of a path begins, and the cost and diagonal
// of the path that it goes on from.
func (w *wave) before(cost, k int) (i, fromCost, fromDiagonal int) {
	if cost == 0 {
		return 0, -1, 0
	}
	i = unreached
	try := func(c, diagonal, step int) {
		from := w.at(c, diagonal)
		to := from + step
		if from != unreached && to > i && to <= len(w.a) && to-k >= 0 && to-k <= len(w.b) {
			i, fromCost, fromDiagonal = to, c, diagonal
		}
	}
	try(cost-costChange, k, 1)
	try(cost-costGap, k-1, 1)
	try(cost-costGap, k+1, 0)
	return i, fromCost, fromDiagonal
}

// retrace goes back along the path that came to the ends of both lists.
func (w *wave) retrace(cost int, pair func(i, j int)) {
	for k := len(w.a) - len(w.b); cost >= 0; {
		end := w.at(cost, k)
		if w.at(cost-1, k) == end {
			cost--
			continue
		}
		start, fromCost, fromDiagonal := w.before(cost, k)
		for i := end - 1; i >= start; i-- {
			pair(i, i-k)
		}
		cost, k = fromCost, fromDiagonal
	}
}
