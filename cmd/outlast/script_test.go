package main

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

// TestMain makes the test binary the program itself when a script calls it.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"outlast": main})
}

// TestScripts plays the scripts, each with a home, a service and a clean
// environment of its own.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:   filepath.Join("testdata", "script"),
		Setup: cleanEnvironment,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"service":  scriptService,
			"refuser":  scriptRefuser,
			"echoer":   scriptEchoer,
			"hook":     scriptHook,
			"plant":    scriptPlant,
			"waiter":   scriptWaiter,
			"daemon":   scriptDaemon,
			"nosecret": scriptNoSecret,
			"exits":    scriptExits,
			"setfrom":  scriptSetFrom,
			"until":    scriptUntil,
		},
		Condition: func(cond string) (bool, error) {
			if cond == "linux-proc" {
				_, err := os.Stat("/proc/self/cmdline")
				return err == nil, nil
			}
			if cond == "root" {
				return isRoot(), nil
			}
			return false, fmt.Errorf("unknown condition %q", cond)
		},
	})
}

// cleanEnvironment keeps the user's own settings and keyring out of a script.
func cleanEnvironment(env *testscript.Env) error {
	var kept []string
	for _, v := range env.Vars {
		if !strings.HasPrefix(v, "OUTLAST_") && !strings.HasPrefix(v, "XDG_") {
			kept = append(kept, v)
		}
	}
	home := filepath.Join(env.WorkDir, "user")
	env.Vars = append(kept,
		"HOME="+home,
		"XDG_RUNTIME_DIR="+filepath.Join(env.WorkDir, "run"),
		"OUTLAST_HOME="+filepath.Join(env.WorkDir, "h"),
		"OUTLAST_KEYRING=off",
		"OUTLAST_DESKTOP=off",
		"NO_COLOR=1",
		"GORACE=atexit_sleep_ms=0", // else each command under the race detector waits a second
	)
	state := &scriptState{dir: env.WorkDir, docs: map[string]string{}}
	env.Values[scriptKey{}] = state
	env.Defer(func() { state.end() })
	return os.MkdirAll(home, 0o700)
}

type scriptKey struct{}

// scriptState is what one script has started.
type scriptState struct {
	dir     string
	docs    map[string]string // ids at the service, by title
	service *process
	second  *process
	daemon  *process
	refuser *refuser
	echo    *httptest.Server
	hook    *scriptReceiver
	waiter  net.Listener
}

func stateOf(ts *testscript.TestScript) *scriptState {
	return ts.Value(scriptKey{}).(*scriptState)
}

func (s *scriptState) end() {
	for _, p := range []*process{s.service, s.second, s.daemon} {
		if p != nil {
			_ = p.stop(os.Kill)
		}
	}
	if s.waiter != nil {
		_ = s.waiter.Close()
	}
	if s.hook != nil {
		s.hook.Close()
	}
	if s.refuser != nil {
		s.refuser.server.Close()
	}
	if s.echo != nil {
		s.echo.Close()
	}
}

// scriptExits runs a command and compares its exit code: exits N COMMAND ARG...
func scriptExits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits N COMMAND ARG...")
	}
	err := ts.Exec(args[1], args[2:]...)
	code := 0
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		code = exit.ExitCode()
	} else if err != nil {
		ts.Fatalf("run %s: %v", args[1], err)
	}
	if strconv.Itoa(code) != args[0] {
		ts.Fatalf("exit code %d, want %s", code, args[0])
	}
}

// scriptSetFrom sets a variable to the output of the last command:
// setfrom NAME.
func scriptSetFrom(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: setfrom NAME")
	}
	ts.Setenv(args[0], strings.TrimSpace(ts.ReadFile("stdout")))
}

// scriptNoSecret fails if the token stands in any file of the script but those
// that are meant to hold it, or in the last outputs. A daemon may be at work
// meanwhile: what goes away under the walk, such as a temporary file, is passed by.
func scriptNoSecret(ts *testscript.TestScript, neg bool, _ []string) {
	if neg {
		ts.Fatalf("usage: nosecret")
	}
	token := ts.Getenv("TOKEN")
	if token == "" {
		ts.Fatalf("no token was made yet")
	}
	for _, stream := range []string{"stdout", "stderr"} {
		if strings.Contains(ts.ReadFile(stream), token) {
			ts.Fatalf("the token is on %s", stream)
		}
	}
	ts.Check(filepath.WalkDir(ts.Getenv("WORK"), func(path string, entry os.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() || strings.HasPrefix(entry.Name(), "token") {
			return unlessGone(err)
		}
		data, err := os.ReadFile(path)
		if err == nil && strings.Contains(string(data), token) {
			return fmt.Errorf("the token is in %s", path)
		}
		return unlessGone(err)
	}))
}

func unlessGone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
