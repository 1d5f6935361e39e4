package openapi

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/postern-db/postern/schema"
)

// AccessibleSQL asks what the current role may use of the schema whose name is its one argument. It is to be run in the
// caller's transaction: the role decides what there is, and the search path how the types of parameters are shown. Its rows,
// in text format, go to [Access.Add].
//
//go:embed accessible.sql
var AccessibleSQL string

// ChangesSQL tells how often the catalogs have changed that AccessibleSQL reads: one value, null if that is not known. While it
// stays the same, so does what AccessibleSQL returns for a role.
//
//go:embed changes.sql
var ChangesSQL string

// Access is what a role may use of a schema. The zero value is nothing.
type Access struct {
	relations map[string]privileges
	functions map[string][]signature
}

// signature is a function that may be executed. identity is nil if no other has its name.
type signature struct {
	Types    []string `json:"types"`
	Identity []string `json:"identity"`
}

// privileges are what a role may do to a relation: each command for all columns or for some.
type privileges struct {
	read, insert, update columns
	remove               bool
}

// columns are those that a command is allowed for.
type columns struct {
	all   bool
	names map[string]bool
}

var everything = columns{all: true}

func (c columns) has(name string) bool { return c.all || c.names[name] }
func (c columns) any() bool            { return c.all || len(c.names) > 0 }

// Add takes a row of AccessibleSQL.
func (a *Access) Add(row [][]byte) error {
	if len(row) != 4 {
		return fmt.Errorf("openapi: read privileges: a row has %d columns, want 4", len(row))
	}
	name := string(row[1])
	switch string(row[0]) {
	case "r":
		p, err := parsePrivileges(string(row[2]), row[3])
		if err != nil {
			return fmt.Errorf("openapi: read privileges of relation %q: %w", name, err)
		}
		if a.relations == nil {
			a.relations = make(map[string]privileges)
		}
		a.relations[name] = p
	case "f":
		var s signature
		if err := json.Unmarshal(row[3], &s); err != nil {
			return fmt.Errorf("openapi: read privileges of function %q: %w", name, err)
		}
		if a.functions == nil {
			a.functions = make(map[string][]signature)
		}
		a.functions[name] = append(a.functions[name], s)
	default:
		return fmt.Errorf("openapi: read privileges: %q is no kind of object", row[0])
	}
	return nil
}

func parsePrivileges(commands string, details []byte) (privileges, error) {
	var listed struct {
		Read   []string `json:"r"`
		Insert []string `json:"a"`
		Update []string `json:"w"`
	}
	if details != nil {
		if err := json.Unmarshal(details, &listed); err != nil {
			return privileges{}, err
		}
	}
	allowed := func(letter string, names []string) columns {
		if strings.Contains(commands, letter) {
			return everything
		}
		c := columns{}
		for _, n := range names {
			if c.names == nil {
				c.names = make(map[string]bool, len(names))
			}
			c.names[n] = true
		}
		return c
	}
	return privileges{
		read: allowed("r", listed.Read), insert: allowed("a", listed.Insert), update: allowed("w", listed.Update),
		remove: strings.Contains(commands, "d"),
	}, nil
}

func (a *Access) relation(name string) (privileges, bool) {
	if a == nil {
		return privileges{}, false
	}
	p, ok := a.relations[name]
	return p, ok
}

// types returns the types of the routine's parameters as the role sees them, if it may execute the routine; overloads is how
// many routines of the name the catalog has. Of those that came or went since the catalog was read only those are shown whose
// signature is certain.
func (a *Access) types(r *schema.Routine, overloads int) ([]string, bool) {
	if a == nil {
		return nil, false
	}
	for _, s := range a.functions[r.Name.Name] {
		if len(s.Types) != len(r.Parameters) {
			continue
		}
		if s.Identity == nil && overloads == 1 || s.identifies(r) {
			return s.Types, true
		}
	}
	return nil, false
}

// identifies compares full names of types, which the catalog has without pg_catalog.
func (s *signature) identifies(r *schema.Routine) bool {
	if len(s.Identity) != len(r.Parameters) {
		return false
	}
	for i, name := range s.Identity {
		if strings.TrimPrefix(name, "pg_catalog.") != r.Parameters[i].Type {
			return false
		}
	}
	return true
}
