package snapshot

import (
	"path"
	"strings"

	"outlast/internal/format"
	"outlast/internal/outline"
)

const (
	// deepestFolder bounds the length of paths, which every system limits: what
	// lies deeper lies in a folder of that level. The manifest has the true tree.
	deepestFolder = 16
	folderBytes   = 80 // of a folder's name, before a hash
)

// pathsOf returns the path of each document below a snapshot, with slashes. No
// two are the same, also where case means nothing, and none is a folder's.
func pathsOf(files *outline.Files) map[outline.FileID]string {
	type place struct {
		folder outline.FileID
		dir    string
		depth  int
	}
	paths := map[outline.FileID]string{}
	todo := []place{{folder: files.Root}}
	for len(todo) > 0 {
		at := todo[0]
		todo = todo[1:]
		names := namesIn(files, at.folder, at.depth > deepestFolder)
		for _, id := range files.File(at.folder).Children {
			f := files.File(id)
			switch {
			case f.Kind == outline.DocumentKind:
				paths[id] = path.Join(at.dir, names[id])
			case at.depth >= deepestFolder:
				todo = append(todo, place{id, at.dir, at.depth + 1})
			default:
				todo = append(todo, place{id, path.Join(at.dir, names[id]), at.depth + 1})
			}
		}
	}
	return paths
}

// namesIn returns the names of what a folder holds: short ones, but long ones
// for those that would be the same, and for all when long is set.
func namesIn(files *outline.Files, folder outline.FileID, long bool) map[outline.FileID]string {
	taken := map[string]int{manifestName: 1}
	children := files.File(folder).Children
	for _, id := range children {
		taken[strings.ToLower(shortName(files.File(id)))]++
	}
	names := make(map[outline.FileID]string, len(children))
	for _, id := range children {
		f := files.File(id)
		names[id] = shortName(f)
		if long || taken[strings.ToLower(names[id])] > 1 {
			names[id] = longName(f)
		}
	}
	return names
}

// shortName is what a person would call it. Only documents end as files do.
func shortName(f *outline.File) string {
	if f.Kind == outline.DocumentKind {
		return format.FileName(f.Title, f.ID, format.OPML)
	}
	name := format.Slug(f.Title, folderBytes)
	if low := strings.ToLower(name); strings.HasSuffix(low, "."+format.OPML) || strings.HasSuffix(low, exactEnding) {
		return longName(f)
	}
	return name
}

func longName(f *outline.File) string {
	if f.Kind == outline.DocumentKind {
		return format.LongFileName(f.Title, f.ID, format.OPML)
	}
	return format.FileName(f.Title, f.ID, "")
}
