// Package opml turns outlines into OPML 2.0 and back. It is a codec only: bytes
// on one side, package outline on the other, no files and no network. An
// outline that names an address (type include, link, rss) is never fetched.
//
// # Our dialect
//
// Flavor Dynalist, the default, is canonical: UTF-8 without byte order mark,
// LF, one outline per line, two blanks per level up to 32 levels, no time of
// the export, so that one document has one sequence of bytes. The attributes of
// an outline, in this order and absent when they have their default:
//
//	text        content; always there
//	_note       note
//	complete    true: checked
//	checkbox    true
//	colorLabel  1-6
//	listStyle   arabic: numbered
//	collapsed   true
//	_heading    1-3
//	_id         our id of the node
//	_created    Unix milliseconds
//	_modified   Unix milliseconds
//	...         what another program wrote and we do not know, in its order
//
// The head holds title, dateCreated, dateModified, flavor, source,
// outlastFormat, outlastDocument, outlastRootNote, the owner's fields of an
// import, then the head elements of other programs. Attributes that begin with
// an underscore, but for _note, are ours only in a file with outlastFormat.
//
// # What is lost
//
// Everything that cannot be written is in the Report; nothing vanishes unseen.
//
//	Dynalist      characters that XML cannot hold become U+FFFD (Written gives
//	              that form); Extra; marks of the root; its dates are kept to
//	              the second and its modified becomes the document's newest
//	Portable      as Dynalist, and heading, ids and dates of nodes, and the
//	              root's note
//	Workflowy     all but content, note, checked; markup becomes HTML
//	OmniOutliner  as Portable, and color, numbered, collapsed; what is done
//	              gets a checkbox
//	Pandoc        all but content and note; markup becomes HTML, the note Markdown
//	Plain         all but text and created; a note becomes the first child
//
// Version and Permission of a document belong to the account, not to a file.
// View state of other programs (expansionState, window places) is read and
// never written: its readings contradict each other.
//
// # Reading
//
// The reader takes a strict subset of XML 1.0 and refuses the rest with line,
// column and reason (SyntaxError): a file cut short must not become deletions.
// A DOCTYPE is refused, so there are no entities to expand; sizes have Limits.
// It is slightly stricter than encoding/xml: what it accepts, encoding/xml
// accepts, with equal values. As encoding/xml does, it keeps raw line ends and
// tabs in attributes, where XML would make blanks of them: exporters that write
// them mean them. They are counted in the warnings.
//
// Given a document that the file probably still is (DecodeOptions.Like), the reader
// compares before it scans; what it reads is the same (like.go), and its tree is built
// on the index of that document (outline.NewLike). Of a large file one goroutine makes
// outlines and another one nodes of them (batch.go).
//
// A lenient reader (DecodeOptions.Lenient) goes on where the strict one gives
// up, and lists each repair with line and column. It asks the strict scanner
// first, so both read a sound file alike; see mend.go. Limits hold for both.
//
// In a foreign file the text is text, else title; the note is the first of
// _note, note, _mubu_note; done is complete, _complete, completed, checked or
// _status. HTML becomes markup only where the dialect has HTML: in a file of
// Workflowy or Drummer, which are recognised by their head, or when the caller
// says so (Sources). What is not understood is kept beside the document
// (Result.Kept, Head.Kept) and given back on export; package outline knows
// nothing of it.
package opml
