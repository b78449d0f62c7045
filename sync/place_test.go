package sync_test

import (
	"testing"

	"outlast/internal/outline"
)

// put records a move of one top item to behind another, "" for the first place.
func (c *client) put(doc outline.FileID, content, behind string) {
	c.t.Helper()
	d, n := c.document(doc), c.node(doc, content)
	to := d.First(d.Root())
	if behind != "" {
		to = d.After(d.Node(c.node(doc, behind).ID))
	}
	c.append(op(doc, outline.Change{Kind: outline.Move, Node: n.ID, To: to}))
}

// A person puts an item beside another, and then that one elsewhere: the service
// has both, so the next read confirms both, and nothing is sent again.
func TestMovesBesideWhatIsMovedLaterAreConfirmed(t *testing.T) {
	for _, tt := range []struct {
		name string
		puts [][2]string
		want string
	}{
		{"the neighbour leaves", [][2]string{{"gamma", "alpha"}, {"alpha", "beta"}}, "gamma beta alpha"},
		{"each beside the other", [][2]string{{"alpha", "beta"}, {"beta", "alpha"}}, "alpha beta gamma"},
		{"both go", [][2]string{{"gamma", ""}, {"alpha", "beta"}, {"gamma", "alpha"}, {"beta", ""}}, "beta alpha gamma"},
	} {
		for _, at := range profiles {
			t.Run(tt.name+"/"+string(at), func(t *testing.T) {
				_, c, doc := sample(t, at)
				// One round each, so that the service takes the moves one by one.
				for _, p := range tt.puts {
					c.put(doc, p[0], p[1])
					if r, err := c.engine.Once(t.Context(), roundFor(doc)); err != nil || r.Waiting != 0 {
						t.Fatalf("not taken: %+v, %v", r, err)
					}
				}
				if r, err := c.once(); err != nil || r.Waiting != 0 || r.Sent != 0 || c.unconfirmed() != 0 {
					t.Fatalf("after a read: %+v, %v, left:\n%s", r, err, c.log())
				}
				if got := c.tops(doc); got != tt.want {
					t.Errorf("got %s, want %s", got, tt.want)
				}
			})
		}
	}
}

// tops returns the contents of the top items.
func (c *client) tops(doc outline.FileID) (out string) {
	for n := range c.document(doc).Root().Children() {
		if out != "" {
			out += " "
		}
		out += n.Content
	}
	return out
}
