package main

import (
	"slices"
	"strconv"
	"strings"

	"outlast/internal/outline"
)

// colorNames returns the names of the colors in the service's order, from 0.
func colorNames() []string {
	return []string{"none", "red", "orange", "yellow", "green", "blue", "purple"}
}

// parseColor reads a color by its name or number.
func parseColor(text string) (uint8, error) {
	if i := slices.Index(colorNames(), strings.ToLower(text)); i >= 0 {
		return uint8(i), nil
	}
	if n, err := strconv.Atoi(text); err == nil && n >= 0 && n <= outline.MaxColor {
		return uint8(n), nil
	}
	return 0, usage("colors are "+strings.Join(colorNames(), ", "), "no color %q", text)
}
