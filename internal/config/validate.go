package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// problem is a value that cannot be used.
type problem struct {
	key string // dotted, as in the file
	err error
}

// Validate reports every value that cannot be used, each on a line that begins
// with its key.
func (c *Config) Validate() error {
	var errs []error
	for _, p := range c.problems() {
		errs = append(errs, fmt.Errorf("%s: %w", p.key, p.err))
	}
	return errors.Join(errs...)
}

// checker collects problems.
type checker struct{ found []problem }

func (k *checker) check(key string, err error) {
	if err != nil {
		k.found = append(k.found, problem{key, err})
	}
}

func (k *checker) between(key string, value, low, high int) {
	if value < low || value > high {
		k.check(key, fmt.Errorf("%d is not between %d and %d", value, low, high))
	}
}

func (k *checker) duration(key string, value Duration, low, high time.Duration) {
	if d := time.Duration(value); d < low || d > high {
		k.check(key, fmt.Errorf("%s is not between %s and %s", value, Duration(low), Duration(high)))
	}
}

func (k *checker) atLeast(key string, value, low Size) {
	if value < low {
		k.check(key, fmt.Errorf("%s is less than %s", value, low))
	}
}

func (k *checker) oneOf(key, value string, allowed ...string) {
	if !slices.Contains(allowed, value) {
		k.check(key, fmt.Errorf("%q is not one of %s", value, strings.Join(allowed, ", ")))
	}
}

func (k *checker) path(key string, value Path) {
	if value != "" {
		_, err := value.Abs()
		k.check(key, err)
	}
}

func (c *Config) problems() []problem {
	var k checker
	_, err := ServerURL(c.Server)
	k.check("server", err)
	c.Sync.problems(&k)
	k.between("guard.nodes", c.Guard.Nodes, 0, 1_000_000)
	k.between("guard.percent", c.Guard.Percent, 0, 100)
	k.atLeast("store.max_size", c.Store.MaxSize, 1<<20)
	c.Import.problems(&k)
	c.Snapshots.problems(&k)
	k.check("web.listen", checkListen(c.Web.Listen))
	k.oneOf("web.theme", c.Web.Theme, "auto", "light", "dark")
	c.Notify.problems(&k)
	checkWatches(&k, c.Watch)
	k.oneOf("log.level", c.Log.Level, "debug", "info", "warn", "error")
	return k.found
}

func (s Sync) problems(k *checker) {
	k.duration("sync.every", s.Every, 10*time.Millisecond, 24*time.Hour)
	k.duration("sync.retry_max", s.RetryMax, 10*time.Millisecond, 24*time.Hour)
	// Past about 500 changes Dynalist was seen to drop some.
	k.between("sync.batch_max", s.BatchMax, 1, 500)
}

func (i Import) problems(k *checker) {
	k.between("import.depth", i.Depth, 1, 1_000_000)
	k.between("import.nodes", i.Nodes, 1, 1_000_000_000)
	k.atLeast("import.attribute", i.Attribute, 1)
	k.atLeast("import.file", i.File, 1)
}

func (s Snapshots) problems(k *checker) {
	k.path("snapshots.dir", s.Dir)
	k.check("snapshots.schedule", checkSchedule(s.Schedule))
	k.oneOf("snapshots.drill", s.Drill, "daily", "weekly", "monthly", "off")
	const most = 1_000_000
	k.between("snapshots.keep.last", s.Keep.Last, 0, most)
	k.between("snapshots.keep.hourly", s.Keep.Hourly, 0, most)
	k.between("snapshots.keep.daily", s.Keep.Daily, 0, most)
	k.between("snapshots.keep.weekly", s.Keep.Weekly, 0, most)
	k.between("snapshots.keep.monthly", s.Keep.Monthly, 0, most)
	k.between("snapshots.keep.yearly", s.Keep.Yearly, 0, most)
	if s.Keep == (Keep{}) {
		k.check("snapshots.keep", errors.New("would keep no snapshot at all"))
	}
	for _, target := range s.Copy {
		target.problems(k)
	}
}

func (c Copy) problems(k *checker) {
	bucket, _, remote := c.Bucket()
	switch {
	case c.To == "":
		k.check("snapshots.copy.to", errors.New("is missing"))
	case remote && bucket == "":
		k.check("snapshots.copy.to", fmt.Errorf("%q names no bucket; write it like s3://bucket/prefix", string(c.To)))
	case !remote:
		k.path("snapshots.copy.to", c.To)
	}
	k.oneOf("snapshots.copy.form", c.Form, "zip", "folder")
	if c.Form == "folder" && (remote || len(c.EncryptTo) > 0) {
		k.check("snapshots.copy.form", errors.New(`copies in a bucket and encrypted ones are zips; write form = "zip"`))
	}
	for _, recipient := range c.EncryptTo {
		if !strings.HasPrefix(recipient, "age1") && !strings.HasPrefix(recipient, "ssh-") {
			k.check("snapshots.copy.encrypt_to", fmt.Errorf("%q is not a recipient of age (age1...)", recipient))
		}
	}
}

// checkSchedule looks at the shape of a schedule. The numbers are checked where
// it is followed.
func checkSchedule(text string) error {
	if slices.Contains([]string{"@hourly", "@daily", "@midnight", "@weekly", "@monthly", "@yearly", "@annually"}, text) {
		return nil
	}
	if len(strings.Fields(text)) != 5 || strings.Trim(strings.ToLower(text), "0123456789abcdefghijklmnopqrstuvwxyz*/,-? \t") != "" {
		return fmt.Errorf("%q is not a schedule; write five fields like \"0 * * * *\", or @daily", text)
	}
	return nil
}

func (n Notify) problems(k *checker) {
	k.check("notify.webhook", checkHook(n.Webhook))
	k.check("notify.ntfy", checkHook(n.Ntfy))
	k.path("notify.pagerduty_file", n.PagerdutyFile)
	k.check("notify.ping", checkHook(n.Ping))
	_, _, err := n.QuietHours()
	k.check("notify.quiet", err)
}

func checkWatches(k *checker, watches []Watch) {
	seen := map[string]bool{}
	for _, w := range watches {
		k.oneOf("watch.format", w.Format, "opml", "md")
		if w.Dir == "" {
			k.check("watch.dir", errors.New("is missing"))
			continue
		}
		dir, err := w.Dir.Abs()
		k.check("watch.dir", err)
		if err == nil && seen[dir] {
			k.check("watch.dir", fmt.Errorf("%q is watched twice", string(w.Dir)))
		}
		seen[dir] = true
	}
}
