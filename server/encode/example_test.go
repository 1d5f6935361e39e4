package encode_test

import (
	"fmt"

	"github.com/postern-db/postern/schema"
	"github.com/postern-db/postern/server/encode"
)

func ExampleAppendObject() {
	columns := []encode.Column{
		encode.NewColumn("id", schema.Verbatim),
		encode.NewColumn("title", schema.String),
		encode.NewColumn("rating", schema.Number),
		encode.NewColumn("seen", schema.Boolean),
		encode.NewColumn("tags", schema.ToJSON),
	}
	rows := [][][]byte{
		{[]byte("1"), []byte(`The "Thing"`), []byte("8.2"), []byte("t"), []byte(`["horror","snow"]`)},
		{[]byte("2"), []byte("Alien"), []byte("NaN"), []byte("f"), nil},
	}
	body := []byte{'['}
	for i, row := range rows {
		if i > 0 {
			body = append(body, ',', '\n')
		}
		body = encode.AppendObject(body, columns, row)
	}
	fmt.Printf("%s]\n", body)
	// Output:
	// [{"id":1,"title":"The \"Thing\"","rating":8.2,"seen":true,"tags":["horror","snow"]},
	// {"id":2,"title":"Alien","rating":"NaN","seen":false,"tags":null}]
}

func ExampleAppendCSVRow() {
	body := encode.AppendCSVHeader(nil, []string{"id", "title", "note"})
	body = append(body, '\n')
	body = encode.AppendCSVRow(body, [][]byte{[]byte("1"), []byte(`The "Thing"`), nil})
	body = append(body, '\n')
	body = encode.AppendCSVRow(body, [][]byte{[]byte("2"), []byte("Alien"), {}})
	fmt.Printf("%s\n", body)
	// Output:
	// id,title,note
	// 1,"The ""Thing""",
	// 2,Alien,""
}

func ExampleAppendString() {
	fmt.Printf("%s\n", encode.AppendString(nil, []byte("tab\t, \"quotes\", <b>ü</b>")))
	// Output: "tab\t, \"quotes\", <b>ü</b>"
}
