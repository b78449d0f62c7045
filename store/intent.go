package store

import (
	"time"

	"outlast/internal/outline"
)

// Intent is a request that was about to be sent: written before its first
// byte leaves, and closed by its answer or by reading what became of it.
type Intent struct {
	RequestID string            `json:"request_id"` // ULID
	Doc       outline.FileID    `json:"doc"`        // "" for a change of files
	Service   outline.ServiceID `json:"service,omitempty"`
	Version   int64             `json:"version"` // expected before
	ServerID  string            `json:"server_id,omitempty"`
	Replay    bool              `json:"replay,omitempty"` // the server announced request ids: may be sent again as it is
	IfVersion bool              `json:"if_version,omitempty"`
	Phase     Phase             `json:"phase"`
	Cause     string            `json:"cause,omitempty"` // outcome class once ambiguous
	SentAt    time.Time         `json:"sent_at"`
	Fence     time.Duration     `json:"fence,omitempty"`     // unbound inserts may be planned again at this age
	Age       time.Duration     `json:"age,omitempty"`       // since the unclear answer, as far as that is sure; see Counted
	Counted   time.Time         `json:"counted,omitzero"`    // when Age was counted last, by this machine's clock
	CountedBy time.Time         `json:"counted_by,omitzero"` // the same by the service's clock
	UpTo      uint64            `json:"up_to"`               // log sequence that was planned
	Changes   []byte            `json:"changes"`             // the request, as the engine encodes it
	Inserts   []IntentInsert    `json:"inserts,omitempty"`
	Records   []uint64          `json:"records,omitempty"`  // log records that this request fulfils
	Old       bool              `json:"old,omitempty"`      // stands for all that an old or copied database may have sent
	Guess     bool              `json:"guess,omitempty"`    // its inserts are what a read has shown, perhaps of requests that the database has forgotten
	Answered  []int             `json:"answered,omitempty"` // changes whose late copies were taken back
	Closed    bool              `json:"closed,omitempty"`   // in the ledger
	Over      bool              `json:"over,omitempty"`     // the next read drops it from the ledger
	Reads     int               `json:"reads,omitempty"`    // sane reads since
	Stage     Stage             `json:"stage,omitempty"`    // what it does with a staging node
	Token     string            `json:"token,omitempty"`    // of that staging node
	Placed    []outline.NodeID  `json:"placed,omitempty"`   // staged nodes that it moves to their places
	Clears    bool              `json:"clears,omitempty"`   // it deletes the staging node
}

// Stage is what a request does with a staging node.
type Stage string

// The stages. A request without one inserts nodes directly at their places.
const (
	StageMake  Stage = "make"  // inserts the staging node
	StageFill  Stage = "fill"  // inserts new nodes below it
	StagePlace Stage = "place" // moves them to their places
	StageClear Stage = "clear" // takes away what is left below
)

// Phase of an Intent.
type Phase string

// Phases: prepared before sending, ambiguous after an unclear answer.
const (
	Prepared  Phase = "prepared"
	Ambiguous Phase = "ambiguous"
)

// IntentInsert is one new node of an Intent.
type IntentInsert struct {
	Node    outline.NodeID    `json:"node"` // ours
	Parent  outline.ServiceID `json:"parent"`
	Under   outline.NodeID    `json:"under,omitempty"` // the parent in our ids, where Parent is not known
	Index   int               `json:"index"`
	Digest  uint64            `json:"digest,omitempty"` // of the fields, as the engine computes it
	Text    uint64            `json:"text,omitempty"`   // digest of the content alone
	Long    bool              `json:"long,omitempty"`   // the text says enough to be known by itself
	Bound   outline.ServiceID `json:"bound,omitempty"`
	Again   bool              `json:"again,omitempty"`   // a second copy was found after it was bound
	Suspect outline.ServiceID `json:"suspect,omitempty"` // new there, may be this one, changed: a person is told if it is inserted again
}

