package main

import (
	"bytes"
	"context"
	"fmt"
	"runtime"
	"time"

	"github.com/spf13/cobra"

	"outlast/internal/atomicfile"
	"outlast/internal/health"
	"outlast/internal/report"
	"outlast/internal/web"
)

// reportMonths is how far back incidents are looked for.
const reportMonths = 35

func (a *app) reportCommand() *cobra.Command {
	var incident, month, file string
	cmd := &cobra.Command{
		Use:   "report [YYYY-MM]",
		Short: "tell what was: incidents, and how available the service was",
		Long: `Without a flag it tells how things stand and which incidents there were lately,
to be shown to somebody who helps: it holds no text of the outline and no token.

With --incident it drafts a post-mortem of one; "latest" is the last one. With
--month it sums up a month: how available the service was, for small and large
requests apart, how long edits waited, incidents and snapshots.`,
		Example: "  outlast report\n  outlast report --incident latest\n  outlast report --month 2026-11 --html november.html",
		Args:    args(0, 1),
		RunE: func(cmd *cobra.Command, given []string) error {
			wantsMonth := cmd.Flags().Changed("month") || a.fromEnv["month"]
			if len(given) == 1 {
				if !wantsMonth || month != thisMonth {
					return usage("`outlast report --month 2026-11`", "%q says nothing here", given[0])
				}
				month = given[0]
			}
			switch {
			case wantsMonth:
				return a.reportMonth(cmd.Context(), month, file)
			case file != "":
				return usage("`outlast report --month --html FILE`", "--html is for --month")
			case incident != "":
				return a.reportIncident(cmd.Context(), incident)
			}
			return a.reportNow(cmd.Context())
		},
	}
	f := cmd.Flags()
	f.StringVar(&incident, "incident", "", "draft a post-mortem of the incident of this id")
	f.StringVar(&month, "month", "", "sum up a month, this one if none is named")
	f.Lookup("month").NoOptDefVal = thisMonth
	f.StringVar(&file, "html", "", "write a page with graphs to this file")
	cmd.MarkFlagsMutuallyExclusive("incident", "month")
	return cmd
}

// thisMonth is the value of --month without one.
const thisMonth = "now"

// readHistory returns what is remembered of the months from one to another.
func (a *app) readHistory(ctx context.Context, from, to string) (h health.History, err error) {
	err = a.withDoor(ctx, func(d *door) (err error) {
		h, err = d.History(ctx, web.HistoryRequest{From: from, To: to})
		return err
	})
	return h, err
}

func (a *app) reportMonth(ctx context.Context, name, file string) error {
	now := time.Now()
	if name == thisMonth {
		_, name = health.LastMonths(now, 0)
	}
	first, err := time.ParseInLocation("2006-01", name, time.Local)
	if err != nil {
		return usage("write it like 2026-11", "%q is not a month", name)
	}
	before, _ := health.LastMonths(first, 1) // where incidents may have begun
	h, err := a.readHistory(ctx, before, name)
	if err != nil {
		return err
	}
	m, err := report.OfMonth(name, h, now)
	if err != nil {
		return err
	}
	if file != "" {
		return a.writePage(m, file)
	}
	if a.flags.json {
		return a.printJSON(m)
	}
	a.print("%s", m.Text())
	return nil
}

func (a *app) writePage(m report.Month, file string) error {
	var page bytes.Buffer
	if err := m.Page(&page); err != nil {
		return err
	}
	if a.flags.dryRun {
		a.say("would write %s", file)
		return nil
	}
	if err := atomicfile.Write(file, page.Bytes(), 0o600); err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	if a.flags.json {
		return a.printJSON(map[string]string{"file": file})
	}
	a.print("%s", file)
	return nil
}

func (a *app) reportIncident(ctx context.Context, id string) error {
	from, to := health.LastMonths(time.Now(), reportMonths)
	h, err := a.readHistory(ctx, from, to)
	if err != nil {
		return err
	}
	i, ok := report.Find(h, id)
	if !ok {
		return usage("`outlast report` lists them", "there is no incident %q", id)
	}
	if a.flags.json {
		return a.printJSON(i)
	}
	a.print("%s", report.PostMortem(i, time.Now()))
	return nil
}

// diagnosis is what somebody who helps has to know. Reasons are left out: they are
// for the person alone, and may name what is in the outline.
type diagnosis struct {
	Version   string            `json:"version"`
	System    string            `json:"system"`
	At        time.Time         `json:"at"`
	Level     health.Level      `json:"level"`
	Status    health.Status     `json:"status"`
	Incidents []health.Incident `json:"incidents"`
}

func (a *app) reportNow(ctx context.Context) error {
	now := time.Now()
	d := diagnosis{Version: thisBuild().Version, System: runtime.GOOS + "/" + runtime.GOARCH, At: now.UTC()}
	from, to := health.LastMonths(now, 1)
	err := a.withDoor(ctx, func(door *door) error {
		s, err := door.Status(ctx)
		if err != nil {
			return err
		}
		d.Status, d.Level = s.Status, s.Level
		h, err := door.History(ctx, web.HistoryRequest{From: from, To: to})
		d.Incidents = h.Incidents
		return err
	})
	if err != nil {
		return err
	}
	d.Status.Reasons = []string{}
	for _, i := range d.Status.Incidents {
		d.Status.Reasons = append(d.Status.Reasons, health.Title(i.Cause))
	}
	for k := range d.Status.Disks { // whose names lie in paths
		d.Status.Disks[k].Path = ""
	}
	if a.flags.json {
		return a.printJSON(d)
	}
	a.print("outlast %s on %s, %s", d.Version, d.System, now.Format("2006-01-02 15:04:05 -0700"))
	for _, line := range a.statusLines(d.Status, now) {
		a.print("%s", line)
	}
	a.print("  %-10s small %s, large %s", "requests", d.Status.Server.ClassSmall, d.Status.Server.ClassLarge)
	a.print("")
	a.print("%s", report.Timeline(d.Incidents, now))
	return nil
}
