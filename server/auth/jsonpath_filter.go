package auth

import (
	"regexp"
	"strings"
)

// expr is a logical expression of a filter (RFC 9535 section 2.3.5).
type expr interface {
	holds(root, node *value) bool
}

type (
	orExpr     []expr
	andExpr    []expr
	notExpr    struct{ expr expr }
	existsExpr struct{ path *jsonPath }
	// searchExpr is search(subject, pattern): does any part of the text match?
	searchExpr struct{ subject, pattern operand }

	compareExpr struct {
		op          string // == != < <= > >=
		left, right operand
	}
)

// operand is a literal or a query, and a ready pattern where a literal is the
// second argument of search.
type operand struct {
	literal *value
	path    *jsonPath
	pattern *regexp.Regexp
}

func (e orExpr) holds(root, node *value) bool {
	for _, x := range e {
		if x.holds(root, node) {
			return true
		}
	}
	return false
}

func (e andExpr) holds(root, node *value) bool {
	for _, x := range e {
		if !x.holds(root, node) {
			return false
		}
	}
	return true
}

func (e notExpr) holds(root, node *value) bool { return !e.expr.holds(root, node) }

func (e existsExpr) holds(root, node *value) bool { return len(e.path.nodes(root, node)) > 0 }

func (e searchExpr) holds(root, node *value) bool {
	subject := e.subject.resolve(root, node)
	if subject == nil || subject.kind != kindString {
		return false
	}
	pattern := e.pattern.pattern
	if pattern == nil {
		text := e.pattern.resolve(root, node)
		if text == nil || text.kind != kindString {
			return false
		}
		var err error
		if pattern, err = regexp.Compile(text.text); err != nil {
			return false
		}
	}
	return pattern.MatchString(subject.text)
}

func (e compareExpr) holds(root, node *value) bool {
	left, right := e.left.resolve(root, node), e.right.resolve(root, node)
	switch e.op {
	case "==":
		return equal(left, right)
	case "!=":
		return !equal(left, right)
	case "<":
		return less(left, right)
	case "<=":
		return less(left, right) || equal(left, right)
	case ">":
		return less(right, left)
	default: // ">="
		return less(right, left) || equal(left, right)
	}
}

// resolve returns the operand's value, or nil if its query does not select
// exactly one node.
func (o operand) resolve(root, node *value) *value {
	if o.literal != nil {
		return o.literal
	}
	if nodes := o.path.nodes(root, node); len(nodes) == 1 {
		return nodes[0]
	}
	return nil
}

// equal compares by value; nil, which is nothing, equals only nil.
func equal(a, b *value) bool {
	if a == nil || b == nil {
		return a == b
	}
	if a.kind != b.kind || len(a.elems) != len(b.elems) || len(a.members) != len(b.members) {
		return false
	}
	switch a.kind {
	case kindNumber:
		return compareNumbers(a.text, b.text) == 0
	case kindString, kindBool:
		return a.text == b.text
	}
	for i := range a.elems {
		if !equal(&a.elems[i], &b.elems[i]) {
			return false
		}
	}
	for i := range a.members {
		other := b.get(a.members[i].name)
		if other == nil || !equal(&a.members[i].value, other) {
			return false
		}
	}
	return true
}

// less orders two numbers or two strings; any other two have no order.
func less(a, b *value) bool {
	if a == nil || b == nil || a.kind != b.kind {
		return false
	}
	switch a.kind {
	case kindNumber:
		return compareNumbers(a.text, b.text) < 0
	case kindString:
		// Bytes of UTF-8 are in the order of the code points.
		return strings.Compare(a.text, b.text) < 0
	}
	return false
}
