package server

import (
	"bytes"
	"errors"
	"io"
)

// maxPart bounds a part of a body.
const maxPart = 1 << 20

// readParts reads a body whose length the client does not say. It is put together only once it is complete: one that turns out to
// be too large has then taken no more memory than the limit.
func readParts(r io.Reader) ([]byte, error) {
	var parts [][]byte
	part := make([]byte, 0, bytes.MinRead)
	for {
		n, err := r.Read(part[len(part):cap(part)])
		part = part[:len(part)+n]
		switch {
		case errors.Is(err, io.EOF) && parts == nil:
			return part, nil
		case errors.Is(err, io.EOF):
			return bytes.Join(append(parts, part), nil), nil
		case err != nil:
			return nil, err
		case len(part) == cap(part):
			parts = append(parts, part)
			part = make([]byte, 0, min(2*cap(part), maxPart))
		}
	}
}
