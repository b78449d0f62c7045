// Command outlast keeps an outline on this machine, in step with its service
// while that answers, and open to every edit while it does not.
//
// One command is one file. A command parses its flags, makes one or two calls
// and prints; it decides nothing about outlines. All that touches the outline
// goes through the handler of internal/web, by the daemon's socket when a daemon
// runs and inside this process otherwise (door.go), so no command exists twice.
//
// Data goes to the standard output, talk to the standard error. Whatever goes
// wrong becomes an exit code and three lines for a person in one place (exit.go).
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// The second Ctrl-C ends the process at once, whatever it is doing.
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run is the whole program but for the process around it. It returns the exit code.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) (code int) {
	a := &app{in: stdin, out: stdout, err: stderr}
	defer func() {
		if cause := recover(); cause != nil {
			code = a.reportPanic(cause)
		}
	}()
	root := a.rootCommand()
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	cmd, err := root.ExecuteContextC(ctx)
	_, a.called, _ = strings.Cut(cmd.CommandPath(), " ")
	if err == nil {
		err = a.unsaid
	}
	return a.report(ctx, err)
}

// reportPanic tells a person about our own bug without a stack, which -vv adds.
func (a *app) reportPanic(cause any) int {
	if a.flags.verbose > 1 {
		fmt.Fprintf(a.err, "%v\n%s", cause, debug.Stack())
	}
	return a.tell(failure{
		code: exitError,
		what: "stopped by a fault of its own",
		safe: "every edit that was accepted is on this disk",
		next: "run it again with -vv and report what it prints; read it first, it can quote your text",
	})
}
