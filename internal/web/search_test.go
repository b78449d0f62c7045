package web

import (
	"strings"
	"testing"
	"time"

	"outlast/internal/outline"
)

func TestSearchOperators(t *testing.T) {
	now := time.Date(2026, 11, 23, 12, 0, 0, 0, time.Local)
	ago := func(days int) int64 { return now.AddDate(0, 0, -days).UnixMilli() }
	d := outline.New("d", "Doc")
	add := func(parent outline.NodeID, id outline.NodeID, f outline.Fields) {
		d.Append(d.Node(parent), id, f)
	}
	add("root", "p", outline.Fields{Content: "Project Alpha", Color: 1})
	add("p", "call", outline.Fields{Content: "call Ana #next @phone", Modified: ago(1), Created: ago(40)})
	add("p", "nextday", outline.Fields{Content: "the #nextday one, x#next", Checked: true, Modified: ago(20)})
	add("p", "note", outline.Fields{Content: "ÄPFEL kaufen", Note: "see the alpha list"})
	add("p", "today", outline.Fields{Content: "due !(2026-11-23)"})
	add("p", "tomorrow", outline.Fields{Content: "due !(2026-11-24 10:00)"})
	add("p", "past", outline.Fields{Content: "was !(2026-11-21)"})
	add("p", "range", outline.Fields{Note: "!(2026-12-24 - 2027-01-02)"})
	add("p", "file", outline.Fields{Content: "![x](https://dynalist.io/u/1)", Color: 6})
	add("call", "deep", outline.Fields{Content: "12:30 http://x.example a:b"})

	for _, c := range []struct{ query, want string }{
		{"alpha", "p note"},
		{"alpha in:title", "p"},
		{"in:note alpha", "note"},
		{`"call ana"`, "call"},
		{"ana call", "call"},
		{"call kaufen", ""},
		{"call OR kaufen", "call note"},
		{"#next", "call"},
		{"#next OR #nextday", "call nextday"},
		{"@PHONE", "call"},
		{"due -within:today", "tomorrow"},
		{"-alpha -due -was -call -file #nextday", "nextday"},
		{"äpfel", "note"},
		{"within:today", "today"},
		{"within:0d", "today"},
		{"within:24h", "today tomorrow"},
		{"within:1d", "today tomorrow"},
		{"within:-2d", "today past"},
		{"within:-1d", "today"},
		{"within:5w", "today tomorrow range"},
		{"within:2m", "today tomorrow range"},
		{"since:2026-12-25", "range"},
		{"since:2026-11-24", "tomorrow range"},
		{"until:2026-11-21", "past"},
		{"until:-2d", "past"},
		{"until:today", "today past"},
		{"is:completed", "nextday"},
		{"has:note", "note range"},
		{"has:date", "today tomorrow past range"},
		{"has:color", "p file"},
		{"has:children", "p call"},
		{"has:file", "file"},
		{"color:red", "p"},
		{"color:purple OR color:1", "p file"},
		{"edited:-2w", "call"},
		{"edited:1m", "call nextday"},
		{"created:-2m", "call"},
		{"parent:call", "deep"},
		{`ancestor:"project alpha" 12:30`, "deep"},
		{"ancestor:PROJECT -parent:project", "deep"},
		{"http://x.example", "deep"},
		{"a:b", "deep"},
		{"-within:today due", "tomorrow"},
	} {
		q, err := parseQuery(c.query, now)
		if err != nil {
			t.Errorf("%s: %v", c.query, err)
			continue
		}
		var got []string
		for n := range d.Root().Below() {
			if q.matches(n) {
				got = append(got, string(n.ID))
			}
		}
		want := sortedLike(d, c.want)
		if strings.Join(got, " ") != want {
			t.Errorf("%s: got %v, want %s", c.query, got, want)
		}
	}
}

// sortedLike puts ids in the order of the document.
func sortedLike(d *outline.Document, ids string) string {
	var out []string
	for n := range d.Root().Below() {
		for _, id := range strings.Fields(ids) {
			if string(n.ID) == id {
				out = append(out, id)
			}
		}
	}
	return strings.Join(out, " ")
}

func TestSearchHintsAtWhatIsNoOperator(t *testing.T) {
	for query, hints := range map[string]int{
		"foo:bar": 1, "has:wings": 1, "is:red": 1, "color:pink": 1, "within:soon": 1, "edited:x": 1,
		"http://a": 0, "12:30": 0, "word": 0, "foo:": 0, `"foo:bar"`: 0, "is:completed": 0,
	} {
		q, err := parseQuery(query, time.Now())
		if err != nil || len(q.hints) != hints {
			t.Errorf("%s: hints %v, %v", query, q, err)
		}
	}
	for _, query := range []string{"", "  ", `"open`, "in:note", "OR"} {
		if q, err := parseQuery(query, time.Now()); err == nil && query != "OR" {
			t.Errorf("%q was understood as %+v", query, q)
		}
	}
}

func FuzzQuery(f *testing.F) {
	for _, s := range []string{`a "b c" -d OR e:f`, `key:"x y"`, `-"`, `within:-99999d`, `a"b`, "\xff"} {
		f.Add(s)
	}
	d := outline.New("d", "t")
	d.Append(d.Root(), "n", outline.Fields{Content: "text !(2026-01-01 - x) #tag", Note: "ÄÖ"})
	f.Fuzz(func(t *testing.T, s string) {
		q, err := parseQuery(s, time.Now())
		if err != nil {
			return
		}
		for n := range d.Root().Below() {
			q.matches(n)
		}
	})
}

func TestSearchAcrossDocumentsNumbersItsLines(t *testing.T) {
	w := newWorld(t)
	w.doc("A", "find me", " inside", "find me too")
	w.doc("B", "find this", "not that")
	r := must(w.Search(t.Context(), SearchRequest{Query: "find"}))(t)
	if r.Total != 3 || len(r.Lines) != 3 || !r.Numbered || strings.Join(r.Lines[2].Path, "/") != "B" {
		t.Errorf("got %+v", r)
	}
	must(w.Check(t.Context(), CheckRequest{Names: []string{":3"}}))(t)
	r = must(w.Search(t.Context(), SearchRequest{Query: "find is:completed", Doc: "B"}))(t)
	if r.Total != 1 || r.Lines[0].Text != "find this" || r.Lines[0].State != "pending" {
		t.Errorf("got %+v", r)
	}
	r = must(w.Search(t.Context(), SearchRequest{Query: "find", Limit: 1}))(t)
	if r.Total != 3 || len(r.Lines) != 1 {
		t.Errorf("got %+v", r)
	}
}

func BenchmarkSearch(b *testing.B) {
	d := outline.New("d", "t")
	for i := range 100_000 {
		d.Append(d.Root(), outline.NodeID(string(rune('a'+i%26))+NewGroup()), outline.Fields{Content: "Some ordinary text of an item, of the usual length #tag"})
	}
	q, err := parseQuery("usual needle", time.Now())
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		for n := range d.Root().Below() {
			q.matches(n)
		}
	}
}
