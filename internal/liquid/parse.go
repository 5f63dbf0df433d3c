package liquid

import (
	"slices"
	"strings"
)

// parser makes nodes of tokens, and gathers everything that is wrong with them.
type parser struct {
	t         *Template
	toks      []token
	i         int
	open      []token // blocks that have begun and not ended
	scopes    []scope
	problems  []Problem
	variables []Variable
}

// scope is what a part of a template may rely on.
type scope struct {
	names  []string   // that the template itself gave a value
	tested [][]string // paths that were found to be there
}

func (p *parser) problem(at int, format string, args ...any) {
	if len(p.problems) < maxProblems {
		p.problems = append(p.problems, p.t.problem(at, format, args...))
	}
}

// all reads the whole template.
func (p *parser) all() []node {
	p.scopes = []scope{{names: []string{"forloop", "tablerowloop"}}}
	var body []node
	for {
		part, end := p.block()
		body = append(body, part...)
		if end == nil {
			return body
		}
		p.stray(end)
	}
}

// stray tells of a tag that ends or divides a block which has not begun.
func (p *parser) stray(tok *token) {
	if start, ends := strings.CutPrefix(tok.name, "end"); ends {
		p.problem(tok.at, "{%% %s %%} ends a block that has not begun: there is no {%% %s %%} before it.", tok.name, start)
		return
	}
	p.problem(tok.at, "{%% %s %%} stands outside of the block it belongs to (%s).", tok.name, dividers[tok.name])
}

// dividers are the tags within blocks, with the blocks.
var dividers = map[string]string{"else": "if, unless, case or for", "elsif": "if or unless", "when": "case"}

// block reads nodes up to a tag that ends or divides a block, which it gives; nil is the end of the template.
func (p *parser) block() (list []node, end *token) {
	for p.i < len(p.toks) {
		tok := &p.toks[p.i]
		p.i++
		switch tok.kind {
		case textToken:
			if tok.text != "" {
				list = append(list, textNode{tok.in, tok.text})
			}
		case outputToken:
			list = append(list, p.output(tok.text, tok.in, tok.at))
		case openToken:
			p.problem(tok.at, "%s is not closed: %s is missing.", tok.text, map[string]string{"{{": "}}", "{%": "%}"}[tok.text])
		case tagToken:
			if dividers[tok.name] != "" || strings.HasPrefix(tok.name, "end") {
				return list, tok
			}
			if n := p.tag(tok); n != nil {
				list = append(list, n)
			}
		}
	}
	return list, nil
}

func (p *parser) output(src string, in, at int) node {
	if strings.TrimSpace(src) == "" {
		p.problem(at, "There is nothing to show between {{ and }}.")
		return textNode{}
	}
	r := p.reader(src, in)
	return outputNode{at, r.whole()}
}

// args is what follows a tag's name.
func (tok *token) rest() string { return tok.text[min(tok.args-tok.in, len(tok.text)):] }

func (p *parser) tag(tok *token) node {
	if tok.name == "" {
		p.problem(tok.at, "The name of a tag is missing after {%%.")
		return nil
	}
	if why, ok := refused[tok.name]; ok {
		p.problem(tok.at, "{%% %s %%} %s", tok.name, why)
		p.skipBlock(tok)
		return nil
	}
	read := tagReader(tok.name)
	if read == nil {
		p.problem(tok.at, "There is no tag %q.%s", tok.name, nearest(tok.name, tagNames()))
		return nil
	}
	if len(p.open) >= maxDepth {
		p.problem(tok.at, "There are more than %d blocks within blocks.", maxDepth)
		return nil
	}
	return read(p, tok)
}

func (p *parser) skipBlock(tok *token) {
	if tok.name != "block" {
		return
	}
	p.open = append(p.open, *tok)
	p.parts(tok)
}

// part is one branch of a block.
type part struct {
	tok  *token // the tag that begins it
	body []node
}

// parts reads a block up to its end: what comes first, and then what follows each of the tags that divide it.
func (p *parser) parts(tok *token, divided ...string) []part {
	return p.branches(tok, scope{}, nil, divided...)
}

// branches is parts, with what the first branch may rely on, and a function that reads the tags that divide the block.
func (p *parser) branches(tok *token, first scope, divider func(*token) scope, divided ...string) []part {
	p.open = append(p.open, *tok)
	defer func() { p.open = p.open[:len(p.open)-1] }()
	list := []part{{tok: tok}}
	p.scopes = append(p.scopes, first)
	defer func() { p.leave() }()
	for {
		body, end := p.block()
		last := &list[len(list)-1]
		last.body = append(last.body, body...)
		switch {
		case end == nil:
			p.problem(tok.at, "{%% %s %%} is not ended: {%% end%s %%} is missing.", tok.name, tok.name)
			return list
		case end.name == "end"+tok.name:
			return list
		case slices.Contains(divided, end.name):
			p.leave()
			s := scope{}
			if divider != nil {
				s = divider(end)
			}
			p.scopes = append(p.scopes, s)
			list = append(list, part{tok: end})
		case p.endsOuter(end):
			p.problem(tok.at, "{%% %s %%} is not ended: {%% end%s %%} is missing before {%% %s %%}.", tok.name, tok.name, end.name)
			p.i-- // the block around it reads it again
			return list
		default:
			p.stray(end)
		}
	}
}

// leave ends a scope; what was given a value in it may be known after it.
func (p *parser) leave() {
	last := p.scopes[len(p.scopes)-1]
	p.scopes = p.scopes[:len(p.scopes)-1]
	outer := &p.scopes[len(p.scopes)-1]
	for _, name := range last.names {
		if !strings.HasPrefix(name, " ") {
			outer.names = append(outer.names, name)
		}
	}
}

// endsOuter reports whether a tag ends or divides a block around the innermost one.
func (p *parser) endsOuter(tok *token) bool {
	for _, o := range p.open[:len(p.open)-1] {
		if tok.name == "end"+o.name || dividers[tok.name] != "" && strings.Contains(dividers[tok.name], o.name) {
			return true
		}
	}
	return false
}

// gives tells that the template itself gives a name a value.
func (p *parser) gives(name string) {
	s := &p.scopes[len(p.scopes)-1]
	s.names = append(s.names, name)
}

// uses notes that an expression asks for a variable.
func (p *parser) uses(r *reader, at int, path []string) {
	tested := false
	for _, s := range p.scopes {
		for _, name := range s.names {
			if strings.TrimPrefix(name, " ") == path[0] {
				return
			}
		}
		for _, t := range s.tested {
			tested = tested || slices.Equal(t, path[:min(len(t), len(path))])
		}
	}
	if len(p.variables) >= MaxLoop {
		return
	}
	x := p.t.problem(at, "")
	r.paths = append(r.paths, len(p.variables))
	p.variables = append(p.variables, Variable{Path: path, Line: x.Line, Column: x.Column, Defaulted: tested})
}

// test reads a condition. What it asks for needs no default, and what it finds to be there is relied on by its branch.
func (p *parser) test(tok *token) (expr, scope) {
	r := p.reader(tok.rest(), tok.args)
	x := r.whole()
	s := scope{}
	for _, i := range r.paths {
		p.variables[i].Defaulted = true
		s.tested = append(s.tested, p.variables[i].Path)
	}
	return x, s
}
