package web

import (
	"fmt"

	"outlast/internal/health"
)

// status judges what the database and the program know.
func (a *api) status(s session, _ struct{}) (StatusResult, error) {
	var extras health.Extras
	if a.Facts != nil {
		extras = a.Facts(s)
	}
	f, err := health.Collect(a.DB, extras, now())
	if err != nil {
		return StatusResult{}, err
	}
	status, level := health.Judge(f)
	return StatusResult{Status: status, Level: level}, nil
}

// history reads what is remembered of the state.
func (a *api) history(_ session, r HistoryRequest) (health.History, error) {
	return health.ReadHistory(a.DB, r.From, r.To)
}

func (a *api) noticeTest(s session, _ struct{}) (NoticeTest, error) {
	if a.TestNotices == nil {
		return NoticeTest{}, fmt.Errorf("test notices: %w", ErrNotReady)
	}
	return a.TestNotices(s)
}
