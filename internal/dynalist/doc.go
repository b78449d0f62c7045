// Package dynalist is the client of the Dynalist API, and the types of its wire
// format, which internal/server speaks too.
package dynalist
