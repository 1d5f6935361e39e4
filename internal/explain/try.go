package explain

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/postern-db/postern/schema"
	"github.com/postern-db/postern/sql"
)

// try asks for the plan as the caller, which also checks the grants, and runs what only reads.
func (e *explainer) try() error {
	p := e.in.Plan
	s := sql.Build(p)
	e.out.SQL = s.SQL
	values, formats := arguments(s.Args)
	for _, v := range values {
		if v == nil {
			e.out.Arguments = append(e.out.Arguments, nil)
			continue
		}
		text := string(v)
		e.out.Arguments = append(e.out.Arguments, &text)
	}
	var lines []byte
	refused, err := e.attempt("explain (format json, verbose) "+s.SQL, values, nil, formats, func(row [][]byte) { lines = append(lines, row[0]...) })
	if err != nil {
		return err
	}
	if refused == nil {
		e.readPlan(lines)
		if p.ReadOnly() {
			var n int64
			refused, err = e.attempt(s.SQL, values, nil, formats, func(row [][]byte) { n += rowsOf(s, row) })
			if err != nil {
				return err
			}
			e.out.Rows = &n
		}
	}
	if refused != nil {
		e.out.Error, e.out.Rows = &Error{Code: refused.Code, Message: refused.Message}, nil
	}
	return nil
}

// rowsOf is how many rows of the answer a row of the result stands for.
func rowsOf(s *sql.Statement, row [][]byte) int64 {
	switch {
	case s.Shape == sql.ShapeCount || s.Shape == sql.ShapeBody:
		n, _ := strconv.ParseInt(string(row[0]), 10, 64)
		return n
	case s.HasTotal && row[1] == nil:
		return 0
	default:
		return 1
	}
}

// node is a node of a plan, as far as it is looked at.
type node struct {
	NodeType  string  `json:"Node Type"`
	Schema    string  `json:"Schema"`
	Relation  string  `json:"Relation Name"`
	Index     string  `json:"Index Name"`
	IndexCond string  `json:"Index Cond"`
	Cost      float64 `json:"Total Cost"`
	Plans     []node  `json:"Plans"`
}

// readPlan finds the cost, how each relation is scanned, and the indexes that serve policies.
func (e *explainer) readPlan(text []byte) {
	var plans []struct{ Plan node }
	if json.Unmarshal(text, &plans) != nil || len(plans) == 0 {
		return
	}
	e.out.Plan, e.out.Cost = json.RawMessage(text), plans[0].Plan.Cost
	var walk func(n *node)
	walk = func(n *node) {
		if n.Relation != "" && n.NodeType != "ModifyTable" {
			e.scanned(n)
		}
		for i := range n.Plans {
			walk(&n.Plans[i])
		}
	}
	walk(&plans[0].Plan)
}

func (e *explainer) scanned(n *node) {
	for i := range e.parts {
		p := &e.parts[i]
		if p.rel.Schema.Name != n.Schema || p.rel.Name != n.Relation || p.written {
			continue
		}
		p.Scan = n.NodeType
		for j := range p.Policies {
			pol := &p.Policies[j]
			if pol.Applies {
				pol.Index = n.indexOn(pol.columns)
			}
		}
	}
}

// indexOn is the index of a scan, or of those below it, whose condition has one of the columns.
func (n *node) indexOn(columns []string) string {
	var found []string
	if n.Index != "" && slices.ContainsFunc(columns, func(c string) bool { return mentionsColumn(n.IndexCond, c) }) {
		found = append(found, n.Index)
	}
	for i := range n.Plans {
		if below := n.Plans[i].indexOn(columns); below != "" && n.Plans[i].Relation == "" {
			found = append(found, below)
		}
	}
	return strings.Join(found, ", ")
}

// mentionsColumn looks for a column in an expression as EXPLAIN prints it.
func mentionsColumn(expression, column string) bool {
	for _, name := range []string{column, schema.QuoteIdentifier(column)} {
		for at := 0; ; {
			i := strings.Index(expression[at:], name)
			if i < 0 {
				break
			}
			before, after := at+i-1, at+i+len(name)
			if (before < 0 || !wordByte(expression[before])) && (after >= len(expression) || !wordByte(expression[after])) {
				return true
			}
			at = after
		}
	}
	return false
}

func wordByte(c byte) bool {
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c >= 0x80
}
