package main

import (
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"outlast/store"
)

// scriptPlant leaves the database as the engine does in a state that a script cannot
// wait for, while nothing has it open: plant starting|degraded|stale.
func scriptPlant(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: plant STATE")
	}
	now := time.Now()
	db, err := store.Open(store.Options{Path: filepath.Join(ts.Getenv("OUTLAST_HOME"), "outlast.db")})
	ts.Check(err)
	err = db.Update(func(tx *store.Tx) error {
		a, err := tx.Account()
		if err != nil {
			return err
		}
		switch args[0] {
		case "starting":
			a.LastSync = time.Time{}
		case "degraded":
			a.Fares.Small = store.Fare{Passed: 50, Last: now}
			a.Fares.Sent = store.Fare{Failed: 5, Row: 5, Last: now, Since: now.Add(-4 * time.Minute), Bytes: 3000}
		case "stale":
			a.LastSync = now.Add(-25 * time.Hour)
		default:
			return errors.New("no such state")
		}
		return tx.PutAccount(a)
	})
	ts.Check(errors.Join(err, db.Close()))
}

// scriptWaiter plays a service that takes connections at its address and never
// answers: waiter start|stop.
func scriptWaiter(ts *testscript.TestScript, neg bool, args []string) {
	s := stateOf(ts)
	switch {
	case neg || len(args) != 1:
		ts.Fatalf("usage: waiter start|stop")
	case args[0] == "start":
		at := strings.TrimSuffix(strings.TrimPrefix(ts.Getenv("SERVICE"), "http://"), "/api/v1/")
		l, err := net.Listen("tcp", at)
		ts.Check(err)
		s.waiter = l
	default:
		ts.Check(s.waiter.Close())
		s.waiter = nil
	}
}

// isRoot tells whether modes of files mean nothing to this process.
func isRoot() bool { return os.Geteuid() == 0 }
