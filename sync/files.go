package sync

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"outlast/internal/outline"
	"outlast/store"
)

// maxFileSteps bounds the changes of one file/edit.
const maxFileSteps = 50

// files reads the file list when it is due and sends what waits for files.
func (s *round) files(ctx context.Context) error {
	waiting, err := s.waiting()
	if err != nil {
		return err
	}
	if err := s.replayFiles(ctx); err != nil {
		return err
	}
	if in, err := s.inflight(""); in != nil || err != nil {
		return err // still in doubt: a list would close it
	}
	c := waiting[""]
	every, err := s.listEvery()
	if err != nil {
		return err
	}
	wanted := s.List || c.Pending+c.Acknowledged > 0 || !within(time.Now(), s.account.LastList, every)
	if !wanted {
		return nil
	}
	if err := s.list(ctx); err != nil {
		return err
	}
	return s.pushFiles(ctx)
}

// listEvery is how old the list may be. While one is held each round begins with
// one: it may be another account that answers.
func (s *round) listEvery() (every time.Duration, err error) {
	every = listEvery
	err = s.cfg.DB.View(func(tx *store.Tx) error {
		held, err := isHeld(tx, "")
		if held {
			every = 0
		}
		return err
	})
	return every, err
}

// list reads the file list and merges it.
func (s *round) list(ctx context.Context) error {
	s.progress(Progress{Stage: "list"})
	l, err := s.readList(ctx)
	if err != nil {
		return err
	}
	err = s.cfg.DB.Update(func(tx *store.Tx) error { return s.takeList(tx, l, time.Now()) })
	return s.holdRead("", "", l, err)
}

func (s *round) readList(ctx context.Context) (*Listing, error) {
	measure := func(l *Listing) size { return size{read: fileSize * len(l.Files)} }
	l, err := ask(ctx, s, BudgetList, size{}, measure, func() (*Listing, error) { return s.cfg.Remote.Files(ctx) })
	if err != nil {
		return nil, fmt.Errorf("list documents: %w", err)
	}
	return l, nil
}

func (s *round) takeList(tx *store.Tx, l *Listing, now time.Time) error {
	base, err := tx.BaseFiles()
	if err != nil {
		return err
	}
	if err := s.sameAccount(l); err != nil {
		return err
	}
	b, err := tx.FileBindings()
	if err != nil {
		return err
	}
	if err := bindNewFiles(tx, l, b); err != nil {
		return err
	}
	if b, err = tx.FileBindings(); err != nil {
		return err
	}
	if l, err = takeSpares(tx, l, b); err != nil {
		return err
	}
	if b, err = tx.FileBindings(); err != nil {
		return err
	}
	listed, err := buildFiles(l, b)
	if err != nil {
		return err
	}
	if err := s.missing(tx, l, base, listed, now); err != nil {
		return err
	}
	return s.storeFiles(tx, l, listed, now)
}

// sameAccount holds a list that belongs to someone else.
func (s *round) sameAccount(l *Listing) error {
	if s.account.RootFile == "" || l.Root == s.account.RootFile {
		return nil
	}
	why := distrusted(holdAccount, "root folder is %s, was %s", l.Root, s.account.RootFile)
	why.cause = ErrOtherAccount
	return why
}

func (s *round) storeFiles(tx *store.Tx, l *Listing, listed *outline.Files, now time.Time) error {
	log, err := tx.Log("")
	if err != nil {
		return err
	}
	if err := tx.PutBaseFiles(listed); err != nil {
		return err
	}
	if len(log) > 0 {
		kept, confirmed, notices := mergeFiles(listed, log, now)
		s.report.Confirmed += len(confirmed)
		s.report.Conflicts += len(notices)
		for _, c := range notices {
			if err := tx.PutConflict(c); err != nil {
				return err
			}
		}
		if err := tx.ReplaceLog("", kept, confirmed); err != nil {
			return err
		}
	}
	if err := tx.DropInflight(""); err != nil {
		return err
	}
	a, err := tx.Account()
	if err != nil {
		return err
	}
	a.RootFile, a.LastList, a.ServerID = l.Root, now, s.cfg.Remote.Server().ID
	s.writeBudgets(&a, nil)
	s.account = a
	return tx.PutAccount(a)
}

// pushFiles sends file changes until none is left that can go now, and reads
// the list once more to see them.
func (s *round) pushFiles(ctx context.Context) error {
	if err := s.dropUnmade(); err != nil {
		return err
	}
	sent := false
	for range maxPlans {
		p, err := s.planFiles()
		if err != nil {
			return err
		}
		if len(p.steps) == 0 {
			break
		}
		if err := s.sendFiles(ctx, p); err != nil { // documents do not wait for the files
			return s.attempt(document{title: "folders and titles"}, err)
		}
		sent = true
	}
	if !sent {
		return nil
	}
	return s.list(ctx)
}

