package atomicfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
)

// MkdirTemp creates a folder with a temporary name inside the folder dir of root
// and returns its path in root. It is to be filled and given to RenameDir.
func MkdirTemp(root *os.Root, dir string) (string, error) {
	name := filepath.Join(dir, tempName())
	if err := root.Mkdir(name, 0o700); err != nil {
		return "", fmt.Errorf("create temporary folder: %w", err)
	}
	return name, nil
}

// RenameDir publishes the folder temp of root, with all that is in it, under the
// name final: each file and folder is made durable, then the name is given in one
// step, then the names themselves are made durable. The content must be plain
// files and folders, and final must not exist (fs.ErrExist).
//
// On an error temp is gone and final does not exist, with one exception: when only
// the last fsync failed, final is complete and a power cut may yet take it away.
func RenameDir(root *os.Root, temp, final string) error {
	return publish(rooted{root}, filepath.ToSlash(temp), filepath.ToSlash(final))
}

func publish(in folder, temp, final string) error {
	if err := prepare(in, temp, final); err != nil {
		return errors.Join(fmt.Errorf("publish %s: %w", final, err), in.remove(temp))
	}
	if err := in.rename(temp, final); err != nil {
		return errors.Join(fmt.Errorf("publish %s: %w", final, err), in.remove(temp))
	}
	err := in.sync(path.Dir(final))
	if path.Dir(temp) != path.Dir(final) {
		err = errors.Join(err, in.sync(path.Dir(temp)))
	}
	if err != nil {
		return fmt.Errorf("publish %s: in place, but its folder is not synced: %w", final, err)
	}
	return nil
}

// RemoveDir takes away the folder name of root with all below it. It loses its name
// in one step, which is made durable before anything goes: nobody ever finds a part
// of it under that name. After an error it may be there whole under the name, or in
// part under a temporary one, which Clean removes.
func RemoveDir(root *os.Root, name string) error {
	return removeDir(rooted{root}, filepath.ToSlash(name))
}

func removeDir(in folder, name string) error {
	dir := path.Dir(name)
	temp := path.Join(dir, tempName())
	err := in.rename(name, temp)
	if err == nil {
		err = in.sync(dir)
	}
	if err == nil {
		err = in.remove(temp)
	}
	if err != nil {
		return fmt.Errorf("remove folder %s: %w", name, err)
	}
	return nil
}

// prepare does everything that can still fail without a trace.
func prepare(in folder, temp, final string) error {
	taken, err := in.exists(final)
	if err != nil {
		return err
	}
	if taken {
		return fs.ErrExist
	}
	return syncTree(in, temp)
}

// syncTree makes a folder durable. A folder of entries is flushed before the
// folder that names it is left, which is why folders come in the order of the
// walk reversed.
func syncTree(in folder, top string) error {
	var folders []string
	err := fs.WalkDir(in.files(), top, func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir():
			folders = append(folders, name)
			return nil
		case entry.Type().IsRegular():
			return in.syncFile(name)
		default:
			return fmt.Errorf("%s is neither a file nor a folder", name)
		}
	})
	if err != nil {
		return err
	}
	for i := len(folders) - 1; i >= 0; i-- {
		if err := in.sync(folders[i]); err != nil {
			return err
		}
	}
	return nil
}
