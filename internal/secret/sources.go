package secret

import (
	"context"
	"errors"
	"fmt"
)

// ErrNone means that no source holds a token.
var ErrNone = errors.New("no token is stored")

// Sources are the places a token may come from. Empty fields are not set.
type Sources struct {
	Command  string // run by the shell; its output is the token
	File     string // path of a private file
	Variable string // the token itself, from the environment
	Place    Place  // where Save puts it
}

// Find returns the token of the first source that is set, and a phrase for people
// that names the source, such as "the variable OUTLAST_TOKEN". It returns ErrNone
// when no source has one. Commands and keyrings may ask the user to unlock them,
// so Find may take up to a minute; ctx ends it sooner.
func (s Sources) Find(ctx context.Context) (Token, string, error) {
	switch {
	case s.Command != "":
		token, err := runCommand(ctx, s.Command)
		return token, "the output of token_command", err
	case s.File != "":
		token, err := ReadFile(s.File)
		return token, "the file " + s.File, err
	case s.Variable != "":
		token, err := Parse(s.Variable)
		if err != nil {
			err = fmt.Errorf("read OUTLAST_TOKEN: %w", err)
		}
		return token, "the variable OUTLAST_TOKEN", err
	}
	return s.Place.Load(ctx)
}
