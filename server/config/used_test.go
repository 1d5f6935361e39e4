package config_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/postern-db/postern/server/config"
)

// through are the fields that the program reads by a method of Config, or that make another field what it is.
var through = map[string]string{
	"AdminServerHost": "AdminListenAddresses", "AdminServerPort": "AdminListenAddresses",
	"AdminServerUnixSocket": "AdminListenAddresses", "AdminServerUnixSocketMode": "AdminListenAddresses",
	"ServerUnixSocket": "ListenAddresses", "ServerUnixSocketMode": "ListenAddresses",
	"JWTSecretIsBase64": "JWTSecret",
}

// TestEveryParameterIsUsed checks that the program does something with each parameter: one that is read, documented and
// without effect is a promise that is not kept.
func TestEveryParameterIsUsed(t *testing.T) {
	t.Parallel()
	used := map[string]bool{}
	for _, dir := range []string{"../../server", "../../cmd", "../../internal"} {
		if err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case entry.IsDir() && path == "../../server/config":
				return filepath.SkipDir
			case filepath.Ext(path) != ".go" || strings.HasSuffix(path, "_test.go"):
				return nil
			}
			file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
			if err != nil {
				return err
			}
			ast.Inspect(file, func(n ast.Node) bool {
				if s, ok := n.(*ast.SelectorExpr); ok {
					used[s.Sel.Name] = true
				}
				return true
			})
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	fields := 0
	for _, f := range reflect.VisibleFields(reflect.TypeFor[config.Config]()) {
		if !f.IsExported() {
			continue
		}
		fields++
		name := f.Name
		if method, ok := through[name]; ok {
			name = method
		}
		if !used[name] {
			t.Errorf("nothing reads Config.%s", f.Name)
		}
	}
	// Besides the fields of parameters there are AppSettings, Warnings and Unknown.
	if want := len(config.Parameters()) + 3; fields != want {
		t.Errorf("there are %d fields, and %d parameters: each parameter has a field of its own", fields, want-3)
	}
}
