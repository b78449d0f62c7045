//go:build linux || darwin || windows

package osservice

import (
	"errors"
	"fmt"

	"github.com/kardianos/service"
)

// idle stands for the program where the library only installs and controls.
type idle struct{}

func (idle) Start(service.Service) error { return nil }
func (idle) Stop(service.Service) error  { return nil }

// library returns the service as the library knows it. It is asked for the manager
// by name: by itself it would fall back to one that needs root.
func (s Spec) library(manager string, command []string, options service.KeyValue) (service.Service, error) {
	for _, system := range service.AvailableSystems() {
		if system.String() != manager {
			continue
		}
		return system.New(idle{}, &service.Config{
			Name: s.Name, DisplayName: "Outlast", Description: "keeps your outline in step, and edits while its service is down",
			Executable: s.Program, Arguments: s.args(command...), EnvVars: s.Env, UserName: s.Account, Option: options,
		})
	}
	return nil, fmt.Errorf("%w: no %s", ErrUnsupported, manager)
}

// stateOf asks the manager.
func stateOf(svc service.Service) (State, error) {
	state, err := svc.Status()
	switch {
	case errors.Is(err, service.ErrNotInstalled):
		return NotThere, nil
	case err != nil:
		return Unknown, err
	case state == service.StatusRunning:
		return Running, nil
	case state == service.StatusStopped:
		return Stopped, nil
	}
	return Unknown, nil
}
