package dynalist

import "encoding/json"

// The endpoints, as paths below the service's base address.
const (
	PathFileList  = "file/list"
	PathFileEdit  = "file/edit"
	PathDocRead   = "doc/read"
	PathDocCheck  = "doc/check_for_updates"
	PathDocEdit   = "doc/edit"
	PathInboxAdd  = "inbox/add"
	PathPrefGet   = "pref/get"
	PathPrefSet   = "pref/set"
	DefaultServer = "https://dynalist.io/api/v1/"
)

// Codes of the envelope field _code. Compare them without case: documented is
// "OK", sent is "Ok".
const (
	CodeOK              = "Ok"
	CodeInvalid         = "Invalid"
	CodeInvalidToken    = "InvalidToken"
	CodeTooManyRequests = "TooManyRequests"
	CodeLockFail        = "LockFail"
	CodeUnauthorized    = "Unauthorized"
	CodeNotFound        = "NotFound"
	CodeNodeNotFound    = "NodeNotFound"
	CodeNoInbox         = "NoInbox"

	// Codes of our own server only.
	CodeStorageFull     = "StorageFull"
	CodeRequestMismatch = "RequestMismatch"
	CodeRequestExpired  = "RequestExpired"
	CodeVersionMismatch = "VersionMismatch"
)

// Headers by which our server announces what it can do beyond the service.
const (
	HeaderFeatures = "Outlast-Features" // comma-separated names, see below
	HeaderServer   = "Outlast-Server"   // id of one data file
	HeaderLimits   = "Outlast-Limits"   // buckets when they differ from Limits: name=perMinute/burst, comma-separated; "off" for none

	FeatureRequestID    = "request-id"
	FeatureIfVersion    = "if-version"
	FeatureChangesSince = "changes-since"
	FeatureDeleteFile   = "delete-file"
)

// Envelope opens every answer.
type Envelope struct {
	Code string `json:"_code"`
	Msg  string `json:"_msg,omitempty"` // absent on success
}

// File is an element of file/list's files.
type File struct {
	ID         string   `json:"id"`
	Title      string   `json:"title"`
	Type       string   `json:"type"`       // "document" or "folder"; the root folder may say "root"
	Permission int      `json:"permission"` // 0 none, 1 read, 2 edit, 3 manage, 4 owner
	Collapsed  *bool    `json:"collapsed,omitempty"`
	Children   []string `json:"children,omitempty"` // folders only
}

// FileListResponse answers file/list.
type FileListResponse struct {
	Envelope
	RootFileID string `json:"root_file_id"`
	Files      []File `json:"files"`
}

// FileChange is an element of file/edit's changes.
//
//	create  Type, ParentID, Index, Title
//	edit    Type, FileID, Title
//	move    Type, FileID, ParentID, Index
//	delete  Type, FileID (our server only)
type FileChange struct {
	Action   string  `json:"action"`
	Type     string  `json:"type,omitempty"`
	FileID   string  `json:"file_id,omitempty"`
	ParentID string  `json:"parent_id,omitempty"`
	Index    *int    `json:"index,omitempty"`
	Title    *string `json:"title,omitempty"`
}

// FileEditRequest asks for file/edit.
type FileEditRequest struct {
	Token     string       `json:"token"`
	Changes   []FileChange `json:"changes"`
	RequestID string       `json:"request_id,omitempty"`
}

// FileEditResponse answers file/edit: one result per change, one id per create
// that worked, in order. The service may leave Created out.
type FileEditResponse struct {
	Envelope
	Results   []bool   `json:"results"`
	Created   []string `json:"created,omitempty"`
	RequestID string   `json:"request_id,omitempty"`
	Replayed  bool     `json:"replayed,omitempty"`
}

// DocReadRequest asks for doc/read.
type DocReadRequest struct {
	Token  string `json:"token"`
	FileID string `json:"file_id"`
	Since  *int64 `json:"since,omitempty"`
}

// DocReadResponse answers doc/read. Nodes stay raw here so that unknown fields
// survive; see Node.
type DocReadResponse struct {
	Envelope
	FileID    string            `json:"file_id"`
	Title     string            `json:"title"`
	Version   int64             `json:"version"`
	Nodes     []json.RawMessage `json:"nodes"`
	Since     *int64            `json:"since,omitempty"`
	Deleted   []string          `json:"deleted,omitempty"`
	NodeCount *int              `json:"node_count,omitempty"`
}

