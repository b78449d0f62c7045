package osservice

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/kardianos/service"

	"outlast/internal/atomicfile"
)

func agentFolder() (string, error) {
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("find the folder of agents: %w", err)
	}
	return filepath.Join(home, "Library", "LaunchAgents"), nil
}

// Files returns what Install writes; log is the file of the service's own log.
func (s Spec) Files(log string) ([]File, error) {
	dir, err := agentFolder()
	if err != nil {
		return nil, err
	}
	return s.LaunchdFiles(dir, log), s.check("")
}

// Install writes the agents and loads them. What is installed already is replaced.
// When launchd does not take them, nothing stays behind.
func Install(ctx context.Context, s Spec, log string) error {
	files, err := s.Files(log)
	if err != nil {
		return err
	}
	if err := Uninstall(ctx, s); err != nil {
		return err
	}
	if err := s.write(ctx, files); err != nil {
		return errors.Join(err, Uninstall(context.WithoutCancel(ctx), s))
	}
	return nil
}

func (s Spec) write(ctx context.Context, files []File) error {
	if err := atomicfile.MkdirAll(filepath.Dir(files[0].Path)); err != nil {
		return err
	}
	if err := atomicfile.Write(files[1].Path, []byte(files[1].Text), 0o644); err != nil {
		return err
	}
	svc, err := s.agent(files[0].Text)
	if err != nil {
		return err
	}
	if err := svc.Install(); err != nil {
		return fmt.Errorf("install %s: %w", files[0].Path, err)
	}
	if err := svc.Start(); err != nil {
		return fmt.Errorf("load %s: %w", files[0].Path, err)
	}
	return launchctl(ctx, "load", files[1].Path)
}

func (s Spec) agent(plist string) (service.Service, error) {
	return s.library("darwin-launchd", []string{"daemon", "--log-file"}, service.KeyValue{"UserService": true, "LaunchdConfig": plist})
}

// Uninstall unloads and removes the agents.
func Uninstall(ctx context.Context, s Spec) error {
	dir, err := agentFolder()
	if err != nil {
		return err
	}
	for _, f := range s.LaunchdFiles(dir, "") {
		_ = launchctl(ctx, "unload", f.Path)
		if err := os.Remove(f.Path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove the service: %w", err)
		}
	}
	return nil
}

// Start starts the service.
func Start(_ context.Context, s Spec) error { return s.control(service.Service.Start) }

// Stop stops the service until the next login or Start.
func Stop(_ context.Context, s Spec) error { return s.control(service.Service.Stop) }

func (s Spec) control(verb func(service.Service) error) error {
	if !Installed(s.Name) {
		return ErrNotInstalled
	}
	svc, err := s.agent("")
	if err != nil {
		return err
	}
	return verb(svc)
}

// Read asks how the service is. Agents end when their user logs out.
func Read(_ context.Context, s Spec) (Status, error) {
	if !Installed(s.Name) {
		return Status{State: NotThere}, nil
	}
	svc, err := s.agent("")
	if err != nil {
		return Status{}, err
	}
	stays := false
	st := Status{Check: Installed(s.checkName()), AfterLogout: &stays}
	st.State, err = stateOf(svc)
	return st, err
}

// Installed tells whether an agent of this name is installed. It looks at one file.
func Installed(name string) bool {
	dir, err := agentFolder()
	if err != nil {
		return false
	}
	_, err = os.Stat(filepath.Join(dir, name+".plist"))
	return err == nil
}

func launchctl(ctx context.Context, args ...string) error {
	out, err := exec.CommandContext(ctx, "launchctl", args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("launchctl %s: %s (%w)", args[0], strings.TrimSpace(string(out)), err)
	}
	return nil
}
