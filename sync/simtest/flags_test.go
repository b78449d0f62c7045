package simtest

import (
	"flag"
	"os"
	"runtime"
	"runtime/debug"
	"testing"
)

var (
	first   = flag.Uint64("sim.first", 0, "seed of the first history")
	count   = flag.Int("sim.count", 0, "number of histories; 0 for few")
	as      = flag.String("sim.as", "", "direct: all in that mode, with 2 % faults; strict: with 30 %, and 20 % of others' writes")
	verbose = flag.Bool("sim.trace", false, "print what happens")
	stop    = flag.Bool("sim.stop", false, "end at the first failure")
	bugs    = flag.Bool("sim.bugs", false, "plant bugs and look for them")
	save    = flag.String("sim.save", "", "keep what the histories came to in this file, and judge nothing")
	load    = flag.String("sim.load", "", "judge what is kept in this folder, and play nothing")
	workers = flag.Int("sim.workers", runtime.GOMAXPROCS(0), "histories at a time")
)

// TestMain lets garbage lie for longer: a history makes much of it and is short.
// Nobody asks where it was made, but with -test.memprofilerate.
func TestMain(m *testing.M) {
	debug.SetGCPercent(400)
	runtime.MemProfileRate = 0
	m.Run()
}

// histories is how many to run.
func histories() int {
	switch {
	case *count > 0:
		return *count
	case testing.Short():
		return 20
	}
	return 60
}

// memoryDir returns a folder for databases: on a file system in memory where
// there is one, since nothing here is to survive.
func memoryDir(t *testing.T) string {
	t.Helper()
	const shm = "/dev/shm"
	if info, err := os.Stat(shm); err != nil || !info.IsDir() {
		return t.TempDir()
	}
	dir, err := os.MkdirTemp(shm, "outlast-sim-")
	if err != nil {
		return t.TempDir()
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}
