package web

import "fmt"

func readFolder(r ImportRequest) (importSet, error) {
	return importSet{}, fmt.Errorf("import a folder: %w", ErrNotReady)
}
