package osservice

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"time"

	"github.com/kardianos/service"

	"outlast/internal/atomicfile"
)

// answerLimit is how long the manager may take: stopping waits for the service.
const answerLimit = 30 * time.Second

// unitFolder is where the library puts units, and where a user's systemd looks.
func unitFolder() (string, error) {
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("find the folder of units: %w", err)
	}
	return filepath.Join(home, ".config", "systemd", "user"), nil
}

// Files returns what Install writes.
func (s Spec) Files(string) ([]File, error) {
	dir, err := unitFolder()
	if err != nil {
		return nil, err
	}
	return s.SystemdFiles(dir), s.check(unsafeInUnit)
}

// Install writes the units, enables and starts them. What is installed already is
// replaced. When the manager does not take them, nothing stays behind.
func Install(ctx context.Context, s Spec, log string) error {
	files, err := s.Files(log)
	if err != nil {
		return err
	}
	if err := systemctl(ctx, "show-environment"); err != nil {
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
	for _, f := range files[1:] {
		if err := atomicfile.Write(f.Path, []byte(f.Text), 0o644); err != nil {
			return err
		}
	}
	// The library refuses to write over a unit.
	if err := os.Remove(files[0].Path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	svc, err := s.systemd(files[0].Text)
	if err != nil {
		return err
	}
	if err := svc.Install(); err != nil {
		return fmt.Errorf("install %s: %w", files[0].Path, err)
	}
	if err := systemctl(ctx, "enable", "--now", s.checkName()+".timer"); err != nil {
		return err
	}
	return systemctl(ctx, "restart", s.Name+".service")
}

func (s Spec) systemd(unit string) (service.Service, error) {
	return s.library("linux-systemd", []string{"daemon"}, service.KeyValue{"UserService": true, "SystemdScript": unit})
}

// Uninstall stops, disables and removes the units. A manager that does not answer
// keeps no file: without it nothing of them runs.
func Uninstall(ctx context.Context, s Spec) error {
	dir, err := unitFolder()
	if err != nil {
		return err
	}
	_ = systemctl(ctx, "disable", "--now", s.checkName()+".timer", s.Name+".service")
	for _, f := range s.SystemdFiles(dir) {
		paths := []string{f.Path}
		for _, wants := range []string{"default.target.wants", "timers.target.wants"} { // what disable would have removed
			paths = append(paths, filepath.Join(dir, wants, filepath.Base(f.Path)))
		}
		for _, path := range paths {
			if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return fmt.Errorf("remove the service: %w", err)
			}
		}
	}
	_ = systemctl(ctx, "daemon-reload")
	return nil
}

// Start starts the service.
func Start(ctx context.Context, s Spec) error { return s.control(ctx, "start") }

// Stop stops the service until the next login or Start, and waits for its end.
func Stop(ctx context.Context, s Spec) error { return s.control(ctx, "stop") }

func (s Spec) control(ctx context.Context, verb string) error {
	if !Installed(s.Name) {
		return ErrNotInstalled
	}
	return systemctl(ctx, verb, s.Name+".service")
}

// Read asks how the service is.
func Read(_ context.Context, s Spec) (Status, error) {
	if !Installed(s.Name) {
		return Status{State: NotThere}, nil
	}
	st := Status{Check: exists(s.checkName() + ".timer"), AfterLogout: lingers()}
	svc, err := s.systemd("")
	if err != nil {
		return st, err
	}
	if st.State, err = stateOf(svc); err != nil && strings.Contains(err.Error(), "failed state") {
		st.State, err = Failed, nil
	}
	if st.State == NotThere { // the file is there, so it is the manager that is not
		st.State = Unknown
	}
	return st, err
}

// Installed tells whether a service of this name is installed. It looks at one
// file and asks nobody.
func Installed(name string) bool { return exists(name + ".service") }

func exists(unit string) bool {
	dir, err := unitFolder()
	if err != nil {
		return false
	}
	_, err = os.Stat(filepath.Join(dir, unit))
	return err == nil
}

// lingers tells whether the user's manager goes on after logging out.
func lingers() *bool {
	u, err := user.Current()
	if err != nil {
		return nil
	}
	_, err = os.Stat(filepath.Join("/var/lib/systemd/linger", u.Username))
	stays := err == nil
	return &stays
}

// systemctl asks the user's manager for something.
func systemctl(ctx context.Context, args ...string) error {
	ctx, cancel := context.WithTimeout(ctx, answerLimit)
	defer cancel()
	out, err := exec.CommandContext(ctx, "systemctl", append([]string{"--user"}, args...)...).CombinedOutput()
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return fmt.Errorf("%w: this system has no systemctl", ErrUnsupported)
	case err != nil:
		lines := strings.Split(strings.TrimSpace(string(out)), "\n")
		return fmt.Errorf("systemctl --user %s: %s (%w)", args[0], lines[len(lines)-1], err)
	}
	return nil
}

// Journal returns the command that prints what an installed service has logged:
// since a time, or the last lines when that is zero. It is nil where the service
// keeps a file instead.
func Journal(name string, since time.Time, lines int, follow bool) []string {
	if !Installed(name) {
		return nil
	}
	command := []string{
		"journalctl", "--no-pager", "--output=cat", "--user-unit=" + name + ".service", "--user-unit=" + name + "-check.service",
	}
	if since.IsZero() {
		command = append(command, fmt.Sprintf("--lines=%d", lines))
	} else {
		command = append(command, fmt.Sprintf("--since=@%d", since.Unix()))
	}
	if follow {
		command = append(command, "--follow")
	}
	return command
}
