package server

import (
	"path/filepath"
	"testing"

	"github.com/oklog/ulid/v2"
	"pgregory.net/rapid"

	"outlast/internal/dynalist"
)

// A record gives back its node; cut short or altered it gives an error or
// another node, never a panic.
func TestRecordGivesBackItsNode(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		text := rapid.String()
		time := rapid.Int64Range(0, 1<<60)
		n := node{
			num: rapid.Uint64Min(1).Draw(r, "num"), id: rapid.StringN(1, 30, -1).Draw(r, "id"),
			content: text.Draw(r, "content"), note: text.Draw(r, "note"),
			checked: rapid.Bool().Draw(r, "checked"), checkbox: rapid.Bool().Draw(r, "checkbox"),
			heading: rapid.Uint8Range(0, 3).Draw(r, "heading"), color: rapid.Uint8Range(0, 6).Draw(r, "color"),
			created: time.Draw(r, "created"), modified: time.Draw(r, "modified"), changed: time.Draw(r, "changed"),
		}
		n.born.seq = rapid.Uint64().Draw(r, "seq")
		if rapid.Bool().Draw(r, "has request") {
			n.born.request = ulid.ULID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(r, "request"))
		}
		linked := n
		linked.parent, linked.prev = &node{num: 7}, &node{num: 9}
		b := linked.encode()
		got, err := decodeNode(n.num, b)
		if err != nil || got.parentNum != 7 || got.prevNum != 9 || !sameNode(got.node, n) {
			r.Fatalf("got %+v, %v, want %+v", got, err, n)
		}
		cut := b[:rapid.IntRange(0, len(b)-1).Draw(r, "cut")]
		if got, err := decodeNode(n.num, cut); err == nil && len(got.content) >= len(n.content) {
			r.Fatalf("%d of %d bytes gave %+v", len(cut), len(b), got)
		}
		b[rapid.IntRange(0, len(b)-1).Draw(r, "at")] ^= 0x55
		_, _ = decodeNode(n.num, b)
	})
}

func sameNode(a, b node) bool {
	return a.num == b.num && a.id == b.id && a.content == b.content && a.note == b.note &&
		a.checked == b.checked && a.checkbox == b.checkbox && a.heading == b.heading && a.color == b.color &&
		a.created == b.created && a.modified == b.modified && a.changed == b.changed && a.born == b.born
}

func TestSealSeesEveryFlippedBit(t *testing.T) {
	key, value := []byte("key"), []byte("some value")
	sealed := seal(key, value)
	if got, err := unseal(key, sealed); err != nil || string(got) != string(value) {
		t.Fatalf("got %q, %v", got, err)
	}
	if _, err := unseal([]byte("kez"), sealed); err == nil {
		t.Error("a value under another key is not seen")
	}
	for i := range len(sealed) * 8 {
		sealed[i/8] ^= 1 << (i % 8)
		if _, err := unseal(key, sealed); err == nil {
			t.Errorf("bit %d is not seen", i)
		}
		sealed[i/8] ^= 1 << (i % 8)
	}
	for n := range len(sealed) {
		if _, err := unseal(key, sealed[:n]); err == nil {
			t.Errorf("a value cut to %d bytes is not seen", n)
		}
	}
}

func TestOriginSurvivesRestart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data.db")
	s := open(t, Config{Path: path})
	q := object{"content": "a", "request_id": requestID()}
	first := s.want("Ok", dynalist.PathInboxAdd, q)
	s.Close()
	s = open(t, Config{Path: path})
	all, err := s.Audit(s.inbox)
	if err != nil || len(all) != 1 || all[0].RequestID != q["request_id"] || all[0].ID != first["node_id"] {
		t.Errorf("got %+v, %v", all, err)
	}
	if again := s.want("Ok", dynalist.PathInboxAdd, q); again["replayed"] != true || again["node_id"] != first["node_id"] {
		t.Errorf("got %v", again)
	}
}

// Documents leave memory while others are read, and come back the same.
func TestMemoryIsBounded(t *testing.T) {
	s := open(t, Config{})
	s.maxNodes = 10
	want := map[string]string{}
	for _, title := range []string{"A", "B", "C"} {
		id := s.create(0, "document", title)
		s.want("Ok", dynalist.PathDocEdit, object{"file_id": id, "changes": inserts(6)})
		s.want("Ok", dynalist.PathDocEdit, object{"file_id": id, "changes": list{insert("root", 0, title)}})
		want[id] = title + "012345"
	}
	for id, text := range want {
		if got := s.readDoc(id).below("root"); got != text {
			t.Errorf("got %q, want %q", got, text)
		}
		if held := len(s.docs); held > 2 {
			t.Errorf("%d documents in memory", held)
		}
	}
}

// A file that a compat server left with a cycle is served by a safe one.
func TestSafeOpensWhatCompatLeft(t *testing.T) {
	path := filepath.Join(t.TempDir(), "data.db")
	s := open(t, Config{Path: path, Profile: Compat})
	a, b, c := s.family()
	x := s.edit("Ok", insert("root", 1, "x"))[0]
	s.edit("Ok", move(a, b, 0))
	s.Close()
	s = open(t, Config{Path: path})
	s.edit("Ok", move(x, c, 0))
	s.edit("Invalid", move(a, c, 0))
	s.edit("Ok", remove(a))
	if d := s.read(); len(d.nodes) != 1 {
		t.Errorf("got %+v", d.nodes)
	}
}
