package sqlstore

import (
	"strings"
	"testing"
)

func TestToSQLite(t *testing.T) {
	t.Parallel()
	for from, want := range map[string]string{
		"":                                    "",
		"SELECT $1, $2, $10":                  "SELECT ?1, ?2, ?10",
		"$2 $1 $1":                            "?2 ?1 ?1",
		"SELECT '$1', \"$2\", 'it''s $3', $4": "SELECT '$1', \"$2\", 'it''s $3', ?4",
		"-- costs $1 -- '\nSELECT $1":         "-- costs $1 -- '\nSELECT ?1",
		"a - b -- it's\n$1":                   "a - b -- it's\n?1",
		"$ $0 $a ?1 @a $":                     "$ $0 $a ?1 @a $",
		"WHERE a = $1 FOR SHARE)":             "WHERE a = ?1)",
		"LIMIT $1 FOR UPDATE SKIP LOCKED)":    "LIMIT ?1)",
		"SELECT 1 FOR UPDATE":                 "SELECT 1",
		"SELECT ' FOR UPDATE'":                "SELECT ' FOR UPDATE'",
		"'open $1":                            "'open $1",
		"-- open $1":                          "-- open $1",
	} {
		if got := toSQLite(from); got != want {
			t.Errorf("%q becomes %q, want %q", from, got, want)
		}
	}
}

func TestReads(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]bool{
		"SELECT 1":                                        true,
		"-- name: X :one\nSELECT 1":                       true,
		"-- name: X :one\n-- why\nSELECT 1":               true,
		"-- name: X :one\nUPDATE t SET a = 1 RETURNING a": false,
		"WITH a AS (SELECT 1) DELETE FROM t":              false,
		"PRAGMA user_version":                             false,
		"":                                                false,
		"--":                                              false,
	} {
		if reads(query) != want {
			t.Errorf("reads(%q) = %v", query, !want)
		}
	}
}

func FuzzToSQLite(f *testing.F) {
	f.Add("SELECT $1 FROM t WHERE a = 'it''s $2' -- $3\nFOR UPDATE")
	f.Add("'")
	f.Fuzz(func(t *testing.T, query string) {
		got := toSQLite(query)
		if len(got) > len(query) {
			t.Errorf("%q grew to %q", query, got)
		}
		if !strings.ContainsAny(query, "$'\"-") && !strings.Contains(query, " FOR ") && got != query {
			t.Errorf("%q became %q", query, got)
		}
		reads(query)
	})
}
