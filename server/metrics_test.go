package server_test

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/postern-db/postern/server"
)

// scrape reads the metrics as Prometheus does.
func scrape(t testing.TB, admin http.Handler) map[string]*dto.MetricFamily {
	t.Helper()
	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodGet, "/metrics", nil)
	r.Header.Set("Accept", "text/plain;version=0.0.4;q=0.5,*/*;q=0.1")
	admin.ServeHTTP(w, r)
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(w.Body)
	if err != nil || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/plain; version=0.0.4") {
		t.Fatalf("%v: %s", err, w.Header().Get("Content-Type"))
	}
	return families
}

// value is that of the series with these labels, name and value in turn; for a histogram how much it counted.
func value(families map[string]*dto.MetricFamily, name string, labels ...string) float64 {
	for _, m := range families[name].GetMetric() {
		has := map[string]string{}
		for _, l := range m.GetLabel() {
			has[l.GetName()] = l.GetValue()
		}
		fits := true
		for i := 0; i < len(labels); i += 2 {
			fits = fits && has[labels[i]] == labels[i+1]
		}
		if !fits {
			continue
		}
		switch {
		case m.Counter != nil:
			return m.Counter.GetValue()
		case m.Gauge != nil:
			return m.Gauge.GetValue()
		case m.Histogram != nil:
			return float64(m.Histogram.GetSampleCount())
		}
	}
	return -1
}

// TestPostgRESTMetrics checks that each metric of PostgREST's reference is there, with its type and labels.
func TestPostgRESTMetrics(t *testing.T) {
	t.Parallel()
	s := newServer(t, newLibrary(t), "db-pool = 7\n")
	for range 3 {
		send(t, s, http.MethodGet, "/genres", "")
	}
	families := scrape(t, s.Admin())
	for name, kind := range map[string]dto.MetricType{
		"pgrst_schema_cache_query_time_seconds": dto.MetricType_GAUGE,
		"pgrst_schema_cache_loads_total":        dto.MetricType_COUNTER,
		"pgrst_db_pool_timeouts_total":          dto.MetricType_COUNTER,
		"pgrst_db_pool_available":               dto.MetricType_GAUGE,
		"pgrst_db_pool_waiting":                 dto.MetricType_GAUGE,
		"pgrst_db_pool_max":                     dto.MetricType_GAUGE,
		"pgrst_jwt_cache_requests_total":        dto.MetricType_COUNTER,
		"pgrst_jwt_cache_hits_total":            dto.MetricType_COUNTER,
		"pgrst_jwt_cache_evictions_total":       dto.MetricType_COUNTER,
	} {
		if f := families[name]; f == nil || f.GetType() != kind || f.GetHelp() == "" {
			t.Errorf("%s: %v", name, f)
		}
	}
	if n := value(families, "pgrst_schema_cache_loads_total", "status", "SUCCESS"); n < 1 {
		t.Errorf("%v loads", n)
	}
	if value(families, "pgrst_schema_cache_query_time_seconds") <= 0 || value(families, "pgrst_db_pool_max") != 7 ||
		value(families, "pgrst_db_pool_available") < 1 || value(families, "pgrst_jwt_cache_requests_total") != 3 {
		t.Error("odd values")
	}
}