// filePlan is one request that changes files.
type filePlan struct {
	steps   []FileStep
	records []store.Record // one per step
	temp    bool           // new files get a temporary title
}

// planFiles takes from the log what can go in one request: nothing that needs
// an id which the request itself makes, and the changes of one file in order.
func (s *round) planFiles() (p filePlan, err error) {
	now, limit := time.Now(), maxFileSteps
	if s.oneFile {
		limit = 1
	}
	p.temp = !s.cfg.Remote.Server().RequestID
	err = s.cfg.DB.View(func(tx *store.Tx) error {
		sim, b, err := s.expectedFiles(tx)
		if err != nil || sim == nil {
			return err
		}
		log, err := tx.Log("")
		if err != nil {
			return err
		}
		titles := renamesIn(log)
		later := make(map[outline.FileID]bool) // made by this request, or with a change that waits
		for _, r := range log {
			c := *r.File
			if r.State != store.Pending || len(p.steps) == limit || c.Kind == outline.Update && titles[c.File].idle(r, sim.File(c.File)) {
				continue
			}
			s.again(r.After)
			if !due(now, r.After, againMax) || later[c.File] || later[c.To.Parent] {
				later[c.File] = true
				continue
			}
			step, ok := s.fileStep(sim, b, c, p.temp)
			if !ok {
				continue
			}
			later[c.File] = step.Kind == outline.Insert
			p.steps, p.records = append(p.steps, step), append(p.records, r)
		}
		return nil
	})
	return p, err
}

// expectedFiles returns the list that the service should have by now.
func (s *round) expectedFiles(tx *store.Tx) (*outline.Files, *store.FileBindings, error) {
	base, err := tx.BaseFiles()
	if err != nil || base == nil {
		return nil, nil, err
	}
	b, err := tx.FileBindings()
	if err != nil {
		return nil, nil, err
	}
	sim := base.Clone()
	for r, err := range tx.Unconfirmed("") {
		if err != nil {
			return nil, nil, err
		}
		_, bound := b.Bound(r.File.File)
		switch {
		case r.State == store.Acknowledged:
			_ = sim.Apply(*r.File) // shown by the next list if it could not be done
		case r.State == store.Pending && r.File.Kind == outline.Insert && bound:
			made := *r.File
			made.NewTitle = tempPrefix + string(made.File)
			_ = sim.Apply(made)
		}
	}
	return sim, b, nil
}

// fileStep returns what to send for a change, and applies it to sim.
func (s *round) fileStep(sim *outline.Files, b *store.FileBindings, c outline.FileChange, temp bool) (FileStep, bool) {
	if f := sim.File(c.File); f != nil && c.Kind == outline.Insert { // made under a temporary title
		c = outline.FileChange{Kind: outline.Update, File: c.File, FileKind: c.FileKind, NewTitle: c.NewTitle}
	}
	if sim.Apply(c) != nil {
		return FileStep{}, false
	}
	step := FileStep{Kind: c.Kind, Type: c.FileKind, Title: c.NewTitle}
	if f := sim.File(c.File); f != nil {
		step.Type = f.Kind
	}
	if c.Kind != outline.Insert {
		step.File = b.Service(c.File)
	}
	if c.Kind == outline.Insert || c.Kind == outline.Move {
		step.Parent = b.Service(c.To.Parent)
		for i, id := range sim.File(c.To.Parent).Children {
			if id == c.File {
				step.Index = i
			}
		}
	}
	if c.Kind == outline.Insert && temp {
		step.Title = tempPrefix + string(c.File)
	}
	return step, true
}

// sendFiles makes one request, written down before and after like those of nodes.
func (s *round) sendFiles(ctx context.Context, p filePlan) error {
	server := s.cfg.Remote.Server()
	if !server.DeleteFile {
		if parked, err := s.parkDeletes(&p); err != nil || parked && len(p.steps) == 0 {
			return err
		}
	}
	edit := FileEdit{RequestID: s.newID(), Changes: p.steps}
	raw, err := json.Marshal(edit)
	if err != nil {
		return fmt.Errorf("write down request: %w", err)
	}
	in := &store.Intent{
		RequestID: edit.RequestID, ServerID: server.ID, Replay: server.RequestID,
		Phase: store.Prepared, SentAt: time.Now(), Changes: raw,
	}
	for i, r := range p.records {
		in.Records = append(in.Records, r.Seq)
		if p.steps[i].Kind == outline.Insert {
			in.Inserts = append(in.Inserts, store.IntentInsert{Node: outline.NodeID(r.File.File)})
		}
	}
	if err := s.prepare(in, map[string]float64{BudgetFiles: 1}); err != nil {
		return err
	}
	res, err := s.cfg.Remote.EditFiles(ctx, edit)
	if err != nil {
		return s.filesFailed(in, p, err)
	}
	return s.filesSent(p, res)
}

