// Package health judges the state of the program: from facts, which the
// database and the running parts give, to one word, its reasons, and a level
// for monitors. The judgement is a pure function, so that every state can be
// shown by a table of facts.
package health
