package config

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"

	"github.com/adrg/xdg"

	"outlast/internal/atomicfile"
)

// program names the folders of this program.
const program = "outlast"

// socketLimit is the longest path of a socket that every system takes: macOS has
// room for 104 bytes with the closing zero, Linux for 108.
const socketLimit = 100

// Home is the places of all files. Nothing exists before Create.
type Home struct {
	Dir string // the folder of --home, absolute; "" when the XDG folders are used

	ConfigFile  string
	DataDir     string // holds the database, and all that has no place of its own
	Database    string
	SnapshotDir string // unless the settings name another; see Snapshots
	ServerDir   string // data of `outlast serve`
	LogFile     string
	StateDir    string // what must not be restored or copied with the database
	Socket      string // where commands reach the background service
}

// Resolve returns the places below dir, or those of the XDG convention for "".
func Resolve(dir string) (Home, error) {
	var h Home
	if dir == "" {
		h = standardHome()
	} else {
		if strings.HasPrefix(dir, "~") {
			expanded, err := Path(dir).Abs()
			if err != nil {
				return Home{}, fmt.Errorf("find home: %w", err)
			}
			dir = expanded
		}
		abs, err := filepath.Abs(dir)
		if err != nil {
			return Home{}, fmt.Errorf("find home: %w", err)
		}
		h = homeBelow(abs, abs, abs)
		h.StateDir = filepath.Join(abs, "state")
		h.Dir = abs
	}
	socket, err := socketPath(h.DataDir, xdg.RuntimeDir, xdg.StateHome)
	if err != nil {
		return Home{}, err
	}
	h.Socket = socket
	return h, nil
}

func standardHome() Home {
	return homeBelow(
		filepath.Join(xdg.ConfigHome, program),
		filepath.Join(xdg.DataHome, program),
		filepath.Join(xdg.StateHome, program),
	)
}

func homeBelow(config, data, state string) Home {
	return Home{
		ConfigFile:  filepath.Join(config, "config.toml"),
		DataDir:     data,
		Database:    filepath.Join(data, "outlast.db"),
		SnapshotDir: filepath.Join(data, "snapshots"),
		ServerDir:   filepath.Join(data, "server"),
		LogFile:     filepath.Join(state, "outlast.log"),
		StateDir:    state,
	}
}

// socketPath puts the socket beside the database, so that every command finds it
// whatever its environment. Where that path is too long for a socket, it lies in
// the first of some short folders that will do, under a name made of the long one.
func socketPath(dataDir string, short ...string) (string, error) {
	path := filepath.Join(dataDir, "outlast.sock")
	if len(path) <= socketLimit {
		return path, nil
	}
	sum := sha256.Sum256([]byte(dataDir))
	for _, dir := range short {
		if at := filepath.Join(dir, program, hex.EncodeToString(sum[:8])+".sock"); dir != "" && len(at) <= socketLimit {
			return at, nil
		}
	}
	return "", fmt.Errorf("find home: %s is too long for a socket (%d bytes); choose a home with a shorter path", path, len(path))
}

// Create makes the folders that do not exist, mode 0700.
func (h Home) Create() error {
	return errors.Join(
		atomicfile.MkdirAll(filepath.Dir(h.ConfigFile)),
		atomicfile.MkdirAll(h.DataDir),
		atomicfile.MkdirAll(filepath.Dir(h.LogFile)),
		atomicfile.MkdirAll(h.StateDir),
		atomicfile.MkdirAll(filepath.Dir(h.Socket)),
	)
}

// Snapshots returns the folder of the snapshots.
func (h Home) Snapshots(c Config) (string, error) {
	if c.Snapshots.Dir == "" {
		return h.SnapshotDir, nil
	}
	return c.Snapshots.Dir.Abs()
}

// TokenFile returns where the token for a service is kept when there is no
// keyring. Each host has its own file, so that none gets another's token. It is
// with the data: folders of settings are what people publish.
func (h Home) TokenFile(server string) string {
	host := server
	if u, err := url.Parse(server); err == nil && u.Host != "" {
		host = u.Host
	}
	safe := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '.' || r == '-' {
			return r
		}
		return '_'
	}, strings.ToLower(host))
	return filepath.Join(h.DataDir, "token-"+safe)
}
