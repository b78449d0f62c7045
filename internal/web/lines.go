package web

import (
	"encoding/json"
	"net/http"
)

// lineWriter writes the lines of a streamed answer.
type lineWriter struct {
	w     http.ResponseWriter
	begun bool
}

// chunk is how much content follows one line at most.
const chunk = 64 << 10

func (l *lineWriter) write(f frame) error {
	if !l.begun {
		l.w.Header().Set("Content-Type", linesType)
		l.begun = true
	}
	line, err := json.Marshal(f)
	if err != nil {
		return err
	}
	_, err = l.w.Write(append(line, '\n'))
	return err
}

// progress sends a line at once.
func (l *lineWriter) progress(p Progress) error {
	if err := l.write(frame{Progress: &p}); err != nil {
		return err
	}
	return http.NewResponseController(l.w).Flush()
}

// result sends the last line.
func (l *lineWriter) result(v any) error {
	body, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return l.write(frame{Result: body})
}

// Write sends content of the file that was begun last.
func (l *lineWriter) Write(p []byte) (int, error) {
	done := 0
	for done < len(p) {
		n := min(chunk, len(p)-done)
		if err := l.write(frame{Bytes: n}); err != nil {
			return done, err
		}
		if _, err := l.w.Write(p[done : done+n]); err != nil {
			return done, err
		}
		done += n
	}
	return done, nil
}
