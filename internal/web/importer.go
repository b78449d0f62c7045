package web

import (
	"strings"

	"outlast/internal/format"
	"outlast/internal/outline"
)

// importer adds trees to a command: as documents and folders of a folder, or,
// below a node, as branches under their titles.
type importer struct {
	*command
	res    *ImportResult
	told   *counter
	folder *outline.File // where documents go, or
	node   target        // below which branches go,
	at     outline.Place // from this place on

	made     map[string]string // ids of what stands for folders, by the titles down to them
	lastFile map[outline.FileID]outline.FileID
	lastNode map[outline.NodeID]outline.NodeID

	foreign map[outline.FileID]*format.Foreign // what other programs wrote, by document
}

func (c *command) importer(r ImportRequest, res *ImportResult) (*importer, error) {
	im := &importer{
		command: c, res: res, made: map[string]string{},
		lastFile: map[outline.FileID]outline.FileID{}, lastNode: map[outline.NodeID]outline.NodeID{},
		foreign: map[outline.FileID]*format.Foreign{},
	}
	t := target{file: im.files.File(im.files.Root)}
	var err error
	if r.Into != "" {
		if t, err = im.find(r.Into, wantAny); err != nil {
			return nil, err
		}
	}
	if err := editable(t); err != nil {
		return nil, err
	}
	if t.isFolder() {
		im.folder = t.file
		return im, nil
	}
	im.node = t
	im.at, err = im.placeBelow(t, r.Top, "", "")
	return im, err
}

// tree adds a document or a folder.
func (im *importer) tree(t imported) error {
	if im.folder == nil {
		return im.branch(t)
	}
	folder, err := im.folderOf(t.folders)
	if err != nil || t.doc == nil {
		return err
	}
	title, root := titleOf(t), t.doc.Root()
	id := im.file(outline.DocumentKind, title, folder)
	im.res.Documents++
	im.tell(t, fileRef(&outline.File{ID: id, Kind: outline.DocumentKind, Title: title}), 0)
	if root.Note != "" {
		f := outline.Fields{Note: root.Note}
		if err := validate(f); err != nil {
			return err
		}
		im.change(id, outline.Change{Kind: outline.Update, Node: outline.RootID, Mask: outline.Note, New: f})
	}
	if t.head != nil {
		im.foreignOf(id).Head = t.head
	}
	const marks = outline.Checked | outline.Checkbox | outline.Heading | outline.Color | outline.Numbered | outline.Collapsed
	if root.Differ(outline.Fields{})&marks != 0 {
		im.res.Warnings = append(im.res.Warnings, t.source+": marks of its title are not taken over; --into a node keeps them")
	}
	return im.below(id, outline.RootID, t)
}

// branch adds a document as a node with all its nodes below.
func (im *importer) branch(t imported) error {
	doc := im.node.file.ID
	up, err := im.branchOf(t.folders)
	if err != nil || t.doc == nil {
		return err
	}
	title := titleOf(t)
	f := t.doc.Root().Fields
	f.Content = title
	id, err := im.child(doc, up, f)
	if err != nil {
		return err
	}
	im.tell(t, made(im.node, id, title), 1)
	return im.below(doc, id, t)
}

// branchOf returns the node that stands for a path of folders, made once.
func (im *importer) branchOf(titles []string) (outline.NodeID, error) {
	at := im.node.node.ID
	for i, title := range titles {
		key := strings.Join(titles[:i+1], "\x00")
		if _, known := im.made[key]; !known {
			id, err := im.child(im.node.file.ID, at, outline.Fields{Content: title})
			if err != nil {
				return "", err
			}
			im.made[key] = string(id)
			im.res.Nodes++
		}
		at = outline.NodeID(im.made[key])
	}
	return at, nil
}

// child adds a node after the children that this import gave its parent before.
func (im *importer) child(doc outline.FileID, up outline.NodeID, f outline.Fields) (outline.NodeID, error) {
	at := outline.Place{Parent: up}
	if up == im.node.node.ID {
		at = im.at
	}
	if last, ok := im.lastNode[up]; ok {
		at.Left = last
	}
	id, err := im.insertNode(doc, at, f)
	im.lastNode[up] = id
	return id, err
}

// folderOf returns the folder for a path of titles, made once.
func (im *importer) folderOf(titles []string) (outline.FileID, error) {
	at := im.folder.ID
	for i, title := range titles {
		key := strings.Join(titles[:i+1], "\x00")
		if _, known := im.made[key]; !known {
			if err := validateTitle(title); err != nil {
				return "", err
			}
			im.made[key] = string(im.file(outline.FolderKind, title, at))
			im.res.Folders++
		}
		at = outline.FileID(im.made[key])
	}
	return at, nil
}

// file adds a folder or document as the last of a folder.
func (im *importer) file(kind outline.FileKind, title string, folder outline.FileID) outline.FileID {
	left, known := im.lastFile[folder]
	if !known {
		left = im.files.Last(folder).Left
	}
	id := im.insertFile(kind, title, outline.FilePlace{Parent: folder, Left: left})
	im.lastFile[folder] = id
	return id
}

// below adds all below the root of a tree, under a node of the document.
func (im *importer) below(doc outline.FileID, under outline.NodeID, t imported) error {
	type level struct{ id, last outline.NodeID }
	open := []level{{id: under}}
	for depth, n := range t.doc.Root().Walk() {
		if depth == 0 {
			continue
		}
		open = open[:depth]
		up := &open[depth-1]
		id, err := im.insertNode(doc, outline.Place{Parent: up.id, Left: up.last}, n.Fields)
		if err == nil {
			err = im.told.add(1)
		}
		if err != nil {
			return err
		}
		if kept := t.kept[n.ID]; kept != nil {
			im.foreignOf(doc).Kept[id] = kept
		}
		up.last = id
		open = append(open, level{id: id})
		if im.previews() {
			im.res.Preview = append(im.res.Preview, nodeLine(&outline.File{ID: doc}, n, depth))
		}
	}
	return nil
}

// insertNode adds a node with what the service takes of its fields.
func (im *importer) insertNode(doc outline.FileID, at outline.Place, f outline.Fields) (outline.NodeID, error) {
	f = f.Only(outline.Editable | outline.Numbered | outline.Collapsed)
	if err := validate(f); err != nil {
		return "", err
	}
	id := im.insert(doc, at, f)
	return id, im.err
}

// tell adds a tree to the answer; more are nodes beside those below its root.
func (im *importer) tell(t imported, ref Ref, more int) {
	nodes := t.doc.Len() - 1 + more
	im.res.Files = append(im.res.Files, ImportedFile{Ref: ref, Source: t.source, Flavor: string(t.flavor), Nodes: nodes})
	im.res.Nodes += nodes
	if im.previews() {
		im.res.Preview = append(im.res.Preview, Line{
			Kind: ref.Kind, Doc: ref.Doc, Node: ref.Node, Text: ref.Text, Children: t.doc.Root().ChildCount(),
		})
	}
}

// previews tells whether the answer shows what would be made.
func (im *importer) previews() bool { return im.DryRun && len(im.res.Preview) < previewLines }
