package typegen_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/postern-db/postern/examples/chat"
	"github.com/postern-db/postern/internal/apitest"
	"github.com/postern-db/postern/internal/pgtest"
	"github.com/postern-db/postern/internal/typegen"
	"github.com/postern-db/postern/introspect"
	"github.com/postern-db/postern/schema"
)

var update = flag.Bool("update", false, "write what is generated into testdata")

func TestMain(m *testing.M) { pgtest.Main(m) }

// read reads what types are written from.
func read(t *testing.T, db *pgtest.Database, schemas ...string) *schema.Catalog {
	t.Helper()
	conn := db.Conn(t, "postgres")
	catalog, err := introspect.Load(t.Context(), conn, introspect.Config{Schemas: schemas})
	if err != nil {
		t.Fatal(err)
	}
	return catalog
}

func shop(t *testing.T) *schema.Catalog {
	t.Helper()
	script, err := os.ReadFile(filepath.Join("testdata", "shop.sql"))
	if err != nil {
		t.Fatal(err)
	}
	return read(t, pgtest.New(t, string(script)), "shop", "archive")
}

// TestGolden compares what is written for a schema with every type, and for the chat example, with the files of testdata.
func TestGolden(t *testing.T) {
	t.Parallel()
	talk := read(t, pgtest.New(t, apitest.UpScripts(t, chat.Migrations())...), "api")
	sells := shop(t)
	inGo := func(in *schema.Catalog) []byte {
		file, err := typegen.Go(in, "database")
		if err != nil {
			t.Fatal(err)
		}
		return file
	}
	for file, got := range map[string][]byte{
		"shop/database.ts": typegen.TypeScript(sells),
		"chat/database.ts": typegen.TypeScript(talk),
		"shop/database.go": inGo(sells),
		"chat/database.go": inGo(talk),
	} {
		file = filepath.Join("testdata", file)
		if *update {
			if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, got, 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(want, got) {
			t.Errorf("%s differs; after a wanted change run go test ./internal/typegen -update. Got:\n%s", file, got)
		}
	}
}
