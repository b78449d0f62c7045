package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"outlast/internal/outline"
	"outlast/internal/web"
	"outlast/sync"
)

// story is the demo's plot. Each step says in a sentence what came of it, or which
// check failed.
type story struct {
	*stage
	reader  sync.Remote // an independent client
	start   *world      // the account before any edit
	edits   []demoEdit  // all of ours
	foreign []foreignEdit
	end     *world
}

func (s *story) startService(ctx context.Context) (string, error) {
	var err error
	if s.service, s.address, err = s.stage.start(ctx, s.address); err != nil {
		return "", err
	}
	token, _, err := s.service.CreateToken(ctx)
	if err != nil {
		return "", err
	}
	s.token = token
	if err := os.WriteFile(s.tokenFile, []byte(token+"\n"), 0o600); err != nil {
		return "", err
	}
	s.reader, err = s.remote(s.address)
	return "listening on " + s.address, err
}

func (s *story) fillService(ctx context.Context) (string, error) {
	folders, err := fillAccount(ctx, s.reader, sample())
	if err != nil {
		return "", err
	}
	if s.start, err = readWorld(ctx, s.reader); err != nil {
		return "", err
	}
	return fmt.Sprintf("%s in %s, %s", plural(len(s.start.docs), "document"), plural(folders, "folder"),
		plural(len(s.start.items), "item")), nil
}

// mirror sets up the client and compares what it holds with the service.
func (s *story) mirror(ctx context.Context) (string, error) {
	began := time.Now()
	cmd, err := s.outlast(ctx, "init", "--quiet", "--server", s.server(), "--token-file", s.tokenFile)
	if err != nil {
		return "", err
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("set up the client: %w\n%s", err, out)
	}
	took := time.Since(began)
	if err := s.startClient(ctx); err != nil {
		return "", err
	}
	if err := s.compareMirror(ctx, s.start); err != nil {
		return "", err
	}
	return fmt.Sprintf("%s read in %d ms; the copy equals the service", plural(len(s.start.docs), "document"), took.Milliseconds()), nil
}

// editOnline makes one edit while all is well and waits until the service has it.
func (s *story) editOnline(ctx context.Context) (string, error) {
	edit := demoEdit{kind: "add", name: "Inbox", text: "an idea from the time before the outage", in: "Inbox"}
	began := time.Now()
	if err := edit.make(ctx, s.door); err != nil {
		return "", err
	}
	s.edits = append(s.edits, edit)
	saved := time.Since(began)
	if _, err := s.door.Sync(ctx, web.SyncRequest{}, nil); err != nil {
		return "", err
	}
	w, err := readWorld(ctx, s.reader)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("1 item added: on the disk after %d ms, at the service after %d ms",
		saved.Milliseconds(), time.Since(began).Milliseconds()), edit.check(w)
}

// stopService ends the service. A round must then say so, and nothing else.
func (s *story) stopService(ctx context.Context) (string, error) {
	err := s.service.end()
	s.service = nil
	if err != nil {
		return "", err
	}
	_, err = s.door.Sync(ctx, web.SyncRequest{}, nil)
	if !errors.Is(err, web.ErrUnreachable) {
		return "", fmt.Errorf("a round without a service: got %v, want %v", err, web.ErrUnreachable)
	}
	return fmt.Sprintf("service stopped; the client says: %v", err), nil
}

func (s *story) editOffline(ctx context.Context) (string, error) {
	edits := offlineEdits()
	began := time.Now()
	for _, e := range edits {
		if err := e.make(ctx, s.door); err != nil {
			return "", err
		}
	}
	took := time.Since(began)
	s.edits = append(s.edits, edits...)
	return fmt.Sprintf("%s accepted in %d ms, each on the disk before it was answered: %s",
		plural(len(edits), "edit"), took.Milliseconds(), countKinds(edits)), nil
}

func (s *story) killClient(ctx context.Context) (string, error) {
	pid := s.client.Process.Pid
	if err := s.stage.killClient(); err != nil {
		return "", err
	}
	began := time.Now()
	if err := s.startClient(ctx); err != nil {
		return "", err
	}
	return fmt.Sprintf("client %d killed without warning; the new one answers after %d ms",
		pid, time.Since(began).Milliseconds()), nil
}

// showQueue checks that the edits of the killed client are all in its successor.
func (s *story) showQueue(ctx context.Context) (string, error) {
	q, err := s.door.Queue(ctx)
	if err != nil {
		return "", err
	}
	groups := map[string]bool{}
	for _, e := range q.Waiting {
		groups[e.Group] = true
	}
	if want := len(offlineEdits()); len(groups) != want {
		return "", fmt.Errorf("%d of %d edits are in the queue", len(groups), want)
	}
	status, err := s.statusOf(ctx)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s wait, 0 lost; state: %s", plural(len(groups), "edit"), status.Status.State), nil
}

// serviceReturns brings the service back at its old address and lets the client
// send. The service it finds has changed meanwhile.
func (s *story) serviceReturns(ctx context.Context) (string, error) {
	var err error
	if s.service, _, err = s.stage.start(ctx, s.address); err != nil {
		return "", err
	}
	began := time.Now()
	res, err := s.door.Sync(ctx, web.SyncRequest{List: true}, nil)
	if err != nil {
		return "", err
	}
	for _, f := range res.Failed {
		return "", fmt.Errorf("%s: %s", f.Title, f.Error)
	}
	q, err := s.door.Queue(ctx)
	if err != nil {
		return "", err
	}
	if n := len(q.Waiting) + len(q.Parked); n > 0 {
		return "", fmt.Errorf("%s still in the queue", plural(n, "edit"))
	}
	return fmt.Sprintf("service back; merged and sent in %d ms, nothing waits, %s", time.Since(began).Milliseconds(),
		plural(res.Conflicts, "conflict")), nil
}

// foreignEdit is a change that another client makes during the outage.
type foreignEdit struct {
	step sync.Step
	doc  outline.ServiceID
	text string // by which it is found afterwards
}
