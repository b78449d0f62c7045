// Package doctor looks for what is wrong or will go wrong around the program, and
// says for each finding what to do about it. It changes nothing.
//
// A check is a name and a function that returns findings; what needs the database,
// the settings or the token is handed in by the program. Checks run one after the
// other, each within a deadline, and one that falls over is a finding of its own.
//
// Here are the checks of the system around us: modes of files, file systems and
// kernels that are known to lose data, folders that a cloud program rewrites, limits
// of watching, the clock. And here is the probe, which tries on a scratch document
// what others have observed of the service and what the client relies on: F1 to F24,
// see probe.go.
package doctor

import (
	"context"
	"fmt"
	"time"
)

// Level is how bad a finding is.
type Level string

// The levels.
const (
	OK      Level = "ok"
	Skipped Level = "skipped" // could not be checked; the text says why
	Warning Level = "warning" // works, and may not for ever
	Error   Level = "error"   // does not work, or is not safe
)

// Finding is what a check has found.
type Finding struct {
	Check  string `json:"check"`
	Level  Level  `json:"level"`
	Text   string `json:"text"`
	Remedy string `json:"remedy"` // "" when there is nothing to do
}

// Check looks at one thing.
type Check struct {
	Name string
	Run  func(context.Context) []Finding
}

// limit is how long a check may take.
const limit = 2 * time.Minute

// Run carries out checks in order, gives each finding to tell at once, and returns
// them all. It ends early when ctx does.
func Run(ctx context.Context, checks []Check, tell func(Finding)) []Finding {
	all := []Finding{}
	for _, c := range checks {
		if ctx.Err() != nil {
			return all
		}
		for _, f := range run(ctx, c) {
			f.Check = c.Name
			all = append(all, f)
			tell(f)
		}
	}
	return all
}

func run(ctx context.Context, c Check) (found []Finding) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	defer func() {
		if cause := recover(); cause != nil {
			found = append(found, Finding{Level: Error, Text: fmt.Sprintf("the check itself failed: %v", cause), Remedy: "report this"})
		}
	}()
	return c.Run(ctx)
}

// Good is a finding without fault.
func Good(format string, args ...any) Finding {
	return Finding{Level: OK, Text: fmt.Sprintf(format, args...)}
}

// Bad is a finding with what to do about it.
func Bad(level Level, remedy, format string, args ...any) Finding {
	return Finding{Level: level, Text: fmt.Sprintf(format, args...), Remedy: remedy}
}

// Skip is a check that could not be made.
func Skip(format string, args ...any) Finding {
	return Finding{Level: Skipped, Text: fmt.Sprintf(format, args...)}
}

// Worst returns the worst level of some findings.
func Worst(all []Finding) Level {
	worst := OK
	rank := map[Level]int{OK: 0, Skipped: 0, Warning: 1, Error: 2}
	for _, f := range all {
		if rank[f.Level] > rank[worst] {
			worst = f.Level
		}
	}
	return worst
}
