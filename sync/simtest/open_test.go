package simtest

import "strings"

// open are invariants that do not hold yet, by the beginning of what a failure
// says. The list is to become empty.
func open() map[string]string {
	return map[string]string{
		"I1: client":   "a read that does not make sense is taken",
		"I3":           "copies in strict mode",
		"I4":           "lost inserts",
		"I5":           "lost texts",
		"I6: a file":   "spare documents",
		"I6":           "not in step",
		"I7: node":     "orphans",
		"round":        "rounds fail",
		"I2":           "forgotten",
		"I16":          "other versions",
		"I9":           "not asked for",
		"I10":          "sent behind a fence",
		"I11: unknown": "",
	}
}

// isOpen returns why a failure is known, "" if it is not.
func isOpen(_ *Result, failure string) string {
	best := ""
	for prefix := range open() {
		if strings.HasPrefix(failure, prefix) && len(prefix) > len(best) {
			best = prefix
		}
	}
	return open()[best]
}
