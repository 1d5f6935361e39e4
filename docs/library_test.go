package docs_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestLibraryPage checks that the page on the Go library names everything that package server exports, and shows code that is in
// the package's examples.
func TestLibraryPage(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("library.md")
	if err != nil {
		t.Fatal(err)
	}
	page := string(text)
	for _, name := range exported(t, filepath.Join("..", "server")) {
		if !strings.Contains(page, "`"+name) {
			t.Errorf("library.md does not name %s", name)
		}
	}
	examples, err := os.ReadFile(filepath.Join("..", "server", "example_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	blocks := strings.Split(page, "```go\n")[1:]
	for _, b := range blocks {
		if code, _, _ := strings.Cut(b, "```"); !strings.Contains(string(examples), code) {
			t.Errorf("no example has\n%s", code)
		}
	}
	if len(blocks) == 0 {
		t.Error("there is no code")
	}
}

// exported lists functions, methods and the fields of structs that a package exports.
func exported(t *testing.T, dir string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*.go"))
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range parsed.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				name := d.Name.Name
				if d.Recv != nil {
					receiver := strings.TrimPrefix(typeText(d.Recv.List[0].Type), "*")
					if !ast.IsExported(receiver) {
						continue
					}
					name = receiver + "." + name
				}
				if d.Name.IsExported() {
					out = append(out, name)
				}
			case *ast.GenDecl:
				for _, s := range d.Specs {
					if spec, ok := s.(*ast.TypeSpec); ok && spec.Name.IsExported() {
						out = append(out, fields(spec)...)
					}
				}
			}
		}
	}
	if len(out) < 10 {
		t.Fatalf("found only %v", out)
	}
	return out
}

func typeText(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.StarExpr:
		return typeText(e.X)
	case *ast.Ident:
		return e.Name
	}
	return ""
}

func fields(spec *ast.TypeSpec) []string {
	s, ok := spec.Type.(*ast.StructType)
	if !ok {
		return []string{spec.Name.Name}
	}
	var out []string
	for _, f := range s.Fields.List {
		for _, n := range f.Names {
			if n.IsExported() {
				out = append(out, spec.Name.Name+"."+n.Name)
			}
		}
	}
	return out
}
