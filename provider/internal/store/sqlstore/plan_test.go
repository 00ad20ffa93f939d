package sqlstore_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/varco-id/varco/provider/internal/store/storetest/pgtest"
)

// small names the queries that may read a whole table, because the table is small or the query rare.
var small = map[string]string{
	"Clients":             "some hundred registrations, read when the cache is filled",
	"SigningKeys":         "a handful",
	"Keysets":             "nine",
	"InstanceKeys":        "a handful, read when a plugin is configured",
	"Replicas":            "a handful, every ten seconds",
	"PruneCounters":       "once an hour",
	"PruneRevokedAccess":  "once an hour, and as short-lived as access tokens",
	"PruneOnce":           "once an hour, and as short-lived as assertions",
	"PruneFlows":          "once an hour, a thousand rows at a time; by index as soon as there are statistics",
	"PruneSessions":       "as PruneFlows",
	"ForgetChanges":       "as PruneFlows",
	"PruneSecurityEvents": "as PruneFlows",
	"PruneTickets":        "a handful of rows",
	"PruneMessages":       "as PruneFlows",
}

// A connection keeps a statement's plan until the statistics change, so the plan made on the empty tables of a new installation must be
// one that a full table can live with.
func TestPlansOfANewDatabase(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	conn, err := pgx.Connect(ctx, pgtest.DSN(t))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(ctx) }()
	if _, err := conn.Exec(ctx, "SET plan_cache_mode = force_generic_plan"); err != nil {
		t.Fatal(err)
	}
	for name, text := range generated(t) {
		statement, err := conn.Prepare(ctx, name, text)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		execute := "EXECUTE " + pgx.Identifier{name}.Sanitize()
		if n := len(statement.ParamOIDs); n > 0 {
			execute += "(" + strings.TrimSuffix(strings.Repeat("NULL,", n), ",") + ")"
		}
		rows, err := conn.Query(ctx, "EXPLAIN "+execute)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		plan := strings.Join(lines, "\n")
		scans := strings.Contains(plan, "Seq Scan") || strings.Contains(plan, "hashed SubPlan")
		if _, may := small[name]; scans != may {
			t.Errorf("%s: reads a whole table: %v, may: %v\n%s", name, scans, may, plan)
		}
	}
}

// generated returns the texts of the generated queries by name.
func generated(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob("query/*.sql.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("no generated queries: %v", err)
	}
	constant := regexp.MustCompile("(?s)= `-- name: (\\w+) :\\w+\n(.*?)`")
	queries := make(map[string]string)
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range constant.FindAllStringSubmatch(string(source), -1) {
			queries[m[1]] = m[2]
		}
	}
	return queries
}
