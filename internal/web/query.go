package web

import (
	"fmt"
	"strings"
	"time"

	"outlast/internal/outline"
)

// A query is words and operators. All must hold; `a OR b` joins neighbours into
// one of which either must hold; a minus negates.
//
//	word "a phrase" #tag @tag       in text or note, in any case
//	within:24h -2d 4w -3m 0d today  the item holds a date !(2026-11-23) from now
//	                                until then, or since then for a minus
//	since:DATE until:DATE           the same with a date or such a span
//	edited:-2w created:-1m          at the service, within that time
//	is:completed  has:note|date|color|children|file  color:red
//	in:title in:note                where the words are looked for
//	parent:word ancestor:"a phrase" the text of what it stands below
//
// What looks like an operator and is none is searched as text, with a hint.

// query is a search that has been understood.
type query struct {
	clauses []clause
	where   outline.Mask // in which of content and note words are looked for
	hints   []string
}

// clause holds when one of its terms does.
type clause []term

// term is a condition on a node, or its opposite.
type term struct {
	not   bool
	holds func(q *query, n *outline.Node) bool
}

// parseQuery understands a query. Spans of time are counted from now, in its
// time zone.
func parseQuery(text string, now time.Time) (*query, error) {
	q := &query{where: outline.Content | outline.Note}
	words, err := splitQuery(text)
	if err != nil {
		return nil, err
	}
	join := false
	for _, w := range words {
		if w.raw == "OR" && !w.quoted && len(q.clauses) > 0 {
			join = true
			continue
		}
		t, ok := q.term(w, now)
		if !ok {
			continue // a setting of the whole query
		}
		if join {
			last := &q.clauses[len(q.clauses)-1]
			*last = append(*last, t)
		} else {
			q.clauses = append(q.clauses, clause{t})
		}
		join = false
	}
	if len(q.clauses) == 0 {
		return nil, fmt.Errorf("empty search: %w", outline.ErrInvalid)
	}
	return q, nil
}

// matches tells whether a node is what the query looks for.
func (q *query) matches(n *outline.Node) bool {
	for _, c := range q.clauses {
		if !c.holds(q, n) {
			return false
		}
	}
	return true
}

func (c clause) holds(q *query, n *outline.Node) bool {
	for _, t := range c {
		if t.holds(q, n) != t.not {
			return true
		}
	}
	return false
}

// word is one part of a query: raw is what was typed without quotes.
type word struct {
	raw    string
	key    string // before the colon, "" if there is none
	value  string // after the colon, or raw
	not    bool
	quoted bool
}

// splitQuery cuts a query at blanks outside of quotes.
func splitQuery(text string) ([]word, error) {
	var words []word
	for rest := strings.TrimSpace(text); rest != ""; rest = strings.TrimSpace(rest) {
		w, n, err := nextWord(rest)
		if err != nil {
			return nil, err
		}
		rest = rest[n:]
		if w.raw != "" {
			words = append(words, w)
		}
	}
	return words, nil
}

// nextWord reads one word: -"a phrase", key:"a phrase", -key:value, text.
func nextWord(s string) (word, int, error) {
	var w word
	at := 0
	if len(s) > 1 && s[0] == '-' && s[1] != ' ' {
		w.not, at = true, 1
	}
	end := strings.IndexAny(s[at:], " \t\n\"")
	if end < 0 {
		end = len(s) - at
	}
	head := s[at : at+end]
	at += end
	w.raw, w.value = head, head
	if key, value, ok := strings.Cut(head, ":"); ok && isKey(key) {
		w.key, w.value = strings.ToLower(key), value
	}
	if at >= len(s) || s[at] != '"' || head != "" && (w.key == "" || w.value != "") {
		if at < len(s) && s[at] == '"' { // a quote inside a word is a letter of it
			more := strings.IndexAny(s[at:], " \t\n")
			if more < 0 {
				more = len(s) - at
			}
			w.raw, w.value = w.raw+s[at:at+more], w.value+s[at:at+more]
			at += more
		}
		return w, at, nil
	}
	phrase, _, closed := strings.Cut(s[at+1:], "\"")
	if !closed {
		return w, 0, fmt.Errorf("a quote is not closed: %w", outline.ErrInvalid)
	}
	w.quoted, w.value, w.raw = true, phrase, w.raw+phrase
	return w, at + len(phrase) + 2, nil
}

func isKey(s string) bool {
	for i := range len(s) {
		if c := s[i] | 0x20; c < 'a' || c > 'z' {
			return false
		}
	}
	return s != ""
}
