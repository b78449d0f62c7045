package simtest

import "testing"

// An insert may have no node when somebody deleted what its node was carried to, and
// only then.
func TestADeletedCopyExcusesTheInsertOfItsSource(t *testing.T) {
	to := copies{"source": {"copy"}, "copy": {"next", "copy"}, "other": {"kept"}}
	w := &world{effects: newEffects()}
	w.gone["next"], w.gone["unrelated"] = true, true
	for id, want := range map[string]bool{"source": true, "copy": true, "other": false, "kept": false} {
		if got := w.copyDeleted(&insertion{made: []effect{{"doc", id}}}, to); got != want {
			t.Errorf("%s: got %v", id, got)
		}
	}
	if w.copyDeleted(&insertion{}, to) {
		t.Error("an insert that made nothing")
	}
}

// Who takes a word out of an item has taken it, though what the item became by a move
// away and back says it still in the same document; not so if an unrelated node does.
func TestAWordIsTakenOfAnItemThatStandsTwice(t *testing.T) {
	to := copies{"first": {"away"}, "away": {"back"}}
	for _, c := range []struct {
		name   string
		parted []parted
		want   bool
	}{
		{"nobody took it", nil, false},
		{"out of the first", []parted{{"first", []string{"back"}}}, true},
		{"out of the second", []parted{{"back", []string{"first"}}}, true},
		{"out of another", []parted{{"other", []string{"first", "back"}}}, false},
		{"another says it too", []parted{{"first", []string{"back", "other"}}}, false},
		{"at last", []parted{{"first", []string{"back", "other"}}, {"first", []string{"back"}}}, true},
	} {
		w := &world{texts: newTexts()}
		w.parted["w00001"] = c.parted
		if got := w.takenOfTwo("w00001", to); got != c.want {
			t.Errorf("%s: got %v", c.name, got)
		}
	}
}
