package health

import (
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"outlast/internal/outline"
	"outlast/store"
	"outlast/store/storetest"
)

var at = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// good are the facts of a day on which all is well.
func good() Facts {
	yes := true
	return Facts{
		Now: at,
		Stored: Stored{
			Account: store.Account{
				Server: "https://example.org", LastContact: at.Add(-time.Minute), LastSync: at.Add(-time.Minute), LastList: at,
			},
			Documents: 22, Read: 22,
		},
		Extras: Extras{
			Daemon: &yes, Installed: true, SmallClass: ClassOK, LargeClass: ClassOK,
			Snapshots: &Snapshots{LastVerified: at.Add(-time.Hour), LastDrill: at.Add(-24 * time.Hour), DrillLimit: 8 * 24 * time.Hour},
			Disks:     []Disk{{Path: "/", Use: "data", FreeBytes: 1 << 40, Level: Fine}},
		},
	}
}

func troubled(kind string) func(*Facts) {
	return func(f *Facts) {
		f.Account.Trouble = &store.Trouble{Kind: kind, Text: "no reply in 30 s", Since: at.Add(-time.Hour), Next: at.Add(time.Minute)}
	}
}

func TestStates(t *testing.T) {
	no := false
	for name, c := range map[string]struct {
		change func(*Facts)
		state  State
		level  Level
	}{
		"well":              {func(*Facts) {}, OK, Fine},
		"nothing known":     {func(f *Facts) { *f = Facts{Now: at} }, Starting, Unknown},
		"first sync":        {func(f *Facts) { f.Account.LastSync, f.Read = time.Time{}, 3 }, Starting, Warning},
		"offline":           {troubled("offline"), Offline, Warning},
		"service fails":     {troubled("service"), Offline, Warning},
		"token":             {troubled("token"), SignedOut, Critical},
		"rate":              {troubled("rate"), Degraded, Fine},
		"hold":              {troubled("hold"), Held, Warning},
		"unknown trouble":   {troubled("else"), Degraded, Warning},
		"frozen":            {func(f *Facts) { f.Frozen = errors.New("input/output error") }, Frozen, Critical},
		"read-only":         {func(f *Facts) { f.ReadOnly = "read-only file system" }, ReadOnly, Critical},
		"held document":     {func(f *Facts) { f.Account.Held = map[string]store.Trouble{"d": {Kind: "hold", Text: "x"}} }, Held, Warning},
		"decision":          {func(f *Facts) { f.Conflicts, f.Decisions = 3, 1 }, Held, Warning},
		"notices":           {func(f *Facts) { f.Conflicts = 3 }, OK, Fine},
		"parked":            {func(f *Facts) { f.Queue.Parked = 1 }, Held, Warning},
		"large fail":        {func(f *Facts) { f.LargeClass = ClassFailing }, Degraded, Warning},
		"slow":              {func(f *Facts) { f.LargeClass = ClassSlow }, Degraded, Warning},
		"no daemon":         {func(f *Facts) { f.Daemon, f.Installed = &no, false }, AtRisk, Warning},
		"dead daemon":       {func(f *Facts) { f.Daemon = &no }, AtRisk, Critical},
		"daemon no concern": {func(f *Facts) { f.Daemon = nil }, OK, Fine},
		"sync 25 h":         {func(f *Facts) { f.Account.LastSync = at.Add(-25 * time.Hour) }, AtRisk, Critical},
		"sync 23 h":         {func(f *Facts) { f.Account.LastSync = at.Add(-23 * time.Hour) }, OK, Fine},
		"contact 61 min":    {func(f *Facts) { f.Account.LastContact = at.Add(-61 * time.Minute) }, AtRisk, Warning},
		"snapshot 27 h":     {func(f *Facts) { f.Snapshots.LastVerified = at.Add(-27 * time.Hour) }, AtRisk, Critical},
		"no snapshot":       {func(f *Facts) { f.Snapshots.LastVerified = time.Time{} }, AtRisk, Critical},
		"not told":          {func(f *Facts) { f.Snapshots = nil }, OK, Fine},
		"snapshot failed":   {func(f *Facts) { f.Snapshots.Trouble = "no room" }, AtRisk, Warning},
		"drill 9 days":      {func(f *Facts) { f.Snapshots.LastDrill = at.Add(-9 * 24 * time.Hour) }, AtRisk, Critical},
		"no drill yet": {func(f *Facts) {
			f.Snapshots.LastDrill, f.Snapshots.First = time.Time{}, at.Add(-7*24*time.Hour)
		}, OK, Fine},
		"never a drill": {func(f *Facts) {
			f.Snapshots.LastDrill, f.Snapshots.First = time.Time{}, at.Add(-9*24*time.Hour)
		}, AtRisk, Critical},
		"drill failed": {func(f *Facts) { f.Snapshots.DrillTrouble = "2 documents differ" }, AtRisk, Critical},
		"drill monthly": {func(f *Facts) {
			f.Snapshots.LastDrill, f.Snapshots.DrillLimit = at.Add(-9*24*time.Hour), 32*24*time.Hour
		}, OK, Fine},
		"no drills wanted": {func(f *Facts) {
			f.Snapshots.LastDrill, f.Snapshots.DrillLimit = at.Add(-99*24*time.Hour), 0
		}, OK, Fine},
		"unsent 16 min": {unsentFor(16 * time.Minute), AtRisk, Warning},
		"unsent 14 min": {unsentFor(14 * time.Minute), OK, Fine},
		"unsent 2 h":    {unsentFor(2 * time.Hour), AtRisk, Critical},
		"offline, 2 h":  {both(troubled("offline"), unsentFor(2*time.Hour)), Offline, Warning},
		"offline, 25 h": {both(troubled("offline"), unsentFor(25*time.Hour)), Offline, Critical},
		"disk low":      {func(f *Facts) { f.Disks[0].Level = Warning }, AtRisk, Warning},
		"disk full":     {func(f *Facts) { f.Disks[0].Level = Critical }, AtRisk, Critical},
		"disk unknown":  {func(f *Facts) { f.Disks[0].Level = Unknown }, OK, Fine},
		"alert":         {func(f *Facts) { f.AlertTrouble = "no desktop" }, AtRisk, Warning},
		"worst wins":    {both(troubled("offline"), func(f *Facts) { f.Frozen = errors.New("x") }), Frozen, Critical},
	} {
		f := good()
		c.change(&f)
		s, level := Judge(f)
		if s.State != c.state || level != c.level {
			t.Errorf("%s: got %s, %s (%v), want %s, %s", name, s.State, level, s.Reasons, c.state, c.level)
		}
		if (s.State == OK) != (len(s.Reasons) == 0) {
			t.Errorf("%s: reasons %v", name, s.Reasons)
		}
	}
}

