package web

import "outlast/internal/health"

// status judges what the database and the program know.
func (a *api) status(s session, _ struct{}) (StatusResult, error) {
	stored, err := health.Read(a.DB)
	if err != nil {
		return StatusResult{}, err
	}
	f := health.Facts{Now: now(), Stored: stored}
	if a.Facts != nil {
		f.Extras = a.Facts(s)
	}
	status, level := health.Judge(f)
	return StatusResult{Status: status, Level: level}, nil
}
