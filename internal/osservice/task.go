package osservice

import "strings"

// taskArgs returns the arguments of schtasks that make the hourly job. The Task
// Scheduler makes up for a missed hour with the next one, which is soon enough.
func (s Spec) taskArgs() []string {
	line := "cmd /C \"" + s.windowsCommand("snapshot", "take", "--if-due", "--quiet") + " & " + s.windowsCommand("status", "--check") + "\""
	return []string{"/Create", "/F", "/TN", s.checkName(), "/SC", "HOURLY", "/TR", line}
}

// windowsCommand quotes every word; a quote cannot stand in a path there.
func (s Spec) windowsCommand(command ...string) string {
	words := append([]string{s.Program}, s.args(command...)...)
	for i, w := range words {
		words[i] = `"` + strings.ReplaceAll(w, `"`, "") + `"`
	}
	return strings.Join(words, " ")
}
