package main

import (
	"runtime"
	"runtime/debug"
	"time"

	"github.com/spf13/cobra"
)

// versionInfo is the answer of version --json.
type versionInfo struct {
	Version string       `json:"version"`  // module version, "(devel)" for a build from a working tree
	Commit  *string      `json:"commit"`   // null when the build does not know it
	Changed *bool        `json:"modified"` // null when the build does not know it
	Go      string       `json:"go"`
	System  string       `json:"system"` // such as linux/amd64
	Modules []moduleInfo `json:"modules"`

	date time.Time // of the commit, zero when the build does not know it
}

type moduleInfo struct {
	Path    string `json:"path"`
	Version string `json:"version"`
}

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:     "version",
		Short:   "print build, Go and modules",
		Long:    "Prints which build this is, and every module that it was built from.",
		Example: "  outlast version\n  outlast version --json",
		Args:    args(0, 0),
		RunE: func(*cobra.Command, []string) error {
			v := thisBuild()
			if a.flags.json {
				return a.printJSON(v)
			}
			a.print("outlast %s%s, %s, %s", v.Version, commitSuffix(v), v.Go, v.System)
			for _, m := range v.Modules {
				a.print("  %s %s", m.Path, m.Version)
			}
			return nil
		},
	}
}

// thisBuild reads what the linker recorded.
func thisBuild() versionInfo {
	v := versionInfo{Version: "(unknown)", Go: runtime.Version(), System: runtime.GOOS + "/" + runtime.GOARCH, Modules: []moduleInfo{}}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return v
	}
	if info.Main.Version != "" {
		v.Version = info.Main.Version
	}
	for _, m := range info.Deps {
		v.Modules = append(v.Modules, moduleInfo{m.Path, m.Version})
	}
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			v.Commit = &s.Value
		case "vcs.time":
			v.date, _ = time.Parse(time.RFC3339, s.Value) // a page without a date is no harm
		case "vcs.modified":
			changed := s.Value == "true"
			v.Changed = &changed
		}
	}
	return v
}

func commitSuffix(v versionInfo) string {
	if v.Commit == nil {
		return ""
	}
	s := ", commit " + (*v.Commit)[:min(12, len(*v.Commit))]
	if v.Changed != nil && *v.Changed {
		s += " with changes"
	}
	return s
}
