package server

import (
	"crypto/rand"
	"hash/maphash"
	"sync"

	"github.com/hashicorp/golang-lru/v2/simplelru"

	"github.com/postern-db/postern/server/encode"
	"github.com/postern-db/postern/sql"
)

// maxTemplates bounds how many templates are kept.
const maxTemplates = 512

// templates keep what requests became, for others of the same template. They belong to one state: with the next catalog or
// configuration they begin anew.
//
// What is kept was made of a template's key, with marks in place of the values: so none can show another request's values.
// Nor does it depend on the caller, since a plan without an error is the same for all roles.
type templates struct {
	mark string // random, lest a request has it
	seed maphash.Seed
	pool sync.Pool // of *sql.Template

	mu   sync.Mutex
	kept *simplelru.LRU[string, *prepared]
	// seen holds hashes of keys that were met once. Only those met again are kept: many never are.
	seen [1024]uint64
}

// prepared is what a template became.
type prepared struct {
	request   *sql.Request
	plan      *sql.Plan
	statement *sql.Statement
	holes     []int // see sql.Template.Holes
	columns   []encode.Column
}

func newTemplates() *templates {
	kept, err := simplelru.NewLRU[string, *prepared](maxTemplates, nil)
	if err != nil { // only for a size below 1
		panic(err)
	}
	return &templates{
		mark: rand.Text(), seed: maphash.MakeSeed(), kept: kept, pool: sync.Pool{New: func() any { return new(sql.Template) }},
	}
}

func (t *templates) find(key []byte) *prepared {
	t.mu.Lock()
	defer t.mu.Unlock()
	p, _ := t.kept.Get(string(key))
	return p
}

func (t *templates) keep(key []byte, p *prepared) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.kept.Add(string(key), p)
}

// again reports whether the key was met before.
func (t *templates) again(key []byte) bool {
	hash := maphash.Bytes(t.seed, key)
	t.mu.Lock()
	defer t.mu.Unlock()
	slot := &t.seen[hash%uint64(len(t.seen))]
	before := *slot == hash
	*slot = hash
	return before
}

// recall looks for what a request of the same template became. If there is none, what this one becomes may be learned.
func (x *exchange) recall(src *sql.Source) bool {
	known := x.state.templates
	t := known.pool.Get().(*sql.Template)
	if !t.Read(src, known.mark) {
		known.pool.Put(t)
		return false
	}
	x.template, x.prepared = t, known.find(t.Key)
	if x.prepared == nil {
		return false
	}
	request := *x.prepared.request
	if request.Action == sql.Read {
		request.Canonical = sql.CanonicalQuery(src.RawQuery)
	}
	x.request = &request
	return true
}

// parseWhole parses a request anew that was found by its template: its values are known then, which a template leaves out.
func (x *exchange) parseWhole() error {
	x.whole = true
	if x.prepared == nil {
		return nil
	}
	x.prepared = nil
	return x.parse()
}

// build makes the statement and says how its columns are encoded.
func (x *exchange) build() (*sql.Statement, []encode.Column) {
	if p := x.prepared; p != nil {
		return x.template.With(p.statement, p.holes), p.columns
	}
	statement := sql.Build(x.plan)
	columns := make([]encode.Column, len(statement.Columns))
	for i, c := range statement.Columns {
		columns[i] = encode.NewColumn(c.Key, c.Encoding)
	}
	if x.template != nil && x.state.templates.again(x.template.Key) {
		x.learn(statement, columns)
	}
	return statement, columns
}

// release gives back what recall took.
func (x *exchange) release() {
	if x.template != nil {
		x.state.templates.pool.Put(x.template)
		x.template = nil
	}
}

// learn keeps what the template becomes, if that differs from what the request became in nothing but the values.
func (x *exchange) learn(statement *sql.Statement, columns []encode.Column) {
	known := x.state.templates
	request, err := sql.Parse(x.template.Source(), &x.state.parse)
	if err != nil {
		return
	}
	plan, err := sql.NewPlan(request, x.state.catalog, &x.state.plan, x.role)
	if err != nil {
		return
	}
	marked := sql.Build(plan)
	if holes, ok := x.template.Holes(statement, marked, known.mark); ok {
		known.keep(x.template.Key, &prepared{request, plan, marked, holes, columns})
	}
}
