package sync

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestTokens(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{"", ""},
		{"Call Bob.", "Call| |Bob|."},
		{"see [[Road map]] and [the page](https://a.example/x?y=1)!", "see| |[[Road map]]| |and| |[the page](https://a.example/x?y=1)|!"},
		{"#to-do @bob, #2026_q1- C#", "#to-do| |@bob|,| |#2026_q1|-| |C|#"},
		{"due !(2026-11-23 10:30) or !later", "due| |!(2026-11-23 10:30)| |or| |!|later"},
		{"run `go test ./...` `open", "run| |`go test ./...`| |`|open"},
		{"(https://a.example/b_c).", "(|https://a.example/b_c|)|."},
		{"don't pay 1,299.50 at 10:30, well-known", "don't| |pay| |1,299.50| |at| |10:30|,| |well|-|known"},
		{"one\n\n two\r\nthree\t x", "one|\n|\n| |two|\r\n|three|\t |x"},
		{"[[over\nline]]", "[|[|over|\n|line|]|]"},
		{"明日3時に会う", "明|日|3|時|に|会|う"},
		{"か\u3099 e\u0301te\u0301", "か\u3099| |e\u0301te\u0301"},
		{"👩‍👩‍👧👍🏽🇩🇪🇫🇷❤️", "👩‍👩‍👧|👍🏽|🇩🇪|🇫🇷|❤️"},
		{"a\xffb", "a|\xff|b"},
	} {
		if got := strings.Join(tokens(tt.text), "|"); got != tt.want {
			t.Errorf("tokens(%q):\ngot  %q\nwant %q", tt.text, got, tt.want)
		}
	}
}

func TestMergeText(t *testing.T) {
	const keeps = "" // no conflict
	for _, tt := range []struct{ name, ancestor, local, remote, text, other string }{
		{"a word each", "Call Bob on Monday", "Phone Bob on Monday", "Call Bob on Friday", "Phone Bob on Friday", keeps},
		{"neighbouring words", "a b", "x b", "a y", "x y", keeps},
		{"both append", "Call Bob", "Call Bob today", "Call Bob about rent", "Call Bob today", "Call Bob about rent"},
		{"both append alike", "Call Bob", "Ask Bob today", "Call Bob today", "Ask Bob today", keeps},
		{"word and appendix", "Call Bob", "Call Alice", "Call Bob today", "Call Alice today", keeps},
		{"growing word and appendix", "Call Bob", "Call Alice now", "Call Bob today", "Call Alice now", "Call Bob today"},
		{"same word", "Call Bob", "Call Alice", "Call Carl", "Call Alice", "Call Carl"},
		{"same word and another", "Call Bob on Monday", "Call Eve on Monday", "Call Carl on Friday", "Call Eve on Friday", "Call Carl on Friday"},
		{"same change and another", "Call Bob on Monday", "Call Eve on Monday", "Call Eve on Friday", "Call Eve on Friday", keeps},
		{"a word deleted", "the big red car", "the red car", "the big red bus", "the red bus", keeps},
		{"deleted here, changed there", "the big car", "the car", "the huge car", "the car", "the huge car"},
		{"many words deleted here, some changed there", "a b c d e", "a e", "a B c D e", "a e", "a B c D e"},
		{"some words changed here, many deleted there", "a b c d e f", "a B c D e f", "a e F", "a B c D e F", "a e F"},
		{"doubled words", "very very good", "very very very good", "very very bad", "very very very bad", keeps},
		{"tag added", "Buy milk", "Buy milk #shop", "Buy oat milk", "Buy oat milk #shop", keeps},
		{"two tags", "Buy milk #shop @ann", "Buy milk #market @ann", "Buy milk #shop @bob", "Buy milk #market @bob", keeps},
		{"a tag is one", "x #to-do", "x #to-buy", "x #un-do", "x #to-buy", "x #un-do"},
		{"link and word", "see [[Plan]] soon", "see [[Road map]] soon", "see [[Plan]] now", "see [[Road map]] now", keeps},
		{
			"a link is one", "[the plan](http://a.example/1)", "[my plan](http://a.example/1)", "[the plan](http://a.example/2)",
			"[my plan](http://a.example/1)", "[the plan](http://a.example/2)",
		},
		{"a date is one", "pay !(2026-11-23)", "pay !(2026-12-23)", "pay !(2026-11-24)", "pay !(2026-12-23)", "pay !(2026-11-24)"},
		{"a time is one", "at 10:30", "at 11:30", "at 10:45", "at 11:30", "at 10:45"},
		{"code is one", "`ls -l /` ok", "`ls -a /` ok", "`ls -l .` ok", "`ls -a /` ok", "`ls -l .` ok"},
		{"lines", "one\ntwo\nthree", "one 1\ntwo\nthree", "one\ntwo\nthree 3", "one 1\ntwo\nthree 3", keeps},
		{"a new line and the line above", "one\ntwo", "one\nnew\ntwo", "one more\ntwo", "one more\nnew\ntwo", keeps},
		{"a line deleted", "one\ntwo\nthree", "one\nthree", "one\ntwo\nthree\nfour", "one\nthree\nfour", keeps},
		{"emoji", "👍 done 🎉", "👍🏽 done 🎉", "👍 done 🎊", "👍🏽 done 🎊", keeps},
		{"a family is one", "👩‍👩‍👧", "👩‍👩‍👦", "👩‍👨‍👧", "👩‍👩‍👦", "👩‍👨‍👧"},
		{"combining marks", "cafe\u0301 noir", "the\u0301 noir", "cafe\u0301 blanc", "the\u0301 blanc", keeps},
		{"ideographs", "我爱你", "他爱你", "我爱她", "他爱她", keeps},
		{"neighbouring ideographs", "我爱你", "他爱你", "我恨你", "他恨你", keeps},
		{"blanks only", "x", "one  two", "one two", "one two", keeps},
		{"contained there", "x", "one", "a one b", "a one b", keeps},
		{"contained here", "x", "a one b", "one", "a one b", keeps},
		{"part of a word is not contained", "x", "a", "banana", "a", "banana"},
		{"erased there", "x", "y", "", "y", keeps},
		{"blanked there", "x", "y", " ", "y", keeps},
		{"erased here", "x", "", "y", "", "y"},
		{"glued words", "a ", "ba", "a c", "ba", "a c"},
		{"opened here, closed there", "a b", "`a b", "a b`", "`a b", "a b`"},
		{"written by both", "", "mine", "theirs", "mine", "theirs"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if text, other := mergeText(tt.ancestor, tt.local, tt.remote); text != tt.text || other != tt.other {
				t.Errorf("got  %q, %q\nwant %q, %q", text, other, tt.text, tt.other)
			}
		})
	}
}

