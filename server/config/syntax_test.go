package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/postern-db/postern/server/config"
)

func TestSyntax(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ text, want string }{
		"empty":             {"", ""},
		"comments":          {" # a\n\t#b\r\n\n# end", ""},
		"value below":       {"log-level =\n # here it comes\n \"info\" # done", "info"},
		"spaces":            {"log-level=\"info\"\t \r\nlog-query=on", "info"},
		"group":             {"log-level = \"info\"\napp.settings { a = \"b\"\n\n c = 1 }\n", "info"},
		"commented setting": {"log-level = \"info\"\n#; log-level = \"warn\"\n#;x { log-level = \"crit\" }\n", "info"},
		"list":              {"log-level = \"info\"\nx = [ 1, [], \"a\" , on\n# last\n]", "info"},
		"escapes":           {`log-level = "\u0069nfo"`, "info"},
		"repeated":          {"log-level = \"warn\"\nlog-level = \"info\"", "info"},

		"one line":        {"a = 1 b = 2", ":1:7: unexpected 'b'"},
		"no value":        {"a =", ":1:4: unexpected end of file"},
		"no key":          {"= 1", ":1:1: unexpected '='"},
		"bare text":       {"a = text", ":1:5: unexpected 't'"},
		"single quotes":   {"a = 'text'", `:1:5: unexpected '\''; allowed: "text" in double quotes`},
		"negative number": {"a = -1", ":1:5: unexpected '-'"},
		"unclosed":        {"\n a = \"text", ":2:6: the double quotes that begin here"},
		"bad escape":      {`a = "\x"`, ":1:7: unexpected 'x' after a backslash"},
		"bad hex":         {`a = "\u00zz"`, ":1:8: \\u must be followed"},
		"half pair":       {`a = "\ud83d"`, ":1:12: half of a UTF-16"},
		"wrong pair":      {`a = "\ud83d\u0041"`, "no UTF-16 surrogate pair"},
		"low half first":  {`a = "\udc00\ud83d"`, "no UTF-16 surrogate pair"},
		"NUL escape":      {`a = "\u0000"`, "NUL"},
		"NUL":             {"a = \"\x00\"", "NUL"},
		"not UTF-8":       {"a = \"x\xff\"", ":1:7: this byte is not UTF-8"},
		"key with dot":    {"a. = 1", ":1:3: unexpected ' '"},
		"open group":      {"a {\n b = 1\n", ":3:1: unexpected end of file; allowed: }"},
		"open list":       {"a = [1 2]", ":1:8: unexpected '2' in a list"},
		"deep list":       {"a = " + strings.Repeat("[", 100), "more than 50 lists"},
		"deep group":      {strings.Repeat("a {", 100), "more than 50 groups"},
		"deep comment":    {strings.Repeat("#;", 100), "unexpected end of file after #;"},
		"empty comment":   {"#;\n", "unexpected end of line after #;"},
		"import nothing":  {`import ""`, "import names no file"},
		"import itself":   {`import "postern.conf"`, "too many files import each other"},
		"import no text":  {`import 1`, ":1:8: unexpected '1'; allowed: text in double quotes"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path := filepath.Join(t.TempDir(), "postern.conf")
			writeFile(t, path, c.text)
			got, err := config.Load(config.Input{File: path})
			if err == nil {
				if level := got.LogLevel.String(); c.want != level && c.want != "" {
					t.Errorf("got level %s, want %s", level, c.want)
				}
				return
			}
			var syntax *config.SyntaxError
			if c.want == "" || !strings.Contains(err.Error(), c.want) || !errors.As(err, &syntax) {
				t.Errorf("got error %v, want %q", err, c.want)
			}
		})
	}
}

func TestLoadMissingFile(t *testing.T) {
	t.Parallel()
	_, err := config.Load(config.Input{File: filepath.Join(t.TempDir(), "missing.conf")})
	if err == nil || !strings.Contains(err.Error(), "missing.conf: no such file") {
		t.Errorf("got %v", err)
	}
}

// FuzzLoad reads any text as a file. What can be read must dump to a file that
// reads back as the same configuration.
func FuzzLoad(f *testing.F) {
	for _, seed := range []string{
		"db-pool = 3\n# comment\nserver-host = \"*4\"\n",
		"app.settings { a = \"$(HOME) $$\" }\n#; db-pool = 1\n",
		"jwt-role-claim-key = \".a[?(@ == \\\"b\\\")]\"\nx = [1, on, \"\\ud83d\\ude00\"]",
		"db-schemas = \"a,b\"\ndb-extra-search-path = \"\"\ndb-max-rows = 1e3",
		"db-pre-request = \"a.b\"\nserver-unix-socket-mode = \"666\"\ndb-uri = \"$(db-pool)\"",
		"jwt-secret = \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"\njwt-secret-is-base64 = true",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		// Other files are none of this test's business.
		if strings.Contains(text, "import") || strings.Contains(text, "@") {
			return
		}
		path := filepath.Join(t.TempDir(), "postern.conf")
		writeFile(t, path, text)
		c, err := config.Load(config.Input{File: path, Environ: []string{"HOME=/home"}})
		if err != nil {
			return
		}
		first := dump(t, c)
		writeFile(t, path, first)
		if second := dump(t, load(t, config.Input{File: path})); second != first {
			t.Errorf("first:\n%ssecond:\n%s", first, second)
		}
	})
}

// TestByteOrderMark checks that a mark at the start of a file, which editors on Windows write, is passed over, there only.
func TestByteOrderMark(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "a.conf")
	for mark, accepted := range map[string]bool{"\ufeff": true, "\ufeff\ufeff": false} {
		if err := os.WriteFile(file, []byte(mark+"db-schemas = \"api\"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := config.Load(config.Input{File: file})
		if (err == nil) != accepted || accepted && !slices.Equal(c.DBSchemas, []string{"api"}) {
			t.Errorf("%q: %v", mark, err)
		}
	}
}
