package config

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Duration is a length of time, written like "30s" or "1h30m".
type Duration time.Duration

// UnmarshalText reads what time.ParseDuration reads.
func (d *Duration) UnmarshalText(text []byte) error {
	value, err := time.ParseDuration(string(text))
	if err != nil {
		return fmt.Errorf("%q is not a length of time; write it like 30s, 5m or 2h", text)
	}
	*d = Duration(value)
	return nil
}

// String leaves out the zeros that time.Duration prints: 5m, not 5m0s.
func (d Duration) String() string {
	text := time.Duration(d).String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// MarshalText writes what UnmarshalText reads.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// Size is a number of bytes, written like "512MB" (thousands) or "16GiB" (1024s).
type Size int64

// sizeUnit is a unit of Size.
type sizeUnit struct {
	name  string
	bytes int64
}

// sizeUnits returns the units, for each size the one of 1024s first.
func sizeUnits() []sizeUnit {
	return []sizeUnit{
		{"TiB", 1 << 40},
		{"TB", 1e12},
		{"GiB", 1 << 30},
		{"GB", 1e9},
		{"MiB", 1 << 20},
		{"MB", 1e6},
		{"KiB", 1 << 10},
		{"kB", 1e3},
		{"B", 1},
	}
}

// UnmarshalText reads a whole number with a unit; without one it means bytes.
func (s *Size) UnmarshalText(text []byte) error {
	number := strings.TrimSpace(string(text))
	factor := int64(1)
	for _, unit := range sizeUnits() {
		if n := len(number) - len(unit.name); n > 0 && strings.EqualFold(number[n:], unit.name) {
			number, factor = strings.TrimSpace(number[:n]), unit.bytes
			break
		}
	}
	count, err := strconv.ParseInt(number, 10, 64)
	if err != nil || count < 0 {
		return fmt.Errorf("%q is not a size; write it like 512MB or 16GiB", text)
	}
	if count > math.MaxInt64/factor {
		return fmt.Errorf("%q is too large", text)
	}
	*s = Size(count * factor)
	return nil
}

// String uses the largest unit that keeps the number whole.
func (s Size) String() string {
	best := sizeUnit{"B", 1}
	for _, unit := range sizeUnits() {
		if s != 0 && int64(s)%unit.bytes == 0 && unit.bytes > best.bytes {
			best = unit
		}
	}
	return strconv.FormatInt(int64(s)/best.bytes, 10) + best.name
}

// MarshalText writes what UnmarshalText reads.
func (s Size) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Path is a file or folder as a person writes it: absolute, or "~/" and the rest.
// A relative one is refused, since the background service runs elsewhere.
type Path string

// Abs returns the path with the user's home in place of "~".
func (p Path) Abs() (string, error) {
	if rest, found := strings.CutPrefix(filepath.ToSlash(string(p)), "~"); found && (rest == "" || rest[0] == '/') {
		home, err := os.UserHomeDir()
		if err != nil {
			return "", fmt.Errorf("resolve %s: %w", p, err)
		}
		return filepath.Join(home, filepath.FromSlash(rest)), nil
	}
	if !filepath.IsAbs(string(p)) {
		return "", fmt.Errorf("%q is relative; begin it with / or ~/", string(p))
	}
	return filepath.Clean(string(p)), nil
}

// Bucket splits an address like s3://bucket/prefix; ok is false for a folder.
func (c Copy) Bucket() (bucket, prefix string, ok bool) {
	rest, ok := strings.CutPrefix(string(c.To), "s3://")
	bucket, prefix, _ = strings.Cut(rest, "/")
	return bucket, strings.Trim(prefix, "/"), ok
}

// QuietHours is a span of the day in minutes after midnight, local time. It
// passes midnight when To is before From.
type QuietHours struct{ From, To int }

// Hold tells whether the span holds at a time, by that time's own clock.
func (h QuietHours) Hold(t time.Time) bool {
	m := minutes(t)
	if h.From < h.To {
		return h.From <= m && m < h.To
	}
	return h.From <= m || m < h.To
}

// QuietHours returns the span of Quiet; ok is false when there is none.
func (n Notify) QuietHours() (hours QuietHours, ok bool, err error) {
	if n.Quiet == "" {
		return QuietHours{}, false, nil
	}
	from, to, found := strings.Cut(n.Quiet, "-")
	start, err1 := time.Parse("15:04", from)
	end, err2 := time.Parse("15:04", to)
	if !found || err1 != nil || err2 != nil {
		return QuietHours{}, false, fmt.Errorf("%q is not a span of the day; write it like 22:00-07:00", n.Quiet)
	}
	if start.Equal(end) {
		return QuietHours{}, false, errors.New("begins when it ends; use \"\" for no quiet hours")
	}
	return QuietHours{minutes(start), minutes(end)}, true, nil
}

func minutes(t time.Time) int { return t.Hour()*60 + t.Minute() }
