// Package alert tells a person what they have to know while they look elsewhere.
//
// A [Channel] carries one [Notice]: a notice of the desktop, a webhook, a topic of
// ntfy, an event of PagerDuty, a program that may send mail. A [Post] holds what
// is to be carried in an [Outbox], which its owner keeps over restarts, and tries
// each channel by itself, at growing pauses and a limited number of times. That a
// channel fails is a state of its own, until it works again.
//
// A notice that was sent and not acknowledged is sent once more: better told
// twice than not. Where the receiver can tell (PagerDuty, and "id" with "kind" in
// the JSON) it is one. An alarm that has not got out by the time its cause is over
// is dropped, and the recovery says what there was.
//
// # Secrets
//
// Addresses and keys are [secret.Token]s: who has the address of a topic or a
// webhook can read or write there. They stand in no error and no log; what goes
// wrong on the way is said in words of this package. Redirects are not followed,
// since they would take the notice to a host that nobody has named. A notice
// holds causes, times and counts, and no text of the outline: its maker sees to
// that (package health).
//
// # Heartbeat
//
// Post.Beat calls an address at most once an hour, and only after a round of sync
// that was verified, so that somebody else notices when none is.
package alert
