package policytest

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/postern-db/postern/sql"
)

// result is what came of a step. A number or rows that are not known are never taken for none: a test must not pass because nobody
// looked.
type result struct {
	sql     bool // of a statement, not of a request
	status  int  // of a request
	code    string
	message string
	failed  bool

	rows    []map[string]any
	unseen  string // why it cannot be told which rows are seen; "" if it can
	changed int
	uncount string // why it cannot be told how many rows are changed; "" if it can
}

// answered reads an answer to a request, whose plan is nil if it came to none.
func answered(w *httptest.ResponseRecorder, plan *sql.Plan) *result {
	// An error that SQL code raises with a status of success is an error, as is a 300 for an ambiguous request.
	out := &result{status: w.Code, failed: w.Code >= http.StatusBadRequest || w.Header().Get("Proxy-Status") != ""}
	if out.failed {
		var e struct{ Code, Message string }
		_ = json.Unmarshal(w.Body.Bytes(), &e) // of HEAD there is none
		out.code, out.message = e.Code, e.Message
		return out
	}
	out.read(w.Header().Get("Content-Type"), w.Body.Bytes())
	if plan == nil || plan.Request == nil || !plan.Request.Action.Mutates() {
		out.uncount = "the answer does not tell how many rows were changed; look at them in the next step"
		if plan != nil && plan.Request != nil && cut(len(out.rows), plan) {
			out.unseen = fmt.Sprintf("after %d rows the answer is cut off (db-max-rows); ask for fewer", plan.MaxRows)
		}
		return out
	}
	total := "1" // of PUT, which fails for any other number
	if plan.Request.Action != sql.Upsert {
		_, total, _ = strings.Cut(w.Header().Get("Content-Range"), "/")
	}
	if out.unseen != "" && w.Body.Len() == 0 {
		out.unseen += "; a write returns them with Prefer: return=representation, or write => changes"
	}
	var err error
	if out.changed, err = strconv.Atoi(total); err != nil || plan.Media.Kind == sql.MediaPlan {
		out.uncount = "the answer does not tell how many rows were changed"
	}
	return out
}

// cut says whether there may be more rows than db-max-rows lets through.
func cut(rows int, plan *sql.Plan) bool {
	asked := plan.Request.Range
	return plan.MaxRows > 0 && int64(rows) >= plan.MaxRows && (!asked.Bounded || asked.Limit() > plan.MaxRows)
}

// The media types whose bodies are rows as JSON, and that of rows one below the other.
var jsonTypes = []string{"application/json", "application/vnd.pgrst.object+json", "application/vnd.pgrst.array+json"}

const ndjsonType = "application/x-ndjson"

// read reads the rows of a body.
func (r *result) read(contentType string, body []byte) {
	mediaType, _, err := mime.ParseMediaType(contentType)
	switch {
	case len(body) == 0 && mediaType != ndjsonType:
		r.unseen = fmt.Sprintf("the answer (%d) has no rows to look at", r.status)
		return
	case err == nil && mediaType == ndjsonType:
		for line := range bytes.Lines(body) {
			row, err := decodeRows(line)
			if err != nil {
				r.unseen = "the answer is no NDJSON: " + err.Error()
				return
			}
			r.rows = append(r.rows, row...)
		}
		return
	case err != nil || !slices.Contains(jsonTypes, mediaType):
		r.unseen = fmt.Sprintf("the answer is %s, and sees needs JSON", cmp.Or(contentType, "of no known type"))
		return
	}
	if r.rows, err = decodeRows(body); err != nil {
		r.unseen = "the answer is no JSON: " + err.Error()
	}
}

// count reads the number of rows that a statement changed: its tag counts those of a SELECT likewise.
func (r *result) count(tag pgconn.CommandTag) {
	command, _, _ := strings.Cut(tag.String(), " ")
	if !slices.Contains([]string{"INSERT", "UPDATE", "DELETE", "MERGE"}, command) {
		r.uncount = command + " does not tell how many rows were changed; look at them in the next step"
	}
	r.changed = int(tag.RowsAffected())
}

// denied says whether the database refused what was asked for, rather than not understood it or failed: insufficient privilege,
// policies included, invalid authorization, grantor or role (PostgreSQL manual, appendix A), or a status 401 or 403, which SQL code
// can raise as PT401 and PT403.
func (r *result) denied() bool {
	if r.sql {
		return r.code == "42501" || r.code == "PT401" || r.code == "PT403" ||
			len(r.code) == 5 && slices.Contains([]string{"28", "0L", "0P"}, r.code[:2])
	}
	return r.status == http.StatusUnauthorized || r.status == http.StatusForbidden
}

func (r *result) refusal() string {
	out := strings.TrimSpace(r.code + " " + r.message)
	if !r.sql {
		out = fmt.Sprintf("%d %s", r.status, out)
	}
	return out
}

func (r *result) outcome() string {
	switch {
	case r.failed:
		return r.refusal()
	case r.uncount == "":
		return "it changes " + rows(r.changed)
	case r.unseen == "":
		return "it sees " + rows(len(r.rows))
	default:
		return "it works"
	}
}

func rows(n int) string {
	switch n {
	case 0:
		return "nothing"
	case 1:
		return "1 row"
	default:
		return fmt.Sprintf("%d rows", n)
	}
}
