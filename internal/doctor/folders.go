package doctor

import (
	"path/filepath"
	"strings"
)

// syncedBy names the cloud program that a folder looks to be kept in step by, "" for
// none. A database that another program copies and puts back while it is open is
// lost sooner or later.
func syncedBy(path string, exists func(string) bool) string {
	for _, part := range strings.Split(filepath.ToSlash(path), "/") {
		for name, program := range map[string]string{
			"dropbox": "Dropbox", "onedrive": "OneDrive", "google drive": "Google Drive", "googledrive": "Google Drive",
			"my drive": "Google Drive", "mobile documents": "iCloud Drive", "nextcloud": "Nextcloud", "owncloud": "ownCloud",
			"pclouddrive": "pCloud", "seafile": "Seafile", "megasync": "MEGA",
		} {
			if lower := strings.ToLower(part); lower == name || strings.HasPrefix(lower, name+" -") {
				return program
			}
		}
	}
	for dir := path; ; dir = filepath.Dir(dir) {
		if exists(filepath.Join(dir, ".stfolder")) {
			return "Syncthing"
		}
		if exists(filepath.Join(dir, ".dropbox")) {
			return "Dropbox"
		}
		if filepath.Dir(dir) == dir {
			return ""
		}
	}
}
