package store

// Rest lets go of the working trees that are kept in memory between transactions;
// they are derived again when they are asked for. It is for a program that has had
// nothing to do for a while, and waits like Update for transactions under way.
func (db *DB) Rest() {
	db.mu.Lock()
	defer db.mu.Unlock()
	db.cache.rest()
}

// rest forgets all documents. The files stay: every look for changes needs them.
func (c *cache) rest() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for doc := range c.docs {
		if doc != "" {
			delete(c.docs, doc)
		}
	}
}
