package doctor

import "os"

// Private trusts the access lists of a user's profile.
func Private(...string) []Finding {
	return []Finding{Skip("who may read the files is for the access lists of Windows")}
}

// SyncedFolder warns of a folder that a cloud program keeps in step.
func SyncedFolder(path string) []Finding {
	exists := func(p string) bool { _, err := os.Lstat(p); return err == nil }
	if program := syncedBy(path, exists); program != "" {
		return []Finding{Bad(Warning, "keep the data elsewhere with --home",
			"the database lies in a folder of %s, which can damage it while it is open", program)}
	}
	return []Finding{Good("no cloud program is known to rewrite the data folder")}
}
