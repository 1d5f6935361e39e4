package server

import (
	"encoding/json"
	"net/http"
	"strconv"
	"sync"

	"github.com/postern-db/postern/schema"
	"github.com/postern-db/postern/server/encode"
	"github.com/postern-db/postern/server/rls"
	"github.com/postern-db/postern/sql"
)

// result gathers what a statement yields: the body, as it is encoded row by row, and the figures that the headers tell. A
// body that outgrows the buffer of a plain read is streamed.
type result struct {
	x         *exchange
	statement *sql.Statement
	columns   []encode.Column

	body      []byte
	rows      int64
	total     int64
	hasTotal  bool
	location  []pair
	headers   []byte // response.headers
	status    []byte // response.status
	inserted  int64
	finished  bool
	streaming bool
	buffer    *[]byte // a small one
	large     *[]byte // nil while the body is small
}

type pair struct{ name, value string }

// buffers are reused, since most bodies are small and alike; largeBuffers apart from them, lest every small body comes to sit in
// memory that a large one once needed.
var (
	buffers      = sync.Pool{New: func() any { b := make([]byte, 0, 4096); return &b }}
	largeBuffers = sync.Pool{New: func() any { return new([]byte) }}
)

const (
	// maxSmallBuffer is the size in bytes beyond which a buffer is a large one.
	maxSmallBuffer = 32 << 10
	// maxPooledBuffer keeps a single large answer from holding its memory for ever.
	maxPooledBuffer = 512 << 10
)

func newResult(x *exchange, s *sql.Statement, columns []encode.Column) *result {
	r := &result{x: x, statement: s, columns: columns, buffer: buffers.Get().(*[]byte)}
	r.body = (*r.buffer)[:0]
	return r
}

// free gives the buffers back.
func (r *result) free() {
	switch {
	case cap(r.body) <= maxSmallBuffer:
		*r.buffer = r.body[:0]
	case r.large != nil && cap(r.body) <= maxPooledBuffer:
		*r.large = r.body[:0]
		largeBuffers.Put(r.large)
	}
	buffers.Put(r.buffer)
}

// makeRoom makes room for another row. The body grows by steps that leave little unused, since many large ones may be held at a
// time.
func (r *result) makeRoom() {
	const room, step = 2 << 10, 64 << 10
	size := cap(r.body)
	if size-len(r.body) >= room {
		return
	}
	size += max(min(size, step), room)
	var grown []byte
	if size > maxSmallBuffer && r.large == nil {
		r.large = largeBuffers.Get().(*[]byte)
		grown = (*r.large)[:0]
	}
	if cap(grown) < size {
		grown = make([]byte, 0, size)
	}
	r.body = append(grown, r.body...)
}

// read takes the rows of the main statement.
func (r *result) read(rows *rls.Rows) error {
	// What an earlier attempt may have left is dropped.
	r.body, r.rows, r.total, r.hasTotal, r.location = r.body[:0], 0, 0, false, nil
	switch r.statement.Shape {
	case sql.ShapeNone:
		for rows.Next() {
			continue
		}
		return nil
	case sql.ShapeCount, sql.ShapeBody:
		return r.readSummary(rows)
	case sql.ShapeLocation:
		return r.readLocation(rows)
	case sql.ShapeLines:
		for rows.Next() {
			r.body = append(append(r.body, rows.Values()[0]...), '\n')
		}
		return nil
	}
	return r.readRows(rows)
}

// readSummary reads the single row that holds the number of rows, and a body that the database has made.
func (r *result) readSummary(rows *rls.Rows) error {
	for rows.Next() {
		v := rows.Values()
		r.rows = parseInt(v[0])
		total := v[len(v)-1]
		if r.statement.Shape == sql.ShapeBody {
			r.body = append(r.body, v[1]...)
		}
		if total != nil {
			r.total, r.hasTotal = parseInt(total), true
		}
	}
	return nil
}

func (r *result) readLocation(rows *rls.Rows) error {
	for rows.Next() {
		v := rows.Values()
		r.rows = parseInt(v[0])
		if r.rows != 1 {
			continue
		}
		for i, c := range r.statement.Columns {
			value := "is.null"
			if v[i+1] != nil {
				value = "eq." + string(v[i+1])
			}
			r.location = append(r.location, pair{c.Key, value})
		}
	}
	return nil
}

// readRows encodes every row as it arrives.
func (r *result) readRows(rows *rls.Rows) error {
	f := r.format(rows)
	r.body = append(r.body, f.open...)
	limit := r.x.state.config.ServerBufferBytes
	for rows.Next() {
		values := rows.Values()
		if r.statement.HasTotal {
			r.total, r.hasTotal = parseInt(values[0]), true
			if values[1] == nil { // no row on this page
				continue
			}
			values = values[2:]
		}
		if r.rows > 0 {
			r.body = append(r.body, f.separator...)
		}
		r.rows++
		r.makeRoom()
		r.body = f.row(r.body, values)
		if int64(len(r.body)) > limit && (r.streaming || r.mayStream()) {
			rows.Sent()
			if err := r.flush(); err != nil {
				return err
			}
		}
	}
	if r.rows == 0 {
		r.body = append(r.body, f.none...)
	}
	r.body = append(r.body, f.close...)
	return nil
}

