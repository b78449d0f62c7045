//go:build race

package main

// underRace tells that the race detector takes part of the memory.
const underRace = true
