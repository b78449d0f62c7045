package remotetest

import (
	"slices"

	"outlast/internal/outline"
	"outlast/sync"
)

// editFiles makes changes that must all succeed, and returns the new ids, from
// the list if the service leaves them out.
func (p *probe) editFiles(steps ...sync.FileStep) []outline.ServiceID {
	p.Helper()
	done, err := p.Remote.EditFiles(p.Context(), sync.FileEdit{Changes: steps})
	p.need(err)
	if len(done.Results) != len(steps) || slices.Contains(done.Results, false) {
		p.Fatalf("results %v of %d changes, want all true", done.Results, len(steps))
	}
	return done.Created
}

func createFile(kind outline.FileKind, parent outline.ServiceID, index int, title string) sync.FileStep {
	return sync.FileStep{Kind: outline.Insert, Type: kind, Parent: parent, Index: index, Title: title}
}

// folder makes a folder for the check's own use.
func (p *probe) folder() outline.ServiceID {
	p.Helper()
	if p.Folder == "" {
		p.Skip("no folder for new files")
	}
	ids := p.editFiles(createFile(outline.FolderKind, p.Folder, 0, "conformance"))
	if len(ids) != 1 {
		p.Skip("the service does not tell the ids of new files")
	}
	return ids[0]
}

// listed returns the file list by id.
func (p *probe) listed() map[outline.ServiceID]sync.ListedFile {
	p.Helper()
	l, err := p.Remote.Files(p.Context())
	p.need(err)
	byID := make(map[outline.ServiceID]sync.ListedFile)
	for _, f := range l.Files {
		byID[f.ID] = f
	}
	return byID
}

// titled counts the files with a title.
func (p *probe) titled(title string) (n int) {
	p.Helper()
	for _, f := range p.listed() {
		if f.Title == title {
			n++
		}
	}
	return n
}

// wantFiles compares the titles in a folder.
func (p *probe) wantFiles(folder outline.ServiceID, want ...string) {
	p.Helper()
	all := p.listed()
	var got []string
	for _, id := range all[folder].Children {
		got = append(got, all[id].Title)
	}
	if !slices.Equal(got, want) {
		p.Errorf("folder holds %q, want %q", got, want)
	}
}

// checkFiles: create, rename and move, for folders and documents, with titles
// that people give and with the same title twice.
func checkFiles(p *probe) {
	top := p.folder()
	ids := p.editFiles(
		createFile(outline.DocumentKind, top, 0, "same"),
		createFile(outline.FolderKind, top, 1, "same"),
		createFile(outline.DocumentKind, top, 0, "日本語 <&> \"🙂\""),
	)
	if len(ids) != 3 {
		p.Fatalf("created %v, want three ids", ids)
	}
	p.wantFiles(top, "日本語 <&> \"🙂\"", "same", "same")
	all := p.listed()
	for i, kind := range []outline.FileKind{outline.DocumentKind, outline.FolderKind, outline.DocumentKind} {
		if f := all[ids[i]]; f.Kind != kind || !f.Permission.CanEdit() {
			p.Errorf("file %d is %+v, want a %s that can be edited", i, f, kind)
		}
	}
	p.editFiles(
		sync.FileStep{Kind: outline.Update, Type: outline.DocumentKind, File: ids[0], Title: "renamed"},
		sync.FileStep{Kind: outline.Move, Type: outline.DocumentKind, File: ids[0], Parent: ids[1], Index: 0},
		sync.FileStep{Kind: outline.Update, Type: outline.FolderKind, File: ids[1], Title: "folder"},
	)
	p.wantFiles(top, "日本語 <&> \"🙂\"", "folder")
	p.wantFiles(ids[1], "renamed")
	p.editFiles(sync.FileStep{Kind: outline.Move, Type: outline.DocumentKind, File: ids[0], Parent: top, Index: 1})
	p.wantFiles(top, "日本語 <&> \"🙂\"", "renamed", "folder")

	p.Doc = ids[0]
	p.item()
	if r := p.read(); r.Title != "renamed" || len(r.Nodes) != 2 {
		p.Errorf("new document %q has %d nodes", r.Title, len(r.Nodes))
	}
}

// checkFilesInPart: a change that cannot be made is false and stops no other;
// ids come for the creates that worked.
func checkFilesInPart(p *probe) {
	top := p.folder()
	done, err := p.Remote.EditFiles(p.Context(), sync.FileEdit{Changes: []sync.FileStep{
		createFile(outline.DocumentKind, top, 0, "one"),
		createFile(outline.DocumentKind, unknownID, 0, "nowhere"),
		{Kind: outline.Update, Type: outline.DocumentKind, File: unknownID, Title: "nothing"},
		createFile(outline.DocumentKind, top, 1, "two"),
	}})
	p.need(err)
	if !slices.Equal(done.Results, []bool{true, false, false, true}) || done.Created != nil && len(done.Created) != 2 {
		p.Errorf("got %+v, want the first and last to succeed", done)
	}
	p.wantFiles(top, "one", "two")
	for i, id := range done.Created {
		if got, want := p.listed()[id].Title, []string{"one", "two"}[i]; got != want {
			p.Errorf("created file %d is %q, want %q", i, got, want)
		}
	}
}

// checkDeleteFiles: where announced, empty files go and full folders stay;
// else a delete is refused before it is sent.
func checkDeleteFiles(p *probe) {
	if p.Folder == "" {
		p.Skip("no folder for new files")
	}
	announced := p.server().DeleteFile
	drop := func(kind outline.FileKind, id outline.ServiceID) sync.FileStep {
		return sync.FileStep{Kind: outline.Delete, Type: kind, File: id}
	}
	if !announced {
		_, err := p.Remote.EditFiles(p.Context(), sync.FileEdit{Changes: []sync.FileStep{drop(outline.DocumentKind, unknownID)}})
		p.wantFailure(err, nil, sync.Rejected)
		p.Skip("deletion of files is not announced")
	}
	top := p.folder()
	doc := p.editFiles(createFile(outline.DocumentKind, top, 0, "passing"))[0]
	done, err := p.Remote.EditFiles(p.Context(), sync.FileEdit{Changes: []sync.FileStep{drop(outline.FolderKind, top)}})
	p.need(err)
	if !slices.Equal(done.Results, []bool{false}) {
		p.Errorf("deletion of a full folder: %v, want false", done.Results)
	}
	p.wantFiles(top, "passing")
	p.editFiles(drop(outline.DocumentKind, doc), drop(outline.FolderKind, top))
	all := p.listed()
	if _, there := all[doc]; there || all[top].ID != "" {
		p.Error("deleted files are still listed")
	}
	_, err = p.Remote.Read(p.Context(), doc, 0)
	p.wantFailure(err, sync.ErrNotFound, sync.Rejected)
}
