package osservice

import (
	"context"
	"errors"

	"github.com/kardianos/service"
)

// Run runs fn until its context ends: under the control of Windows when that has
// started this process as a service, else as it is.
func Run(ctx context.Context, fn func(context.Context) error) error {
	if service.Interactive() {
		return fn(ctx)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	p := &program{run: func() error { return fn(ctx) }, cancel: cancel, ended: make(chan error, 1)}
	svc, err := service.New(p, &service.Config{Name: "outlast"})
	if err != nil {
		return err
	}
	err = svc.Run()
	return errors.Join(err, p.err)
}

// program is fn as the library starts and stops it.
type program struct {
	run    func() error
	cancel context.CancelFunc
	ended  chan error
	err    error
}

// Start must return at once.
func (p *program) Start(svc service.Service) error {
	go func() {
		err := p.run()
		p.ended <- err
		if err != nil {
			_ = svc.Stop() // else Windows would show a service that runs
		}
	}()
	return nil
}

func (p *program) Stop(service.Service) error {
	p.cancel()
	p.err = <-p.ended
	return p.err
}