// What holds a document is told once, with what to do.
func TestHeldDocumentIsToldOnce(t *testing.T) {
	f := good()
	held := store.Trouble{Kind: "hold", Text: "30 of 60 items are deleted at the service", Since: at.Add(-time.Hour)}
	f.Account.Trouble, f.Account.Held = &held, map[string]store.Trouble{"d": held}
	f.Conflicts, f.Decisions = 2, 2
	s, _ := Judge(f)
	if len(s.Reasons) != 2 || !strings.Contains(s.Reasons[0], "30 of 60") || !strings.Contains(s.Reasons[1], "2 decisions wait for you: `outlast conflicts list`") {
		t.Errorf("reasons: %q", s.Reasons)
	}
	if s.Conflicts != 2 {
		t.Errorf("%d conflicts", s.Conflicts)
	}
}

func unsentFor(age time.Duration) func(*Facts) {
	return func(f *Facts) { f.Queue.Pending, f.Queue.Oldest = 3, at.Add(-age) }
}

func both(a, b func(*Facts)) func(*Facts) {
	return func(f *Facts) { a(f); b(f) }
}

func TestStatusHasEveryKeyAndNullForWhatIsAbsent(t *testing.T) {
	keys := func(f Facts) (map[string]any, []string) {
		s, _ := Judge(f)
		b, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		var m map[string]any
		if err := json.Unmarshal(b, &m); err != nil {
			t.Fatal(err)
		}
		var names []string
		for k := range m {
			names = append(names, k)
		}
		slices.Sort(names)
		return m, names
	}
	empty, names := keys(Facts{Now: at})
	const want = "cause conflicts disks documents incidents last_contact last_drill last_sync last_verified_snapshot " +
		"monitors next next_retry queue reasons safe server side since state watched"
	if got := strings.Join(names, " "); got != want {
		t.Errorf("keys are %s", got)
	}
	for _, k := range []string{"last_contact", "last_sync", "last_verified_snapshot", "next_retry"} {
		if empty[k] != nil {
			t.Errorf("%s is %v, want null", k, empty[k])
		}
	}
	if empty["disks"] == nil || empty["incidents"] == nil || empty["reasons"] == nil {
		t.Error("an empty list is null")
	}
	f := good()
	troubled("offline")(&f)
	full, same := keys(f)
	if !slices.Equal(names, same) || full["since"] != "2026-11-23T11:00:00Z" || full["next_retry"] != "2026-11-23T12:01:00Z" {
		t.Errorf("got %v", full)
	}
	if server := full["server"].(map[string]any); server["reachable"] != false || server["class_small"] != "ok" {
		t.Errorf("server %v", server)
	}
	if server := empty["server"].(map[string]any); server["reachable"] != nil || server["class_small"] != "unknown" {
		t.Errorf("server %v", server)
	}
}

func TestExitCodes(t *testing.T) {
	for i, l := range []Level{Fine, Warning, Critical, Unknown} {
		if l.ExitCode() != i {
			t.Errorf("%s exits %d", l, l.ExitCode())
		}
	}
}

func TestDisk(t *testing.T) {
	d, err := Look(t.TempDir(), "data")
	if err != nil || d.TotalBytes == 0 || d.FreeBytes > d.TotalBytes || d.Level == Unknown {
		t.Errorf("got %+v, %v", d, err)
	}
	if _, err := Look(t.TempDir()+"/none", "data"); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v", err)
	}
}

func TestReadCounts(t *testing.T) {
	db := storetest.OpenFast(t)
	err := db.Update(func(tx *store.Tx) error {
		files := outline.NewFiles("rootfolder")
		for _, id := range []outline.FileID{"read-document", "unread-document"} {
			f := outline.File{ID: id, Kind: outline.DocumentKind, Title: string(id), Permission: outline.Owner}
			if err := files.Append(files.Root, f); err != nil {
				return err
			}
		}
		if err := tx.PutBaseFiles(files); err != nil {
			return err
		}
		if _, err := tx.PutBase(outline.New("read-document", "t"), nil, at); err != nil {
			return err
		}
		_, err := tx.Append(store.Op{
			ID: "01ARZ3NDEKTSV4RRFFQ69G5FAV", Group: "01ARZ3NDEKTSV4RRFFQ69G5FAV", Actor: "cli", Doc: "read-document",
			Node: &outline.Change{Kind: outline.Insert, Node: "n", To: outline.Place{Parent: outline.RootID}},
		})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	s, err := Read(db)
	if err != nil || s.Documents != 2 || s.Read != 1 || s.Queue.Pending != 1 || s.Queue.Oldest.IsZero() || s.Frozen != nil {
		t.Errorf("got %+v, %v", s, err)
	}
}
