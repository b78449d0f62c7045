package store

import (
	"sync"
	"sync/atomic"

	"outlast/internal/outline"
)

// cache keeps what is derived from the file between transactions, equal to it
// at every moment. A writer is alone and brings it along with its writes; if
// the transaction is abandoned, what it touched is dropped and derived again.
type cache struct {
	limit int64 // nodes
	files lazy[outline.Files]
	list  lazy[outline.Files] // files without the log
	index lazy[index]

	waiting lazy[map[outline.FileID]Counts] // dropped by whoever writes to the log
	account lazy[Account]                   // dropped by whoever writes it
	metas   sync.Map                        // FileID -> Meta; dropped by whoever writes one

	mu   sync.Mutex // protects docs and tick
	docs map[outline.FileID]*entry
	tick uint64
}

// entry is what is kept of one document; "" has the bindings of files.
type entry struct {
	tree  lazy[tree]
	binds lazy[Bindings]
	size  atomic.Int64 // nodes and bindings when they were loaded
	used  uint64       // tick of the last use, protected by cache.mu
}

func newCache(nodes int) *cache {
	return &cache{limit: int64(nodes), docs: make(map[outline.FileID]*entry)}
}

// entry returns the entry of a document, a new one if there is none.
func (c *cache) entry(doc outline.FileID) *entry {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.docs[doc]
	if e == nil {
		e = &entry{}
		c.docs[doc] = e
	}
	c.tick++
	e.used = c.tick
	return e
}

// trim drops what was not used for longest until the limit is kept. The entry
// used last stays, whatever its size.
func (c *cache) trim() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.docs) > 1 {
		total := int64(0)
		oldest, at := outline.FileID(""), c.tick
		for doc, e := range c.docs {
			total += e.size.Load()
			if e.used < at {
				oldest, at = doc, e.used
			}
		}
		if total <= c.limit || at == c.tick {
			return
		}
		delete(c.docs, oldest)
	}
}

// drop forgets all of a document, and the files with "".
func (c *cache) drop(doc outline.FileID) {
	c.mu.Lock()
	delete(c.docs, doc)
	c.mu.Unlock()
	if doc == "" {
		c.dropFiles()
	}
}

// dropValues forgets what was decoded or counted, for a writer who is abandoned.
func (c *cache) dropValues() {
	c.index.drop()
	c.waiting.drop()
	c.account.drop()
	c.metas.Clear()
}

// dropTree forgets the working tree of a document, or the files with "".
func (c *cache) dropTree(doc outline.FileID) {
	if doc == "" {
		c.dropFiles()
		return
	}
	c.entry(doc).tree.drop()
}

func (c *cache) dropFiles() {
	c.files.drop()
	c.list.drop()
}