// format is how rows become a body.
type format struct {
	open, separator, close string
	none                   string // in place of the rows if there are none
	row                    func([]byte, [][]byte) []byte
}

func (r *result) format(rows *rls.Rows) format {
	p := r.x.plan
	f := format{open: "[", separator: ",\n ", close: "]"}
	single := p.Routine != nil && !p.Routine.ReturnsSet
	switch {
	case p.Handler.Kind == sql.HandlerCSV:
		names := make([]string, len(r.columns))
		for i := range r.columns {
			names[i] = r.columns[i].Key
		}
		if r.statement.Columns == nil {
			names = rows.Names()
		}
		f = format{separator: "\n", none: "\n"}
		head := string(encode.AppendCSVHeader(nil, names)) + "\n"
		f.row = func(dst []byte, values [][]byte) []byte {
			if r.rows == 1 {
				dst = append(dst, head...)
			}
			return encode.AppendCSVRow(dst, values)
		}
		return f
	case p.Handler.Kind == sql.HandlerNDJSON:
		f = format{separator: "\n"}
	case p.Handler.Kind == sql.HandlerObject, single:
		f = format{separator: ",", none: "null"}
	}
	switch r.statement.Shape {
	case sql.ShapeDocuments:
		f.row = func(dst []byte, values [][]byte) []byte { return encode.AppendValue(dst, schema.Verbatim, values[0]) }
	case sql.ShapeScalar:
		f.row = func(dst []byte, values [][]byte) []byte {
			return encode.AppendValue(dst, r.columns[0].Encoding, values[0])
		}
	default:
		f.row = func(dst []byte, values [][]byte) []byte { return encode.AppendObject(dst, r.columns, values) }
	}
	return f
}

// mayStream reports whether the response's head is known before all rows are: code that sets headers or status may have run
// otherwise, and one object must be the only one.
func (r *result) mayStream() bool {
	p := r.x.plan
	return r.x.request.Action == sql.Read && p.Handler.Kind != sql.HandlerObject && p.Handler.Kind != sql.HandlerNone &&
		r.x.state.preRequest == "" && r.statement.PlanRows == nil && !r.x.caller.SingleUse
}

// flush sends what is buffered, after the head if that is not sent yet.
func (r *result) flush() error {
	if !r.streaming {
		r.streaming = true
		r.x.readHead(r)
		r.x.w.WriteHeader(r.x.streamStatus(r))
	}
	_, err := r.x.w.Write(r.body)
	r.body = r.body[:0]
	if f, ok := r.x.w.(http.Flusher); ok {
		f.Flush()
	}
	return err
}

// finish takes what ran after the main statement.
func (r *result) finish(out *rls.Outcome) {
	if r.finished {
		return
	}
	r.finished = true
	if r.statement.Shape == sql.ShapeNone {
		r.rows = out.Tag.RowsAffected()
	}
	after := out.After
	if r.statement.PlanRows != nil && len(after) > 0 {
		if estimate, ok := planRows(after[0]); ok {
			r.estimate(estimate)
		}
		after = after[1:]
	}
	if len(after) > 0 && len(after[0]) == 3 {
		r.headers, r.status, r.inserted = after[0][0], after[0][1], parseInt(after[0][2])
	}
	if !r.hasTotal && r.x.request.Preferences.CountsExactly() {
		r.total, r.hasTotal = r.rows, true
	}
}

// estimate takes the planner's number of rows: always for count=planned, and for count=estimated where the exact count was
// given up, or never had a limit, if it is the larger one.
func (r *result) estimate(rows int64) {
	if r.x.request.Preferences.Count == "planned" {
		r.total, r.hasTotal = rows, true
		return
	}
	if !r.hasTotal {
		r.total, r.hasTotal = r.rows, true
	}
	if limit := r.x.plan.MaxRows; limit == 0 || r.total > limit {
		r.total = max(r.total, rows)
	}
}

// planRows reads the number of rows that an EXPLAIN (FORMAT JSON) estimates.
func planRows(row [][]byte) (int64, bool) {
	var doc []struct {
		Plan struct {
			Rows json.Number `json:"Plan Rows"`
		}
	}
	if len(row) == 0 || json.Unmarshal(row[0], &doc) != nil || len(doc) == 0 {
		return 0, false
	}
	n, err := doc[0].Plan.Rows.Int64()
	return n, err == nil
}

// failed turns the error of a transaction into one for the client. A response that is on its way can only be broken off, so
// that nobody takes half of it for the whole.
func (r *result) failed(err error) error {
	if r.streaming {
		if r.x.r.Context().Err() != nil {
			r.x.server.logger.Debug("client gone", "error", err)
		} else {
			r.x.server.logger.Error("response aborted", "error", err)
		}
		breakOff(r.x.w, r.x.r)
	}
	return err
}

func parseInt(v []byte) int64 {
	n, _ := strconv.ParseInt(string(v), 10, 64) // from the database: an integer or null
	return n
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }
