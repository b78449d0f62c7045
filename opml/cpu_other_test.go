//go:build !unix

package opml

import "time"

// spent stands for the processor time where that cannot be asked for.
func spent() time.Duration { return time.Duration(time.Now().UnixNano()) }
