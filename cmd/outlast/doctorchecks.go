package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"time"

	"outlast/internal/doctor"
	"outlast/internal/dynalist"
	"outlast/internal/health"
	"outlast/internal/osservice"
	"outlast/internal/secret"
	"outlast/internal/snapshot"
	"outlast/sync"
)

// checks returns what `outlast doctor` looks at, the settings first: when they
// cannot be read, there is no telling what else to look at.
func (a *app) checks(deep bool) []doctor.Check {
	s, err := a.setup()
	checks := []doctor.Check{{Name: "config", Run: func(context.Context) []doctor.Finding { return a.checkConfig(s, err) }}}
	if err != nil {
		return checks
	}
	simple := func(run func() []doctor.Finding) func(context.Context) []doctor.Finding {
		return func(context.Context) []doctor.Finding { return run() }
	}
	return append(
		checks,
		doctor.Check{Name: "files", Run: simple(s.checkFiles)},
		doctor.Check{Name: "place", Run: simple(s.checkPlace)},
		doctor.Check{Name: "disks", Run: simple(s.checkDisks)},
		doctor.Check{Name: "database", Run: s.checkStore},
		doctor.Check{Name: "token", Run: s.checkToken},
		doctor.Check{Name: "service", Run: s.checkService},
		doctor.Check{Name: "clock", Run: s.checkClock},
		doctor.Check{Name: "snapshots", Run: func(ctx context.Context) []doctor.Finding { return s.checkSnapshots(ctx, deep) }},
		doctor.Check{Name: "background", Run: a.checkBackground},
		doctor.Check{Name: "watching", Run: simple(func() []doctor.Finding { return doctor.Watching(len(s.settings.Watch)) })},
	)
}

func (a *app) checkConfig(s setup, err error) []doctor.Finding {
	if err != nil {
		f := explain(err)
		return []doctor.Finding{doctor.Bad(doctor.Error, f.next, "%s", f.what)}
	}
	found := []doctor.Finding{doctor.Good("%s holds nothing that cannot be used", s.home.ConfigFile)}
	if unused, err := inert(s.settings); err == nil && len(unused) > 0 {
		found = append(found, doctor.Bad(doctor.Warning, "take them out, or wait for a later version",
			"settings without effect in this version: %s", strings.Join(unused, ", ")))
	}
	return found
}

func (s setup) checkFiles() []doctor.Finding {
	paths := []string{s.home.DataDir, s.home.Database, s.home.StateDir, s.home.TokenFile(s.settings.Server), s.home.LogFile}
	if s.home.Dir == "" { // else it lies in the data folder, which is closed
		paths = append(paths, filepath.Dir(s.home.ConfigFile))
	}
	if dir, err := s.home.Snapshots(s.settings.Config); err == nil {
		paths = append(paths, dir)
	}
	return doctor.Private(paths...)
}

func (s setup) checkPlace() []doctor.Finding {
	if _, err := os.Stat(s.home.DataDir); err != nil {
		return []doctor.Finding{doctor.Bad(doctor.Error, "`outlast init` makes it; look at --home if you expected it here", "%s", err)}
	}
	return append(doctor.FileSystem(s.home.DataDir), doctor.SyncedFolder(s.home.DataDir)...)
}

// checkDisks looks at all disks, and whether the database could be copied: a repair
// and a compaction write it anew beside the old one.
func (s setup) checkDisks() []doctor.Finding {
	var found []doctor.Finding
	for _, d := range health.LookAll(s.places(), func(error) {}) {
		switch d.Level {
		case health.Fine:
			found = append(found, doctor.Good("%s", diskText(d)))
		case health.Unknown:
			found = append(found, doctor.Skip("%s", diskText(d)))
		case health.Critical:
			found = append(found, doctor.Bad(doctor.Error, "make room there", "%s", d.Trouble()))
		default:
			found = append(found, doctor.Bad(doctor.Warning, "make room there", "%s", d.Trouble()))
		}
	}
	disk, err := health.Look(s.home.DataDir, "data")
	info, missing := os.Stat(s.home.Database)
	if err == nil && missing == nil && disk.FreeBytes < uint64(info.Size()) {
		found = append(found, doctor.Bad(doctor.Warning, "make room for "+byteText(uint64(info.Size())),
			"there is no room for a copy of the database, which a repair needs"))
	}
	return found
}

func (s setup) checkToken(ctx context.Context) []doctor.Finding {
	sources, err := s.tokens(os.Getenv("OUTLAST_TOKEN_FILE"))
	if err != nil {
		return []doctor.Finding{doctor.Bad(doctor.Error, "unset OUTLAST_KEYRING", "%v", err)}
	}
	_, from, err := sources.Find(ctx)
	switch {
	case errors.Is(err, secret.ErrNone):
		return []doctor.Finding{doctor.Bad(doctor.Error, "`outlast login` stores it", "%v", err)}
	case err != nil:
		return []doctor.Finding{doctor.Bad(doctor.Error, "mend that, or `outlast login`", "%v", err)}
	}
	return []doctor.Finding{doctor.Good("comes from %s", from)}
}

