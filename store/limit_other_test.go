//go:build !unix

package store_test

import "errors"

func commitBelowLimit(string) error { return errors.New("there are no limits to set here") }
