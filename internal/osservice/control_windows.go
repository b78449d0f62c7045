package osservice

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"

	"github.com/kardianos/service"
	"golang.org/x/sys/windows/svc/mgr"
)

// Files returns none: Windows keeps services in its registry.
func (s Spec) Files(string) ([]File, error) { return nil, s.check(`"`) }

func (s Spec) service() (service.Service, error) {
	return s.library("windows-service", []string{"daemon", "--log-file"}, service.KeyValue{
		"Password": s.Password, "DelayedAutoStart": true, "OnFailure": "restart", "OnFailureDelayDuration": "30s",
	})
}

// Install makes the service, under the account of Spec, and the hourly job. It
// takes the rights of an administrator. What is installed already is replaced.
func Install(ctx context.Context, s Spec, _ string) error {
	if err := s.check(`"`); err != nil {
		return err
	}
	if err := Uninstall(ctx, s); err != nil {
		return err
	}
	svc, err := s.service()
	if err != nil {
		return err
	}
	if err := svc.Install(); err != nil {
		return fmt.Errorf("install the service: %w", err)
	}
	err = schtasks(ctx, s.taskArgs()...)
	if err == nil {
		err = svc.Start()
	}
	if err != nil {
		return errors.Join(err, Uninstall(context.WithoutCancel(ctx), s))
	}
	return nil
}

// Uninstall removes service and job.
func Uninstall(ctx context.Context, s Spec) error {
	_ = schtasks(ctx, "/Delete", "/F", "/TN", s.checkName())
	if !Installed(s.Name) {
		return nil
	}
	svc, err := s.service()
	if err != nil {
		return err
	}
	_ = svc.Stop()
	if err := svc.Uninstall(); err != nil {
		return fmt.Errorf("remove the service: %w", err)
	}
	return nil
}

// Start starts the service.
func Start(_ context.Context, s Spec) error { return s.control(service.Service.Start) }

// Stop stops the service until the next start of the machine, or Start.
func Stop(_ context.Context, s Spec) error { return s.control(service.Service.Stop) }

func (s Spec) control(verb func(service.Service) error) error {
	if !Installed(s.Name) {
		return ErrNotInstalled
	}
	svc, err := s.service()
	if err != nil {
		return err
	}
	return verb(svc)
}

// Read asks how the service is. A service of Windows runs whoever is logged in.
func Read(ctx context.Context, s Spec) (Status, error) {
	svc, err := s.service()
	if err != nil {
		return Status{}, err
	}
	stays := true
	st := Status{Check: schtasks(ctx, "/Query", "/TN", s.checkName()) == nil, AfterLogout: &stays}
	st.State, err = stateOf(svc)
	return st, err
}

// Installed tells whether a service of this name is installed.
func Installed(name string) bool {
	manager, err := mgr.Connect()
	if err != nil {
		return false
	}
	defer manager.Disconnect()
	svc, err := manager.OpenService(name)
	if err != nil {
		return false
	}
	return svc.Close() == nil
}

func schtasks(ctx context.Context, args ...string) error {
	out, err := exec.CommandContext(ctx, "schtasks", args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("schtasks %s: %s (%w)", args[0], strings.TrimSpace(string(out)), err)
	}
	return nil
}
