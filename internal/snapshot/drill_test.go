package snapshot

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"outlast/internal/atomicfile"
	"outlast/internal/outline"
	"outlast/store"
)

func clocksOf(t T, db *store.DB) (c Clocks) {
	t.Helper()
	err := db.View(func(tx *store.Tx) (err error) {
		c, err = ReadClocks(tx)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestDrillRestoresAndComparesAndKeepsItsResult(t *testing.T) {
	db, dir := open(t), t.TempDir()
	docs := generated(3, 40)
	docs[2].Append(docs[2].Root(), "odd", outline.Fields{Content: "bell \a", Extra: `{"x": [1]}`})
	load(t, db, docs...)
	take(t, db, options(dir))
	edit(t, db, docs[0].ID, "changed, and in the second snapshot")
	take(t, db, options(dir))
	edit(t, db, docs[1].ID, "changed since, and in none")
	got, err := Drill(t.Context(), db, options(dir))
	if err != nil || got.Documents != 6 || got.Mirror != 2 || len(got.Names) != 2 || got.Nodes < 2*3*39 {
		t.Errorf("got %+v, %v", got, err)
	}
	if c := clocksOf(t, db); !c.LastDrill.Equal(got.At) || c.DrillTrouble != "" || c.LastVerified.IsZero() {
		t.Errorf("got %+v", c)
	}
	for _, name := range names(t, dir) {
		if atomicfile.IsTemp(strings.TrimSuffix(name, "/")) {
			t.Errorf("%s was left", name)
		}
	}
}

func TestDrillFindsWhatWouldNotComeBack(t *testing.T) {
	db, dir := open(t), t.TempDir()
	docs := generated(2, 40)
	load(t, db, docs...)
	info := take(t, db, options(dir))
	good, err := Drill(t.Context(), db, options(dir))
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(info.Path, filepath.FromSlash(manifestOf(t, info).Documents[0].Exact.Path))
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	whole[len(whole)/2] ^= 1
	if err := os.WriteFile(path, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Drill(t.Context(), db, options(dir)); !errors.Is(err, ErrUnverified) {
		t.Errorf("got %v, want ErrUnverified", err)
	}
	if c := clocksOf(t, db); !c.LastDrill.Equal(good.At) || c.DrillTrouble == "" || !c.DrillTried.After(good.At) {
		t.Errorf("got %+v", c)
	}
}

func TestDrillOfNothingIsNoProof(t *testing.T) {
	if got, err := Drill(t.Context(), open(t), options(t.TempDir())); !errors.Is(err, ErrMissing) || got.Problem == "" {
		t.Errorf("got %+v, %v", got, err)
	}
}

func TestRunDrillsEveryWeekAndADayAfterAFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		db, dir := open(t), t.TempDir()
		load(t, db, generated(1, 10)...)
		var at []time.Time
		runner := &Runner{DB: db, Options: options(dir), DrillEvery: 7 * 24 * time.Hour, OnDrill: func(d DrillResult, err error) {
			if err != nil {
				t.Error(err)
			}
			at = append(at, d.At)
		}}
		ctx, cancel := context.WithTimeout(t.Context(), 15*24*time.Hour)
		defer cancel()
		if err := runner.Run(ctx); err != nil {
			t.Error(err)
		}
		if len(at) != 3 {
			t.Fatalf("%d drills in 15 days: %v", len(at), at)
		}
		for i := range at[1:] {
			if gap := at[i+1].Sub(at[i]); gap < 7*24*time.Hour || gap > 7*24*time.Hour+time.Minute {
				t.Errorf("a gap of %s", gap)
			}
		}
	})
	failed := Clocks{DrillTried: noon(), DrillTrouble: "x"}
	if drillDue(noon().Add(23*time.Hour), failed, 7*24*time.Hour) || !drillDue(noon().Add(24*time.Hour), failed, 7*24*time.Hour) {
		t.Error("a failed drill is tried again a day later")
	}
	if !drillDue(noon().Add(-2*time.Hour), Clocks{DrillTried: noon()}, 7*24*time.Hour) {
		t.Error("a drill in the future counts as long ago")
	}
}
