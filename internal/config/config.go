// Package config holds the settings of the program and the places of its files.
//
// Config is every key there is, with the type that checks it; Default gives each
// its value. Load lays a TOML file over the defaults and Set lays single values
// over that, from the environment or from flags, while Settings remembers where
// each value came from. A key that does not exist is an error that names the
// nearest one: a misspelt guard must not pass as no guard at all.
//
// The file belongs to its user. SetKey, AddWatch and RemoveWatch change the lines
// they are about and keep the rest, comments included.
//
// Home says where configuration, database, snapshots, socket, log and token lie:
// below one folder, or in the folders that the XDG convention names.
package config

import "time"

// Config is every setting. The tag doc is the comment written beside a key.
type Config struct {
	Server       string `toml:"server" doc:"address of the service; https, or http on this machine"`
	TokenCommand string `toml:"token_command" doc:"program that prints the token, run by the shell"`

	Sync      Sync      `toml:"sync"`
	Guard     Guard     `toml:"guard"`
	Store     Store     `toml:"store"`
	Import    Import    `toml:"import"`
	Snapshots Snapshots `toml:"snapshots"`
	Web       Web       `toml:"web"`
	Notify    Notify    `toml:"notify"`
	Watch     []Watch   `toml:"watch"`
	Log       Log       `toml:"log"`
}

// Sync is how changes travel.
type Sync struct {
	Every    Duration `toml:"every" doc:"pause between looks for changes"`
	RetryMax Duration `toml:"retry_max" doc:"longest pause between tries"`
	Strict   bool     `toml:"strict" doc:"always staged: slower, exact under any fault"`
	BatchMax int      `toml:"batch_max" doc:"changes per request"`
}

// Guard is the size of a deletion that waits for a person: more than Nodes items,
// or, if that is more, than Percent of the document.
type Guard struct {
	Nodes   int `toml:"nodes" doc:"a deletion of more items than this waits for you"`
	Percent int `toml:"percent" doc:"or, if that is more, of this share of the document"`
}

// Store bounds the database.
type Store struct {
	MaxSize Size `toml:"max_size" doc:"the database grows no larger"`
}

// Import is the limits of one imported file.
type Import struct {
	Depth     int  `toml:"depth" doc:"levels"`
	Nodes     int  `toml:"nodes" doc:"items"`
	Attribute Size `toml:"attribute" doc:"bytes of one text"`
	File      Size `toml:"file" doc:"bytes of the file"`
}

// Snapshots is when dated copies are taken and how long they stay.
type Snapshots struct {
	Dir      Path   `toml:"dir" doc:"folder; \"\" is below the data folder"`
	Schedule string `toml:"schedule" doc:"minute hour day month weekday, local time"`
	Keep     Keep   `toml:"keep"`
	Drill    string `toml:"drill" doc:"restore one and compare: daily, weekly, monthly or off"`
	Copy     []Copy `toml:"copy"`
}

// Keep is how many snapshots of each kind stay.
type Keep struct {
	Last    int `toml:"last" doc:"the newest"`
	Hourly  int `toml:"hourly" doc:"one an hour"`
	Daily   int `toml:"daily" doc:"one a day"`
	Weekly  int `toml:"weekly" doc:"one a week"`
	Monthly int `toml:"monthly" doc:"one a month"`
	Yearly  int `toml:"yearly" doc:"one a year"`
}

// Copy is a second place for snapshots.
type Copy struct {
	To        Path     `toml:"to" doc:"a folder, or s3://bucket/prefix"`
	EncryptTo []string `toml:"encrypt_to" doc:"age recipients; none writes plain files"`
	Form      string   `toml:"form" doc:"zip or folder"`
}

// Web is the page.
type Web struct {
	Listen string `toml:"listen" doc:"address on this machine; port 0 is chosen once and kept"`
	Theme  string `toml:"theme" doc:"auto, light or dark"`
}

// Notify is the ways to tell a person. Empty ones are not used.
type Notify struct {
	Desktop       bool   `toml:"desktop" doc:"notices of the desktop"`
	Command       string `toml:"command" doc:"program that gets the incident as JSON"`
	Webhook       Hook   `toml:"webhook" doc:"address that gets the incident as JSON"`
	Ntfy          Hook   `toml:"ntfy" doc:"address of a topic"`
	PagerdutyFile Path   `toml:"pagerduty_file" doc:"file with a routing key"`
	Ping          Hook   `toml:"ping" doc:"address called after each verified round"`
	Quiet         string `toml:"quiet" doc:"such as 22:00-07:00; never for loss of data"`
}

// Watch is a folder kept in step with documents.
type Watch struct {
	Dir    Path   `toml:"dir" doc:"the folder"`
	Format string `toml:"format" doc:"opml or md"`
	Doc    string `toml:"doc" doc:"one document; \"\" is all"`
	IDs    bool   `toml:"ids" doc:"hidden ids in Markdown"`
}

// Log is what is written down.
type Log struct {
	Level string `toml:"level" doc:"debug, info, warn or error"`
}

// DefaultServer is the service that Outlast was made for.
const DefaultServer = "https://dynalist.io/api/v1/"

// Default returns the settings of a person who set nothing.
func Default() Config {
	return Config{
		Server: DefaultServer,
		Sync:   Sync{Every: Duration(30 * time.Second), RetryMax: Duration(5 * time.Minute), BatchMax: 200},
		Guard:  Guard{Nodes: 20, Percent: 10},
		Store:  Store{MaxSize: 16 << 30},
		Import: Import{Depth: 1000, Nodes: 2_000_000, Attribute: 10_000_000, File: 512_000_000},
		Snapshots: Snapshots{
			Schedule: "0 * * * *",
			Keep:     Keep{Last: 3, Hourly: 24, Daily: 14, Weekly: 8, Monthly: 12, Yearly: 10},
			Drill:    "weekly",
		},
		Web:    Web{Listen: "127.0.0.1:0", Theme: "auto"},
		Notify: Notify{Desktop: true},
		Log:    Log{Level: "info"},
	}
}

// normalise gives every value its one spelling and the entries of lists, which
// Default cannot reach, their defaults.
func (c *Config) normalise() {
	if server, err := ServerURL(c.Server); err == nil {
		c.Server = server
	}
	for i := range c.Watch {
		if c.Watch[i].Format == "" {
			c.Watch[i].Format = "opml"
		}
	}
	for i := range c.Snapshots.Copy {
		if c.Snapshots.Copy[i].Form == "" {
			c.Snapshots.Copy[i].Form = "zip"
		}
	}
}
