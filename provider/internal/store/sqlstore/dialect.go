package sqlstore

import "strings"

// rowLocks are the clauses that SQLite neither knows nor needs: its writers come one after the other.
var rowLocks = []string{" FOR UPDATE SKIP LOCKED", " FOR UPDATE", " FOR SHARE"}

// toSQLite rewrites a statement of the shared dialect for SQLite: $1 becomes ?1 (SQLite would number $1, $2 by their first
// appearance, not by their digits) and row locks go. Quoted text and comments stay as they are.
func toSQLite(query string) string {
	var b strings.Builder
	b.Grow(len(query))
	for i := 0; i < len(query); {
		switch c := query[i]; {
		case c == '\'' || c == '"':
			end := quoted(query, i)
			b.WriteString(query[i:end])
			i = end
		case c == '-' && strings.HasPrefix(query[i:], "--"):
			end := i + lineLength(query[i:])
			b.WriteString(query[i:end])
			i = end
		case c == '$' && i+1 < len(query) && query[i+1] >= '1' && query[i+1] <= '9':
			b.WriteByte('?')
			i++
		case c == ' ' && rowLock(query[i:]) > 0:
			i += rowLock(query[i:])
		default:
			b.WriteByte(c)
			i++
		}
	}
	return b.String()
}

// quoted returns the index after the quoted text that begins at i; a doubled quote inside reads as two quoted texts.
func quoted(s string, i int) int {
	if end := strings.IndexByte(s[i+1:], s[i]); end >= 0 {
		return i + 1 + end + 1
	}
	return len(s)
}

func lineLength(s string) int {
	if end := strings.IndexByte(s, '\n'); end >= 0 {
		return end
	}
	return len(s)
}

func rowLock(s string) int {
	for _, lock := range rowLocks {
		if strings.HasPrefix(s, lock) {
			return len(lock)
		}
	}
	return 0
}

// reads says whether a statement only reads. Generated queries begin with a comment line that names them.
func reads(query string) bool {
	for strings.HasPrefix(query, "--") {
		query = strings.TrimLeft(query[lineLength(query):], "\n")
	}
	return strings.HasPrefix(query, "SELECT ")
}
