package config

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestDurationTextRoundTrips(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := Duration(rapid.Int64().Draw(t, "duration"))
		var got Duration
		if err := got.UnmarshalText([]byte(want.String())); err != nil || got != want {
			t.Fatalf("%s: got %d, %v, want %d", want, got, err, want)
		}
	})
}

func TestSizeTextRoundTrips(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		unit := rapid.SampledFrom(sizeUnits()).Draw(t, "unit")
		want := Size(rapid.Int64Range(0, 9000).Draw(t, "count") * unit.bytes)
		var got Size
		if err := got.UnmarshalText([]byte(want.String())); err != nil || got != want {
			t.Fatalf("%s: got %d, %v, want %d", want, got, err, want)
		}
	})
}

func TestSizeAndDurationSpelling(t *testing.T) {
	for text, want := range map[string]Size{
		"0": 0, "12": 12, "12B": 12, "16GiB": 16 << 30, "10MB": 10_000_000, "1 kb": 1000, "2TB": 2e12,
	} {
		var got Size
		if err := got.UnmarshalText([]byte(text)); err != nil || got != want {
			t.Errorf("%q: got %d, %v, want %d", text, got, err, want)
		}
	}
	for _, text := range []string{"", "GiB", "-1", "1.5GiB", "16G", "99999999999TiB", "ten"} {
		var got Size
		if err := got.UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q: got %d, want an error", text, got)
		}
	}
	for text, want := range map[string]string{"5m": "5m", "300s": "5m", "90m": "1h30m", "24h": "24h", "1h0m5s": "1h0m5s", "0s": "0s", "10m": "10m"} {
		var d Duration
		if err := d.UnmarshalText([]byte(text)); err != nil || d.String() != want {
			t.Errorf("%q: got %s, %v, want %s", text, d, err, want)
		}
	}
	for size, want := range map[Size]string{16 << 30: "16GiB", 512_000_000: "512MB", 1024: "1KiB", 1001: "1001B", 0: "0B"} {
		if got := size.String(); got != want {
			t.Errorf("%d: got %s, want %s", int64(size), got, want)
		}
	}
}

func TestServerURL(t *testing.T) {
	for text, want := range map[string]string{
		"https://dynalist.io/api/v1/":  "https://dynalist.io/api/v1/",
		"https://Dynalist.io/api/v1":   "https://dynalist.io/api/v1/",
		"https://host":                 "https://host/",
		"http://127.0.0.1:8080":        "http://127.0.0.1:8080/",
		"http://[::1]:8080/api//":      "http://[::1]:8080/api/",
		"http://localhost:1/":          "http://localhost:1/",
		"http://[::ffff:127.0.0.1]:1/": "http://[::ffff:127.0.0.1]:1/",
		"http://dynalist.io/":          "",
		"http://127.0.0.1.evil.com/":   "",
		"http://localhost.evil.com/":   "",
		"http://192.168.0.1/":          "",
		"https://user:pw@dynalist.io/": "",
		"https://dynalist.io/?token=x": "",
		"https://dynalist.io/#x":       "",
		"ftp://dynalist.io/":           "",
		"dynalist.io":                  "",
		"https://":                     "",
		"":                             "",
	} {
		got, err := ServerURL(text)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: got %q, %v, want %q", text, got, err, want)
		}
		if err != nil && strings.Contains(err.Error(), "pw") {
			t.Errorf("%q: the error shows the password: %v", text, err)
		}
	}
}

func TestListenIsThisMachineOnly(t *testing.T) {
	for text, want := range map[string]bool{
		"127.0.0.1:0": true, "[::1]:8080": true, "localhost:65535": true,
		"0.0.0.0:80": false, ":80": false, "192.168.0.1:80": false, "127.0.0.1": false,
		"127.0.0.1:65536": false, "127.0.0.1:http": false, "": false,
	} {
		if err := checkListen(text); (err == nil) != want {
			t.Errorf("%q: got %v, want accepted %v", text, err, want)
		}
	}
}

func TestPathIsAbsoluteOrBelowHome(t *testing.T) {
	home, err := os.UserHomeDir()
	if err != nil {
		t.Skip("no home folder here: ", err)
	}
	for path, want := range map[Path]string{
		"~": home, "~/a/b": filepath.Join(home, "a", "b"), Path(filepath.Join(home, "x", "..", "y")): filepath.Join(home, "y"),
		"a": "", "./a": "", "~other/a": "", "": "",
	} {
		got, err := path.Abs()
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: got %q, %v, want %q", path, got, err, want)
		}
	}
}