// Node is an element of doc/read's nodes, as far as we know it.
type Node struct {
	ID        string   `json:"id"`
	Content   string   `json:"content"`
	Note      string   `json:"note"`
	Created   int64    `json:"created"`  // Unix milliseconds
	Modified  int64    `json:"modified"` // Unix milliseconds
	Children  []string `json:"children,omitempty"`
	Checked   bool     `json:"checked,omitempty"`
	Checkbox  bool     `json:"checkbox,omitempty"`
	Heading   int      `json:"heading,omitempty"`
	Color     int      `json:"color,omitempty"`
	Numbered  bool     `json:"numbered,omitempty"`
	Collapsed bool     `json:"collapsed,omitempty"`
}

// DocCheckRequest asks for doc/check_for_updates.
type DocCheckRequest struct {
	Token   string   `json:"token"`
	FileIDs []string `json:"file_ids"`
}

// DocCheckResponse answers doc/check_for_updates. Unknown documents and those
// without access are left out.
type DocCheckResponse struct {
	Envelope
	Versions map[string]int64 `json:"versions"`
}

// NodeChange is an element of doc/edit's changes. A nil field is left out, and
// the service then leaves it unchanged.
//
//	insert  ParentID, Index, Content and other fields
//	edit    NodeID and fields
//	move    NodeID, ParentID, Index (counted after removal)
//	delete  NodeID
type NodeChange struct {
	Action   string  `json:"action"`
	NodeID   string  `json:"node_id,omitempty"`
	ParentID string  `json:"parent_id,omitempty"`
	Index    *int    `json:"index,omitempty"`
	Content  *string `json:"content,omitempty"`
	Note     *string `json:"note,omitempty"`
	Checked  *bool   `json:"checked,omitempty"`
	Checkbox *bool   `json:"checkbox,omitempty"`
	Heading  *int    `json:"heading,omitempty"`
	Color    *int    `json:"color,omitempty"`
}

// DocEditRequest asks for doc/edit.
type DocEditRequest struct {
	Token     string       `json:"token"`
	FileID    string       `json:"file_id"`
	Changes   []NodeChange `json:"changes"`
	RequestID string       `json:"request_id,omitempty"`
	IfVersion *int64       `json:"if_version,omitempty"`
}

// DocEditResponse answers doc/edit: one id per insert, in order. Version comes
// only with if_version.
type DocEditResponse struct {
	Envelope
	NewNodeIDs []string `json:"new_node_ids,omitempty"`
	RequestID  string   `json:"request_id,omitempty"`
	Replayed   bool     `json:"replayed,omitempty"`
	Version    *int64   `json:"version,omitempty"`
}

// InboxAddRequest asks for inbox/add.
type InboxAddRequest struct {
	Token     string  `json:"token"`
	Index     *int    `json:"index,omitempty"`
	Content   string  `json:"content"`
	Note      *string `json:"note,omitempty"`
	Checked   *bool   `json:"checked,omitempty"`
	Checkbox  *bool   `json:"checkbox,omitempty"`
	Heading   *int    `json:"heading,omitempty"`
	Color     *int    `json:"color,omitempty"`
	RequestID string  `json:"request_id,omitempty"`
}

// InboxAddResponse answers inbox/add.
type InboxAddResponse struct {
	Envelope
	FileID    string `json:"file_id"`
	NodeID    string `json:"node_id"`
	Index     int    `json:"index"`
	RequestID string `json:"request_id,omitempty"`
	Replayed  bool   `json:"replayed,omitempty"`
}

// PrefRequest asks for pref/get (Value nil) and pref/set.
type PrefRequest struct {
	Token string  `json:"token"`
	Key   string  `json:"key"` // "inbox_location" or "inbox_move_position"
	Value *string `json:"value,omitempty"`
}

// PrefResponse answers pref/get; pref/set answers the envelope alone.
type PrefResponse struct {
	Envelope
	Key   string `json:"key"`
	Value string `json:"value"`
}

// Limit is a token bucket: requests (or changes) per minute and at once.
type Limit struct {
	PerMinute, Burst int
}

// Limits are the buckets that the client keeps to, by path. Official text for
// the first; where two sources differ the stricter counts.
func Limits() map[string]Limit {
	return map[string]Limit{
		PathFileList: {6, 10},
		PathFileEdit: {60, 50},
		PathDocRead:  {30, 50},
		PathDocCheck: {60, 50},
		PathDocEdit:  {60, 20},
		ChangesLimit: {240, 500},
		PathInboxAdd: {6, 10},
		PathPrefGet:  {6, 5},
		PathPrefSet:  {6, 5},
	}
}

// ChangesLimit names the bucket that doc/edit's changes are counted in, beside
// the one for its requests.
const ChangesLimit = "doc/edit:changes"