// filesSent writes down what the service made of each step.
func (s *round) filesSent(p filePlan, res *FileEdited) error {
	if len(res.Results) != len(p.steps) {
		return fmt.Errorf("%d results for %d changes of files: %w", len(res.Results), len(p.steps), ErrHeld)
	}
	return s.cfg.DB.Update(func(tx *store.Tx) error {
		created := res.Created
		for i, r := range p.records {
			var id outline.ServiceID
			if p.steps[i].Kind == outline.Insert && res.Results[i] && len(created) > 0 {
				id, created = created[0], created[1:]
			}
			if r.ID == "" {
				continue
			}
			if err := s.fileSent(tx, p, i, r, res.Results[i], id); err != nil {
				return err
			}
		}
		return tx.DropInflight("")
	})
}

// fileSent writes down what became of step i, and the id of the new file if the
// service told it.
func (s *round) fileSent(tx *store.Tx, p filePlan, i int, r store.Record, ok bool, id outline.ServiceID) error {
	if !ok {
		r.State, r.Reason = store.Parked, "the service refused to "+string(r.File.Kind)+" the file"
		return tx.Rewrite(r)
	}
	s.took(1)
	if id != "" {
		if err := tx.BindFile(r.File.File, id); err != nil {
			return err
		}
	}
	switch temporary := p.temp && p.steps[i].Kind == outline.Insert; {
	case temporary && id == "": // the list shows it soon
		r.After = time.Now().Add(fenceOf(Partial))
		return tx.Rewrite(r)
	case temporary: // acknowledged with its title
		return nil
	}
	return acknowledge(tx, []store.Record{r}, 1)
}

// filesFailed decides what an error means for changes of files. New files are
// made again only behind the fence; everything else can be said twice.
func (s *round) filesFailed(in *store.Intent, p filePlan, cause error) error {
	switch c := classOf(cause); {
	case c == Rejected && !refusedUnseen(cause):
		return errors.Join(s.drop(in), s.filesRefused(p, cause))
	case c == NotSent, c == Rejected:
		return errors.Join(s.drop(in), fmt.Errorf("change files: %w", cause))
	}
	err := s.doubt(in, cause)
	if err == nil && !in.Replay {
		err = s.fenceFiles(p.records, p.steps, time.Now().Add(in.Fence))
	}
	return errors.Join(err, fmt.Errorf("change files: %w", cause))
}

// filesRefused handles changes that the service said no to as a whole: they are
// tried one by one, and one that is refused alone is parked.
func (s *round) filesRefused(p filePlan, cause error) error {
	if len(p.steps) > 1 {
		s.oneFile = true
		return nil
	}
	r := p.records[0]
	r.State, r.Reason = store.Parked, cause.Error()
	s.cfg.Log.Warn("service refuses a change of a file; parked", "file", r.File.File, "err", cause)
	return s.cfg.DB.Update(func(tx *store.Tx) error { return tx.Rewrite(r) })
}

func (s *round) fenceFiles(recs []store.Record, steps []FileStep, until time.Time) error {
	return s.cfg.DB.Update(func(tx *store.Tx) error {
		for i, r := range recs {
			if steps[i].Kind != outline.Insert || r.ID == "" {
				continue
			}
			r.After = until
			if err := tx.Rewrite(r); err != nil {
				return err
			}
		}
		return nil
	})
}

// parkDeletes takes deletes out of a plan for a service that cannot delete files.
func (s *round) parkDeletes(p *filePlan) (parked bool, err error) {
	kept := filePlan{temp: p.temp}
	var park []store.Record
	for i, st := range p.steps {
		if st.Kind != outline.Delete {
			kept.steps, kept.records = append(kept.steps, st), append(kept.records, p.records[i])
			continue
		}
		r := p.records[i]
		r.State, r.Reason = store.Parked, "the service cannot delete files; delete it there by hand"
		park = append(park, r)
	}
	*p = kept
	if len(park) == 0 {
		return false, nil
	}
	return true, s.cfg.DB.Update(func(tx *store.Tx) error { return tx.Rewrite(park...) })
}
