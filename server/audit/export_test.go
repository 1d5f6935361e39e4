package audit

// Line is the line that an entry makes in a file.
func Line(e *Entry) []byte { return e.append(append(make([]byte, 0, lineBytes), '{')) }

// ASCII is the line's form for databases of other encodings.
func ASCII(line []byte) []byte { return toASCII(line) }

// SetLimit bounds the queue of a new log, in bytes.
func (l *Log) SetLimit(bytes int64) { l.limit = bytes }
