// Package arch holds the rules that the shape of this program rests on, as tests.
//
// The import table (table_test.go) says which package may import which, and which
// package owns each module of others. The source rules (source_test.go) forbid a
// few constructs in what ships. Each finding gives its reason, so that whoever
// meets one can judge whether to change the code or the table.
//
// Packages and files are found with go list. Every file counts, also those of
// other systems and of other build tags; packages that the table names and nobody
// has written yet do not matter.
package arch
