package osservice

import (
	"path/filepath"
	"strings"
)

// daemonUnit is the unit of the service. The exit codes that forbid a restart say
// that somebody must do something first: wrong use (2), no database (10), another
// process has it (11), a disk that takes no more (13). After five seconds without
// an end the process is killed, which loses nothing that was accepted.
const daemonUnit = `[Unit]
Description=Outlast, your outline outlasts the outage

[Service]
Type=exec
ExecStart=@daemon@
@environment@Restart=on-failure
RestartSec=30
RestartPreventExitStatus=2 10 11 13
TimeoutStopSec=5
Nice=5
@sandbox@
[Install]
WantedBy=default.target
`

// checkUnit is the unit of the hourly job. A snapshot that fails keeps nobody from
// looking at the state; a mere warning is no failure of the job.
const checkUnit = `[Unit]
Description=Outlast, hourly look at snapshots and state

[Service]
Type=oneshot
ExecStart=-@snapshot@
ExecStart=@check@
@environment@SuccessExitStatus=1
TimeoutStartSec=30min
Nice=10
@sandbox@`

// timerUnit makes up once for the time that the machine was off.
const timerUnit = `[Unit]
Description=Outlast, hourly look at snapshots and state

[Timer]
OnCalendar=hourly
Persistent=true
RandomizedDelaySec=10min
AccuracySec=1min

[Install]
WantedBy=timers.target
`

// sandbox is what every user manager can do for a unit: it needs neither a
// namespace nor a capability. No core dump, since memory holds the token.
const sandbox = `UMask=0077
LimitCORE=0
NoNewPrivileges=yes
LockPersonality=yes
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallErrorNumber=EPERM
`

// SystemdFiles returns the units below a folder: service, hourly job and timer.
func (s Spec) SystemdFiles(dir string) []File {
	var environment strings.Builder
	for _, v := range s.variables() {
		environment.WriteString("Environment=" + unitQuote(v[0]+"="+v[1], false) + "\n")
	}
	fill := strings.NewReplacer(
		"@daemon@", s.unitCommand("daemon"),
		"@snapshot@", s.unitCommand("snapshot", "take", "--if-due", "--quiet"),
		"@check@", s.unitCommand("status", "--check"),
		"@environment@", environment.String(),
		"@sandbox@", sandbox,
	)
	return []File{
		{filepath.Join(dir, s.Name+".service"), fill.Replace(daemonUnit)},
		{filepath.Join(dir, s.checkName()+".service"), fill.Replace(checkUnit)},
		{filepath.Join(dir, s.checkName()+".timer"), timerUnit},
	}
}

func (s Spec) unitCommand(command ...string) string {
	words := []string{unitQuote(s.Program, false)}
	for _, arg := range s.args(command...) {
		words = append(words, unitQuote(arg, true))
	}
	return strings.Join(words, " ")
}

// unsafeInUnit cannot stand in the path of a program, whatever the quotes.
const unsafeInUnit = `"'\`

// unitQuote writes a word as systemd.syntax(7) has it. In an argument of a command
// a dollar would begin a variable.
func unitQuote(word string, argument bool) string {
	word = strings.NewReplacer(`\`, `\\`, `"`, `\"`, `%`, `%%`).Replace(word)
	if argument {
		word = strings.ReplaceAll(word, "$", "$$")
	}
	if word != "" && !strings.ContainsAny(word, " \t\"'\\;") {
		return word
	}
	return `"` + word + `"`
}
