package simtest

import (
	"outlast/sync"
	"outlast/sync/remotetest"
)

// enough is how many histories bring everything about that mustOccur names.
const enough = 5000

// mustOccur is what has to happen at least once in many histories: each fault,
// each class of outcome, each cell of the merge table. Seeds are fixed, so it
// happens in each run or in none.
func mustOccur() []string {
	names := []string{
		"X9 read-only",
		"X11 insert", "X11 insert of the same text", "X11 edit", "X11 check", "X11 move", "X11 cycle", "X11 delete", "X11 orphans",
		"X12 kill before a request", "X12 kill before an answer", "X12 kill before a commit", "X12 kill after a commit",
		"X12 kill twice", "X12 old database restored", "X12 database copied",
		"X13 commit fails", "X13 commit fails after it was written", "X13 disk full", "X13 locked",
		"X14 clock", "X14 skew",
		"X16 move to another document", "X16 move to another document taken back",
		"X16 edit during a round", "X16 other client during a request",
		"X17 closed", "X17 moved", "X17 deleted", "X19 form",
		"class ok", "R1 written over", "decided deletion-there", "decided deletion-here",
	}
	for _, k := range remotetest.Kinds() {
		names = append(names, k.Name)
	}
	for _, c := range []sync.Class{sync.NotSent, sync.Rejected, sync.Partial, sync.Done, sync.Cut, sync.Late} {
		names = append(names, "class "+string(c))
	}
	for _, ours := range sync.Acts() {
		for _, theirs := range sync.Acts() {
			names = append(names, "merge "+string(ours)+"/"+string(theirs))
		}
	}
	return names
}
