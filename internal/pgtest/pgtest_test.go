package pgtest_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/postern-db/postern/internal/pgtest"
)

// interruptEnv makes TestHelper, in a child process, wait to be interrupted with a server running.
const interruptEnv = "PGTEST_INTERRUPT"

func TestMain(m *testing.M) { pgtest.Main(m) }

const people = `create table person (id int primary key, name text not null);
insert into person values (1, 'Ann'), (2, 'Bea');`

func TestNewClones(t *testing.T) {
	t.Parallel()
	for range 8 {
		t.Run("clone", func(t *testing.T) {
			t.Parallel()
			db := pgtest.New(t, pgtest.Role("reader", "login"), people, `grant select on person to reader`)
			var n int
			if err := db.Conn(t, "reader").QueryRow(t.Context(), `select count(*) from person`).Scan(&n); err != nil || n != 2 {
				t.Fatalf("got %d rows, error %v", n, err)
			}
			db.Exec(t, `delete from person`) // and no other test sees it
		})
	}
}

func TestNewDrops(t *testing.T) {
	t.Parallel()
	server, name := pgtest.Server(t), ""
	t.Run("user", func(t *testing.T) {
		db := pgtest.New(t)
		name = db.Name
		_ = db.Conn(t, "postgres")
	})
	db := pgtest.New(t)
	var found bool
	err := db.Conn(t, "postgres").QueryRow(t.Context(), `select exists (select from pg_database where datname = $1)`, name).Scan(&found)
	if err != nil || found {
		t.Errorf("database %s is left: %v, error %v", name, found, err)
	}
	if !strings.HasPrefix(server.Binaries().Version, fmt.Sprint(server.Binaries().Major)) {
		t.Errorf("odd version %+v", server.Binaries())
	}
}

func TestRolesFromSeveralSetups(t *testing.T) {
	t.Parallel()
	for i := range 6 {
		t.Run("setup", func(t *testing.T) {
			t.Parallel()
			db := pgtest.New(t,
				pgtest.Role(`odd "name" it's`, "login noinherit"), pgtest.Role("member", ""),
				`grant member to "odd ""name"" it's"`,
				fmt.Sprintf(`create table setup_%d (id int)`, i))
			var user string
			if err := db.Conn(t, `odd "name" it's`).QueryRow(t.Context(), `select current_user::text`).Scan(&user); err != nil {
				t.Fatal(err)
			}
			if user != `odd "name" it's` {
				t.Errorf("connected as %s", user)
			}
		})
	}
}

func TestStartServer(t *testing.T) {
	t.Parallel()
	own := pgtest.StartServer(t, map[string]string{"max_connections": "20"})
	if own.Port() == pgtest.Server(t).Port() {
		t.Error("the server is the shared one")
	}
}

// recorder is a test that notes how it fails.
type recorder struct {
	testing.TB
	failed string
}

func (r *recorder) Helper() {}

func (r *recorder) Fatalf(format string, args ...any) {
	r.failed = fmt.Sprintf(format, args...)
	panic(r)
}

func TestSetupErrors(t *testing.T) {
	t.Parallel()
	for range 2 { // the second time from memory
		r := &recorder{TB: t}
		func() {
			defer func() { _ = recover() }()
			pgtest.New(r, "create table a (id int);\n-- ä\ncreate table b (id nonsense);\n")
		}()
		for _, want := range []string{"42704", "line 3", "create table b"} {
			if !strings.Contains(r.failed, want) {
				t.Errorf("got %q, want it to say %q", r.failed, want)
			}
		}
	}
}

// TestHelper is what TestInterrupted interrupts.
func TestHelper(t *testing.T) {
	t.Parallel()
	server := pgtest.Server(t)
	if file := os.Getenv(interruptEnv); file != "" {
		if err := os.WriteFile(file, []byte(filepath.Dir(server.SocketDir())), 0o600); err != nil {
			t.Fatal(err)
		}
		<-server.Done()
		select {} // Main ends the process
	}
}

func TestInterrupted(t *testing.T) {
	t.Parallel()
	for _, sig := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGKILL} {
		t.Run(sig.String(), func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "work")
			cmd := exec.Command(os.Args[0], "-test.run=^TestHelper$")
			cmd.Env = append(os.Environ(), interruptEnv+"="+file)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			defer func() { _ = cmd.Process.Kill() }()
			var work []byte
			await(t, "a server", func() bool {
				work, _ = os.ReadFile(file)
				return len(work) > 0
			})
			if err := cmd.Process.Signal(sig); err != nil {
				t.Fatal(err)
			}
			_ = cmd.Wait()
			if status := cmd.ProcessState.Sys().(syscall.WaitStatus); !status.Signaled() || status.Signal() != sig {
				t.Errorf("the run ended with %v", cmd.ProcessState)
			}
			await(t, "the end of the server", func() bool {
				_, err := os.Stat(string(work))
				return os.IsNotExist(err)
			})
		})
	}
}

func await(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain for %s", what)
		}
	}
}