func TestQuietHoursHold(t *testing.T) {
	at := func(text string) time.Time {
		clock, err := time.Parse("15:04", text)
		if err != nil {
			t.Fatal(err)
		}
		return clock
	}
	night, noon := QuietHours{22 * 60, 7 * 60}, QuietHours{12 * 60, 13 * 60}
	for text, want := range map[string][2]bool{
		"21:59": {false, false}, "22:00": {true, false}, "00:00": {true, false}, "06:59": {true, false}, "07:00": {false, false},
		"12:00": {false, true}, "12:59": {false, true}, "13:00": {false, false},
	} {
		if got := [2]bool{night.Hold(at(text)), noon.Hold(at(text))}; got != want {
			t.Errorf("%s: got %v, want %v", text, got, want)
		}
	}
}

// Who sees the settings, as in a report of a fault, does not see where notices go.
func TestAddressesOfNoticesAreNotShown(t *testing.T) {
	file := filepath.Join(t.TempDir(), "config.toml")
	const canary = "canary-Zq3"
	text := "[notify]\n"
	for _, key := range []string{"webhook", "ntfy", "ping"} {
		text += key + " = \"https://example.org/" + canary + "\"\n"
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := Load(file)
	if err != nil {
		t.Fatal(err)
	}
	values, err := s.Values()
	if err != nil {
		t.Fatal(err)
	}
	for _, shown := range []string{fmt.Sprint(values), fmt.Sprintf("%v %+v %s", s.Notify, s.Notify, s.Notify.Webhook)} {
		if strings.Contains(shown, canary) || !strings.Contains(shown, "[redacted]") {
			t.Errorf("shown: %s", shown)
		}
	}
	if !strings.Contains(string(s.Notify.Ntfy), canary) {
		t.Error("the address itself is lost")
	}
}

func TestQuietHours(t *testing.T) {
	for text, want := range map[string]QuietHours{"22:00-07:30": {22 * 60, 7*60 + 30}, "00:00-23:59": {0, 23*60 + 59}} {
		got, ok, err := Notify{Quiet: text}.QuietHours()
		if got != want || !ok || err != nil {
			t.Errorf("%q: got %v, %v, %v, want %v", text, got, ok, err, want)
		}
	}
	for _, text := range []string{"22-7", "22:00", "25:00-07:00", "07:00-07:00"} {
		if _, _, err := (Notify{Quiet: text}).QuietHours(); err == nil {
			t.Errorf("%q: got no error, want one", text)
		}
	}
}

func TestValidateNamesTheKey(t *testing.T) {
	for key, change := range map[string]func(*Config){
		"server":                    func(c *Config) { c.Server = "x" },
		"sync.every":                func(c *Config) { c.Sync.Every = 0 },
		"sync.retry_max":            func(c *Config) { c.Sync.RetryMax = -1 },
		"store.max_size":            func(c *Config) { c.Store.MaxSize = 1 },
		"import.depth":              func(c *Config) { c.Import.Depth = 0 },
		"import.file":               func(c *Config) { c.Import.File = 0 },
		"snapshots.dir":             func(c *Config) { c.Snapshots.Dir = "relative" },
		"snapshots.schedule":        func(c *Config) { c.Snapshots.Schedule = "sometimes" },
		"snapshots.keep.last":       func(c *Config) { c.Snapshots.Keep.Last = -1 },
		"snapshots.keep:":           func(c *Config) { c.Snapshots.Keep = Keep{} },
		"snapshots.drill":           func(c *Config) { c.Snapshots.Drill = "never" },
		"snapshots.copy.to":         func(c *Config) { c.Snapshots.Copy = []Copy{{Form: "zip"}} },
		"snapshots.copy.to:":        func(c *Config) { c.Snapshots.Copy = []Copy{{To: "s3:///x", Form: "zip"}} },
		"snapshots.copy.form":       func(c *Config) { c.Snapshots.Copy = []Copy{{To: "/a", Form: "tar"}} },
		"snapshots.copy.encrypt_to": func(c *Config) { c.Snapshots.Copy = []Copy{{To: "/a", Form: "zip", EncryptTo: []string{"me"}}} },
		"web.listen":                func(c *Config) { c.Web.Listen = "0.0.0.0:1" },
		"web.theme":                 func(c *Config) { c.Web.Theme = "" },
		"notify.webhook":            func(c *Config) { c.Notify.Webhook = "hook.example" },
		"notify.ping":               func(c *Config) { c.Notify.Ping = "file:///x" },
		"notify.quiet":              func(c *Config) { c.Notify.Quiet = "night" },
		"watch.dir":                 func(c *Config) { c.Watch = []Watch{{Format: "md"}} },
		"watch.format":              func(c *Config) { c.Watch = []Watch{{Dir: "/a", Format: "txt"}} },
	} {
		c := Default()
		change(&c)
		if err := c.Validate(); err == nil || !strings.HasPrefix(err.Error(), key) {
			t.Errorf("%s: got %v, want an error that begins with the key", key, err)
		}
	}
}