// TestRequestMetrics checks what is counted of requests of each kind.
func TestRequestMetrics(t *testing.T) {
	t.Parallel()
	s := newServer(t, newLibrary(t), "")
	admin := s.Admin()
	expired := "Bearer " + token(t, map[string]any{"role": "librarian", "exp": time.Now().Add(-time.Hour).Unix()})
	send(t, s, http.MethodGet, "/genres?select=id&id=eq.1", "")
	send(t, s, http.MethodGet, "/genres?select=id&id=eq.1", "", "Authorization", "")
	send(t, s, http.MethodHead, "/genres", "")
	send(t, s, http.MethodPost, "/genres", `{"id": 91, "name": "x"}`, "Content-Type", "application/json")
	send(t, s, http.MethodPatch, "/genres?id=eq.91", `{"name": "y"}`, "Content-Type", "application/json")
	send(t, s, http.MethodDelete, "/genres?id=eq.91", "")
	send(t, s, http.MethodGet, "/rpc/add?a=1&b=2", "")
	send(t, s, http.MethodGet, "/", "")
	send(t, s, http.MethodGet, "/nowhere", "")
	send(t, s, http.MethodGet, "/genres", "", "Authorization", "Bearer no.to.ken")
	send(t, s, http.MethodGet, "/genres", "", "Authorization", expired)
	families := scrape(t, admin)
	for _, c := range []struct {
		want   float64
		name   string
		labels []string
	}{
		{2, "postern_http_requests_total", []string{"method", "GET", "kind", "read", "status", "200"}},
		{1, "postern_http_requests_total", []string{"method", "HEAD", "kind", "read", "status", "200"}},
		{1, "postern_http_requests_total", []string{"method", "POST", "kind", "create", "status", "201"}},
		{1, "postern_http_requests_total", []string{"method", "PATCH", "kind", "update", "status", "204"}},
		{1, "postern_http_requests_total", []string{"method", "DELETE", "kind", "delete", "status", "204"}},
		{1, "postern_http_requests_total", []string{"method", "GET", "kind", "call", "status", "200"}},
		{1, "postern_http_requests_total", []string{"method", "GET", "kind", "describe", "status", "200"}},
		{1, "postern_http_requests_total", []string{"method", "GET", "kind", "read", "status", "404"}},
		{2, "postern_http_requests_total", []string{"method", "GET", "kind", "other", "status", "401"}},
		{2, "postern_http_request_duration_seconds", []string{"method", "GET", "kind", "read", "status_class", "2xx"}},
		{8, "postern_token_verdicts_total", []string{"verdict", "accepted"}},
		{1, "postern_token_verdicts_total", []string{"verdict", "anonymous"}},
		{1, "postern_token_verdicts_total", []string{"verdict", "PGRST301"}},
		{1, "postern_token_verdicts_total", []string{"verdict", "PGRST303"}},
		{23, "postern_http_request_body_bytes_total", []string{"kind", "create"}},
		{13, "postern_http_request_body_bytes_total", []string{"kind", "update"}},
		{11, "postern_phase_duration_seconds", []string{"phase", "auth"}},
		{8, "postern_phase_duration_seconds", []string{"phase", "transaction"}},
		{8, "postern_phase_duration_seconds", []string{"phase", "acquire"}},
		{0, "postern_http_requests_in_flight", nil},
		{0, "postern_db_cancelled_total", []string{"by", "client"}},
		{1, "postern_build_info", nil},
	} {
		if got := value(families, c.name, c.labels...); got != c.want {
			t.Errorf("%s %v is %v, want %v", c.name, c.labels, got, c.want)
		}
	}
	if value(families, "go_goroutines") <= 0 || value(families, "postern_http_response_body_bytes_total", "kind", "read") < 20 ||
		value(families, "postern_schema_cache_loaded_timestamp_seconds") < float64(time.Now().Add(-time.Hour).Unix()) {
		t.Error("odd values")
	}
}

// TestMetricsOfCancelledQueries checks that who hangs up, and what the database gives up, is counted.
func TestMetricsOfCancelledQueries(t *testing.T) {
	t.Parallel()
	db := newLibrary(t)
	db.Exec(t, "create function library.wait(s float) returns void language sql as 'select pg_sleep(s)';"+
		"create function library.wait_shortly() returns void language sql set statement_timeout = 100 as 'select pg_sleep(60)'")
	s := newServer(t, db, "")
	admin := s.Admin()
	api := httptest.NewServer(s)
	defer api.Close()
	client := &http.Client{Timeout: 200 * time.Millisecond}
	if resp, err := client.Post(api.URL+"/rpc/wait", "application/json", strings.NewReader(`{"s": 60}`)); err == nil {
		t.Errorf("it did not wait: %s", resp.Status)
	}
	send(t, s, http.MethodPost, "/rpc/wait_shortly", "")
	eventually(t, 20*time.Second, "the hang-up to be counted", func() bool {
		families := scrape(t, admin)
		return value(families, "postern_db_cancelled_total", "by", "client") == 1 &&
			value(families, "postern_http_requests_total", "method", "POST", "kind", "call", "status", "499") == 1 &&
			value(families, "postern_db_cancelled_total", "by", "database") == 1
	})
}

// TestMetricsAreBounded sends hostile requests and checks that none of them makes a label.
func TestMetricsAreBounded(t *testing.T) {
	onceForAllVersions(t)
	t.Parallel()
	db := newLibrary(t)
	db.Exec(t, `create function library.any_status(s int) returns void language sql as
		$$ select set_config('response.status', s::text, true) $$`)
	s := newServer(t, db, "")
	admin := s.Admin()
	series := func() (n int) {
		for name, f := range scrape(t, admin) {
			if strings.HasPrefix(name, "postern_http") || strings.HasPrefix(name, "postern_token") || strings.HasPrefix(name, "postern_phase") {
				n += len(f.GetMetric())
				for _, m := range f.GetMetric() {
					for _, l := range m.GetLabel() {
						if strings.Contains(l.GetValue(), "hostile") {
							t.Errorf("%s has a label of a client: %s", name, l)
						}
					}
				}
			}
		}
		return n
	}
	var senders sync.WaitGroup
	flood := func(from int) {
		for worker := range 4 {
			senders.Go(func() {
				for i := range 50 {
					n := strconv.Itoa(from + worker*50 + i)
					r := httptest.NewRequest(http.MethodGet, "/hostile"+n+"?hostile"+n+"=eq.1", nil)
					if i%2 == 0 {
						r.Method = "HOSTILE" + n
					}
					r.Header.Set("Authorization", "Bearer hostile"+n)
					s.ServeHTTP(httptest.NewRecorder(), r)
					bearer := "Bearer " + token(t, map[string]any{"role": "hostile" + n})
					send(t, s, r.Method, "/genres", "", "Authorization", bearer)
					send(t, s, http.MethodGet, "/hostile"+n, "")
					send(t, s, http.MethodPost, "/rpc/any_status", `{"s": `+strconv.Itoa(200+(from+worker*50+i)%400)+`}`, "Content-Type", "application/json")
				}
			})
		}
		senders.Wait()
	}
	flood(0)
	flood(200) // every status once
	before := series()
	flood(0)
	if after := series(); after != before || after > 200 {
		t.Errorf("%d series after hostile requests, %d before", after, before)
	}
}

