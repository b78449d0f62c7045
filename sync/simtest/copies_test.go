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
