package sync

import (
	"context"
	"time"

	"outlast/store"
)

// Names of the rate buckets that a Remote may have. One that it does not have,
// it does not limit.
const (
	BudgetList     = "file/list"
	BudgetFiles    = "file/edit"
	BudgetVersions = "doc/check_for_updates"
	BudgetRead     = "doc/read"
	BudgetEdits    = "doc/edit"
	BudgetChanges  = "doc/edit:changes" // in the requests that BudgetEdits counts
	BudgetPrefs    = "pref/get"
)

// repeats is how often a Remote may send a read in one call.
const repeats = 3

// now returns the budget as it has become since it was written down, whatever
// the clock did meanwhile.
func (b Budget) now(now time.Time) float64 {
	tokens := b.Tokens + max(0, now.Sub(b.At)).Seconds()*b.perSecond()
	return min(tokens, float64(b.Burst))
}

func (b Budget) perSecond() float64 { return float64(b.PerMinute) / 60 }

// limits tells whether the bucket bounds anything.
func (b Budget) limits() bool { return !b.Off && b.Burst > 0 && b.PerMinute > 0 }

// Restored returns how many tokens a new run may take the bucket to hold. A run
// that ends in a crash has spent more than it wrote down, so what it may spend
// unwritten is missing from a full bucket. Edits are always written down before.
func (b Budget) Restored(now time.Time) float64 {
	return min(b.now(now), float64(b.Burst)-b.unwritten())
}

func (b Budget) unwritten() float64 {
	switch b.Name {
	case BudgetEdits, BudgetChanges, BudgetFiles:
		return 0
	}
	return float64(min(b.Burst-1, max(repeats, b.Burst/10)))
}

// bucket returns the state of one of the rate buckets; one that does not limit
// if there is none.
func (s *round) bucket(name string) Budget {
	for _, b := range s.cfg.Remote.Budgets() {
		if b.Name == name {
			return b
		}
	}
	return Budget{}
}

// allowance returns what the buckets of edits hold.
func (s *round) allowance() allowance {
	edits, changes := s.bucket(BudgetEdits), s.bucket(BudgetChanges)
	a := allowance{requests: edits.Tokens, changes: changes.Tokens}
	if edits.limits() {
		a.requestsPerSecond = edits.perSecond()
	}
	if changes.limits() {
		a.changesPerSecond = changes.perSecond()
	}
	return a
}

// spend makes sure that the bucket of a read has a token, and that a crash
// after it cannot give any back: before the bucket falls below what a new run
// would take it to hold, a lower state is written down.
func (s *round) spend(ctx context.Context, name string) error {
	b := s.bucket(name)
	if !b.limits() {
		return nil
	}
	if wait := waitFor(1-b.Tokens, b.perSecond()); wait > 0 {
		if err := sleep(ctx, wait); err != nil {
			return err
		}
		b = s.bucket(name)
	}
	least := b.Tokens - repeats
	for _, saved := range s.account.Budgets {
		if saved.Name == name && Budget(saved).Restored(b.At) <= least {
			return nil
		}
	}
	return s.updateAccount(func(a *store.Account) {
		s.writeBudgets(a, map[string]float64{name: repeats + b.unwritten()})
	})
}

// writeBudgets writes the buckets down, less what is about to be spent of them.
func (s *round) writeBudgets(a *store.Account, spent map[string]float64) {
	a.Budgets = nil
	for _, b := range s.cfg.Remote.Budgets() {
		b.Tokens -= spent[b.Name]
		a.Budgets = append(a.Budgets, store.Budget(b))
	}
	s.account.Budgets = a.Budgets
}

// editCost is what a request with this many changes takes from the buckets.
func editCost(changes int) map[string]float64 {
	return map[string]float64{BudgetEdits: 1, BudgetChanges: float64(changes)}
}
