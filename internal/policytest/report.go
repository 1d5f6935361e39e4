package policytest

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"strings"
)

// Report is what came of the tests.
type Report struct {
	Files    []FileReport `json:"files"`
	Coverage Coverage     `json:"coverage"`
}

// FileReport is what came of a file's tests.
type FileReport struct {
	Name  string       `json:"name"`
	Tests []TestReport `json:"tests"`
}

// TestReport is what came of a test.
type TestReport struct {
	Name string `json:"name"`
	Line int    `json:"line"`
	// Failure is why it fails, "" if it does not.
	Failure string  `json:"failure,omitempty"`
	Seconds float64 `json:"seconds"`
}

// Count returns how many tests were run, and how many of them fail.
func (r *Report) Count() (run, failed int) {
	for i := range r.Files {
		n, bad := r.Files[i].count()
		run, failed = run+n, failed+bad
	}
	return run, failed
}

func (f *FileReport) count() (run, failed int) {
	for i := range f.Tests {
		if f.Tests[i].Failure != "" {
			failed++
		}
	}
	return len(f.Tests), failed
}

func (f *FileReport) seconds() (sum float64) {
	for i := range f.Tests {
		sum += f.Tests[i].Seconds
	}
	return sum
}

// WriteJSON writes a report as JSON.
func (r *Report) WriteJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	return e.Encode(r)
}

// maxUntouched is how much of what is not touched is listed, unless all is wanted.
const maxUntouched = 10

// WriteText writes a report as go test does: what fails, and with verbose every test.
func (r *Report) WriteText(w io.Writer, verbose bool) error {
	var b strings.Builder
	for i := range r.Files {
		f := &r.Files[i]
		for _, t := range f.Tests {
			switch {
			case t.Failure != "":
				fmt.Fprintf(&b, "--- FAIL: %s (%.2fs)\n    %s\n", t.Name, t.Seconds, strings.ReplaceAll(t.Failure, "\n", "\n        "))
			case verbose:
				fmt.Fprintf(&b, "--- PASS: %s (%.2fs)\n", t.Name, t.Seconds)
			}
		}
		switch run, failed := f.count(); {
		case failed > 0:
			fmt.Fprintf(&b, "FAIL\t%s\t%.3fs\n", f.Name, f.seconds())
		case run == 0:
			fmt.Fprintf(&b, "ok  \t%s\t[no tests to run]\n", f.Name)
		default:
			fmt.Fprintf(&b, "ok  \t%s\t%.3fs\n", f.Name, f.seconds())
		}
	}
	c := &r.Coverage
	fmt.Fprintf(&b, "coverage: %d of %d policies, %d of %d cells of relation, role and action\n", c.PoliciesTouched, c.Policies, c.CellsTouched, c.Cells)
	for i, what := range c.Untouched {
		if i == maxUntouched && !verbose {
			fmt.Fprintf(&b, "\tand %d more (-v lists them)\n", len(c.Untouched)-i)
			break
		}
		fmt.Fprintf(&b, "\tnot tested: %s\n", what)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// The elements of JUnit's XML, as far as CI systems agree on them.
type (
	junitSuites struct {
		XMLName  xml.Name     `xml:"testsuites"`
		Tests    int          `xml:"tests,attr"`
		Failures int          `xml:"failures,attr"`
		Suites   []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name     string      `xml:"name,attr"`
		Tests    int         `xml:"tests,attr"`
		Failures int         `xml:"failures,attr"`
		Time     string      `xml:"time,attr"`
		Cases    []junitCase `xml:"testcase"`
	}
	junitCase struct {
		Class   string        `xml:"classname,attr"`
		Name    string        `xml:"name,attr"`
		Time    string        `xml:"time,attr"`
		Failure *junitFailure `xml:"failure"`
	}
	junitFailure struct {
		Message string `xml:"message,attr"`
		Text    string `xml:",chardata"`
	}
)

// WriteJUnit writes a report as JUnit's XML.
func (r *Report) WriteJUnit(w io.Writer) error {
	var out junitSuites
	out.Tests, out.Failures = r.Count()
	for i := range r.Files {
		f := &r.Files[i]
		suite := junitSuite{Name: f.Name, Time: fmt.Sprintf("%.3f", f.seconds())}
		suite.Tests, suite.Failures = f.count()
		for _, t := range f.Tests {
			c := junitCase{Class: f.Name, Name: t.Name, Time: fmt.Sprintf("%.3f", t.Seconds)}
			if t.Failure != "" {
				first, _, _ := strings.Cut(t.Failure, "\n")
				c.Failure = &junitFailure{Message: first, Text: t.Failure}
			}
			suite.Cases = append(suite.Cases, c)
		}
		out.Suites = append(out.Suites, suite)
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	e := xml.NewEncoder(w)
	e.Indent("", "  ")
	if err := e.Encode(out); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}
