package web

import (
	"fmt"
	"strings"
	"time"

	"outlast/internal/outline"
)

// Colors are the names of the color labels 1 to 6.
func Colors() []string {
	return []string{"red", "orange", "yellow", "green", "blue", "purple"}
}

// term turns a word into a condition; false for in:, which concerns the others.
func (q *query) term(w word, now time.Time) (term, bool) {
	if w.key == "in" && (w.value == "title" || w.value == "note") && !w.not {
		q.where = outline.Content
		if w.value == "note" {
			q.where = outline.Note
		}
		return term{}, false
	}
	if w.key == "" || w.value == "" {
		return term{w.not, textTerm(w)}, true
	}
	holds, err := operator(w, now)
	if err != nil {
		if !strings.HasPrefix(w.value, "//") { // an address is meant as text
			q.hints = append(q.hints, err.Error()+"; searched as text")
		}
		w.value = w.raw
		holds = textTerm(w)
	}
	return term{w.not, holds}, true
}

// operator returns the condition of an operator, or why there is none.
func operator(w word, now time.Time) (func(*query, *outline.Node) bool, error) {
	switch w.key {
	case "is":
		return isOperator(w.value)
	case "has":
		return hasOperator(w.value)
	case "color":
		return colorOperator(w.value)
	case "parent":
		return func(_ *query, n *outline.Node) bool {
			return n.Parent() != nil && containsFold(n.Parent().Content, strings.ToLower(w.value))
		}, nil
	case "ancestor":
		return ancestorOperator(strings.ToLower(w.value)), nil
	case "edited":
		return stampOperator(w, now, func(n *outline.Node) int64 { return n.Modified })
	case "created":
		return stampOperator(w, now, func(n *outline.Node) int64 { return n.Created })
	case "within", "since", "until":
		return dateOperator(w, now)
	}
	return nil, fmt.Errorf("%s: is no operator", w.key)
}

func isOperator(value string) (func(*query, *outline.Node) bool, error) {
	switch value {
	case "completed", "checked", "done":
		return func(_ *query, n *outline.Node) bool { return n.Checked }, nil
	}
	return nil, fmt.Errorf("is:%s is not known, is:completed is", value)
}

func hasOperator(value string) (func(*query, *outline.Node) bool, error) {
	switch value {
	case "note":
		return func(_ *query, n *outline.Node) bool { return n.Note != "" }, nil
	case "date":
		return func(_ *query, n *outline.Node) bool { return anyDate(n, func(day, day) bool { return true }) }, nil
	case "color":
		return func(_ *query, n *outline.Node) bool { return n.Color != 0 }, nil
	case "children":
		return func(_ *query, n *outline.Node) bool { return n.First() != nil }, nil
	case "file": // an image, or an upload to the service
		return func(_ *query, n *outline.Node) bool {
			return strings.Contains(n.Content+n.Note, "![") || strings.Contains(n.Content+n.Note, "dynalist.io/u/")
		}, nil
	}
	return nil, fmt.Errorf("has:%s is none of note, date, color, children, file", value)
}

func colorOperator(value string) (func(*query, *outline.Node) bool, error) {
	for i, name := range Colors() {
		if strings.EqualFold(value, name) || value == fmt.Sprint(i+1) {
			return func(_ *query, n *outline.Node) bool { return int(n.Color) == i+1 }, nil
		}
	}
	return nil, fmt.Errorf("color:%s is none of %s", value, strings.Join(Colors(), ", "))
}

func ancestorOperator(lower string) func(*query, *outline.Node) bool {
	return func(_ *query, n *outline.Node) bool {
		for a := range n.Ancestors() {
			if containsFold(a.Content, lower) {
				return true
			}
		}
		return false
	}
}

// stampOperator holds when a time that the service keeps lies within the span;
// both `2w` and `-2w` mean the last two weeks.
func stampOperator(w word, now time.Time, stamp func(*outline.Node) int64) (func(*query, *outline.Node) bool, error) {
	from, err := spanFrom("-"+strings.TrimPrefix(w.value, "-"), now)
	if err != nil {
		return nil, fmt.Errorf("%s:%s: %w", w.key, w.value, err)
	}
	ms := from.UnixMilli()
	return func(_ *query, n *outline.Node) bool { return stamp(n) >= ms && stamp(n) != 0 }, nil
}

// textTerm looks for a word, a phrase or a tag.
func textTerm(w word) func(*query, *outline.Node) bool {
	lower := strings.ToLower(w.value)
	find := containsFold
	if !w.quoted && len(lower) > 1 && (lower[0] == '#' || lower[0] == '@') {
		find = containsTag
	}
	return func(q *query, n *outline.Node) bool {
		return q.where&outline.Content != 0 && find(n.Content, lower) ||
			q.where&outline.Note != 0 && find(n.Note, lower)
	}
}
