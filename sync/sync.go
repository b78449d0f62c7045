// Package sync is the engine that keeps a local outline and a service in step:
// it pulls what changed there, sends what changed here, and never loses or
// doubles an edit, whatever becomes of a request or its answer.
//
// # There is no retry, only a new plan
//
// The service has no idempotency key and no compare-and-set, and its answers
// get lost. So nothing is ever sent again because an answer was unclear. The
// engine reads the document, finds out what landed, rebases the log onto what
// it read, and plans anew. Edits, moves and deletes are planned against an
// observed tree, which makes them safe to plan again; for inserts the question
// is which new nodes are ours, and match.go answers it.
//
// (One exception: a server that announces request ids may be sent the very same
// request again, and answers from its memory. Our own server does.)
//
// # What is believed
//
//	base      the document as last read in full; nothing else changes it
//	log       our edits that no read has shown yet
//	expected  base and what the service acknowledged since
//	work      base and the whole log: what the user sees
//
// An Ok acknowledges a record, a read confirms it. Confirmation is the merge:
// a record that the read shows leaves the log (merge.go, history.go). A plan is
// the difference between expected and work (plan.go), so edits coalesce.
//
// # Order of durable writes
//
//	T1   an edit is in the log               before the user is answered
//	T2   the request is written down, and    before its first byte is sent
//	     the rate budget less its cost
//	T3   its answer: ids bound, records acknowledged, the request closed;
//	     or not sent / refused: closed; or unclear: marked ambiguous
//	T4   a read: new base, bindings, rebased log, trash; one transaction
//
// A crash leaves either no open request, and a plan is made, or one without an
// answer, which is settled like an ambiguous one (resolve.go). An ambiguous
// request goes behind a fence after the first read: until the fence ends, its
// inserts that no read has shown are not planned again, since the service may
// still be about to make them. How long depends on the class of the failure, and
// only time that has surely passed counts (fence.go); all else of the document
// goes on meanwhile. A new node that looks like one of them is taken for it at once
// (match.go, altered.go), so that nobody sees an item twice; should it be somebody's
// who wrote the same, ours comes late and stands beside it.
//
// # Staging nodes
//
// After any unclear answer, for an hour or until enough were clear, new nodes no
// longer go straight to their places; with the option strict they never do, and
// deep trees do not either where that is sooner. One node of ours is made at the
// end of the document; the new ones are put flat below it; moves bring them to
// their places; it is deleted (staging.go). What stands below it is ours by
// construction, however often and however late a request arrives, so nothing is
// ever there twice and no fence is needed. No base and no view holds it: a read
// is taken without it (unstage.go). What somebody else puts there takes its place.
//
// # Late copies
//
// A request that was in doubt goes to a ledger for a day, one that was answered or
// refused for ten minutes (ledger.go). When a read shows what a late copy of it did,
// against what was decided since, that is taken back, once (late.go). A second copy
// of a new node is deleted, to the trash, if it is as it was sent, its text or the
// rest of its request proves that it is ours, and either as many copies can still
// come, or it stands where a second delivery puts it and did not come alone: with some
// of the request in the same moment, or with all of it; else it stays. Of each a
// person is told, also of what others have moved or changed meanwhile (spare.go,
// fresh.go).
//
// # A database that is not the one that sent last
//
// The number of the last request is also kept elsewhere (origin.go). A database
// behind it was restored or copied: its inserts are looked for in a full read, and
// those that it does not show wait for a person. Staging nodes that were made after the
// backup bear its mark, and are emptied and taken away (lost.go). A request that it has
// forgotten can arrive again: a person is told of an item that is twice (forgotten.go).
//
// # Merge
//
// Three-way, by node and register (content, note, each mark, parent, place),
// with base as the ancestor. What only one side changed is taken. A text that
// both changed is merged by words (text.go); where both changed the same words
// ours stay and their whole text becomes a child. An edit wins over a delete;
// what has lost its parent goes below one node for it. A move wins over a delete,
// and over another move unless it would put a node below itself; a new place
// among the same siblings gives way to both. Where a node is to stand is told by
// where the whole log leaves it, not by the neighbours of one record (order.go).
// Nothing is decided by a clock. What
// the service deletes is kept in the trash, and whatever gave way is told
// (notice.go) with what it takes to have it back.
//
// What the service has taken and a read does not show (history.go, structure.go):
// an old value or place is sent once more and then stands; a node that is missing,
// or not deleted, is asked for again at pauses that grow while this has no effect; a text that only looks
// different (form.go) is taken; another value came after ours and stands.
//
// # Moves between documents
//
// The service knows none. The copy is inserted there and the source deleted here,
// and never is the delete sent before a read has shown the copy (copies.go). What
// others do to the source meanwhile is done to the copy (leave.go).
//
// # What is not believed
//
// A read that contradicts itself, is older than the last one, lacks too much, or
// belongs to another account is held (ErrHeld; hold.go, trust.go): the base stays,
// the document is not pushed, local work goes on. Another content under
// the same version is believed when it is shown again a minute later, and
// contradictions when that is the third time (mend.go). An older version, another account and a large deletion (guard.go)
// need a person's word, which is given by Decide and names what it is about
// (verdict.go); no hold ever expires. Deletions of ours that no person made by hand
// wait in the same way before they are sent (guardhere.go).
//
// Nodes that cannot be reached are left alone, unless a deletion or move of ours
// may have cut them off: then they are copied back, and deleted, with a copy in the
// trash, when a read shows the copies (strays.go, rescue.go).
//
// A document that is missing from two file lists is archived: it stays, to be
// read only, and what was on its way to it goes to a document of its own
// (missing.go, archive.go). One that is closed to us stays with its edits parked.
//
// # Files
//
// Folders and documents have a log of their own, with the document "" (files.go).
// A new file is made under a title that carries its ULID, found by it, and
// renamed, unless the server keeps request ids.
//
// # Rounds
//
// Engine.Once does one round: settle, list, pull, push, read back. Engine.Run
// is one goroutine that calls it at intervals, after edits, when asked, and when
// the network has changed, with growing pauses while the service does not answer
// (run.go, pace.go). A document that fails while the service answers is put off
// by itself (delay.go).
//
// # Large and small requests
//
// A service can drop what is large for hours and let pass what is small. So each
// is judged apart (fare.go), by bytes: a request that did not get through makes
// the next ones smaller, down to one change; after several of them large ones
// are tried one at a time, minutes apart, and all else goes on (room.go). Rate
// budget is written down as spent before it is spent (budget.go).
package sync
