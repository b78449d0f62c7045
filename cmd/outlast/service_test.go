package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"outlast/internal/config"
	"outlast/internal/dynalist"
	"outlast/internal/server"
)

// process is a program that a script has started.
type process struct {
	cmd *exec.Cmd
	log string // file with its standard error
}

// startProcess starts outlast with the environment of the script and returns the
// first line that it prints, if one is waited for.
func startProcess(ts *testscript.TestScript, name string, wait bool, args ...string) (*process, string, error) {
	cmd := exec.Command(filepath.Join(binDir(ts), "outlast"), args...)
	cmd.Dir = ts.Getenv("WORK")
	for _, key := range []string{"PATH", "HOME", "XDG_RUNTIME_DIR", "OUTLAST_HOME", "OUTLAST_KEYRING", "OUTLAST_DESKTOP", "GORACE", "TMPDIR"} {
		if v := ts.Getenv(key); v != "" {
			cmd.Env = append(cmd.Env, key+"="+v)
		}
	}
	p := &process{cmd: cmd, log: filepath.Join(ts.Getenv("WORK"), name+".log")}
	log, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, "", err
	}
	defer log.Close()
	cmd.Stderr = log
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, "", err
	}
	if err := cmd.Start(); err != nil {
		return nil, "", err
	}
	if !wait {
		return p, "", nil
	}
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		said, _ := os.ReadFile(p.log)
		return nil, "", errors.Join(fmt.Errorf("%s ended: %s", name, said), p.stop(os.Kill))
	}
	return p, line, nil
}

// binDir finds the folder in which testscript has put the program.
func binDir(ts *testscript.TestScript) string {
	for _, dir := range filepath.SplitList(ts.Getenv("PATH")) {
		if _, err := os.Stat(filepath.Join(dir, "outlast")); err == nil {
			return dir
		}
	}
	return ""
}

func (p *process) stop(sig os.Signal) error {
	if err := p.cmd.Process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	err := p.cmd.Wait()
	if _, ended := errors.AsType[*exec.ExitError](err); ended && sig == os.Kill {
		return nil
	}
	return err
}

// scriptService plays a service:
//
//	service start          sets SERVICE, TOKEN_FILE and TOKEN; again at the same port
//	service stop
//	service fill FILE      puts the documents of a sample file into it
//	service permit TITLE N sets the permission of a document; it must be stopped
//	service second         starts another one: SECOND and SECOND_TOKEN_FILE
//	service has TEXT       [!] a node with this text is there, once
func scriptService(ts *testscript.TestScript, neg bool, args []string) {
	s := stateOf(ts)
	if len(args) == 0 || neg && args[0] != "has" {
		ts.Fatalf("usage: service start|second|stop|fill|permit|has")
	}
	switch args[0] {
	case "start":
		ts.Check(s.startService(ts))
	case "second":
		ts.Check(s.startSecond(ts))
	case "stop":
		ts.Check(s.service.stop(syscall.SIGTERM))
		s.service = nil
	case "fill":
		remote, err := scriptRemote(ts)
		ts.Check(err)
		_, err = fillAccount(context.Background(), remote, parseSample(ts.ReadFile(args[1])))
		ts.Check(err)
		list, err := remote.Files(context.Background())
		ts.Check(err)
		for title, id := range documents(list) {
			s.docs[title] = string(id)
		}
	case "permit":
		ts.Check(permit(ts, args[1], args[2]))
	case "has":
		remote, err := scriptRemote(ts)
		ts.Check(err)
		w, err := readWorld(context.Background(), remote)
		ts.Check(err)
		if n := len(w.with(args[1])); n > 1 || (n == 1) == neg {
			ts.Fatalf("%q is at the service %s", args[1], times(n))
		}
	default:
		ts.Fatalf("unknown: service %s", args[0])
	}
}

// startSecond starts another service with an account of its own, at the same port
// as before.
func (s *scriptState) startSecond(ts *testscript.TestScript) error {
	listen := "127.0.0.1:0"
	if old := ts.Getenv("SECOND"); old != "" {
		listen = strings.TrimSuffix(strings.TrimPrefix(old, "http://"), "/api/v1/")
	}
	p, line, err := startProcess(ts, "second", true, "serve", "--json", "--limits", "off",
		"--home", filepath.Join(s.dir, "second"), "--listen", listen)
	if err != nil {
		return err
	}
	s.second = p
	var told serving
	if err := json.Unmarshal([]byte(line), &told); err != nil {
		return err
	}
	ts.Setenv("SECOND", told.Address)
	if told.TokenFile != nil {
		ts.Setenv("SECOND_TOKEN_FILE", *told.TokenFile)
	}
	return nil
}

func (s *scriptState) startService(ts *testscript.TestScript) error {
	listen := "127.0.0.1:0"
	if old := ts.Getenv("SERVICE"); old != "" {
		listen = strings.TrimSuffix(strings.TrimPrefix(old, "http://"), "/api/v1/")
	}
	p, line, err := startProcess(ts, "service", true, "serve", "--json", "--limits", "off",
		"--home", filepath.Join(s.dir, "standby"), "--listen", listen)
	if err != nil {
		return err
	}
	s.service = p
	var told serving
	if err := json.Unmarshal([]byte(line), &told); err != nil {
		return err
	}
	ts.Setenv("SERVICE", told.Address)
	if told.TokenFile != nil {
		token, err := os.ReadFile(*told.TokenFile)
		if err != nil {
			return err
		}
		ts.Setenv("TOKEN_FILE", *told.TokenFile)
		ts.Setenv("TOKEN", strings.TrimSpace(string(token)))
	}
	return nil
}

