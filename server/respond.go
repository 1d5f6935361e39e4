package server

import (
	"net/http"
	"strconv"
	"time"

	"github.com/postern-db/postern/sql"
)

// respond writes the response of a transaction that is done.
func (x *exchange) respond(res *result) error {
	began := time.Now()
	if res.streaming { // the head and most of the body are sent
		if _, err := x.w.Write(res.body); err != nil {
			x.server.logger.Debug("client gone", "error", err)
		}
		return nil
	}
	if x.plan.ReadOnly() {
		if err := x.check(res); err != nil {
			return err
		}
	}
	status, body := 0, res.body
	switch {
	case x.plan.Media.Kind == sql.MediaPlan:
		status = http.StatusOK
		x.contentType()
	case x.request.Action == sql.Read:
		status, body = x.respondRead(res)
	case x.request.Action == sql.Call:
		status, body = x.respondCall(res)
	default:
		status, body = x.respondWrite(res)
	}
	h := x.w.Header()
	gucHeaders, err := responseHeaders(res.headers)
	if err != nil {
		return err
	}
	if res.status != nil {
		if status, err = responseStatus(res.status); err != nil {
			return err
		}
	}
	if status != http.StatusNoContent && !x.request.HeadersOnly {
		h.Set("Content-Length", strconv.Itoa(len(body)))
	}
	for _, p := range gucHeaders {
		h.Del(p.name)
	}
	for _, p := range gucHeaders {
		h.Add(p.name, p.value)
	}
	x.timing.measure(phaseResponse, began)
	x.commonHeaders()
	x.w.WriteHeader(status)
	if status == http.StatusNoContent || status == http.StatusNotModified || x.request.HeadersOnly {
		return nil
	}
	if _, err := x.w.Write(body); err != nil {
		x.server.logger.Debug("client gone", "error", err)
	}
	return nil
}

// commonHeaders sets what every successful response has.
func (x *exchange) commonHeaders() {
	h := x.w.Header()
	if len(h["Vary"]) == 0 {
		h.Set("Vary", x.state.varies)
	}
	if x.state.config.ServerTimingEnabled {
		h.Set("Server-Timing", x.timing.header())
	}
	if x.plan != nil && len(x.plan.Warnings) > 0 && x.state.config.URLUseLegacyTargetNames {
		hint := targetHint(x.plan.Warnings)
		h.Set("Warning", `299 Postern "`+targetWarning+" Update "+headerSafe(hint)+` in query string filters, orders or limits."`)
		x.server.logger.Warn(targetWarning, "update", hint, "request", x.r.Method+" "+target(x.r))
	}
}

// targetWarning tells a client that names an aliased relation by its own name that this will end (PostgREST reference,
// Configuration, url-use-legacy-target-names).
const targetWarning = "Embedded resource was referenced by relation name even though it has an alias. " +
	"This is deprecated and will stop working in a future release."

// targetHint says which names are to be updated.
func targetHint(warnings []sql.TargetWarning) string {
	hint := ""
	for i, w := range warnings {
		if i > 0 {
			hint += ", "
		}
		hint += "`" + w.Relation + "` to `" + w.Alias + "`"
	}
	return hint
}

func (x *exchange) contentType() {
	h := x.w.Header()
	h.Set("Content-Type", x.plan.Media.ContentType())
	if x.request.SchemaNegotiated {
		h.Set("Content-Profile", x.request.Schema)
	}
}

// preferencesApplied tells which preferences took effect in a response of the action.
func (x *exchange) preferencesApplied() {
	p := x.request.Preferences
	action := x.request.Action
	if action != sql.Create || len(x.plan.Relation.PrimaryKey) == 0 && x.request.OnConflict == nil {
		p.Resolution = ""
	}
	if !action.Mutates() {
		p.Representation = ""
	}
	if action != sql.Create && action != sql.Update {
		p.Missing = ""
	}
	if action != sql.Update && action != sql.Delete && action != sql.Call {
		p.HasMaxAffected = false
	}
	if applied := p.Applied(); applied != "" {
		x.w.Header().Set("Preference-Applied", applied)
	}
}

// contentRange sets Content-Range (RFC 9110, 14.4) for rows of all.
func (x *exchange) contentRange(lower, upper int64, total int64, hasTotal bool) {
	value := "*/"
	if lower <= upper && (!hasTotal || total != 0) {
		value = itoa(lower) + "-" + itoa(upper) + "/"
	}
	if hasTotal {
		value += itoa(total)
	} else {
		value += "*"
	}
	x.w.Header().Set("Content-Range", value)
}

