package store

// CursorNames returns the names of all cursors that begin so, in order.
func (tx *Tx) CursorNames(prefix string) []string {
	var names []string
	for k := range valuesWith(tx.bucket(bucketCursors), []byte(prefix)) {
		names = append(names, string(k))
	}
	return names
}
