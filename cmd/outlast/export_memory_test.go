package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"outlast/internal/outline"
	"outlast/internal/outline/outlinetest"
	"outlast/store"
)

// An export of a large document takes no more memory than one of a small one: no
// tree of it is built, and what was read of the database's file is given back.
func TestExportStreams(t *testing.T) {
	switch {
	case runtime.GOOS != "linux":
		t.Skip("the memory of a process is read from /proc")
	case underRace:
		t.Skip("the race detector takes memory of its own")
	}
	const nodes, limit = 200_000, 60 // MB; with a tree it is 160
	if peak := exportPeak(t, largeHome(t, nodes), nodes); peak > limit {
		t.Errorf("%.0f MB for %d nodes, want %d at most", peak, nodes, limit)
	}
}

// BenchmarkExport runs the program on a document that the service has shown.
func BenchmarkExport(b *testing.B) {
	if runtime.GOOS != "linux" {
		b.Skip("the memory of a process is read from /proc")
	}
	for _, k := range []int{200, 1000} {
		b.Run(fmt.Sprintf("size=%dk", k), func(b *testing.B) {
			home, peak := largeHome(b, k*1000), 0.0
			for b.Loop() {
				peak = max(peak, exportPeak(b, home, k*1000))
			}
			b.ReportMetric(peak, "peak-MB")
		})
	}
}

// largeHome returns a home with a document of that many nodes.
func largeHome(t testing.TB, nodes int) string {
	t.Helper()
	home := t.TempDir()
	db, err := store.Open(store.Options{Path: filepath.Join(home, "outlast.db"), Create: true, NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	err = db.Update(func(tx *store.Tx) error {
		d := outlinetest.Generate(1, nodes)
		files := outline.NewFiles("folder")
		f := outline.File{ID: d.ID, Kind: outline.DocumentKind, Title: "Large", Permission: outline.Owner}
		if err := files.Append("folder", f); err != nil {
			return err
		}
		if err := tx.PutBaseFiles(files); err != nil {
			return err
		}
		_, err := tx.PutBase(d, nil, time.Unix(1_000, 0))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	return home
}

// exportPeak exports the document with the program and returns the most memory
// that it has held, in MB, near the end: as long as this side does not read on, it
// cannot go on either.
func exportPeak(t testing.TB, home string, nodes int) float64 {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), program, "--home", home, "export", "Large")
	cmd.Args[0] = "outlast" // as which the test's own program is the product
	cmd.Env = append(os.Environ(), "OUTLAST_KEYRING=off", "GORACE=atexit_sleep_ms=0")
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	const last = 10_000 // nodes that no pipe holds
	lines, seen := bufio.NewScanner(out), 0
	for seen < nodes-last && lines.Scan() {
		if bytes.Contains(lines.Bytes(), []byte("<outline ")) {
			seen++
		}
	}
	status, statusErr := os.ReadFile(fmt.Sprintf("/proc/%d/status", cmd.Process.Pid))
	for lines.Scan() {
		if bytes.Contains(lines.Bytes(), []byte("<outline ")) {
			seen++
		}
	}
	_, _ = io.Copy(io.Discard, out)
	if err := cmd.Wait(); err != nil || statusErr != nil || seen != nodes {
		t.Fatalf("%d nodes of %d: %v, %v", seen, nodes, err, statusErr)
	}
	var kB float64
	if _, after, ok := bytes.Cut(status, []byte("VmHWM:")); ok {
		_, _ = fmt.Sscan(string(after), &kB)
	}
	if kB == 0 {
		t.Fatalf("no VmHWM in\n%s", status)
	}
	return kB * 1024 / 1e6
}
