package simtest

import (
	"fmt"
	"strings"

	"outlast/internal/outline"
)

// texts knows every word that anybody wrote and that no two people wrote alike,
// and whether somebody took it away on purpose. All others must be somewhere in
// the end.
type texts struct {
	words   int
	written map[string]string // word -> who wrote it
	live    map[string]bool   // in reach at the service in the end
	taken   map[string]bool   // deleted or written over by somebody who saw it

	parted map[string][]parted // out of one of several nodes that said it
}

func newTexts() texts {
	return texts{written: make(map[string]string), taken: make(map[string]bool), parted: make(map[string][]parted)}
}

// word returns a word that nobody has written yet. It is not written before it
// is recorded or at the service.
func (x *texts) word() string {
	x.words++
	return fmt.Sprintf("w%05d", x.words)
}

// wordLength is that of a word of ours: a w and five digits.
const wordLength = 6

// wordsOf returns the words of ours in texts, wherever they stand in them.
func wordsOf(text ...string) (all []string) {
	for _, s := range text {
		for {
			at := strings.IndexByte(s, 'w')
			if at < 0 || len(s)-at < wordLength {
				break
			}
			s = s[at:]
			n := 1
			for n < wordLength && '0' <= s[n] && s[n] <= '9' {
				n++
			}
			if n == wordLength {
				all = append(all, s[:n])
			}
			s = s[n:]
		}
	}
	return all
}

func fieldWords(f outline.Fields) []string { return wordsOf(f.Content, f.Note) }

// wordSet collects the words of a document.
func wordSet(d *outline.Document) map[string]bool {
	all := make(map[string]bool)
	for n := range d.Root().Below() {
		for _, word := range fieldWords(n.Fields) {
			all[word] = true
		}
	}
	return all
}

// compare notes what somebody's change of a document wrote and took away.
func (x *texts) compare(who string, before, after map[string]bool) {
	for word := range before {
		if !after[word] {
			x.taken[word] = true
		}
	}
	for word := range after {
		if !before[word] && x.written[word] == "" {
			x.written[word] = who
		}
	}
}

// common are the texts that many write alike.
func common() []string { return []string{"milk", "x", "call the office tomorrow", ""} }
