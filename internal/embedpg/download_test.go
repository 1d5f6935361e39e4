package embedpg

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// repository is a Maven repository that offers one archive, whatever is asked for.
type repository struct {
	*httptest.Server
	downloads atomic.Int32
}

// serveArchive offers testdata/programs.txz, in which the programs are scripts, packed as the real ones are.
// An empty sum leaves the checksum out; "right" stands for the right one.
func serveArchive(t *testing.T, sum string) *repository {
	t.Helper()
	programs, err := os.ReadFile(filepath.Join("testdata", "programs.txz"))
	if err != nil {
		t.Fatal(err)
	}
	var jar bytes.Buffer
	z := zip.NewWriter(&jar)
	entry, err := z.Create("postgres-linux-x86_64.txz")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := entry.Write(programs); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if sum == "right" {
		sum = fmt.Sprintf("%x\n", sha256.Sum256(jar.Bytes()))
	}
	r := &repository{}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		switch {
		case !strings.HasPrefix(req.URL.Path, "/maven/io/zonky/"):
			http.NotFound(w, req)
		case strings.HasSuffix(req.URL.Path, ".sha256") && sum == "":
			http.NotFound(w, req)
		case strings.HasSuffix(req.URL.Path, ".sha256"):
			_, _ = w.Write([]byte(sum))
		default:
			r.downloads.Add(1)
			_, _ = w.Write(jar.Bytes())
		}
	}))
	t.Cleanup(r.Close)
	return r
}

func TestDownload(t *testing.T) {
	t.Parallel()
	r := serveArchive(t, "right")
	acc, err := serverAccount("")
	if err != nil {
		t.Fatal(err)
	}
	cache := filepath.Join(openDir(t), "cache")
	var mu sync.Mutex
	var steps []string
	cfg := Config{CacheDir: cache, Repository: r.URL + "/maven/", Progress: func(step string) {
		mu.Lock()
		defer mu.Unlock()
		steps = append(steps, step)
	}}
	var all sync.WaitGroup
	for range 3 {
		all.Go(func() {
			b, err := download(t.Context(), cfg, acc)
			if err != nil || b.Major != 18 || filepath.Dir(filepath.Dir(b.Dir)) != cache {
				t.Errorf("got %+v, error %v", b, err)
			}
		})
	}
	all.Wait()
	if n := r.downloads.Load(); n != 1 {
		t.Errorf("downloaded %d times", n)
	}
	if got := strings.Join(steps, "\n"); !strings.Contains(got, "downloading PostgreSQL") || !strings.Contains(got, "100 %") {
		t.Errorf("progress told: %s", got)
	}
	entries, err := os.ReadDir(cache)
	if err != nil || len(entries) != 2 {
		t.Errorf("the cache holds %v, error %v; want the programs and the lock only", entries, err)
	}
}

func TestDownloadFails(t *testing.T) {
	t.Parallel()
	closed, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := closed.Close(); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ repository, want string }{
		"unreachable":    {"http://" + closed.Addr().String(), "connection refused"},
		"not there":      {serveArchive(t, "right").URL + "/elsewhere", "404"},
		"no checksum":    {serveArchive(t, "").URL + "/maven", "checksum"},
		"wrong checksum": {serveArchive(t, strings.Repeat("0", 64)).URL + "/maven", "checksums do not match"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cache := openDir(t)
			cfg := Config{CacheDir: cache, Repository: c.repository, Progress: func(string) {}}
			_, err := download(t.Context(), cfg, nil)
			if !errors.Is(err, ErrNotFound) {
				t.Fatalf("got error %v, want ErrNotFound", err)
			}
			for _, want := range []string{c.want, "PG_BIN", "apt install postgresql"} {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got error %q, want it to say %q", err, want)
				}
			}
			if entries, err := os.ReadDir(cache); err != nil || len(entries) != 1 {
				t.Errorf("the cache holds %v, error %v; want the lock only", entries, err)
			}
		})
	}
}

func TestDownloadCancelled(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	// A repository that never answers.
	silent := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, req *http.Request) {
		cancel()
		<-req.Context().Done()
	}))
	defer silent.Close()
	cfg := Config{CacheDir: openDir(t), Repository: silent.URL, Progress: func(string) {}}
	if _, err := download(ctx, cfg, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("got error %v", err)
	}
}

func TestCacheDir(t *testing.T) { // not parallel: it changes the environment
	home := openDir(t)
	t.Setenv("XDG_CACHE_HOME", home)
	t.Setenv("HOME", home)
	stranger := &account{name: "stranger", uid: 54321, gid: 54321}
	own, err := Config{}.cacheDir(nil)
	if err != nil || !strings.HasPrefix(own, home) {
		t.Errorf("got %s, error %v", own, err)
	}
	if dir, err := (Config{}).cacheDir(stranger); err != nil || dir != own {
		t.Errorf("got %s, error %v", dir, err)
	}
	if err := os.Chmod(home, 0o700); err != nil {
		t.Fatal(err)
	}
	if dir, err := (Config{}).cacheDir(stranger); err != nil || dir != "/var/cache/postern" {
		t.Errorf("got %s, error %v", dir, err)
	}
}
