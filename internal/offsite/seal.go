package offsite

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"filippo.io/age"
	"filippo.io/age/agessh"
)

// ageEnding is that of encrypted files.
const ageEnding = ".age"

// seal encrypts copies, or leaves them plain when it has no recipients.
type seal struct {
	to  []age.Recipient
	key age.Identity // of the one more recipient, made for this copy
}

func newSeal(to []string) (*seal, error) {
	all, err := recipients(to)
	if err != nil || len(all) == 0 {
		return &seal{}, err
	}
	s := &seal{to: all}
	// age mixes no recipients that withstand quantum computers with others.
	if _, hybrid := all[0].(*age.HybridRecipient); hybrid {
		key, err := age.GenerateHybridIdentity()
		if err != nil {
			return nil, err
		}
		s.key, s.to = key, append(s.to, key.Recipient())
		return s, nil
	}
	key, err := age.GenerateX25519Identity()
	if err != nil {
		return nil, err
	}
	s.key, s.to = key, append(s.to, key.Recipient())
	return s, nil
}

func recipients(texts []string) ([]age.Recipient, error) {
	var all []age.Recipient
	for _, text := range texts {
		var r age.Recipient
		var err error
		switch {
		case strings.HasPrefix(text, "ssh-"):
			r, err = agessh.ParseRecipient(text)
		case strings.HasPrefix(text, "age1pq1"):
			r, err = age.ParseHybridRecipient(text)
		default:
			r, err = age.ParseX25519Recipient(text)
		}
		if err != nil {
			return nil, fmt.Errorf("recipient %s: %w", text, err)
		}
		all = append(all, r)
	}
	return all, nil
}

func (s *seal) plain() bool { return s.key == nil }

// name returns that of the copy.
func (s *seal) name(as string) string {
	if s.plain() {
		return as
	}
	return as + ageEnding
}

// write copies in to out, encrypted unless it is to be plain.
func (s *seal) write(out io.Writer, in io.Reader) error {
	if s.plain() {
		_, err := io.Copy(out, in)
		return err
	}
	w, err := age.Encrypt(out, s.to...)
	if err != nil {
		return err
	}
	if _, err := io.Copy(w, in); err != nil {
		return err
	}
	return w.Close()
}

// check reads a copy to its end and compares what it holds.
func (s *seal) check(in io.Reader, want file) error {
	r := io.Reader(bufio.NewReader(in))
	if !s.plain() {
		var err error
		if r, err = age.Decrypt(r, s.key); err != nil {
			return fmt.Errorf("%w: %w", ErrDiffers, err)
		}
	}
	t := newTally(io.Discard)
	if _, err := io.Copy(t, r); err != nil {
		return fmt.Errorf("%w: %w", ErrDiffers, err)
	}
	if t.size != want.size || t.sum() != want.sum {
		return ErrDiffers
	}
	return nil
}
