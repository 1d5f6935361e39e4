package mdtest

import (
	"fmt"
	"regexp"
	"strings"
)

// block is a block of commands with the output that is shown for it.
type block struct {
	line   int // of its first command, from 1
	script string
	shown  bool
	output string

	background string            // the text to wait for
	captures   map[string]string // variable to pattern
	notRun     string            // the reason
}

// comment is one that has something to say to this package.
var comment = regexp.MustCompile(`^<!-- (background|capture|not run): (.+) -->$`)

// parse finds the blocks of a document.
func parse(document string) ([]block, error) {
	var blocks []block
	var next block // what the comments before it have said
	lines := strings.Split(document, "\n")
	end := -1 // the line that ended the last block of commands
	for i := 0; i < len(lines); i++ {
		line := strings.TrimSpace(lines[i])
		if m := comment.FindStringSubmatch(line); m != nil {
			if err := next.comment(m[1], m[2]); err != nil {
				return nil, fmt.Errorf("line %d: %w", i+1, err)
			}
			continue
		}
		language, fenced := strings.CutPrefix(line, "```")
		if !fenced {
			continue
		}
		start := i + 1
		for i++; i < len(lines) && strings.TrimSpace(lines[i]) != "```"; i++ {
		}
		if i == len(lines) {
			return nil, fmt.Errorf("line %d: the block does not end", start)
		}
		body := strings.Join(lines[start:i], "\n")
		switch {
		case language == "sh":
			next.line, next.script = start+1, body
			blocks = append(blocks, next)
			next, end = block{}, i
		case (language == "text" || language == "json") && end >= 0 && strings.TrimSpace(strings.Join(lines[end+1:start-1], "")) == "":
			last := &blocks[len(blocks)-1]
			last.shown, last.output = true, body
		}
	}
	return blocks, nil
}

func (b *block) comment(kind, text string) error {
	switch kind {
	case "background":
		b.background = text
	case "not run":
		b.notRun = text
	case "capture":
		name, pattern, ok := strings.Cut(text, "=")
		if !ok {
			return fmt.Errorf("%q is not of the form NAME=PATTERN", text)
		}
		if _, err := regexp.Compile(pattern); err != nil {
			return err
		}
		if b.captures == nil {
			b.captures = map[string]string{}
		}
		b.captures[name] = pattern
	}
	return nil
}