// TestAdminServer checks the statuses and documents of the server that Run starts.
func TestAdminServer(t *testing.T) {
	t.Parallel()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := free.Addr().(*net.TCPAddr).Port
	if err := free.Close(); err != nil {
		t.Fatal(err)
	}
	s := newServer(t, newLibrary(t), "server-port = 0\nserver-host = \"127.0.0.1\"\nadmin-server-port = "+strconv.Itoa(port)+"\n"+
		"admin-config-enabled = true\n"+`jwt-issuers = "[{\"issuer\": \"https://127.0.0.1:1\", \"audience\": \"x\"}]"`)
	ended := make(chan error, 1)
	ctx := t.Context()
	go func() { ended <- s.Run(ctx) }()
	t.Cleanup(func() {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	get := func(path string) (int, string) {
		resp, err := http.Get("http://127.0.0.1:" + strconv.Itoa(port) + path)
		if err != nil {
			return 0, err.Error()
		}
		defer func() { _ = resp.Body.Close() }()
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			return 0, err.Error()
		}
		return resp.StatusCode, string(body)
	}
	eventually(t, 20*time.Second, "the admin server is ready", func() bool { status, body := get("/ready"); return status == http.StatusOK && body == "" })
	for path, want := range map[string]int{"/live": 200, "/": 404, "/nowhere": 404, "/live/x": 404, "/schema_cache": 200, "/config": 200} {
		if status, body := get(path); status != want || path == "/live" && body != "" {
			t.Errorf("%s: %d %s", path, status, body)
		}
	}
	if _, body := get("/config"); strings.Contains(body, secret) || !strings.Contains(body, "admin-config-enabled = true") {
		t.Errorf("/config: %s", body)
	}
	var cache map[string][]json.RawMessage
	if _, body := get("/schema_cache"); json.Unmarshal([]byte(body), &cache) != nil || len(cache["dbTables"]) < 5 ||
		len(cache["dbRelationships"]) < 5 || len(cache["dbRoutines"]) < 5 || len(cache) != 5 || strings.Contains(body, secret) {
		t.Errorf("/schema_cache: %s", body)
	}
	eventually(t, 20*time.Second, "a failed refresh of keys shows", func() bool {
		_, body := get("/metrics")
		return strings.Contains(body, `postern_jwt_issuer_failures_total{issuer="https://127.0.0.1:1"} `) &&
			!strings.Contains(body, `postern_jwt_issuer_failures_total{issuer="https://127.0.0.1:1"} 0`)
	})
}

// TestAdminOfHandler checks the admin handler of a program that serves the API itself, and that /config is off unless wanted.
func TestAdminOfHandler(t *testing.T) {
	t.Parallel()
	admin := newServer(t, newLibrary(t), "").Admin()
	for path, want := range map[string]int{"/live": 200, "/ready": 200, "/config": 404} {
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			w := httptest.NewRecorder()
			admin.ServeHTTP(w, httptest.NewRequest(method, path, nil))
			if w.Code != want {
				t.Errorf("%s %s: %d", method, path, w.Code)
			}
		}
	}
}

// BenchmarkObservation tells what counting costs: on and off, each with the access log off.
func BenchmarkObservation(b *testing.B) {
	for name, on := range map[string]bool{"on": true, "off": false} {
		b.Run("metrics "+name, func(b *testing.B) {
			s := newServer(b, newLibrary(b), "")
			if on {
				s.Admin()
			}
			benchmarkReads(b, s)
		})
	}
}

func benchmarkReads(b *testing.B, s *server.Server) {
	r := httptest.NewRequest(http.MethodGet, "/genres?select=id&id=eq.1", nil)
	r.Header.Set("Authorization", "Bearer "+token(b, map[string]any{"role": "librarian"}))
	b.ReportAllocs()
	for b.Loop() {
		s.ServeHTTP(httptest.NewRecorder(), r)
	}
}

// TestMetricsContentType checks what is sent to who asks for no format: PostgREST's name of it.
func TestMetricsContentType(t *testing.T) {
	t.Parallel()
	s, _, _ := newLogged(t, newLibrary(t), "admin-server-port = 3999\n")
	for accept, want := range map[string]string{
		"": "text/plain; charset=utf-8", "*/*": "text/plain; charset=utf-8",
		"text/plain;version=0.0.4": "text/plain; version=0.0.4; charset=utf-8; escaping=underscores",
	} {
		w := httptest.NewRecorder()
		r := httptest.NewRequest(http.MethodGet, "/metrics", nil)
		r.Header.Set("Accept", accept)
		s.Admin().ServeHTTP(w, r)
		if got := w.Header().Get("Content-Type"); got != want || !strings.Contains(w.Body.String(), "pgrst_db_pool_max") {
			t.Errorf("%q: %s", accept, got)
		}
	}
}
