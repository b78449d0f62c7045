// Package sync is the engine that keeps the local outline and the service in step.
package sync
