package auth

import (
	"slices"
	"strings"
)

// jsonPath is a query of RFC 9535. Where the RFC leaves the order of an
// object's members open they are taken in the order of their names, as
// PostgREST does, so that the outcome does not depend on how a token was
// written.
type jsonPath struct {
	relative bool // begins with @, the node of a filter, not with $
	segments []segment
}

// segment selects from a node or, if descendant, from it and all below it.
type segment struct {
	descendant bool
	selectors  []selector
}

// selector appends what it selects from node to out. root is the whole of the
// claims, for the queries of filters.
type selector interface {
	selectFrom(root, node *value, out []*value) []*value
}

type (
	nameSelector     string
	indexSelector    int
	wildcardSelector struct{}
	filterSelector   struct{ expr expr }
	sliceSelector    struct{ start, end, step *int }
)

func (p *jsonPath) first(claims *value) *value {
	if nodes := p.nodes(claims, claims); len(nodes) > 0 {
		return nodes[0]
	}
	return nil
}

// nodes runs the query. current is the node that @ stands for.
func (p *jsonPath) nodes(root, current *value) []*value {
	nodes := []*value{root}
	if p.relative {
		nodes[0] = current
	}
	for _, seg := range p.segments {
		var next []*value
		for _, node := range nodes {
			if seg.descendant {
				walk(node, func(below *value) { next = seg.selectFrom(root, below, next) })
			} else {
				next = seg.selectFrom(root, node, next)
			}
		}
		nodes = next
	}
	return nodes
}

func (s *segment) selectFrom(root, node *value, out []*value) []*value {
	for _, sel := range s.selectors {
		out = sel.selectFrom(root, node, out)
	}
	return out
}

// singular reports whether the query selects at most one node by its form.
func (p *jsonPath) singular() bool {
	return !slices.ContainsFunc(p.segments, func(s segment) bool {
		if s.descendant || len(s.selectors) != 1 {
			return true
		}
		switch s.selectors[0].(type) {
		case nameSelector, indexSelector:
			return false
		}
		return true
	})
}

// walk visits node and what is below it, a parent before its children.
func walk(node *value, visit func(*value)) {
	visit(node)
	for _, child := range children(node) {
		walk(child, visit)
	}
}

// children returns the elements of an array, or the values of an object in the
// order of their names.
func children(node *value) []*value {
	var out []*value
	for i := range node.elems {
		out = append(out, &node.elems[i])
	}
	if len(node.members) == 0 {
		return out
	}
	byName := make([]*member, len(node.members))
	for i := range node.members {
		byName[i] = &node.members[i]
	}
	slices.SortFunc(byName, func(a, b *member) int { return strings.Compare(a.name, b.name) })
	for _, m := range byName {
		out = append(out, &m.value)
	}
	return out
}

func (s nameSelector) selectFrom(_, node *value, out []*value) []*value {
	if v := node.get(string(s)); v != nil {
		return append(out, v)
	}
	return out
}

func (s indexSelector) selectFrom(_, node *value, out []*value) []*value {
	i := int(s)
	if i < 0 {
		i += len(node.elems)
	}
	if i < 0 || i >= len(node.elems) {
		return out
	}
	return append(out, &node.elems[i])
}

func (wildcardSelector) selectFrom(_, node *value, out []*value) []*value {
	return append(out, children(node)...)
}

func (s filterSelector) selectFrom(root, node *value, out []*value) []*value {
	for _, child := range children(node) {
		if s.expr.holds(root, child) {
			out = append(out, child)
		}
	}
	return out
}

// selectFrom follows RFC 9535 section 2.3.4.2.
func (s sliceSelector) selectFrom(_, node *value, out []*value) []*value {
	length, step := len(node.elems), 1
	if s.step != nil {
		step = *s.step
	}
	bound := func(given *int, unset, low, high int) int {
		if given == nil {
			return unset
		}
		i := *given
		if i < 0 {
			i += length
		}
		return min(max(i, low), high)
	}
	switch {
	case step > 0:
		end := bound(s.end, length, 0, length)
		// Counting by subtraction keeps a huge step from overflowing.
		for i := bound(s.start, 0, 0, length); i < end; {
			out = append(out, &node.elems[i])
			if end-i <= step {
				break
			}
			i += step
		}
	case step < 0:
		end := bound(s.end, -1, -1, length-1)
		for i := bound(s.start, length-1, -1, length-1); i > end; {
			out = append(out, &node.elems[i])
			if i-end <= -step {
				break
			}
			i += step
		}
	}
	return out
}