// Inflight returns the open request of a document ("" for files), nil for none.
func (tx *Tx) Inflight(doc outline.FileID) (*Intent, error) {
	var in Intent
	ok, err := tx.getJSON(bucketInflight, docPrefix(doc), &in)
	if !ok || err != nil {
		return nil, err
	}
	return &in, nil
}

// PutInflight opens a request, or replaces the document's open one.
func (tx *Tx) PutInflight(in *Intent) error {
	if err := in.check(); err != nil {
		return err
	}
	return tx.putJSON(bucketInflight, docPrefix(in.Doc), in)
}

// DropInflight closes the open request of a document, if there is one.
func (tx *Tx) DropInflight(doc outline.FileID) error {
	return tx.remove(bucketInflight, docPrefix(doc))
}

// AllInflight returns every open request.
func (tx *Tx) AllInflight() ([]*Intent, error) {
	return tx.intents(bucketInflight, nil)
}

// Fenced returns the ambiguous requests of a document that were read once, in
// the order of their request ids.
func (tx *Tx) Fenced(doc outline.FileID) ([]*Intent, error) {
	return tx.intents(bucketFenced, docPrefix(doc))
}

// PutFenced keeps an ambiguous request, or replaces the one of its id.
func (tx *Tx) PutFenced(in *Intent) error {
	if err := in.check(); err != nil {
		return err
	}
	return tx.putJSON(bucketFenced, docKey(in.Doc, in.RequestID), in)
}

// DropFenced forgets an ambiguous request, if it is there.
func (tx *Tx) DropFenced(doc outline.FileID, requestID string) error {
	return tx.remove(bucketFenced, docKey(doc, requestID))
}

// Ledger returns the requests of a document that are closed after an ambiguity,
// in the order of their request ids.
func (tx *Tx) Ledger(doc outline.FileID) ([]*Intent, error) {
	return tx.intents(bucketLedger, docPrefix(doc))
}

// PutLedger keeps a closed request, or replaces the one of its id.
func (tx *Tx) PutLedger(in *Intent) error {
	if err := in.check(); err != nil {
		return err
	}
	return tx.putJSON(bucketLedger, docKey(in.Doc, in.RequestID), in)
}

// DropLedger forgets a closed request, if it is there.
func (tx *Tx) DropLedger(doc outline.FileID, requestID string) error {
	return tx.remove(bucketLedger, docKey(doc, requestID))
}

func (in *Intent) check() error {
	if err := checkID("request id", in.RequestID); err != nil {
		return err
	}
	if in.Doc == "" {
		return nil
	}
	return checkID("document id", in.Doc)
}

func (tx *Tx) intents(bucket string, prefix []byte) ([]*Intent, error) {
	var out []*Intent
	for k := range valuesWith(tx.bucket(bucket), prefix) {
		in := new(Intent)
		if _, err := tx.getJSON(bucket, k, in); err != nil {
			return nil, err
		}
		out = append(out, in)
	}
	return out, nil
}

// Bury remembers a service id that is known dead, so that no match revives it, and
// which node of ours it was.
func (tx *Tx) Bury(doc outline.FileID, id outline.ServiceID, was outline.NodeID) error {
	if err := checkID("service id", id); err != nil {
		return err
	}
	return tx.putSealed(bucketTomb, docKey(doc, string(id)), []byte(was))
}

// Exhume forgets that a service id was taken for dead.
func (tx *Tx) Exhume(doc outline.FileID, id outline.ServiceID) error {
	return tx.remove(bucketTomb, docKey(doc, string(id)))
}

// Buried tells which service ids are known dead, and which nodes of ours they were:
// "" where an earlier version of the program has not written that down.
func (tx *Tx) Buried(doc outline.FileID) (map[outline.ServiceID]outline.NodeID, error) {
	dead := make(map[outline.ServiceID]outline.NodeID)
	for k, v := range valuesWith(tx.bucket(bucketTomb), docPrefix(doc)) {
		was, err := unseal(k, v)
		if err != nil {
			return nil, err
		}
		dead[outline.ServiceID(k[len(doc)+1:])] = outline.NodeID(was)
	}
	return dead, nil
}
