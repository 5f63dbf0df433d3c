package liquid

import (
	"strings"
)

// refused are tags that Liquid has elsewhere, with the reason.
var refused = map[string]string{
	"render":  "is not offered: a template stands by itself. Put the text into this one.",
	"include": "is not offered: a template stands by itself. Put the text into this one.",
	"layout":  "is not offered: a template stands by itself. Put the frame into this one.",
	"block":   "is not offered: there are no layouts that it could fill.",
}

func tagNames() []string {
	return []string{
		"#", "assign", "break", "capture", "case", "comment", "continue", "cycle", "decrement", "echo", "for", "if", "increment",
		"liquid", "raw", "tablerow", "unless",
	}
}

// tagReader finds what reads a tag.
func tagReader(name string) func(*parser, *token) node {
	switch name {
	case "#":
		return func(*parser, *token) node { return nil }
	case "assign":
		return (*parser).assign
	case "break", "continue":
		return (*parser).jump
	case "capture":
		return (*parser).capture
	case "case":
		return (*parser).choice
	case "comment":
		return (*parser).comment
	case "cycle":
		return (*parser).cycle
	case "increment", "decrement":
		return (*parser).count
	case "echo":
		return func(p *parser, tok *token) node { return p.output(tok.rest(), tok.args, tok.at) }
	case "for", "tablerow":
		return (*parser).loop
	case "if", "unless":
		return (*parser).condition
	case "liquid":
		return (*parser).lines
	case "raw":
		return (*parser).raw
	}
	return nil
}

func (p *parser) assign(tok *token) node {
	name, x := p.assignment(tok)
	return assignNode{tok.at, name, x}
}

func (p *parser) assignment(tok *token) (string, expr) {
	r := p.reader(tok.rest(), tok.args)
	name := r.next()
	if name.kind != nameWord || !r.take("=") {
		r.fail(tok.at, "{%% assign %%} wants a name, = and a value: {%% assign name = value %%}.")
		return "", literal{}
	}
	x := r.whole()
	p.gives(name.s)
	return name.s, x
}

func (p *parser) jump(tok *token) node {
	p.nothing(tok)
	inLoop := false
	for _, o := range p.open {
		inLoop = inLoop || o.name == "for" || o.name == "tablerow"
	}
	if !inLoop {
		p.problem(tok.at, "{%% %s %%} stands outside of a loop.", tok.name)
	}
	if tok.name == "break" {
		return jumpNode{errBreak}
	}
	return jumpNode{errContinue}
}

// nothing checks that nothing follows a tag's name.
func (p *parser) nothing(tok *token) {
	if s := strings.TrimSpace(tok.rest()); s != "" {
		p.problem(tok.args, "{%% %s %%} takes nothing after its name.", tok.name)
	}
}

func (p *parser) capture(tok *token) node {
	r := p.reader(tok.rest(), tok.args)
	name := r.next()
	if name.kind != nameWord && name.kind != textWord {
		r.fail(tok.at, "{%% capture %%} wants a name: {%% capture name %%}.")
	}
	r.end()
	list := p.parts(tok)
	p.gives(name.s)
	return captureNode{name.s, list[0].body}
}

// comment skips what stands in it, other comments too.
func (p *parser) comment(tok *token) node {
	for depth := 1; p.i < len(p.toks); p.i++ {
		switch t := p.toks[p.i]; {
		case t.kind == tagToken && t.name == "comment":
			depth++
		case t.kind == tagToken && t.name == "endcomment":
			if depth--; depth == 0 {
				p.i++
				return nil
			}
		}
	}
	p.problem(tok.at, "{%% comment %%} is not ended: {%% endcomment %%} is missing.")
	return nil
}

// raw takes the text that the scanner left as it is.
func (p *parser) raw(tok *token) node {
	p.nothing(tok)
	if p.i+1 < len(p.toks) && p.toks[p.i].kind == textToken && p.toks[p.i+1].name == "endraw" {
		text := p.toks[p.i]
		p.i += 2
		return textNode{text.in, text.text}
	}
	if p.i < len(p.toks) && p.toks[p.i].name == "endraw" {
		p.i++
		return nil
	}
	p.problem(tok.at, "{%% raw %%} is not ended: {%% endraw %%} is missing.")
	return nil
}

func (p *parser) condition(tok *token) node {
	n := ifNode{}
	x, relies := p.test(tok)
	if tok.name == "unless" {
		x, relies = negation{x}, scope{}
	}
	tests := []expr{x}
	sawElse := false
	list := p.branches(tok, relies, func(t *token) scope {
		if sawElse {
			p.problem(t.at, "{%% %s %%} comes after {%% else %%}.", t.name)
		}
		if t.name == "else" {
			sawElse = true
			p.nothing(t)
			tests = append(tests, literal{true})
			return scope{}
		}
		x, s := p.test(t)
		tests = append(tests, x)
		return s
	}, "elsif", "else")
	for i, part := range list {
		n.branches = append(n.branches, branch{tests[i], part.body})
	}
	return n
}

