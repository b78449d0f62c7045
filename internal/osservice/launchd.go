package osservice

import (
	"encoding/xml"
	"path/filepath"
	"strings"
)

const plistHead = `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
`

// LaunchdFiles returns the agents below a folder: service and hourly job. launchd
// makes up once for the times that the machine was asleep. Log is the file of the
// service's own log, beside which goes what it says before it can open that.
func (s Spec) LaunchdFiles(dir, log string) []File {
	var service, check strings.Builder
	service.WriteString(plistHead)
	plistText(&service, "Label", s.Name)
	plistList(&service, "ProgramArguments", append([]string{s.Program}, s.args("daemon", "--log-file")...))
	s.plistCommon(&service, log)
	service.WriteString("  <key>RunAtLoad</key>\n  <true/>\n")
	service.WriteString("  <key>KeepAlive</key>\n  <dict>\n    <key>SuccessfulExit</key>\n    <false/>\n  </dict>\n")
	service.WriteString("  <key>ThrottleInterval</key>\n  <integer>60</integer>\n")
	service.WriteString("  <key>ExitTimeOut</key>\n  <integer>5</integer>\n</dict>\n</plist>\n")

	check.WriteString(plistHead)
	plistText(&check, "Label", s.checkName())
	plistList(&check, "ProgramArguments", []string{"/bin/sh", "-c", s.shell("snapshot", "take", "--if-due", "--quiet") +
		"; exec " + s.shell("status", "--check")})
	s.plistCommon(&check, log)
	check.WriteString("  <key>StartCalendarInterval</key>\n  <dict>\n    <key>Minute</key>\n    <integer>7</integer>\n  </dict>\n</dict>\n</plist>\n")
	return []File{
		{filepath.Join(dir, s.Name+".plist"), service.String()},
		{filepath.Join(dir, s.checkName()+".plist"), check.String()},
	}
}

// plistCommon writes what both agents share. 63 is the umask 077.
func (s Spec) plistCommon(b *strings.Builder, log string) {
	if vars := s.variables(); len(vars) > 0 {
		b.WriteString("  <key>EnvironmentVariables</key>\n  <dict>\n")
		for _, v := range vars {
			b.WriteString("  ")
			plistText(b, v[0], v[1])
		}
		b.WriteString("  </dict>\n")
	}
	plistText(b, "ProcessType", "Background")
	plistText(b, "StandardErrorPath", log+".err")
	b.WriteString("  <key>Umask</key>\n  <integer>63</integer>\n")
}

func plistText(b *strings.Builder, key, value string) {
	b.WriteString("  <key>" + xmlText(key) + "</key>\n  <string>" + xmlText(value) + "</string>\n")
}

func plistList(b *strings.Builder, key string, values []string) {
	b.WriteString("  <key>" + xmlText(key) + "</key>\n  <array>\n")
	for _, v := range values {
		b.WriteString("    <string>" + xmlText(v) + "</string>\n")
	}
	b.WriteString("  </array>\n")
}

func xmlText(text string) string {
	var b strings.Builder
	_ = xml.EscapeText(&b, []byte(text)) // a Builder takes everything
	return b.String()
}

// shell returns a command as sh reads it.
func (s Spec) shell(command ...string) string {
	words := []string{s.Program}
	words = append(words, s.args(command...)...)
	for i, w := range words {
		words[i] = "'" + strings.ReplaceAll(w, "'", `'\''`) + "'"
	}
	return strings.Join(words, " ")
}
