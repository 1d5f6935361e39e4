package introspect

import (
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
)

// row decodes the columns of one result row from left to right, each from its binary format. The first malformed column sets
// err; what follows it is zero.
type row struct {
	values [][]byte
	next   int
	err    error
	names  interner
}

// interner keeps one copy of each string, since a catalog repeats its names.
type interner map[string]string

func (n interner) intern(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	if s, ok := n[string(b)]; ok {
		return s
	}
	s := string(b)
	n[s] = s
	return s
}

// raw returns the next column, nil if it is null. It is valid until the next row.
func (r *row) raw() []byte {
	if r.next >= len(r.values) {
		r.fail("a value")
		return nil
	}
	r.next++
	return r.values[r.next-1]
}

func (r *row) fail(want string) {
	if r.err == nil {
		r.err = fmt.Errorf("column %d is not %s", r.next, want)
	}
}

// fixed returns the next column if it has n bytes.
func (r *row) fixed(n int, want string) []byte {
	b := r.raw()
	if len(b) != n {
		r.fail(want)
		return nil
	}
	return b
}

func (r *row) oid() uint32 {
	if b := r.fixed(4, "an oid"); b != nil {
		return binary.BigEndian.Uint32(b)
	}
	return 0
}

func (r *row) int4() int32 { return int32(r.oid()) }

func (r *row) int2() int16 {
	if b := r.fixed(2, "an int2"); b != nil {
		return int16(binary.BigEndian.Uint16(b))
	}
	return 0
}

func (r *row) bool() bool {
	b := r.fixed(1, "a bool")
	return b != nil && b[0] != 0
}

// char returns a value of type "char", 0 if it is empty.
func (r *row) char() byte {
	if b := r.raw(); len(b) > 0 {
		return b[0]
	}
	return 0
}

// text returns a text or name, empty if it is null.
func (r *row) text() string { return r.names.intern(r.raw()) }

func (r *row) texts() []string {
	var out []string
	r.array(func(b []byte) { out = append(out, r.names.intern(b)) })
	return out
}

func (r *row) oids() []uint32 {
	var out []uint32
	r.array(func(b []byte) {
		if len(b) != 4 {
			r.fail("an array of oids")
			return
		}
		out = append(out, binary.BigEndian.Uint32(b))
	})
	return out
}

func (r *row) int2s() []int16 {
	var out []int16
	r.array(func(b []byte) {
		if len(b) != 2 {
			r.fail("an array of int2")
			return
		}
		out = append(out, int16(binary.BigEndian.Uint16(b)))
	})
	return out
}

func (r *row) chars() []byte {
	var out []byte
	r.array(func(b []byte) {
		if len(b) == 0 {
			b = []byte{0}
		}
		out = append(out, b[0])
	})
	return out
}

// array calls each for the elements of a one-dimensional array; a null array has none. Its format: dimensions, a flag,
// the element's type, length and lower bound, then each element with its length (PostgreSQL source, array_send).
func (r *row) array(each func(element []byte)) {
	b := r.raw()
	if b == nil {
		return
	}
	if len(b) < 12 {
		r.fail("an array")
		return
	}
	dimensions := binary.BigEndian.Uint32(b)
	b = b[12:]
	if dimensions == 0 {
		return
	}
	if dimensions != 1 || len(b) < 8 {
		r.fail("an array of one dimension")
		return
	}
	count := binary.BigEndian.Uint32(b)
	b = b[8:]
	for range count {
		if len(b) < 4 {
			r.fail("a whole array")
			return
		}
		n := int32(binary.BigEndian.Uint32(b))
		b = b[4:]
		if n < 0 {
			each(nil)
			continue
		}
		if int(n) > len(b) {
			r.fail("a whole array")
			return
		}
		each(b[:n])
		b = b[n:]
	}
}

// oidArray is the text form of an oid[] parameter.
func oidArray(oids []uint32) []byte {
	b := append(make([]byte, 0, 2+7*len(oids)), '{')
	for i, o := range oids {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendUint(b, uint64(o), 10)
	}
	return append(b, '}')
}

// int4Array is the text form of an int4[] parameter.
func int4Array(ints []int32) []byte {
	b := append(make([]byte, 0, 2+4*len(ints)), '{')
	for i, n := range ints {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(b, int64(n), 10)
	}
	return append(b, '}')
}

// textArray is the text form of a text[] parameter (PostgreSQL manual, 8.15.6 Array Input and Output Syntax).
func textArray(texts []string) []byte {
	escape := strings.NewReplacer(`\`, `\\`, `"`, `\"`)
	b := []byte{'{'}
	for i, s := range texts {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, '"')
		b = append(b, escape.Replace(s)...)
		b = append(b, '"')
	}
	return append(b, '}')
}
