// Package nodetree reads PostgreSQL's parse trees as pg_catalog stores them: policies' expressions, views' queries, defaults.
//
// The text is what PostgreSQL's own backend/nodes/outfuncs.c writes. For `owner = current_user` it is, in short,
//
//	{OPEXPR :opno 93 :opfuncid 62 :args ({VAR :varno 1 :varattno 2 …} {SQLVALUEFUNCTION :op 10 …})}
//
// Fields come and go with PostgreSQL's versions, so the parser knows none of them: a node is a name and named values, and
// a value is a node, a list or words. Objects stand there by oid, which is why a tree, unlike the text of pg_get_expr, cannot be
// misread: a name in a string or a column called like a function is no call.
package nodetree

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Node is one node. A list is a node without a name whose values are in List.
type Node struct {
	// Name is PostgreSQL's, such as FUNCEXPR; "" for a list.
	Name string
	// List are the elements of a list, or the values without a field name. A bitmap set, (b 8 9), has its letter first.
	List []Value

	fields []field
}

type field struct {
	name  string
	value Value
}

// Value is a node or words. Both are zero for PostgreSQL's null, "<>".
type Value struct {
	Node *Node
	// Words are the words as they stand, with their escapes: one for most fields, several for a constant's bytes.
	Words []string
}

// Field returns the value of a field without its colon, the zero Value if there is none.
func (n *Node) Field(name string) Value {
	if n != nil {
		for _, f := range n.fields {
			if f.name == name {
				return f.value
			}
		}
	}
	return Value{}
}

// Int returns a field that is a number: an oid, an enumeration's value, an attribute number. It is 0 if it is none.
func (n *Node) Int(name string) int {
	i, _ := strconv.Atoi(n.Field(name).Word())
	return i
}

// OID returns a field that is an object's oid, 0 if it is none.
func (n *Node) OID(name string) uint32 {
	i, _ := strconv.ParseUint(n.Field(name).Word(), 10, 32)
	return uint32(i)
}

// Bool returns a field that is true or false.
func (n *Node) Bool(name string) bool { return n.Field(name).Word() == "true" }

// Nodes returns the nodes of a field that is a list, in order, leaving out nulls.
func (n *Node) Nodes(name string) []*Node {
	list := n.Field(name).Node
	if list == nil || list.Name != "" {
		return nil
	}
	var out []*Node
	for _, v := range list.List {
		if v.Node != nil {
			out = append(out, v.Node)
		}
	}
	return out
}

// Word returns the first word without its escapes, "" for a node or null.
func (v Value) Word() string {
	if len(v.Words) == 0 {
		return ""
	}
	return unescape(v.Words[0])
}

// Children returns the nodes right below n, in order.
func (n *Node) Children() []*Node {
	var out []*Node
	for _, f := range n.fields {
		if f.value.Node != nil {
			out = append(out, f.value.Node)
		}
	}
	for _, v := range n.List {
		if v.Node != nil {
			out = append(out, v.Node)
		}
	}
	return out
}

// Equal says whether two trees are the same but for where in a text they stood. Both may be nil.
func (n *Node) Equal(o *Node) bool {
	if n == nil || o == nil {
		return n == o
	}
	if n.Name != o.Name || len(n.List) != len(o.List) || len(n.fields) != len(o.fields) {
		return false
	}
	for i, f := range n.fields {
		g := o.fields[i]
		if f.name != g.name || !strings.HasSuffix(f.name, "location") && !f.value.equal(g.value) {
			return false
		}
	}
	return slices.EqualFunc(n.List, o.List, Value.equal)
}

func (v Value) equal(o Value) bool { return v.Node.Equal(o.Node) && slices.Equal(v.Words, o.Words) }

// Walk calls visit for n and all below it, parents first, until visit returns false, which leaves out what is below.
func (n *Node) Walk(visit func(*Node) bool) {
	if n == nil || !visit(n) {
		return
	}
	for _, c := range n.Children() {
		c.Walk(visit)
	}
}

// WalkQueries calls visit for the node and all below it, with the number of queries that it stands in, until visit returns false. A VAR of
// the row that the tree is about has the number where it stands as its varlevelsup.
func (n *Node) WalkQueries(visit func(n *Node, depth int) bool) { n.walkQueries(0, visit) }

func (n *Node) walkQueries(depth int, visit func(n *Node, depth int) bool) {
	if n == nil || !visit(n, depth) {
		return
	}
	if n.Name == "QUERY" {
		depth++
	}
	for _, c := range n.Children() {
		c.walkQueries(depth, visit)
	}
}

// Bytes returns the value of a CONST as it lies in PostgreSQL's memory, ok false if n is no CONST or is null.
func (n *Node) Bytes() (b []byte, ok bool) {
	if n == nil || n.Name != "CONST" || n.Bool("constisnull") {
		return nil, false
	}
	words := n.Field("constvalue").Words
	// The length, "[", the bytes as signed numbers, "]".
	if len(words) < 3 || words[1] != "[" || words[len(words)-1] != "]" {
		return nil, false
	}
	for _, w := range words[2 : len(words)-1] {
		i, err := strconv.Atoi(w)
		if err != nil {
			return nil, false
		}
		b = append(b, byte(i))
	}
	return b, true
}

// Text returns the value of a CONST of a type that is stored like text: text, varchar, unknown is not one. ok is false if it is
// no constant.
func (n *Node) Text() (s string, ok bool) {
	b, ok := n.Bytes()
	switch {
	case !ok:
		return "", false
	case len(b) > 0 && b[0]&1 == 1 && b[0]>>1 == byte(len(b)): // a header of one byte
		return string(b[1:]), true
	case len(b) < 4:
		return "", false
	}
	return string(b[4:]), true
}

func unescape(word string) string {
	if word == "<>" {
		return ""
	}
	if len(word) >= 2 && word[0] == '"' && word[len(word)-1] == '"' {
		word = word[1 : len(word)-1]
	}
	if !strings.Contains(word, `\`) {
		return word
	}
	var b strings.Builder
	for i := 0; i < len(word); i++ {
		if word[i] == '\\' && i+1 < len(word) {
			i++
		}
		b.WriteByte(word[i])
	}
	return b.String()
}

// Error says where a text is no node tree.
type Error struct {
	Byte int    // offset of the fault
	Want string // what is expected there
}

func (e *Error) Error() string {
	return fmt.Sprintf("unexpected node tree at byte %d: want %s", e.Byte, e.Want)
}
