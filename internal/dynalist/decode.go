package dynalist

import (
	"fmt"
	"strings"

	"outlast/internal/outline"
	"outlast/sync"
)

// envelope is what all answers share.
type envelope struct {
	code, msg string
	requestID string
	replayed  bool
}

func (e envelope) ok() bool { return e.code == CodeOK }

// readField reads the value of one field of an answer, false if the name means
// nothing to it; the value is then skipped.
type readField func(s *scanner, name string) (bool, error)

// decode reads an answer. Without an error the text is sound JSON and has a
// code. The fields of an answer that is not Ok are read only so far as they
// come before the code.
func decode(text string, field readField) (envelope, error) {
	var e envelope
	err := scan(text, func(s *scanner) error {
		return s.object(func(name string) error {
			known, err := e.field(s, name)
			if !known && (e.code == "" || e.ok()) {
				known, err = field(s, name)
			}
			if known || err != nil {
				return err
			}
			return s.skip()
		})
	})
	if err == nil && e.code == "" {
		err = missing("_code")
	}
	return e, err
}

// canonical returns a code as we write it. What does not look like a code is not
// taken over: it may be anything.
func canonical(code string) string {
	for _, known := range []string{
		CodeOK, CodeInvalid, CodeInvalidToken, CodeTooManyRequests, CodeLockFail, CodeUnauthorized,
		CodeNotFound, CodeNodeNotFound, CodeNoInbox,
		CodeStorageFull, CodeRequestMismatch, CodeRequestExpired, CodeVersionMismatch,
	} {
		if strings.EqualFold(code, known) {
			return known
		}
	}
	if code == "" || len(code) > 40 || strings.Trim(code, letters) != "" {
		return "Unknown"
	}
	return code
}

const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

func (e *envelope) field(s *scanner, name string) (known bool, err error) {
	switch name {
	case "_code":
		e.code, err = s.str()
		e.code = canonical(e.code)
	case "_msg":
		if s.peek() != '"' {
			return false, nil
		}
		e.msg, err = s.str()
	case "request_id":
		e.requestID, err = s.str()
	case "replayed":
		e.replayed, err = s.boolean()
	default:
		return false, nil
	}
	return true, err
}

// nothing is the readField of answers that are an envelope only.
func nothing(*scanner, string) (bool, error) { return false, nil }

// missing is the complaint about an Ok without a field that must be there.
func missing(name string) error {
	return fmt.Errorf("%w: no %s", errUnreadable, name)
}

// listingField reads the fields of file/list into l.
func listingField(l *sync.Listing) readField {
	return func(s *scanner, name string) (known bool, err error) {
		switch name {
		case "root_file_id":
			l.Root, err = id(s)
		case "files":
			l.Files = []sync.ListedFile{}
			err = s.array(func() error {
				f, err := listedFile(s)
				l.Files = append(l.Files, f)
				return err
			})
		default:
			return false, nil
		}
		return true, err
	}
}

func listedFile(s *scanner) (f sync.ListedFile, err error) {
	f.Permission = outline.NoAccess
	err = s.object(func(name string) (err error) {
		switch name {
		case "id":
			f.ID, err = id(s)
		case "title":
			f.Title, err = s.str()
		case "type":
			f.Kind, err = fileKind(s)
		case "permission":
			f.Permission, err = permission(s)
		case "children":
			f.Children, err = ids(s, nil)
		default:
			err = s.skip()
		}
		return err
	})
	if err == nil && (f.ID == "" || f.Kind == "") {
		err = s.fail("a file without id or type")
	}
	return f, err
}

// fileKind reads a type. The root folder may call itself "root".
func fileKind(s *scanner) (outline.FileKind, error) {
	kind, err := s.str()
	switch {
	case err != nil:
		return "", err
	case kind == "root" || kind == string(outline.FolderKind):
		return outline.FolderKind, nil
	case kind == string(outline.DocumentKind):
		return outline.DocumentKind, nil
	}
	return "", s.fail("a file of unknown type")
}

// permission reads a permission. One that we do not know counts as none.
func permission(s *scanner) (outline.Permission, error) {
	n, err := s.integer()
	if n < int64(outline.NoAccess) || n > int64(outline.Owner) {
		n = int64(outline.NoAccess)
	}
	return outline.Permission(n), err
}

func id(s *scanner) (outline.ServiceID, error) {
	v, err := s.str()
	return outline.ServiceID(v), err
}

// ids appends an array of ids to all.
func ids(s *scanner, all []outline.ServiceID) ([]outline.ServiceID, error) {
	err := s.array(func() error {
		v, err := id(s)
		all = append(all, v)
		return err
	})
	return all, err
}

// versionsField reads the field of doc/check_for_updates into *v.
func versionsField(v *map[outline.ServiceID]int64) readField {
	return func(s *scanner, name string) (bool, error) {
		if name != "versions" {
			return false, nil
		}
		*v = make(map[outline.ServiceID]int64)
		return true, s.object(func(doc string) (err error) {
			(*v)[outline.ServiceID(doc)], err = s.integer()
			return err
		})
	}
}

// filesEditedField reads the fields of file/edit into r.
func filesEditedField(r *sync.FileEdited) readField {
	return func(s *scanner, name string) (known bool, err error) {
		switch name {
		case "results":
			err = s.array(func() error {
				ok, err := s.boolean()
				r.Results = append(r.Results, ok)
				return err
			})
		case "created":
			r.Created, err = ids(s, []outline.ServiceID{}) // not nil: that means left out
		default:
			return false, nil
		}
		return true, err
	}
}

// editedField reads the fields of doc/edit into r.
func editedField(r *sync.NodeEdited) readField {
	return func(s *scanner, name string) (known bool, err error) {
		switch name {
		case "new_node_ids":
			r.NewNodes, err = ids(s, nil)
		case "version":
			r.Version, err = s.integer()
		default:
			return false, nil
		}
		return true, err
	}
}
