// Package health judges the state of the program, remembers what went wrong, and
// decides what a person is told of it.
//
// # State
//
// Judge is a pure function from facts, which the database and the running parts
// give, to one word, its reasons, and a level for monitors, so that every state can
// be shown by a table of facts. What is true is judged when it is asked for; nothing
// keeps a state that could be out of date. Each reason has a Cause, a cause has a
// side: the service, the network, this machine, or the person.
//
// # Clocks
//
// What raises an alarm is the absence of proof, not an error that may never be
// reported: how long ago versions were last compared with nothing left to pull and
// what is kept being what was read at them (sync compares it twice a day), a
// snapshot was verified, one was restored as a test, and how old the oldest unsent
// edit is. The limits are in judge.go.
//
// # Incidents
//
// A Journal is fed with facts about once a minute. Findings of one effect
// ("unreachable", "large", "token", ...) are one Incident, whatever causes it while
// it lasts. It is over when the facts show that, and for good five minutes later,
// since in an outage what works and what fails come and go; of large requests only
// one that passes shows it. Two observations that are far apart have seen nothing of
// the time between: the machine slept.
//
// What is told, and when, is in notice.go: after an hour for what may pass by itself,
// at once for what needs a person; once for an incident, no more than once a day for
// one effect, again if it gets worse, and once when it is over. Who is without a
// network is told nothing. Quiet hours hold back what loses nothing.
//
// A Day counts how requests of both sizes fared, for the time that was seen: what
// failed on the way to the service counts neither for nor against it.
//
// A Keeper keeps all this in the database, by month, for three years. A command that
// works without a daemon counts by Record what it did, in the commit of its outcome. No text of the
// outline gets into it: words.go has all the words.
package health
