package auth

import (
	"errors"
	"fmt"
	"regexp"
)

// parseOr reads a logical expression: terms joined by ||, which binds less than
// &&.
func (p *pathParser) parseOr() (expr, error) {
	p.depth++
	defer func() { p.depth-- }()
	if p.depth > maxPathDepth {
		return nil, errors.New("the filter is nested too deeply")
	}
	var or orExpr
	for {
		and, err := p.parseAnd()
		if err != nil {
			return nil, err
		}
		or = append(or, and)
		if !p.takeSpaced("||") {
			return or, nil
		}
	}
}

func (p *pathParser) parseAnd() (expr, error) {
	var and andExpr
	for {
		basic, err := p.parseBasic()
		if err != nil {
			return nil, err
		}
		and = append(and, basic)
		if !p.takeSpaced("&&") {
			return and, nil
		}
	}
}

// takeSpaced consumes an operator and the spaces around it, or nothing.
func (p *pathParser) takeSpaced(op string) bool {
	before := p.pos
	p.skipSpace()
	if !p.take(op) {
		p.pos = before
		return false
	}
	p.skipSpace()
	return true
}

func (p *pathParser) parseBasic() (expr, error) {
	not := p.take("!")
	if not {
		p.skipSpace()
	}
	x, err := p.parseTest(not)
	if err != nil {
		return nil, err
	}
	if not {
		return notExpr{x}, nil
	}
	return x, nil
}

// parseTest reads a parenthesis, a search, a comparison or a test for
// existence. A comparison cannot be negated without parentheses.
func (p *pathParser) parseTest(negated bool) (expr, error) {
	if p.take("(") {
		p.skipSpace()
		x, err := p.parseOr()
		if err != nil {
			return nil, err
		}
		p.skipSpace()
		if !p.take(")") {
			return nil, errors.New("a closing parenthesis is missing")
		}
		return x, nil
	}
	if p.take("search(") {
		return p.parseSearch()
	}
	left, err := p.parseOperand()
	if err != nil {
		return nil, err
	}
	for _, op := range [...]string{"==", "!=", "<=", ">=", "<", ">"} {
		if !p.takeSpaced(op) {
			continue
		}
		right, err := p.parseOperand()
		if err != nil {
			return nil, err
		}
		for _, o := range [...]operand{left, right} {
			if o.path != nil && !o.path.singular() {
				return nil, errors.New("a compared query must consist of names and indices only")
			}
		}
		if negated {
			return nil, errors.New("a negated comparison needs parentheses")
		}
		return compareExpr{op, left, right}, nil
	}
	if left.path == nil {
		return nil, errors.New("a comparison operator is expected")
	}
	return existsExpr{left.path}, nil
}

// parseSearch reads the arguments of search and its closing parenthesis.
func (p *pathParser) parseSearch() (expr, error) {
	var search searchExpr
	var err error
	p.skipSpace()
	if search.subject, err = p.parseOperand(); err != nil {
		return nil, err
	}
	if !p.takeSpaced(",") {
		return nil, errors.New("search takes two arguments: search(@, 'pattern')")
	}
	if search.pattern, err = p.parseOperand(); err != nil {
		return nil, err
	}
	p.skipSpace()
	if !p.take(")") {
		return nil, errors.New("search takes two arguments: search(@, 'pattern')")
	}
	for _, o := range [...]operand{search.subject, search.pattern} {
		if o.literal != nil && o.literal.kind != kindString {
			return nil, errors.New("an argument of search must be a text or a query")
		}
	}
	if search.pattern.literal != nil {
		if search.pattern.pattern, err = regexp.Compile(search.pattern.literal.text); err != nil {
			return nil, fmt.Errorf("read the pattern of search: %w", err)
		}
	}
	return search, nil
}

// parseOperand reads a query or a literal.
func (p *pathParser) parseOperand() (operand, error) {
	rest := p.rest()
	if rest == "" {
		return operand{}, errors.New("a query or a literal is expected")
	}
	switch c := rest[0]; {
	case c == '$' || c == '@':
		path, err := p.parseQuery()
		return operand{path: path}, err
	case c == '\'' || c == '"':
		text, err := p.parseQuoted()
		return operand{literal: &value{kind: kindString, text: text}}, err
	}
	literal := jsonParser{doc: rest}
	v, err := literal.parseValue(0)
	if err != nil || v.kind == kindArray || v.kind == kindObject {
		return operand{}, errors.New("a query, a quoted text, a number, true, false or null is expected")
	}
	p.pos += literal.pos
	return operand{literal: &v}, nil
}
