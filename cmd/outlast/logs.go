package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"outlast/internal/osservice"
)

// lastLines is how many lines are shown when nobody says since when.
const lastLines = 200

func (a *app) logsCommand() *cobra.Command {
	var (
		follow bool
		since  time.Duration
		level  string
	)
	cmd := &cobra.Command{
		Use:   "logs",
		Short: "show what the background service has logged",
		Long: `Shows the log of the background service: from the journal where it runs below
systemd, else from its file (` + "`outlast config show`" + ` names it). Without --since these
are the last 200 lines.`,
		Example: "  outlast logs -f\n  outlast logs --since 24h --level warn",
		Args:    args(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			f := logFilter{}
			if level != "" {
				if err := f.level.UnmarshalText([]byte(level)); err != nil {
					return usage("write debug, info, warn or error", "no such level: %q", level)
				}
				f.leveled = true
			}
			if since < 0 {
				return usage("write it like --since 2h", "--since is before now, so it is not negative")
			}
			if since > 0 {
				f.since = time.Now().Add(-since)
			}
			return a.showLogs(cmd.Context(), f, follow)
		},
	}
	cmd.Flags().BoolVarP(&follow, "follow", "f", false, "go on until Ctrl-C")
	cmd.Flags().DurationVar(&since, "since", 0, "only the lines of this last `time`, such as 90m")
	cmd.Flags().StringVar(&level, "level", "", "only lines of this level and above: debug, info, warn, error")
	return cmd
}

func (a *app) showLogs(ctx context.Context, f logFilter, follow bool) error {
	home, err := a.home()
	if err != nil {
		return err
	}
	if command := osservice.Journal(serviceName(home), f.since, lastLines, follow); command != nil {
		return a.printJournal(ctx, command, f)
	}
	file, err := os.Open(home.LogFile)
	if errors.Is(err, fs.ErrNotExist) {
		return &failure{
			code: exitError, what: "no log is kept here: the service is not installed, and a daemon started by hand logs to its terminal",
			safe: "nothing was changed", next: "`outlast service install`, or `outlast daemon --log-file`",
		}
	}
	if err != nil {
		return fmt.Errorf("read the log: %w", err)
	}
	defer file.Close()
	return a.printLogFile(ctx, file, home.LogFile, f, follow)
}

// printJournal prints what the journal says, filtered as a file is.
func (a *app) printJournal(ctx context.Context, command []string, f logFilter) error {
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		return fmt.Errorf("read the journal: %w", err)
	}
	cmd.Stderr = a.err
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("read the journal: %w", err)
	}
	lines := bufio.NewReader(out)
	for {
		line, err := lines.ReadString('\n')
		if line != "" && f.keeps(line) {
			a.print("%s", strings.TrimSuffix(line, "\n"))
		}
		if err != nil {
			break
		}
	}
	if err := cmd.Wait(); err != nil && ctx.Err() == nil {
		return fmt.Errorf("read the journal: %w", err)
	}
	return nil
}

// printLogFile prints the end of the log, then what comes, also when the file is
// changed for a new one at its limit.
func (a *app) printLogFile(ctx context.Context, file *os.File, path string, f logFilter, follow bool) error {
	var last []string
	lines := bufio.NewReader(file)
	part, err := f.read(lines, "", func(line string) {
		last = append(last, line)
		if f.since.IsZero() && len(last) > lastLines {
			last = last[1:]
		}
	})
	if err != nil {
		return err
	}
	for _, line := range last {
		a.print("%s", line)
	}
	if !follow {
		return nil
	}
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		if part, err = f.read(lines, part, func(line string) { a.print("%s", line) }); err != nil {
			return err
		}
		if next, err := os.Open(path); err == nil {
			if replaced(file, next) {
				file.Close()
				file, lines, part = next, bufio.NewReader(next), ""
				defer next.Close()
				continue
			}
			next.Close()
		}
	}
}

// replaced tells whether a log was changed for a new one.
func replaced(old, now *os.File) bool {
	a, err := old.Stat()
	if err != nil {
		return true
	}
	b, err := now.Stat()
	return err == nil && !os.SameFile(a, b)
}

// logFilter chooses lines as slog writes them: time=… level=… msg=…. A line that
// does not begin so belongs to the one before it.
type logFilter struct {
	since   time.Time
	level   slog.Level
	leveled bool
	dropped bool // the line before
}

// read gives each whole line that is kept, and returns the beginning of one that is
// still being written.
func (f *logFilter) read(r *bufio.Reader, part string, keep func(string)) (string, error) {
	for {
		line, err := r.ReadString('\n')
		part += line
		switch {
		case errors.Is(err, io.EOF):
			return part, nil
		case err != nil:
			return part, fmt.Errorf("read the log: %w", err)
		}
		if f.keeps(part) {
			keep(strings.TrimSuffix(part, "\n"))
		}
		part = ""
	}
}

func (f *logFilter) keeps(line string) bool {
	rest, ok := strings.CutPrefix(line, "time=")
	if !ok {
		return !f.dropped
	}
	stamp, rest, _ := strings.Cut(rest, " ")
	at, err := time.Parse(time.RFC3339Nano, stamp)
	early := err == nil && at.Before(f.since)
	word, _, _ := strings.Cut(strings.TrimPrefix(rest, "level="), " ")
	var level slog.Level
	quiet := f.leveled && level.UnmarshalText([]byte(word)) == nil && level < f.level
	f.dropped = early || quiet
	return !f.dropped
}
