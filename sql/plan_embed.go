package sql

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/postern-db/postern/schema"
)

// resolveRelationships finds the relationship of every embedded relation to its parent.
func (pl *planner) resolveRelationships(parent *Node) *Error {
	for _, n := range parent.Children {
		rel, err := pl.findRelationship(parent, n)
		if err != nil {
			return err
		}
		n.Relationship, n.From = rel, rel.Target
		n.Relation = pl.catalog.Relation(rel.Target)
		if n.Spread != NoSpread && !rel.ToOne() {
			n.Spread = SpreadToMany
		}
		if rel.Cardinality != schema.ManyToMany { // a junction is joined implicitly, and its columns need the relation's own name
			n.Alias = numbered(rel.Target.Name, n.Depth)
		}
		n.ParentAlias = parent.Alias
		n.JSONAlias = numbered(rel.Source.Name+"_"+n.RequestName, n.Depth)
		if err := pl.resolveRelationships(n); err != nil {
			return err
		}
	}
	return nil
}

// maxIdentifier is the length in bytes at which PostgreSQL cuts a name.
const maxIdentifier = 63

// clip cuts a name as PostgreSQL cuts it.
func clip(name string) string {
	if i := strings.IndexByte(name, 0); i >= 0 {
		name = name[:i]
	}
	return clipTo(name, maxIdentifier)
}

func clipTo(name string, n int) string {
	if len(name) <= n {
		return name
	}
	for n > 0 && !utf8.RuneStart(name[n]) {
		n--
	}
	return name[:n]
}

// numbered appends a depth to a name, which is cut if PostgreSQL would cut it.
func numbered(name string, depth int) string {
	suffix := "_" + strconv.Itoa(depth)
	return clipTo(name, maxIdentifier-len(suffix)) + suffix
}

// findRelationship finds the one relationship between parent and n that the request means.
func (pl *planner) findRelationship(parent, n *Node) (*schema.Relationship, *Error) {
	schemaName := pl.request.Schema
	origin := parent.From.Name
	var found []*schema.Relationship
	for _, r := range pl.catalog.Relationships(schema.Name{Schema: schemaName, Name: origin}) {
		if r.Target.Schema == schemaName && r.Matches(n.Name, n.Hint) {
			found = append(found, r)
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return nil, pl.noRelationship(origin, n)
	default:
		return nil, ambiguousRelationship(origin, n.Name, found)
	}
}

func (pl *planner) noRelationship(origin string, n *Node) *Error {
	details := "Searched for a foreign key relationship between '" + origin + "' and '" + n.Name
	if n.Hint != "" {
		details += "' using the hint '" + n.Hint
	}
	e := &Error{
		Code: CodeNoRelationship,
		Message: "Could not find a relationship between '" + origin + "' and '" + n.Name +
			"' in the schema cache",
		Details: details + "' in the schema '" + pl.request.Schema + "', but no matches were found.",
	}
	if was, is := pl.suggestRelationship(origin, n.Name); is != "" {
		e.Hint = "Perhaps you meant '" + is + "' instead of '" + was + "'."
	}
	return e
}

func ambiguousRelationship(origin, target string, found []*schema.Relationship) *Error {
	type candidate struct {
		Cardinality  string `json:"cardinality"`
		Embedding    string `json:"embedding"`
		Relationship string `json:"relationship"`
	}
	details := make([]candidate, len(found))
	hints := make([]string, len(found))
	for i, r := range found {
		details[i] = candidate{
			r.Cardinality.String(), r.Source.Name + " with " + r.Target.Name, describeRelationship(r),
		}
		by := r.Constraint
		if r.Junction != nil {
			by = r.Junction.Relation.Name
		}
		hints[i] = "'" + r.Target.Name + "!" + by + "'"
	}
	var list bytes.Buffer
	enc := json.NewEncoder(&list)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(details); err != nil { // strings always encode
		list.Reset()
	}
	return &Error{
		Code: CodeAmbiguousEmbed,
		Message: "Could not embed because more than one relationship was found for '" + origin + "' and '" +
			target + "'",
		DetailsJSON: bytes.TrimSpace(list.Bytes()),
		Hint: "Try changing '" + target + "' to one of the following: " + strings.Join(hints, ", ") +
			". Find the desired relationship in the 'details' key.",
	}
}

func describeRelationship(r *schema.Relationship) string {
	if j := r.Junction; j != nil {
		return j.Relation.Name + " using " + j.SourceConstraint + "(" + joinColumns(j.SourceColumns, false) + ") and " +
			j.TargetConstraint + "(" + joinColumns(j.TargetColumns, false) + ")"
	}
	return r.Constraint + " using " + r.Source.Name + "(" + joinColumns(r.Columns, true) + ") and " + r.Target.Name + "(" +
		joinColumns(r.Columns, false) + ")"
}

func joinColumns(pairs []schema.ColumnPair, source bool) string {
	names := make([]string, len(pairs))
	for i, p := range pairs {
		names[i] = p.Target
		if source {
			names[i] = p.Source
		}
	}
	return strings.Join(names, ", ")
}
