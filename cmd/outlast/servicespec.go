package main

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"golang.org/x/term"

	"outlast/internal/config"
	"outlast/internal/osservice"
	"outlast/store"
)

// lingerHint says how a service outlives the session of its user.
func lingerHint() string {
	if runtime.GOOS == "linux" {
		return "; `loginctl enable-linger` lets it go on after that"
	}
	return ""
}

// knownSpec is what it takes to find an installed service again.
func (a *app) knownSpec() (osservice.Spec, error) {
	home, err := a.home()
	if err != nil {
		return osservice.Spec{}, err
	}
	return osservice.Spec{Name: serviceName(home), Home: home.Dir}, nil
}

// serviceName names the service of a home. One below a folder of its own gets a
// name made of that folder, so that several can be installed.
func serviceName(home config.Home) string {
	if home.Dir == "" {
		return "outlast"
	}
	sum := sha256.Sum256([]byte(home.Dir))
	return "outlast-" + hex.EncodeToString(sum[:4])
}

// serviceSpec returns what `service install` installs.
func (a *app) serviceSpec(s setup) (osservice.Spec, error) {
	program, err := stableProgram()
	if err != nil {
		return osservice.Spec{}, err
	}
	env, err := a.serviceEnv()
	if err != nil {
		return osservice.Spec{}, err
	}
	return osservice.Spec{Name: serviceName(s.home), Program: program, Home: s.home.Dir, Env: env}, nil
}

// stableProgram returns the path by which this program is called: that of PATH
// where that is the same file, since package managers keep it over updates. A
// program that `go run` made is gone after it.
func stableProgram() (string, error) {
	program, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("find this program: %w", err)
	}
	if strings.Contains(program, string(filepath.Separator)+"go-build") {
		return "", usage("`make install` puts it in place, then run it from there", "this program lies in a folder that is removed when it ends")
	}
	found, err := exec.LookPath("outlast")
	if err != nil {
		return program, nil
	}
	if found, err = filepath.Abs(found); err == nil && sameFile(found, program) {
		return found, nil
	}
	return program, nil
}

func sameFile(a, b string) bool {
	x, err := os.Stat(a)
	if err != nil {
		return false
	}
	y, err := os.Stat(b)
	return err == nil && os.SameFile(x, y)
}

// serviceEnv returns the variables of this run that the service needs to work as
// commands do here: a service sees nothing of a shell's. The token itself is never
// written into a file that others may read.
func (a *app) serviceEnv() (map[string]string, error) {
	if os.Getenv("OUTLAST_TOKEN") != "" {
		return nil, usage("store it with `outlast login`, unset OUTLAST_TOKEN and run this again",
			"the token is in the variable OUTLAST_TOKEN, which a service does not see")
	}
	env := map[string]string{}
	for _, name := range []string{
		"OUTLAST_TOKEN_FILE", "OUTLAST_TOKEN_COMMAND", "OUTLAST_KEYRING", "OUTLAST_DESKTOP",
		"XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME",
	} {
		if value := os.Getenv(name); value != "" {
			env[name] = value
		}
	}
	if a.flags.server != "" {
		env["OUTLAST_SERVER"] = a.flags.server
	}
	return env, nil
}

// requireDatabase refuses to install a service that would end at once.
func requireDatabase(s setup) error {
	if _, err := os.Stat(s.home.Database); errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("%w: %s", store.ErrMissing, s.home.Database)
	}
	return nil
}

// askAccount asks for what Windows wants to know of the account that a service
// runs under: without it the service would not see this person's files.
func (a *app) askAccount(spec *osservice.Spec) error {
	if runtime.GOOS != "windows" {
		return nil
	}
	in, ok := a.in.(*os.File)
	if !ok || !isTerminal(in) {
		return &failure{
			code: exitDecide, what: "Windows wants the password of your account for a service, and there is no terminal to ask on",
			safe: "nothing was changed", next: "run it in a terminal, as administrator",
		}
	}
	spec.Account = os.Getenv("USERDOMAIN") + `\` + os.Getenv("USERNAME")
	fmt.Fprintf(a.err, "password of %s, for Windows, which keeps it (not shown): ", spec.Account)
	password, err := term.ReadPassword(int(in.Fd()))
	fmt.Fprintln(a.err)
	if err != nil {
		return fmt.Errorf("read the password: %w", err)
	}
	spec.Password = string(password)
	return nil
}