func scriptRemote(ts *testscript.TestScript) (*dynalist.Client, error) {
	token := ts.Getenv("TOKEN")
	return dynalist.New(dynalist.Config{Server: ts.Getenv("SERVICE"), Token: func() string { return token }})
}

// permit changes the permission of a document in the data of a stopped service.
func permit(ts *testscript.TestScript, title, permission string) error {
	n, err := strconv.Atoi(permission)
	if err != nil {
		return err
	}
	id := stateOf(ts).docs[title]
	if id == "" {
		return fmt.Errorf("%q was not filled in", title)
	}
	srv, err := server.Open(server.Config{Path: filepath.Join(ts.Getenv("WORK"), "standby", "server", "server.db")})
	if err != nil {
		return err
	}
	return errors.Join(srv.SetPermission(id, n), srv.Close())
}

// scriptDaemon plays the background service: daemon start|stop|kill|quit.
func scriptDaemon(ts *testscript.TestScript, neg bool, args []string) {
	s := stateOf(ts)
	if neg || len(args) != 1 {
		ts.Fatalf("usage: daemon start|stop|kill|quit")
	}
	switch args[0] {
	case "start":
		p, _, err := startProcess(ts, "daemon", false, "daemon", "-v")
		ts.Check(err)
		s.daemon = p
		ts.Setenv("DAEMON_PID", strconv.Itoa(p.cmd.Process.Pid))
		ts.Check(waitForSocket(ts.Getenv("OUTLAST_HOME")))
	case "stop":
		ts.Check(s.daemon.stop(syscall.SIGTERM))
		s.daemon = nil
	case "kill":
		ts.Check(s.daemon.stop(os.Kill))
		s.daemon = nil
	case "quit": // with the stacks of all goroutines, as after a fault
		if err := s.daemon.stop(syscall.SIGQUIT); err == nil {
			ts.Fatalf("the daemon ended well")
		}
		s.daemon = nil
	default:
		ts.Fatalf("unknown: daemon %s", args[0])
	}
}

// waitForSocket waits until somebody listens for a home; a socket that a killed process
// left behind refuses.
func waitForSocket(dir string) error {
	home, err := config.Resolve(dir)
	if err != nil {
		return err
	}
	path := home.Socket
	for range 1000 {
		c, err := net.Dial("unix", path)
		if err == nil {
			return c.Close()
		}
		time.Sleep(10 * time.Millisecond)
	}
	return fmt.Errorf("nobody listens on %s", path)
}

// scriptEchoer plays a hostile service, or one in between, that gives back what it is
// sent in every place that an answer has, another one each time: echoer start sets
// SERVICE.
func scriptEchoer(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 || args[0] != "start" {
		ts.Fatalf("usage: echoer start")
	}
	var asked atomic.Int64
	echo := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		quoted, _ := json.Marshal(string(body))
		var q struct{ Token string }
		_ = json.Unmarshal(body, &q)
		switch asked.Add(1) % 7 {
		case 0:
			w.WriteHeader(http.StatusBadGateway)
			fmt.Fprintf(w, "<html>%s</html>", body)
		case 1:
			fmt.Fprintf(w, `{"_code":"Invalid","_msg":%s}`, quoted)
		case 2:
			fmt.Fprintf(w, `{"_code":%s}`, quoted)
		case 3:
			w.Header().Set("Location", "https://elsewhere.example/?token="+q.Token)
			w.WriteHeader(http.StatusTemporaryRedirect)
		case 4:
			w.Header().Set("Retry-After", q.Token)
			fmt.Fprintf(w, `{"_code":"TooManyRequests","_msg":"slow down, %s"}`, q.Token)
		case 5:
			fmt.Fprintf(w, `{"_code":"Ok","root_file_id":%q,"files":[{"id":%q,"type":%q}]}`, q.Token, q.Token, q.Token)
		case 6:
			fmt.Fprintf(w, "%s", body) // what was asked is no answer
		}
	}))
	stateOf(ts).echo = echo
	ts.Setenv("SERVICE", echo.URL+"/api/v1/")
}

// refuser is a service that takes no token and counts how often it was asked.
type refuser struct {
	server *httptest.Server
	asked  atomic.Int64
}

// scriptRefuser plays one:
//
//	refuser start          sets SERVICE
//	refuser asked N        it was asked N times, no more
func scriptRefuser(ts *testscript.TestScript, neg bool, args []string) {
	s := stateOf(ts)
	switch {
	case neg || len(args) == 0:
		ts.Fatalf("usage: refuser start|asked N")
	case args[0] == "start":
		r := &refuser{}
		r.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			r.asked.Add(1)
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprint(w, `{"_code":"InvalidToken","_msg":"no such token"}`)
		}))
		s.refuser = r
		ts.Setenv("SERVICE", r.server.URL+"/api/v1/")
	case args[0] == "asked" && len(args) == 2:
		if got := strconv.FormatInt(s.refuser.asked.Load(), 10); got != args[1] {
			ts.Fatalf("the service was asked %s times, want %s", got, args[1])
		}
	default:
		ts.Fatalf("unknown: refuser %s", args[0])
	}
}
