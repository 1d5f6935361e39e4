package encode_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/postern-db/postern/schema"
	"github.com/postern-db/postern/server/encode"
)

// film is a row of eight columns.
func film() (columns []encode.Column, row [][]byte) {
	add := func(key string, enc schema.Encoding, value string) {
		columns, row = append(columns, encode.NewColumn(key, enc)), append(row, []byte(value))
	}
	add("id", schema.Verbatim, "123456")
	add("title", schema.String, "The Cabinet of Dr. Caligari")
	add("year", schema.Verbatim, "1920")
	add("rating", schema.Number, "8.05")
	add("silent", schema.Boolean, "t")
	add("released", schema.ToJSON, `"1920-02-26T00:00:00+00:00"`)
	add("imdb", schema.String, "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11")
	add("plot", schema.String, `Francis, a young man, says: "Caligari, a hypnotist, uses a somnambulist, Cesare, to commit murders."`)
	return columns, row
}

// TestNoAllocation is not parallel since testing.AllocsPerRun counts what all goroutines allocate.
func TestNoAllocation(t *testing.T) {
	columns, row := film()
	buffer := make([]byte, 0, 4096)
	n := testing.AllocsPerRun(100, func() {
		buffer = encode.AppendObject(buffer[:0], columns, row)
		buffer = encode.AppendCSVRow(buffer, row)
	})
	if n != 0 {
		t.Errorf("%v allocations for a row", n)
	}
}

func BenchmarkAppendObject(b *testing.B) {
	columns, row := film()
	buffer := encode.AppendObject(nil, columns, row)
	b.SetBytes(int64(len(buffer)))
	b.ReportAllocs()
	for b.Loop() {
		buffer = encode.AppendObject(buffer[:0], columns, row)
	}
}

// BenchmarkEncodingJSON writes the same row with encoding/json, from text as well.
func BenchmarkEncodingJSON(b *testing.B) {
	columns, row := film()
	b.SetBytes(int64(len(encode.AppendObject(nil, columns, row))))
	b.ReportAllocs()
	for b.Loop() {
		object := struct {
			ID       json.RawMessage `json:"id"`
			Title    string          `json:"title"`
			Year     json.RawMessage `json:"year"`
			Rating   json.RawMessage `json:"rating"`
			Silent   bool            `json:"silent"`
			Released json.RawMessage `json:"released"`
			IMDB     string          `json:"imdb"`
			Plot     string          `json:"plot"`
		}{row[0], string(row[1]), row[2], row[3], row[4][0] == 't', row[5], string(row[6]), string(row[7])}
		if _, err := json.Marshal(&object); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkAppendCSVRow(b *testing.B) {
	_, row := film()
	buffer := encode.AppendCSVRow(nil, row)
	b.SetBytes(int64(len(buffer)))
	b.ReportAllocs()
	for b.Loop() {
		buffer = encode.AppendCSVRow(buffer[:0], row)
	}
}

func BenchmarkAppendString(b *testing.B) {
	for name, s := range map[string]string{
		"short":   "Alien",
		"plain":   strings.Repeat("in space no one can hear you ", 35),
		"escapes": strings.Repeat("a \"quoted\"\n", 90),
	} {
		b.Run(name, func(b *testing.B) {
			buffer := encode.AppendString(nil, []byte(s))
			b.SetBytes(int64(len(s)))
			for b.Loop() {
				buffer = encode.AppendString(buffer[:0], []byte(s))
			}
		})
	}
}