// Texts beyond the bounds are not merged, and not lost.
func TestMergeTextKeepsLongTextsWhole(t *testing.T) {
	long := strings.Repeat("word ", maxTokens)
	distinct := func(of string) string {
		var b strings.Builder
		for i := range maxEdits {
			b.WriteString(strings.Repeat(of, i%7+1) + " ")
		}
		return b.String()
	}
	for _, tt := range []struct{ ancestor, local, remote string }{
		{long, "x " + long, long + "y"},
		{distinct("a"), distinct("b"), distinct("c")},
	} {
		text, other := mergeText(tt.ancestor, tt.local, tt.remote)
		if text != tt.local || other != tt.remote {
			t.Errorf("got texts of %d and %d bytes, want %d and %d", len(text), len(other), len(tt.local), len(tt.remote))
		}
	}
	if text, other := mergeText(long, "x "+long, "x "+long+"y"); text != "x "+long+"y" || other != "" {
		t.Error("a long text that contains the other is not taken")
	}
	brackets := strings.Repeat("[", 1<<20)
	if n := len(tokens(brackets)); n != 1<<20 {
		t.Errorf("got %d tokens of brackets", n)
	}
}

// drawText draws from few tokens, so that they repeat.
func drawText(t *rapid.T, name string) string {
	some := []string{"a", "b", "cc", "don't", " ", " ", "  ", "\n", ".", "#tag", "[[l k]]", "!(2026-01-01)", "日", "👍🏽", "e\u0301"}
	return strings.Join(rapid.SliceOfN(rapid.SampledFrom(some), 0, 12).Draw(t, name), "")
}

// drawEdit replaces some runs of the tokens of a text.
func drawEdit(t *rapid.T, ancestor, side string) string {
	list := tokens(ancestor)
	for range rapid.IntRange(0, 3).Draw(t, side+" edits") {
		i := rapid.IntRange(0, len(list)).Draw(t, "from")
		j := rapid.IntRange(i, min(len(list), i+2)).Draw(t, "to")
		in := rapid.SliceOfN(rapid.SampledFrom([]string{"a", " ", "new", side, "."}), 0, 3).Draw(t, "in")
		list = slices.Replace(list, i, j, in...)
	}
	return strings.Join(list, "")
}

func TestDiffLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		few := rapid.SliceOfN(rapid.IntRange(0, 3), 0, 20)
		a, b := few.Draw(t, "a"), few.Draw(t, "b")
		hunks, ok := diff(a, b)
		if !ok {
			t.Fatal("gave up")
		}
		var got []int
		at := 0
		for i, h := range hunks {
			if i > 0 && h.from == at {
				t.Fatalf("%v touch", hunks)
			}
			next := append(slices.Clone(a), -1)[h.to]
			if h.from == h.to && b[h.newFrom] == next || h.newFrom == h.newTo && a[h.from] == next {
				t.Fatalf("%v could begin later", h)
			}
			got = append(append(got, a[at:h.from]...), b[h.newFrom:h.newTo]...)
			at = h.to
		}
		if got = append(got, a[at:]...); !slices.Equal(got, b) {
			t.Fatalf("%v lead to %v", hunks, got)
		}
	})
}

// What one side alone did is the result, what both did is there once, no word
// is lost, and without a conflict it does not matter who is local.
func TestMergeTextLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a := drawText(t, "ancestor")
		x, y := drawEdit(t, a, "mine"), drawEdit(t, a, "theirs")
		for _, one := range [][3]string{{a, x, a}, {a, a, x}, {a, x, x}} {
			if text, other := mergeText(one[0], one[1], one[2]); text != x || other != "" {
				t.Fatalf("%q: got %q, %q, want %q", one, text, other, x)
			}
		}
		text, other := mergeText(a, x, y)
		if lost := inserted(a, x).without(text); len(lost) > 0 {
			t.Fatalf("local %q are not in %q", lost, text)
		}
		if lost := inserted(a, y).without(text); len(lost) > 0 && other == "" {
			t.Fatalf("remote %q are not in %q", lost, text)
		}
		if other != "" && other != y {
			t.Fatalf("got other version %q of %q", other, y)
		}
		if here, clean := merge3(tokens(a), tokens(x), tokens(y)); clean {
			if there, clean := merge3(tokens(a), tokens(y), tokens(x)); !clean || here != there {
				t.Fatalf("got %q, the other way %q", here, there)
			}
		}
	})
}

type bag map[string]int

func bagOf(text string) bag {
	b := make(bag)
	for _, tok := range tokens(text) {
		if strings.TrimSpace(tok) != "" {
			b[tok]++
		}
	}
	return b
}

// inserted returns how many of each token a text has more than the ancestor.
func inserted(ancestor, text string) bag {
	more := bagOf(text)
	for tok, n := range bagOf(ancestor) {
		if more[tok] -= n; more[tok] <= 0 {
			delete(more, tok)
		}
	}
	return more
}

// without returns the tokens that a text has none of.
func (b bag) without(text string) (lost []string) {
	has := bagOf(text)
	for tok := range b {
		if has[tok] == 0 {
			lost = append(lost, tok)
		}
	}
	return lost
}

// Edits of different words never are a conflict, and all of them survive.
func TestMergeTextKeepsDisjointWords(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := rapid.SliceOfN(rapid.SampledFrom([]string{"a", "b", "on", "#tag", "[[x y]]", "日"}), 1, 30).Draw(t, "words")
		x, y, both := slices.Clone(list), slices.Clone(list), slices.Clone(list)
		for i := range list {
			switch rapid.IntRange(0, 3).Draw(t, "who") {
			case 0:
				x[i], both[i] = "mine", "mine"
			case 1:
				y[i], both[i] = "theirs", "theirs"
			}
		}
		text, other := mergeText(strings.Join(list, " "), strings.Join(x, " "), strings.Join(y, " "))
		if want := strings.Join(both, " "); text != want || other != "" {
			t.Fatalf("got %q, %q, want %q", text, other, want)
		}
	})
}

func FuzzMergeText(f *testing.F) {
	f.Add("Call Bob", "Call [[Bob]] #now", "`Call` @Bob!(2026-11-23)")
	f.Add("👩‍👩‍👧", "🇩🇪\u200d", "e\u0301\xff[[")
	f.Add("http://", "a\r\n\rb", "[x](y) 明日")
	f.Fuzz(func(t *testing.T, ancestor, local, remote string) {
		text, other := mergeText(ancestor, local, remote)
		if utf8.ValidString(ancestor) && utf8.ValidString(local) && utf8.ValidString(remote) &&
			!(utf8.ValidString(text) && utf8.ValidString(other)) {
			t.Errorf("got %q, %q: not UTF-8", text, other)
		}
		for _, s := range []string{ancestor, local, remote} {
			if got := strings.Join(tokens(s), ""); got != s {
				t.Errorf("tokens of %q join to %q", s, got)
			}
		}
		if len(inserted(ancestor, remote).without(text)) > 0 && other == "" {
			t.Errorf("%q, %q, %q: got %q: text of the service is lost", ancestor, local, remote, text)
		}
	})
}