// checkService asks the service for the list of files, the smallest request that
// tells a good token from a bad one.
func (s setup) checkService(ctx context.Context) []doctor.Finding {
	sources, err := s.tokens(os.Getenv("OUTLAST_TOKEN_FILE"))
	if err != nil {
		return []doctor.Finding{doctor.Skip("%v", err)}
	}
	token, _, err := sources.Find(ctx)
	if err != nil {
		return []doctor.Finding{doctor.Skip("not asked: there is no token to ask with")}
	}
	client, err := dynalist.New(dynalist.Config{Server: s.settings.Server, Token: token.Reveal, UserAgent: "outlast/" + thisBuild().Version})
	if err != nil {
		return []doctor.Finding{doctor.Bad(doctor.Error, "correct `server` in the config", "%v", err)}
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	began := time.Now()
	list, err := client.Files(ctx)
	if err != nil {
		return []doctor.Finding{doctor.Bad(doctor.Error, serviceRemedy(err), "%s: %s", s.settings.Server, inWords(err))}
	}
	return []doctor.Finding{doctor.Good("%s answers in %d ms and takes the token; %s listed",
		s.settings.Server, time.Since(began).Milliseconds(), plural(len(list.Files), "file"))}
}

// inWords tells an error of the service without the class that the engine works with.
func inWords(err error) string {
	f, ok := errors.AsType[*sync.Failure](err)
	switch {
	case !ok:
		return err.Error()
	case f.Code != "":
		return f.Code + ": " + f.Msg
	}
	return f.Msg
}

// serviceRemedy says what to do about a request that failed, by what is in its way.
func serviceRemedy(err error) string {
	if errors.Is(err, sync.ErrToken) {
		return "`outlast login` takes a new token"
	}
	f, ok := errors.AsType[*sync.Failure](err)
	if !ok {
		return "try again; edits are safe on this disk meanwhile"
	}
	switch f.Cause {
	case sync.CauseNetwork:
		return "this machine has no network: look at cable, wireless and VPN"
	case sync.CauseName:
		return "its name is not found: look at the DNS settings, or whether `server` in the config is right"
	case sync.CauseProxy:
		return "look at HTTPS_PROXY and NO_PROXY, and at what the proxy wants"
	case sync.CauseTLS:
		return "set the clock right; if it is, something in between reads along: ask who runs the network. There is no switch to ignore this"
	case sync.CausePortal:
		return "the network wants you to log in: open any http page in a browser"
	}
	return "the service has trouble: nothing to do here, edits wait on this disk and are sent when it answers"
}

func (s setup) checkClock(ctx context.Context) []doctor.Finding {
	way, err := dynalist.Transport(s.settings.Server)
	if err != nil {
		return []doctor.Finding{doctor.Skip("%v", err)}
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	return []doctor.Finding{doctor.Clock(ctx, way, s.settings.Server)}
}

// snapshotsLate is when the newest snapshot is too old: a day, and two hours.
const snapshotsLate = 26 * time.Hour

func (s setup) checkSnapshots(ctx context.Context, deep bool) []doctor.Finding {
	const remedy = "`outlast snapshot take` takes one now"
	dir, err := s.home.Snapshots(s.settings.Config)
	if err != nil {
		return []doctor.Finding{doctor.Bad(doctor.Error, "correct snapshots.dir in the config", "%v", err)}
	}
	all, err := snapshot.List(dir)
	if err != nil || len(all) == 0 {
		return []doctor.Finding{doctor.Bad(doctor.Error, remedy, "there is no snapshot in %s", dir)}
	}
	if !deep {
		all = all[:1]
	}
	var found []doctor.Finding
	for _, one := range all {
		if _, err := snapshot.Verify(ctx, dir, one.Name); err != nil {
			found = append(found, doctor.Bad(doctor.Error, remedy+"; older ones are untouched", "%v", err))
		}
	}
	if age := time.Since(all[0].TakenAt); age > snapshotsLate {
		found = append(found, doctor.Bad(doctor.Error, remedy+"; see that the service or its hourly job runs", "the newest is %s old", span(age)))
	}
	if len(found) == 0 {
		found = append(found, doctor.Good("%s read back from the disk and sound; the newest is %s old", plural(len(all), "snapshot"), span(time.Since(all[0].TakenAt))))
	}
	return found
}

func (a *app) checkBackground(ctx context.Context) []doctor.Finding {
	spec, err := a.knownSpec()
	if err != nil {
		return []doctor.Finding{doctor.Skip("%v", err)}
	}
	if st, err := osservice.Read(ctx, spec); err != nil {
		return []doctor.Finding{doctor.Skip("%v", err)}
	} else if st.State != osservice.Running {
		level := doctor.Warning
		if st.State == osservice.Failed || st.State == osservice.Stopped {
			level = doctor.Error
		}
		return []doctor.Finding{doctor.Bad(level, serviceAdvice(st), "the background service is %s", stateText(st.State))}
	} else if !st.Check {
		return []doctor.Finding{doctor.Bad(doctor.Warning, serviceAdvice(st), "the background service runs, its hourly job is missing")}
	} else if st.AfterLogout != nil && !*st.AfterLogout {
		return []doctor.Finding{doctor.Good("the background service runs, while you are logged in%s", lingerHint())}
	}
	return []doctor.Finding{doctor.Good("the background service runs")}
}

func stateText(s osservice.State) string {
	if s == osservice.Unknown {
		return "installed, and its manager does not answer"
	}
	return string(s)
}
