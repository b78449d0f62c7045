package web

import (
	"errors"
	"strings"
	"testing"

	"outlast/internal/outline"
)

// A text that is not UTF-8 was stored with other characters in its place.
func TestEncodeRefusesWhatIsNotUTF8(t *testing.T) {
	for text, ok := range map[string]bool{
		"plain": true, "": true, "�": true, `\ufffd`: true, `\\ufffd`: true, "é漢🙂": true,
		"bad\xff": false, "\xc3": false, `\` + "\xff": false, "�\xff": false, "a\xed\xa0\x80": false,
	} {
		_, err := encode(map[string]string{"text": text})
		if ok != (err == nil) || err != nil && !errors.Is(err, outline.ErrInvalid) {
			t.Errorf("%q: got %v", text, err)
		}
	}
	if b, err := encode(strings.Repeat(`\ufffd`, 3)); err != nil || len(b) == 0 {
		t.Errorf("got %s, %v", b, err)
	}
}
