package docs_test

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/postern-db/postern/internal/pgtest"
	"github.com/postern-db/postern/server"
	"github.com/postern-db/postern/server/config"
)

// metrics returns the names and labels of the metrics of a server that has answered a request.
func metrics(t *testing.T) map[string][]string {
	t.Helper()
	db := pgtest.New(t, pgtest.Role("visitor", ""), pgtest.Role("gate", "login noinherit"),
		"create schema api; grant usage on schema api to visitor; create table api.item (name text); grant select on api.item to visitor; grant visitor to gate")
	settings, err := config.Load(config.Input{Environ: []string{
		"PGRST_DB_URI=" + db.URI("gate"), "PGRST_DB_SCHEMAS=api", "PGRST_DB_ANON_ROLE=visitor",
	}})
	if err != nil {
		t.Fatal(err)
	}
	s, err := server.New(t.Context(), server.Config{Settings: settings, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	admin := s.Admin()
	s.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/item", nil))
	w := httptest.NewRecorder()
	admin.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	parser := expfmt.NewTextParser(model.LegacyValidation)
	families, err := parser.TextToMetricFamilies(w.Body)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]string{}
	for name, f := range families {
		var labels []string
		for _, l := range f.GetMetric()[0].GetLabel() {
			labels = append(labels, l.GetName())
		}
		names := []string{name}
		if f.GetMetric()[0].GetHistogram() != nil {
			names = []string{name + "_bucket", name + "_sum", name + "_count"}
		}
		for _, n := range names {
			out[n] = labels
		}
	}
	return out
}

// TestDashboard checks that each metric, and each label that the dashboard groups by, exists.
func TestDashboard(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("grafana.json")
	if err != nil {
		t.Fatal(err)
	}
	var dashboard struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal(text, &dashboard); err != nil {
		t.Fatal(err)
	}
	known := metrics(t)
	metric := regexp.MustCompile(`\b([a-z]+_[a-z0-9_]+)\{`)
	grouping := regexp.MustCompile(`by \(([a-z_, ]+)\)`)
	used := map[string]bool{}
	for _, p := range dashboard.Panels {
		for _, target := range p.Targets {
			found := metric.FindAllStringSubmatch(target.Expr, -1)
			if found == nil {
				t.Errorf("%s: no metric in %s", p.Title, target.Expr)
				continue
			}
			for _, f := range found {
				used[f[1]] = true
				if _, ok := known[f[1]]; !ok {
					t.Errorf("%s: there is no metric %s", p.Title, f[1])
				}
			}
			labels := " le instance " + strings.Join(known[found[0][1]], " ") + " "
			for _, by := range grouping.FindAllStringSubmatch(target.Expr, -1) {
				for _, label := range strings.Split(by[1], ", ") {
					if !strings.Contains(labels, " "+label+" ") {
						t.Errorf("%s: %s has no label %s", p.Title, found[0][1], label)
					}
				}
			}
		}
	}
	for name := range known {
		base := strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(name, "_bucket"), "_sum"), "_count")
		own := strings.HasPrefix(name, "pgrst_") || strings.HasPrefix(name, "postern_")
		if own && !used[name] && !used[base+"_bucket"] {
			t.Errorf("no panel shows %s", name)
		}
	}
}

// TestMetricsPage checks that the page names all metrics of the server's own, and none that does not exist.
func TestMetricsPage(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("observability.md")
	if err != nil {
		t.Fatal(err)
	}
	known := metrics(t)
	base := func(name string) string {
		for _, suffix := range []string{"_bucket", "_sum", "_count"} {
			name = strings.TrimSuffix(name, suffix)
		}
		return name
	}
	exists := map[string]bool{}
	for name := range known {
		exists[base(name)] = true
		if own := strings.HasPrefix(name, "pgrst_") || strings.HasPrefix(name, "postern_"); own && !strings.Contains(string(page), "`"+base(name)) {
			t.Errorf("observability.md does not name %s", base(name))
		}
	}
	for _, found := range regexp.MustCompile("`((?:pgrst|postern)_[a-z_]+)").FindAllStringSubmatch(string(page), -1) {
		if !exists[found[1]] && !strings.HasPrefix(found[1], "postern_jwt_issuer_") {
			t.Errorf("observability.md names %s, which does not exist", found[1])
		}
	}
}
