// Package simtest plays histories: several clients of ours on real databases,
// somebody else's client, our server behind a network with every fault, crashes
// at every durable point and on both edges of each request, and people who edit
// meanwhile; and it checks what must hold at each step and in the end.
//
// # One seed, one history
//
// A history runs in a bubble of testing/synctest, on one goroutine. Where two
// things happen at the same time, the second runs inside the first: on an edge
// of a request (edges.go) a stranger writes, another client does a round, or the
// user edits. All chance comes from the seed, ids included, so a seed gives the
// same history each time, which TestSameSeedSameHistory shows by all that was sent,
// answered and done. A failure names its seed and how to run it again.
//
// # What is drawn
//
// scenario.go draws the profile of the service and its unknown habits, how many
// clients there are, how often requests meet faults and which, whether strangers
// write, clients are killed, clocks jump, disks fill up. With -sim.as all histories
// are played in the mode and with the faults by which that mode is judged (pin). In one
// of four, people move items to other documents and take that back (crossing.go).
//
// # What is known, and by whom
//
// The checker sees what the clients cannot: what each request truly did, however
// late and however often. It ties each new node of the service to the insert of
// the request that made it (effects.go), so that copies can be counted.
//
// # What is checked
//
//	at each request    check_send.go    I9 I10 I11 I12
//	at the service     truth.go         I7
//	after each step    check_client.go  I1
//	after a crash      check_client.go  I2
//	in the end         check_end.go     I5 I6 I8 I14 I16
//	                   count.go         I3 I4
//	                   crossing.go      I3, of what was moved to another document
//	over all           sum_test.go      I13 I15 I17, and that every fault, class and
//	                                    cell of the merge table has occurred
//
// Where a service keeps no request ids and the engine is not strict, a duplicate is
// no failure by itself, but one that the user is not told of is, and more than 5 of
// 100,000 inserts on a day with few faults are (I3).
//
// Planted bugs (bugs_test.go) show that the checks can fail.
package simtest
