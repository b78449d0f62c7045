package doctor

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestRunGoesOnAfterAFault(t *testing.T) {
	var told []string
	all := Run(t.Context(), []Check{
		{"one", func(context.Context) []Finding { return []Finding{Good("fine")} }},
		{"two", func(context.Context) []Finding { panic("of its own") }},
		{"three", func(context.Context) []Finding { return []Finding{Bad(Warning, "do this", "so so"), Skip("not now")} }},
	}, func(f Finding) { told = append(told, f.Check+" "+string(f.Level)) })
	if want := []string{"one ok", "two error", "three warning", "three skipped"}; !slices.Equal(told, want) || len(all) != 4 {
		t.Errorf("told %q, want %q", told, want)
	}
	if Worst(all) != Error || Worst(all[2:]) != Warning || Worst(nil) != OK {
		t.Error("the worst finding is not told")
	}
}

func TestClock(t *testing.T) {
	for ahead, want := range map[time.Duration]Level{
		0: OK, -30 * time.Second: OK, 5 * time.Minute: Warning, -5 * time.Minute: Warning, 48 * time.Hour: Error,
	} {
		service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.ContentLength > 0 {
				t.Error("the request has a body")
			}
			w.Header().Set("Date", time.Now().Add(-ahead).UTC().Format(http.TimeFormat))
		}))
		f := Clock(t.Context(), service.Client().Transport, service.URL)
		service.Close()
		if f.Level != want || want != OK && (f.Remedy == "" || !strings.Contains(f.Text, "of this machine")) {
			t.Errorf("%v ahead: got %+v, want %s", ahead, f, want)
		}
	}
	gone := httptest.NewServer(nil)
	gone.Close()
	if f := Clock(t.Context(), http.DefaultTransport, gone.URL); f.Level != Skipped {
		t.Errorf("no answer: got %+v", f)
	}
}

func TestKernelsThatLoseFastCommits(t *testing.T) {
	for release, want := range map[string]bool{
		"4.19.0-26-amd64": false, "5.9.16": false, "5.10.0-9-amd64": true, "5.10.93": true, "5.10.94": false, "5.11.22": true,
		"5.14.21": true, "5.15.26-generic": true, "5.15.27": false, "5.16.20": true, "5.17.0": false, "6.1.0": false, "strange": false,
	} {
		if got := kernelLosesFastCommits(release); got != want {
			t.Errorf("%s: got %v", release, got)
		}
	}
}

func TestMountOf(t *testing.T) {
	const text = `22 27 0:21 / /proc rw,nosuid - proc proc rw
27 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
90 27 0:45 / /mnt/nas rw - nfs4 nas:/export rw
91 27 0:45 /sub /mnt/again rw - nfs4 nas:/export rw
`
	if m, ok := mountOf(text, "254:0"); !ok || m.kind != "ext4" || m.source != "/dev/vda" || m.point != "/" {
		t.Errorf("got %+v, %v", m, ok)
	}
	if m, ok := mountOf(text, "0:45"); !ok || m.point != "/mnt/again" || remote(m.kind) == "" {
		t.Errorf("got %+v, %v", m, ok)
	}
	if _, ok := mountOf(text, "8:1"); ok {
		t.Error("a device that is not mounted was found")
	}
	for kind, bad := range map[string]bool{"ext4": false, "xfs": false, "btrfs": false, "zfs": false, "cifs": true, "fuse.sshfs": true, "tmpfs": true, "vfat": true} {
		if (remote(kind) != "") != bad {
			t.Errorf("%s: got %q", kind, remote(kind))
		}
	}
}

func TestFoldersOfCloudPrograms(t *testing.T) {
	marks := func(p string) bool { return p == filepath.FromSlash("/home/ana/shared/.stfolder") }
	for path, want := range map[string]string{
		"/home/ana/.local/share/outlast": "", "/home/ana/Dropbox/outlast": "Dropbox", "/Users/ana/OneDrive - Firm/x": "OneDrive",
		"/Users/ana/Library/Mobile Documents/x": "iCloud Drive", "/home/ana/shared/deep/outlast": "Syncthing", "/home/ana/dropbox-notes": "",
	} {
		if got := syncedBy(filepath.FromSlash(path), marks); got != want {
			t.Errorf("%s: got %q, want %q", path, got, want)
		}
	}
}

func TestPrivate(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("modes are of Unix")
	}
	dir := t.TempDir()
	open, closed := filepath.Join(dir, "open"), filepath.Join(dir, "closed")
	for path, mode := range map[string]os.FileMode{open: 0o644, closed: 0o600} {
		if err := os.WriteFile(path, nil, mode); err != nil {
			t.Fatal(err)
		}
	}
	if found := Private(closed, filepath.Join(dir, "absent")); len(found) != 1 || found[0].Level != OK {
		t.Errorf("got %+v", found)
	}
	found := Private(open, closed)
	if len(found) != 1 || found[0].Level != Warning || found[0].Remedy != "chmod 600 "+open {
		t.Errorf("got %+v", found)
	}
}

// On the machine of the test every check of the system gives findings with a remedy
// or without fault.
func TestSystemChecksAnswer(t *testing.T) {
	dir := t.TempDir()
	for _, f := range slices.Concat(FileSystem(dir), SyncedFolder(dir), Watching(1), Watching(0)) {
		if f.Text == "" || (f.Level == Warning || f.Level == Error) == (f.Remedy == "") {
			t.Errorf("got %+v", f)
		}
	}
}
