package simtest

import (
	"slices"
	"strings"
)

// isOpen returns why a failure is known, "" if it is not. Nothing is, when the
// product is what it is to be.
func isOpen(r *Result, failure string) string {
	orphans := func(f string) bool { return strings.HasPrefix(f, "I7: node") }
	if orphans(failure) || strings.HasPrefix(failure, "I4") && slices.ContainsFunc(r.Failures, orphans) {
		return "nodes that a delete has put out of reach are not brought back"
	}
	return ""
}
