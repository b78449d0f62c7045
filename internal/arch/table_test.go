package arch

// module is the name in go.mod.
const module = "outlast"

// program may import everything that ships: it is the only place that wires.
const program = "cmd/outlast"

// edges is who imports whom inside the module. Arrows point down: nothing here
// leads back to where it came from. A package that is not listed imports none.
func edges() map[string][]string {
	return map[string][]string{
		"internal/outline":    {},
		"internal/atomicfile": {},
		"internal/arch":       {},
		"internal/watch":      {},
		"internal/netwatch":   {},
		"internal/alert":      {"internal/secret"},
		"internal/osservice":  {"internal/atomicfile"},
		"internal/doctor":     {},
		"internal/config":     {"internal/atomicfile"},
		"internal/secret":     {"internal/atomicfile"},
		"opml":                {"internal/outline"},
		"internal/boltfile":   {},
		"store":               {"internal/boltfile", "internal/outline"},
		"sync":                {"store", "internal/outline"},
		"internal/dynalist":   {"sync", "internal/outline"},
		"internal/server":     {"internal/dynalist", "internal/boltfile", "internal/outline"},
		"internal/format":     {"opml", "internal/outline"},
		"internal/health":     {"store", "internal/outline"},
		"internal/report":     {"internal/health"},
		"internal/mirror":     {"store", "internal/format", "opml", "internal/atomicfile", "internal/outline"},
		"internal/snapshot":   {"store", "internal/format", "opml", "internal/atomicfile", "internal/outline"},
		// Copies of snapshots elsewhere: what it takes to encrypt and to send them is no
		// concern of taking them.
		"internal/offsite": {"internal/snapshot", "store", "internal/atomicfile"},
		"internal/web":     {"store", "internal/secret", "internal/format", "opml", "internal/health", "internal/outline"},

		"internal/outline/outlinetest":   {"internal/outline"},
		"internal/boltfile/boltfiletest": {},
		"store/storetest":                {"store", "internal/outline"},
		"sync/remotetest":                {"sync", "internal/dynalist", "internal/server", "store", "internal/outline"},
		"sync/simtest":                   {"sync", "internal/dynalist", "internal/server", "store", "internal/outline"},
	}
}

// testEdges is what tests may import beyond what their package reaches anyway and
// the packages made for tests: the other end of a wire.
func testEdges() map[string][]string {
	return map[string][]string{
		"sync":              {"internal/dynalist", "internal/server"},
		"internal/dynalist": {"internal/server"},
		"internal/mirror":   {"sync", "internal/watch"},
		"internal/doctor":   {"internal/server"},
	}
}

// owners is which package imports a module of others. One owner each: then to
// change the module is to change one package. Where there are more, the comment
// says why.
func owners() map[string][]string {
	return map[string][]string{
		"go.etcd.io/bbolt":                      {"store", "internal/server", "internal/boltfile"}, // two databases, and what neither believes of a file
		"github.com/gilliek/go-opml":            {"opml"},
		"github.com/hashicorp/go-retryablehttp": {"internal/dynalist"},
		"github.com/fsnotify/fsnotify":          {"internal/watch"},
		"github.com/spf13/cobra":                {program},
		"github.com/spf13/pflag":                {program}, // comes with cobra, whose types are made of it
		"github.com/BurntSushi/toml":            {"internal/config"},
		"github.com/adrg/xdg":                   {"internal/config"},
		"github.com/zalando/go-keyring":         {"internal/secret"},
		"github.com/kardianos/service":          {"internal/osservice"},
		"github.com/gen2brain/beeep":            {"internal/alert"},
		"github.com/robfig/cron/v3":             {"internal/snapshot"},
		"github.com/klauspost/compress":         {"internal/snapshot"},
		"filippo.io/age":                        {"internal/offsite"},
		"github.com/minio/minio-go/v7":          {"internal/offsite"},
		"github.com/schollz/progressbar/v3":     {program},
		"github.com/denisbrodbeck/machineid":    {program},
		"gopkg.in/natefinch/lumberjack.v2":      {program},
		"github.com/prometheus/client_golang":   {"internal/server"},
		"github.com/VictoriaMetrics/metrics":    {"internal/web", "internal/server"}, // what either tells a monitor
		"github.com/jackc/pgx/v5":               {"internal/server"},
		"github.com/evanw/esbuild":              {"internal/web"},
		// An id is a value, not a service: it is made and read wherever edits and
		// requests begin or arrive.
		"github.com/oklog/ulid/v2": {"store", "sync", "internal/web", "internal/server"},

		// The x modules are kept by the Go team and grow with the standard library;
		// every test may import them.
		"golang.org/x/sync": {program, "sync"},
		"golang.org/x/sys":  {program, "internal/mirror", "internal/health", "internal/doctor", "internal/osservice"},
		"golang.org/x/term": {program},
		"golang.org/x/text": {"opml", "internal/format", "sync"},              // charsets; file names; Unicode forms
		"golang.org/x/time": {"sync", "internal/dynalist", "internal/server"}, // buckets at both ends
	}
}

// testModules may be imported by every test and by packages made for tests.
func testModules() []string {
	return []string{
		"pgregory.net/rapid",
		"github.com/rogpeppe/go-internal",
		"github.com/chromedp/chromedp",
		"github.com/chromedp/cdproto",
	}
}

// emptyNames are names that say nothing about what a package is for.
func emptyNames() []string {
	return []string{"util", "utils", "common", "helper", "helpers", "base", "misc", "shared"}
}

// topFolders are the only folders at the top that hold Go code.
func topFolders() []string {
	return []string{"cmd", "sync", "store", "opml", "internal"}
}

// oneCall is the types that may hold a context: each is what is known of one
// request, made for it and gone with it.
func oneCall() []string {
	return []string{"internal/server.call", "internal/web.session", "internal/doctor.prober"}
}
