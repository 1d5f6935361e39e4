package server

import (
	"context"
	"time"

	"github.com/postern-db/postern/schema"
	"github.com/postern-db/postern/server/config"
	"github.com/postern-db/postern/server/rls"
	"github.com/postern-db/postern/sql"
)

// responseSQL reads what code in the transaction may have set for the response (PostgREST reference, Transactions, Response
// Headers and Response Status Code), and how many rows an upsert inserted.
const responseSQL = "select nullif(current_setting('response.headers', true), ''), " +
	"nullif(current_setting('response.status', true), ''), nullif(current_setting('pgrst.inserted', true), '')"

// run builds the statement, runs it and responds.
func (x *exchange) run(ctx context.Context) error {
	statement, columns := x.build()
	t, err := x.transaction()
	if err != nil {
		return err
	}
	t.Main = query(statement.SQL, statement.Args)
	if statement.Shape == sql.ShapeBody {
		t.Main.ResultFormats = []int16{0, 1, 0}
	}
	if statement.PlanRows != nil {
		t.After = append(t.After, query(statement.PlanRows.SQL, statement.PlanRows.Args))
	}
	if statement.ReadsResponse || t.PreRequest != "" {
		t.After = append(t.After, rls.Query{SQL: responseSQL})
	}
	t.RunsCode = t.RunsCode || x.plan.RunsCode
	x.limitCost(t, statement)
	res := newResult(x, statement, columns)
	defer res.free()
	if x.checksResult() {
		t.Check = func(out *rls.Outcome) error {
			res.finish(out)
			return x.check(res)
		}
	}
	out, err := x.execute(ctx, t, res.read)
	if err != nil {
		return res.failed(err)
	}
	res.finish(out)
	x.rows = res.rows
	return x.respond(res)
}

// execute runs a transaction, as a rule in one of its own, and notes how long it took.
func (x *exchange) execute(ctx context.Context, t *rls.Transaction, read func(*rls.Rows) error) (out *rls.Outcome, err error) {
	x.query = t.Main.SQL
	began, before := time.Now(), t.Waited
	if x.within != nil {
		out, err = rls.RunWithin(ctx, x.within, t, read)
	} else {
		out, err = x.server.pool.Run(ctx, t, read)
	}
	waited := t.Waited - before
	x.timing.add(phaseAcquire, began, waited)
	x.timing.add(phaseTransaction, began.Add(waited), time.Since(began)-waited)
	return out, err
}

// transaction is the caller's: role, claims and the request's headers in settings.
func (x *exchange) transaction() (*rls.Transaction, error) {
	headers, err := headersJSON(x.r)
	if err != nil {
		return nil, err
	}
	cookies, err := cookiesJSON(x.r, x.state.config.JWTCookie)
	if err != nil {
		return nil, err
	}
	c := x.state.config
	t := &rls.Transaction{
		Role: x.role, Claims: x.caller.Claims, Method: x.r.Method, Path: x.r.URL.EscapedPath(),
		Headers: headers, Cookies: cookies, ReadOnly: x.plan.ReadOnly(), PreRequest: x.state.preRequest,
		SearchPath: schema.QuoteIdentifier(x.request.Schema) + x.state.extraSearchPath,
	}
	if c.DBConfig {
		if role := x.state.catalog.Role(x.role); role != nil {
			t.Isolation = rls.Isolation(role.IsolationLevel)
			t.LoginSettings = settings(nil, role.Settings)
		}
	}
	if x.requestID != "" {
		t.Settings = append(t.Settings, rls.Setting{Name: "request.id", Value: x.requestID})
	}
	p := &x.request.Preferences
	if p.HasTimeZone {
		t.Settings = append(t.Settings, rls.Setting{Name: "timezone", Value: p.TimeZone})
	}
	if r := x.plan.Routine; r != nil {
		t.Settings = settings(t.Settings, r.Settings)
		if r.IsolationLevel != "" {
			t.Isolation = rls.Isolation(r.IsolationLevel)
		}
	}
	for name, value := range c.AppSettings {
		t.Settings = append(t.Settings, rls.Setting{Name: name, Value: value})
	}
	t.Rollback = rollsBack(c.DBTxEnd, p)
	t.RunsCode = t.PreRequest != ""
	return t, x.consume(t)
}

func settings(out []rls.Setting, in []schema.Setting) []rls.Setting {
	for _, s := range in {
		out = append(out, rls.Setting{Name: s.Name, Value: s.Value})
	}
	return out
}

// rollsBack tells whether the transaction is undone at its end (db-tx-end).
func rollsBack(end config.TxEnd, p *sql.Preferences) bool {
	switch p.Transaction {
	case "rollback":
		return true
	case "commit":
		return false
	default:
		return end.RollbackAll()
	}
}

// query turns a statement's arguments into the driver's form.
func query(text string, args []sql.Arg) rls.Query {
	q := rls.Query{SQL: text}
	if len(args) == 0 {
		return q
	}
	q.Args = make([][]byte, len(args))
	for i := range args {
		q.Args[i] = args[i].Value
		if args[i].Binary {
			if q.ArgFormats == nil {
				q.ArgFormats = make([]int16, len(args))
			}
			q.ArgFormats[i] = 1
		}
	}
	return q
}

// checksResult reports whether the number of rows decides if the transaction may commit.
func (x *exchange) checksResult() bool {
	p := &x.request.Preferences
	switch {
	case x.plan.ReadOnly() && !x.caller.SingleUse: // there is nothing to undo
		return false
	case x.request.Action == sql.Upsert, x.plan.Media.Kind == sql.MediaObject:
		return true
	default:
		return p.HasMaxAffected && p.Strict() && x.request.Action != sql.Create
	}
}

// check refuses a result that is not what the client insists on.
func (x *exchange) check(res *result) error {
	p := &x.request.Preferences
	switch {
	case x.plan.Media.Kind == sql.MediaPlan:
		return nil
	case x.request.Action == sql.Upsert:
		if res.rows != 1 {
			return &sql.Error{Code: sql.CodePutMatchingKey, Message: "Payload values do not match URL in primary key column(s)"}
		}
	case x.plan.Media.Kind == sql.MediaObject && res.rows != 1:
		return notSingular(res.rows)
	case p.HasMaxAffected && p.Strict() && res.rows > p.MaxAffected &&
		(x.request.Action == sql.Update || x.request.Action == sql.Delete || x.request.Action == sql.Call):
		return &sql.Error{
			Code: sql.CodeMaxAffected, Message: "Query result exceeds max-affected preference constraint",
			Details: "The query affects " + itoa(res.rows) + " rows",
		}
	}
	return nil
}

func notSingular(rows int64) error {
	return &sql.Error{
		Code: sql.CodeNotSingular, Message: "Cannot coerce the result to a single JSON object",
		Details: "The result contains " + itoa(rows) + " rows",
	}
}
