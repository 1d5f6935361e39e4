package server

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/postern-db/postern/server/rls"
	"github.com/postern-db/postern/sql"
)

// codeMaxCost means that a read is refused since the planner thinks that it costs too much (db-max-cost). PostgREST has no such
// error. Status 400: the same request will be refused again.
const codeMaxCost = "PSTRN101"

// limitCost has the database plan a read before it runs it, if the role's reads have a highest cost. PostgreSQL plans with the
// request's values, as the role and in the transaction that would run the read. The answer must be awaited, so these reads take
// two round trips.
func (x *exchange) limitCost(t *rls.Transaction, statement *sql.Statement) {
	limit := x.state.config.DBMaxCost.Of(x.role)
	if limit == 0 || !x.plan.ReadOnly() {
		return
	}
	planned := statement.SQL
	if x.plan.Media.Kind == sql.MediaPlan {
		if !slices.Contains(x.plan.Media.Plan.Options, "analyze") {
			return // it only plans
		}
		_, planned, _ = strings.Cut(planned, ") ") // EXPLAIN (…)
	}
	t.Gate = query("EXPLAIN (FORMAT JSON) "+planned, statement.Args)
	t.Admit = func(row [][]byte) error {
		if cost, ok := planCost(row); ok && cost <= limit {
			return nil
		}
		// The estimate itself is not told: it depends on rows that the role may not see.
		return &apiError{
			Status: http.StatusBadRequest, Code: codeMaxCost, Message: "The request would cost too much",
			Details: text("The planner estimates more than " + strconv.FormatFloat(limit, 'g', -1, 64) + ", the most for the role '" + x.role + "' (db-max-cost)"),
			Hint:    text("Filter by indexed columns, embed less, or ask for fewer rows"),
		}
	}
}

// planCost reads the whole cost of the plan that an EXPLAIN (FORMAT JSON) shows.
func planCost(row [][]byte) (float64, bool) {
	var doc []struct {
		Plan struct {
			Cost *float64 `json:"Total Cost"`
		}
	}
	if len(row) == 0 || json.Unmarshal(row[0], &doc) != nil || len(doc) == 0 || doc[0].Plan.Cost == nil {
		return 0, false
	}
	return *doc[0].Plan.Cost, true
}
