package main

import (
	"io"
	"os"
)

// terminalName tells apart the terminals that `:3` belongs to: each remembers its
// own last list. Without a terminal all share one name, so that a script can use
// the numbers of its own ls.
func terminalName(streams ...io.Reader) string {
	if name := os.Getenv("OUTLAST_TERMINAL"); name != "" {
		return name
	}
	for _, s := range streams {
		if isTerminal(s) {
			return ttyName(s.(*os.File)) + "#" + session()
		}
	}
	return "default"
}