func (p *parser) choice(tok *token) node {
	x, _ := p.test(tok)
	n := caseNode{x: x}
	whens := [][]expr{nil}
	list := p.branches(tok, scope{}, func(t *token) scope {
		if t.name == "else" {
			p.nothing(t)
			whens = append(whens, nil)
			return scope{}
		}
		r := p.reader(t.rest(), t.args)
		values := []expr{r.value()}
		for r.take(",") || r.take("or") {
			values = append(values, r.value())
		}
		r.end()
		whens = append(whens, values)
		return scope{}
	}, "when", "else")
	for _, x := range list[0].body {
		if text, ok := x.(textNode); !ok || strings.TrimSpace(text.text) != "" {
			p.problem(tok.at, "What stands between {%% case %%} and the first {%% when %%} is never shown.")
			break
		}
	}
	for i, part := range list[1:] {
		n.whens = append(n.whens, when{whens[i+1], part.tok.name == "else", part.body})
	}
	return n
}

func (p *parser) loop(tok *token) node {
	n := &loopNode{at: tok.at, table: tok.name == "tablerow"}
	r := p.reader(tok.rest(), tok.args)
	name := r.next()
	if name.kind != nameWord || !r.take("in") {
		r.fail(tok.at, "{%% %s %%} wants a name, in and a list: {%% %s item in items %%}.", tok.name, tok.name)
	}
	n.name = name.s
	n.list = r.value()
	for r.peek().kind == nameWord {
		p.modifier(n, r)
		r.take(",")
	}
	r.end()
	for _, i := range r.paths { // a list that is not there is empty
		p.variables[i].Defaulted = true
	}
	n.key = n.name + "-"
	if s, ok := n.list.(path); ok {
		n.key += s.root
	}
	divided := []string{"else"}
	if n.table {
		divided = nil
	}
	list := p.branches(tok, scope{names: []string{" " + n.name}}, nil, divided...)
	n.body = list[0].body
	for i, part := range list[1:] {
		if n.none = append(n.none, part.body...); i > 0 {
			p.problem(part.tok.at, "There are two {%% else %%} in one loop.")
		}
	}
	return n
}

func (p *parser) modifier(n *loopNode, r *reader) {
	w := r.next()
	to := map[string]*expr{"limit": &n.limit, "offset": &n.offset, "cols": &n.cols}[w.s]
	switch {
	case w.s == "reversed":
		n.reversed = true
	case to == nil || w.s == "cols" && !n.table:
		r.fail(w.at, "%q does not belong here: a loop takes limit:, offset: and reversed.", w.s)
	case !r.take(":"):
		r.fail(w.at, "A : is missing after %s.", w.s)
	case w.s == "offset" && r.is("continue"):
		r.i++
		n.goesOn = true
	default:
		*to = r.value()
	}
}

func (p *parser) cycle(tok *token) node {
	r := p.reader(tok.rest(), tok.args)
	n := cycleNode{key: strings.TrimSpace(tok.rest())}
	first := r.value()
	if r.take(":") {
		n.group = first
	} else {
		n.values = append(n.values, first)
		r.take(",")
	}
	for r.peek().kind != endWord {
		n.values = append(n.values, r.value())
		if !r.take(",") {
			break
		}
	}
	r.end()
	if len(n.values) == 0 {
		p.problem(tok.at, "{%% cycle %%} wants values: {%% cycle \"odd\", \"even\" %%}.")
	}
	return n
}

func (p *parser) count(tok *token) node {
	r := p.reader(tok.rest(), tok.args)
	name := r.next()
	if name.kind != nameWord {
		r.fail(tok.at, "{%% %s %%} wants a name.", tok.name)
	}
	r.end()
	p.gives(name.s)
	return countNode{name.s, tok.name == "increment"}
}

// lines reads the tag liquid: each of its lines is a tag.
func (p *parser) lines(tok *token) node {
	src, at := tok.rest(), tok.args
	var toks []token
	for line := range strings.Lines(src) {
		text := strings.TrimRight(line, " \t\r\n")
		if strings.TrimSpace(text) != "" {
			from := at + len(text) - len(strings.TrimLeft(text, " \t"))
			t := token{kind: tagToken, at: from, in: at, text: text}
			t.name, t.args = tagName(p.t.src, at, at+len(text))
			toks = append(toks, t)
		}
		at += len(line)
	}
	inner := &parser{t: p.t, toks: toks, open: p.open, scopes: p.scopes, problems: p.problems, variables: p.variables}
	var body []node
	for {
		part, end := inner.block()
		body = append(body, part...)
		if end == nil {
			break
		}
		inner.stray(end)
	}
	p.scopes, p.problems, p.variables = inner.scopes, inner.problems, inner.variables
	return blockNode{body}
}
