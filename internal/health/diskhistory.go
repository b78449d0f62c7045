package health

import (
	"math"
	"time"
)

const (
	// sampleEvery is the time between two samples of a disk, sampleFor how long they
	// are kept, and leastSpan the time that they must cover before anything is
	// concluded: one large copy is no trend.
	sampleEvery = time.Hour
	sampleFor   = 7 * 24 * time.Hour
	leastSpan   = 24 * time.Hour
	// farOff is when a forecast is no longer worth telling.
	farOff = 365
)

// DiskHistory is how the free space of disks went during the last seven days, by
// path. Its JSON is what the database keeps; the zero value has seen nothing.
type DiskHistory map[string][]Sample

// Sample is the free space of a disk at one time. Inodes is 0 where there are none.
type Sample struct {
	At     int64  `json:"at"` // seconds since 1970
	Total  uint64 `json:"total"`
	Free   uint64 `json:"free"`
	Inodes uint64 `json:"inodes"`
}

// Add takes in how disks are now, once an hour, and tells whether it did. Disks that
// are not looked at any more are forgotten.
func (h DiskHistory) Add(disks []Disk, now time.Time) bool {
	added := false
	paths := map[string]bool{}
	for _, d := range disks {
		paths[d.Path] = true
		if d.TotalBytes == 0 {
			continue // not looked at, this time
		}
		samples := h.recent(d, now)
		if n := len(samples); n > 0 && now.Sub(time.Unix(samples[n-1].At, 0)) < sampleEvery {
			continue
		}
		s := Sample{At: now.Unix(), Total: d.TotalBytes, Free: d.FreeBytes}
		if d.FreeInodes != nil {
			s.Inodes = *d.FreeInodes
		}
		h[d.Path], added = append(samples, s), true
	}
	for path := range h {
		if !paths[path] {
			delete(h, path)
			added = true
		}
	}
	return added
}

// recent returns the samples that say something of a disk: not those from before
// another one was put in its place, nor from a time that the clock has not reached.
func (h DiskHistory) recent(d Disk, now time.Time) []Sample {
	var kept []Sample
	for _, s := range h[d.Path] {
		age := now.Sub(time.Unix(s.At, 0))
		if s.Total == d.TotalBytes && age >= 0 && age <= sampleFor {
			kept = append(kept, s)
		}
	}
	return kept
}

// Forecast puts into each disk in how many days it will be full, by the straight
// line that lies nearest to its samples, and judges it anew.
func (h DiskHistory) Forecast(disks []Disk, now time.Time) {
	for i := range disks {
		d := &disks[i]
		samples := h.recent(*d, now)
		if len(samples) == 0 || now.Sub(time.Unix(samples[0].At, 0)) < leastSpan {
			continue
		}
		bytes := daysLeft(samples, float64(d.FreeBytes), func(s Sample) uint64 { return s.Free })
		inodes := math.Inf(1)
		if d.FreeInodes != nil {
			inodes = daysLeft(samples, float64(*d.FreeInodes), func(s Sample) uint64 { return s.Inodes })
		}
		if days := math.Floor(min(bytes, inodes)); days <= farOff {
			whole := int(days)
			d.FullInDays = &whole
			d.Level = d.judge()
		}
	}
}

// daysLeft returns how long what is free now lasts at the rate of the samples,
// infinity if it does not go down.
func daysLeft(samples []Sample, free float64, of func(Sample) uint64) float64 {
	var n, sumT, sumY, sumTT, sumTY float64
	for _, s := range samples {
		t, y := float64(s.At-samples[0].At)/86400, float64(of(s))
		n, sumT, sumY, sumTT, sumTY = n+1, sumT+t, sumY+y, sumTT+t*t, sumTY+t*y
	}
	spread := n*sumTT - sumT*sumT
	if spread == 0 {
		return math.Inf(1)
	}
	slope := (n*sumTY - sumT*sumY) / spread
	if slope >= 0 {
		return math.Inf(1)
	}
	return free / -slope
}
