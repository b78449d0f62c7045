//go:build !linux

package main

// dropFilePages does nothing: other systems count such pages apart.
func dropFilePages() {}