// pageStatus sets Content-Range of a page and returns its status.
func (x *exchange) pageStatus(res *result) int {
	lower := x.request.Range.Lower
	upper := lower + res.rows - 1
	x.contentRange(lower, upper, res.total, res.hasTotal)
	switch {
	case !res.hasTotal:
		return http.StatusOK
	case lower > res.total:
		return http.StatusRequestedRangeNotSatisfiable
	case res.rows < res.total:
		return http.StatusPartialContent
	default:
		return http.StatusOK
	}
}

// outOfBounds is the body of a response whose range begins after the last row.
func (x *exchange) outOfBounds(res *result) []byte {
	return errorBody(&apiError{
		Code: sql.CodeInvalidRange, Message: "Requested range not satisfiable",
		Details: text("An offset of " + itoa(x.request.Range.Lower) + " was requested, but there are only " + itoa(res.total) + " rows."),
	}, x.state.config.ClientErrorVerbosity)
}

// contentLocation tells where what is read is found (RFC 9110, 8.7), with the parameters in one order.
func (x *exchange) contentLocation() {
	location := x.publicPath() + "/" + headerSafe(x.request.Name)
	if x.request.Canonical != "" {
		location += "?" + x.request.Canonical
	}
	x.w.Header().Set("Content-Location", location)
}

func (x *exchange) respondRead(res *result) (int, []byte) {
	status := x.pageStatus(res)
	x.contentLocation()
	x.contentType()
	x.preferencesApplied()
	if status == http.StatusRequestedRangeNotSatisfiable {
		return status, x.outOfBounds(res)
	}
	return status, res.body
}

// readHead sets the head of a read that is streamed: how many rows will follow is not known.
func (x *exchange) readHead(res *result) {
	lower := x.request.Range.Lower
	value := itoa(lower) + "-*/*"
	if res.hasTotal {
		last := res.total
		if x.request.Range.Bounded {
			last = min(last, x.request.Range.Upper+1)
		}
		if limit := x.plan.MaxRows; limit > 0 {
			last = min(last, lower+limit)
		}
		value = itoa(lower) + "-" + itoa(last-1) + "/" + itoa(res.total)
	}
	x.w.Header().Set("Content-Range", value)
	x.contentLocation()
	x.contentType()
	x.preferencesApplied()
	x.commonHeaders()
}

func (x *exchange) streamStatus(res *result) int {
	if res.hasTotal && (x.request.Range.Lower > 0 || x.request.Range.Bounded && x.request.Range.Upper+1 < res.total ||
		x.plan.MaxRows > 0 && x.plan.MaxRows < res.total) {
		return http.StatusPartialContent
	}
	return http.StatusOK
}

func (x *exchange) respondCall(res *result) (int, []byte) {
	status := x.pageStatus(res)
	x.preferencesApplied()
	if x.plan.Routine.ReturnsVoid() {
		return http.StatusNoContent, nil
	}
	x.contentType()
	if status == http.StatusRequestedRangeNotSatisfiable {
		return status, x.outOfBounds(res)
	}
	return status, res.body
}

func (x *exchange) respondWrite(res *result) (int, []byte) {
	p := &x.request.Preferences
	full := p.Representation == "representation"
	counted := p.CountsExactly()
	status := http.StatusNoContent
	x.preferencesApplied()
	switch x.request.Action {
	case sql.Create:
		x.contentRange(1, 0, res.rows, counted)
		x.location(res)
		status = http.StatusCreated
		if p.Resolution == "merge-duplicates" && res.inserted <= 0 {
			status = http.StatusOK
		}
	case sql.Update:
		x.contentRange(0, res.rows-1, res.rows, counted)
		if full {
			status = http.StatusOK
		}
	case sql.Delete:
		x.contentRange(1, 0, res.rows, counted)
		if full {
			status = http.StatusOK
		}
	case sql.Upsert:
		if full {
			status = http.StatusOK
			if res.inserted > 0 {
				status = http.StatusCreated
			}
		}
	}
	if full {
		x.contentType()
		return status, res.body
	}
	return status, nil
}

// location tells where the one row that was inserted can be read.
func (x *exchange) location(res *result) {
	if len(res.location) == 0 {
		return
	}
	value := x.publicPath() + "/" + headerSafe(x.request.Name)
	for i, p := range res.location {
		sep := "&"
		if i == 0 {
			sep = "?"
		}
		value += sep + sql.EscapeQuery(p.name) + "=" + sql.EscapeQuery(p.value)
	}
	x.w.Header().Set("Location", value)
}

// headerSafe keeps what comes from a request from breaking out of a header line.
func headerSafe(s string) string {
	clean := []byte(s)
	for i, c := range clean {
		if c < ' ' || c == 0x7f {
			clean[i] = ' '
		}
	}
	return string(clean)
}
