// Package osservice makes the program a background service of the system it runs
// on, for the person who is logged in: a unit of the user's systemd, an agent of
// launchd, a service of Windows.
//
// Each installation has two parts. One is the service itself, `outlast daemon`.
// The other is a job of the system's own clock that runs `outlast snapshot take
// --if-due` and then `outlast status --check` every hour, and after a time in which
// the machine was off or asleep. It does not need the service: dated copies go on,
// and somebody is told, when the service is what has failed.
//
// What the files say is made by pure functions (systemd.go, launchd.go, task.go),
// so that it is tested everywhere; what talks to the system (control_*.go) is
// compiled for its own system alone. The service part goes by kardianos/service,
// which knows the managers; a job beside it is beyond that library, and is made
// here.
//
// The text of the systemd unit is written by hand: it is hardened with all that
// needs no namespace, since many user managers cannot make one and would then not
// start the service at all. It does not forbid memory that is written and executed:
// token_command may be a program with a just-in-time compiler.
//
// macOS and Windows are compiled and were never run by us.
package osservice

import (
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
)

// Sentinels of this package.
var (
	// ErrUnsupported: this system has no service manager that we know.
	ErrUnsupported = errors.New("no service manager that outlast knows")
	// ErrNotInstalled: there is nothing to start, stop or ask.
	ErrNotInstalled = errors.New("the service is not installed")
)

// Spec says what to install.
type Spec struct {
	Name    string            // of the service, by which it is found again
	Program string            // absolute path
	Home    string            // absolute path for --home, "" for the standard folders
	Env     map[string]string // variables that the service is to see; never a secret
	// Account and Password are those that a service of Windows runs under; other
	// systems know who installs it.
	Account, Password string
}

// File is one file of an installation.
type File struct {
	Path string
	Text string
}

// State is how far a service is.
type State string

// The states.
const (
	Running  State = "running"
	Stopped  State = "stopped"
	Failed   State = "failed"
	NotThere State = "not installed"
	Unknown  State = "unknown" // the manager does not answer
)

// Status is what is known of an installation.
type Status struct {
	State State
	Check bool // the hourly job is there
	// AfterLogout tells whether the service goes on when its user logs out; nil
	// where that is not known.
	AfterLogout *bool
}

// checkName is the name of the hourly job.
func (s Spec) checkName() string { return s.Name + "-check" }

// args returns the arguments of one command of the service.
func (s Spec) args(command ...string) []string {
	if s.Home == "" {
		return command
	}
	return append(command, "--home", s.Home)
}

// variables returns Env in order, each as NAME and value.
func (s Spec) variables() [][2]string {
	var all [][2]string
	for _, name := range slices.Sorted(maps.Keys(s.Env)) {
		all = append(all, [2]string{name, s.Env[name]})
	}
	return all
}

// check refuses what a service manager could not be told; the path of the program
// may not hold certain characters for some.
func (s Spec) check(notInProgram string) error {
	if strings.ContainsAny(s.Program, notInProgram) {
		return fmt.Errorf("the path %q of the program cannot be written into the definition of a service", s.Program)
	}
	values := []string{s.Program, s.Home}
	for _, v := range s.variables() {
		values = append(values, v[0], v[1])
	}
	for _, v := range values {
		// Two braces would be read as a template by the library.
		if strings.ContainsAny(v, "\x00\r\n") || strings.Contains(v, "{{") {
			return fmt.Errorf("%q cannot be written into the definition of a service", v)
		}
	}
	if !filepath.IsAbs(s.Program) || s.Home != "" && !filepath.IsAbs(s.Home) {
		return errors.New("a service needs absolute paths")
	}
	return nil
}
