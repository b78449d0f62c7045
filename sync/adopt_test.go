package sync

import "testing"

// What stands below a staging node is ours though it was changed, and what merely has
// our letters in it is not: somebody else's text was overwritten with an "x" of ours.
func TestIsLeftOf(t *testing.T) {
	const long = "a text that says enough"
	for _, tt := range []struct {
		sent, seen string
		want       bool
	}{
		{long, long, true},
		{long, "now " + long + " and more", true},
		{long, long[:15], true},
		{long, long[:5], false},
		{"x", "x", true},
		{"x", "x more", true},
		{"x", "text of somebody else", false},
		{"x", "see box x", false},
		{"", "", true},
		{"", "text of somebody else", false},
		{"x", "", false},
	} {
		if got := isLeftOf(tt.sent, tt.seen); got != tt.want {
			t.Errorf("%q of %q: got %v", tt.seen, tt.sent, got)
		}
	}
}
