package format

import (
	"encoding/json"
	"fmt"

	"outlast/internal/outline"
	"outlast/opml"
)

// Foreign is what other programs wrote into an imported OPML file that no outline
// here holds. It is kept beside the document, on this machine only, and given back
// when the document is exported as OPML. Snapshots do not hold it; the files of a
// watched folder hold what programs write there (package mirror).
type Foreign struct {
	Head *opml.Head                     `json:"head,omitempty"` // of the file that became the document
	Kept map[outline.NodeID][]opml.Attr `json:"kept,omitempty"`
}

// ForeignPrefix begins the name under which a store keeps it as a cursor; the id of
// the document follows.
const ForeignPrefix = "foreign/"

// ForeignName is the name under which a store keeps it.
func ForeignName(doc outline.FileID) string { return ForeignPrefix + string(doc) }

// ParseForeign reads what a store keeps; nothing is nothing.
func ParseForeign(text []byte) (*Foreign, error) {
	f := &Foreign{}
	if text == nil {
		return f, nil
	}
	if err := json.Unmarshal(text, f); err != nil {
		return nil, fmt.Errorf("read what other programs wrote: %w", err)
	}
	return f, nil
}

// Encode returns it as a store keeps it.
func (f *Foreign) Encode() ([]byte, error) {
	text, err := json.Marshal(f)
	if err != nil {
		return nil, fmt.Errorf("keep what another program wrote: %w", err)
	}
	return text, nil
}

// InHead tells whether the file had something in its head that only OPML holds.
func (f *Foreign) InHead() bool {
	h := f.Head
	return h != nil && (len(h.Kept)+len(h.Root)+len(h.Body) > 0 || h.OwnerName+h.OwnerEmail+h.OwnerID+h.Docs != "")
}
