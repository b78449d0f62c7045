package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"outlast/internal/atomicfile"
)

func (a *app) demoCommand() *cobra.Command {
	var keep string
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "play an outage with a throwaway service, and check the outcome",
		Long: `Starts a service with sample documents and a client on this machine, and plays an
outage: mirror, edit, service down, more edits, client killed and started again, a
stranger's edits meanwhile, service back. Then it reads the service by another way
and checks that every edit is there exactly once. It needs no account and no
network, ends by itself and leaves nothing behind, unless --keep says where.
Exit code 0 only if every check held.`,
		Example: "  outlast demo\n  outlast demo --keep /tmp/demo",
		Args:    args(0, 0),
		RunE:    func(cmd *cobra.Command, _ []string) error { return a.demo(cmd.Context(), keep) },
	}
	cmd.Flags().StringVar(&keep, "keep", "", "leave everything in this new `folder`")
	return cmd
}

func (a *app) demo(ctx context.Context, keep string) error {
	dir, err := demoFolder(keep)
	if err != nil {
		return err
	}
	p := &play{app: a, stage: newStage(dir), began: time.Now()}
	err = errors.Join(p.run(ctx), p.close())
	if err == nil && keep != "" {
		a.say("everything is left in %s", dir)
	}
	if keep == "" && (err == nil || ctx.Err() != nil) {
		return errors.Join(err, os.RemoveAll(dir))
	}
	if err == nil || ctx.Err() != nil {
		return err
	}
	return &failure{
		code: exitError, what: "demo: " + p.step, err: err,
		safe: "your own outline has no part in this", next: "look into " + dir + ", then remove it",
	}
}

// demoFolder returns a new folder: the one asked for, or one in the user's cache.
func demoFolder(keep string) (string, error) {
	if keep != "" {
		dir, err := filepath.Abs(keep)
		if err != nil {
			return "", err
		}
		if entries, err := os.ReadDir(dir); err == nil && len(entries) > 0 {
			return "", usage("give a folder that does not exist yet", "%s is not empty", dir)
		}
		return dir, atomicfile.MkdirAll(dir)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", usage("say --keep DIR", "no place for the demo's files: %v", err)
	}
	if err := atomicfile.MkdirAll(cache); err != nil {
		return "", err
	}
	return os.MkdirTemp(cache, "outlast-demo-")
}

// play is one run of the story.
type play struct {
	app   *app
	stage *stage
	began time.Time
	steps []demoStep // told so far
	step  string     // the one under way
}

// demoStep is a line of the story, also in demo --json.
type demoStep struct {
	Step string `json:"step"`
	Text string `json:"text"`
	Ms   int64  `json:"ms"`
}

func (p *play) close() error { return p.stage.close() }

// run plays the story: one function a step, each of which says what came of it.
func (p *play) run(ctx context.Context) error {
	s := &story{stage: p.stage}
	for _, step := range []struct {
		name string
		do   func(context.Context) (string, error)
	}{
		{"service", s.startService},
		{"sample", s.fillService},
		{"mirror", s.mirror},
		{"edit", s.editOnline},
		{"outage", s.stopService},
		{"offline", s.editOffline},
		{"kill", s.killClient},
		{"queue", s.showQueue},
		{"stranger", s.strangerEdits},
		{"return", s.serviceReturns},
		{"check", s.checkService},
		{"mirror", s.checkMirror},
		{"snapshot", s.checkSnapshot},
	} {
		if err := p.tell(ctx, step.name, step.do); err != nil {
			return err
		}
	}
	took := time.Since(p.began)
	if p.app.flags.json {
		return p.app.printJSON(map[string]any{"ok": true, "steps": p.steps, "ms": took.Milliseconds()})
	}
	p.app.print("done in %.1f s: every check held", took.Seconds())
	return nil
}

// tell plays a step and prints its line; on a terminal its name stands there
// while it is under way.
func (p *play) tell(ctx context.Context, name string, do func(context.Context) (string, error)) error {
	p.step = name
	busy := isTerminal(p.app.out) && !p.app.flags.json
	if busy {
		fmt.Fprintf(p.app.out, "%2d  %-9s …", len(p.steps)+1, name)
	}
	began := time.Now()
	text, err := do(ctx)
	if busy {
		fmt.Fprint(p.app.out, "\r\x1b[K")
	}
	if err != nil {
		return err
	}
	p.steps = append(p.steps, demoStep{name, text, time.Since(began).Milliseconds()})
	if !p.app.flags.json {
		p.app.print("%2d  %-9s %s", len(p.steps), name, text)
	}
	return nil
}
