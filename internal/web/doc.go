// Package web is the one door to the outline: an http.Handler with every call
// of the program, and its Client. The background service serves it on a Unix
// socket; without one the command line hosts the same handler in its own
// process (InProcess). So no command exists twice, and the database is opened
// by one process only.
//
// # Calls
//
// Each call is a POST of JSON to /api/<call>; see api.go. The handler resolves
// names, checks what is asked, and makes one transaction of the store per
// command. Errors are answered by one table (errors.go) and come back to the
// caller as the sentinels they were.
//
// # Monitors
//
// NewWatcher is another handler, for a listener on this machine: whether edits are
// saved, and the state in numbers for who has the token. It reaches no call.
//
// # Repeats
//
// A change carries a group, a ULID made by its caller. The ids of its
// operations and of the nodes it makes follow from the group alone, and the
// store records an operation once. A request sent again, because its answer
// was lost, therefore changes nothing and is answered from the history.
package web
