# Reads `go test -v` and prints what a person wants: failures in full, skipped
# tests with their reason and a count for each package, and go's own line for each
# package. The exit status of go test comes as the last line and becomes ours.

/^go test exit status / { status = $5; next }

# A test has begun, or goes on printing after another one.
/^=== (RUN|CONT|NAME|PAUSE) / { current = $3; next }

/^ *--- (PASS|FAIL|SKIP|BENCH): / {
	name = $3
	if ($2 == "FAIL:") {
		printf "%s", said[name]
		print
	} else if ($2 == "SKIP:") {
		reason = said[name]
		gsub(/^[ \t]+|[ \t\n]+$/, "", reason)
		skips++
		print "skip " name ": " reason
	}
	delete said[name]
	current = ""
	next
}

/^(ok|FAIL|\?) ?[ \t]/ {
	for (name in said) {
		if ($1 == "FAIL") printf "%s", said[name]
		delete said[name]
	}
	if (skips) print skips " skipped in " $2
	skips = 0
	current = ""
	print
	next
}

/^(PASS|FAIL)$/ { next }

current != "" { said[current] = said[current] $0 "\n"; next }

{ print }

END {
	for (name in said) printf "%s", said[name]
	exit status
}
