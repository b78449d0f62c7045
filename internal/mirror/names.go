package mirror

import (
	"path/filepath"
	"strings"

	"outlast/internal/format"
	"outlast/internal/outline"
)

// markName is the file that tells the folder from others at its place.
const markName = ".outlast-watch"

// Ignored tells whether a name of a folder of that format never matters: it has
// another extension, or is the backup, lock or temporary file of an editor.
func Ignored(ext, name string) bool {
	if strings.HasPrefix(name, ".") || strings.HasPrefix(name, "#") || strings.HasPrefix(name, "~$") {
		return true
	}
	return !strings.EqualFold(strings.TrimPrefix(filepath.Ext(name), "."), ext)
}

// isConflictCopy tells whether a sync program made this name for one of two
// versions that it could not bring together.
func isConflictCopy(name string) bool {
	low := strings.ToLower(name)
	for _, mark := range []string{
		"conflicted copy",   // Dropbox, Nextcloud, ownCloud
		".sync-conflict-",   // Syncthing
		"(case conflict",    // Dropbox
		"_conflict-",        // older Nextcloud and ownCloud
		"(sfconflict",       // Seafile
		"[conflict]",        // pCloud
		"conflict copy",     // Unison and others
		".conflict.",        // Resilio
		"(unicode encoding", // Dropbox
	} {
		if strings.Contains(low, mark) {
			return true
		}
	}
	return false
}

// nameFor returns the name of the file of a new document: its title, and if that
// is taken, in any case of letters, with a hash.
func (f *Folder) nameFor(doc outline.FileID, title string) (string, error) {
	taken, err := f.takenNames()
	if err != nil {
		return "", err
	}
	for _, name := range []string{
		format.Slug(title, 100) + "." + f.form.name,
		format.FileName(title, doc, f.form.name),
		format.LongFileName(title, doc, f.form.name),
	} {
		if !taken[strings.ToLower(name)] {
			return name, nil
		}
	}
	return f.cfg.NewID() + "." + f.form.name, nil
}

// takenNames returns the names in the folder and those of our files, in lower case.
func (f *Folder) takenNames() (map[string]bool, error) {
	taken := map[string]bool{}
	names, err := f.list()
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		taken[strings.ToLower(name)] = true
	}
	for _, st := range f.files {
		taken[strings.ToLower(st.Name)] = true
	}
	return taken, nil
}

// byName returns the document whose file has a name.
func (f *Folder) byName(name string) (outline.FileID, *fileState) {
	for doc, st := range f.files {
		if st.Name == name {
			return doc, st
		}
	}
	return "", nil
}
