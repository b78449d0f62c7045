package remotetest_test

import (
	"testing"

	"outlast/internal/dynalist"
	"outlast/internal/outline"
	"outlast/internal/server"
	"outlast/sync"
	"outlast/sync/remotetest"
)

// The Dynalist client on our own server keeps the contract of sync.Remote, in
// both profiles.
func TestDynalistClientOnOurServer(t *testing.T) {
	for _, profile := range []server.Profile{server.Safe, server.Compat} {
		t.Run(string(profile), func(t *testing.T) {
			t.Run("any", func(t *testing.T) {
				remotetest.Run(t, func(t *testing.T) remotetest.Subject {
					return subject(t, remotetest.Open(t, profile))
				})
			})
			t.Run("own", func(t *testing.T) {
				remotetest.RunOwn(t, profile, func(t *testing.T, s *remotetest.Service) remotetest.Subject {
					return subject(t, s)
				})
			})
		})
	}
}

// subject furnishes an account and returns a client that has not used it yet.
func subject(t testing.TB, s *remotetest.Service) remotetest.Subject {
	t.Helper()
	owner := s.Client(t)
	list, err := owner.Files(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	made, err := owner.EditFiles(t.Context(), sync.FileEdit{Changes: []sync.FileStep{
		{Kind: outline.Insert, Type: outline.DocumentKind, Parent: list.Root, Title: "To edit"},
		{Kind: outline.Insert, Type: outline.DocumentKind, Parent: list.Root, Title: "To read"},
		{Kind: outline.Insert, Type: outline.FolderKind, Parent: list.Root, Title: "Files"},
	}})
	if err != nil || len(made.Created) != 3 {
		t.Fatalf("%v, %v", made, err)
	}
	if err := s.SetPermission(string(made.Created[1]), int(outline.Read)); err != nil {
		t.Fatal(err)
	}
	return remotetest.Subject{
		Remote: s.Client(t), Doc: made.Created[0], ReadOnly: made.Created[1], Folder: made.Created[2],
		Stranger: client(t, s, "another-token", nil),
		Again:    func(saved []sync.Budget) sync.Remote { return client(t, s, remotetest.Token, saved) },
	}
}

func client(t testing.TB, s *remotetest.Service, token string, saved []sync.Budget) *dynalist.Client {
	t.Helper()
	c, err := dynalist.New(dynalist.Config{
		Server: remotetest.Address, Transport: s, Token: func() string { return token }, Budgets: saved,
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}
