// Package template provides what an email is made of before it has a recipient: a subject, HTML and a text in Liquid, and what
// becomes of them for one contact.
package template

import (
	"context"
	"errors"
	"strings"
	"time"

	"tidings/internal/liquid"
)

// Deadline is how long one email may take to render.
const Deadline = 2 * time.Second

// The parts of an email, as problems name them.
const (
	PartSubject = "subject"
	PartBody    = "body"
	PartText    = "text"
)

// Source is an email as somebody wrote it.
type Source struct {
	Subject string // Liquid; one line
	HTML    string // Liquid; what is shown of values is escaped
	Text    string // Liquid; empty: it is made of the HTML
	NoText  bool   // there shall be no text part
	// DisplayNames are what values are called for people: of {"platformName":{"kajabi":"Kajabi"}} the variable platformName is
	// "Kajabi" where platform is "kajabi".
	DisplayNames map[string]map[string]string
}

// Problem is what is wrong with a part of an email, or doubtful.
type Problem struct {
	Part   string // PartSubject, PartBody or PartText
	Line   int    // from 1; 0: the part as a whole
	Column int    // in characters, from 1
	Says   string
}

// Email is what becomes of a source for one contact.
type Email struct{ Subject, HTML, Text string }

// Compiled is a source that can be rendered. It never changes, and is safe for concurrent use.
type Compiled struct {
	source              Source
	subject, html, text *liquid.Template
	styled              *liquid.Template // html with its styles where they belong
	warnings            []Problem
}

// Compile reads a source. All syntax problems of all parts come at once; Compiled is nil when there are any.
func Compile(s Source) (*Compiled, []Problem) {
	c := &Compiled{source: s}
	var list []Problem
	for _, x := range [...]struct {
		part, src string
		to        **liquid.Template
	}{{PartSubject, s.Subject, &c.subject}, {PartBody, s.HTML, &c.html}, {PartText, s.Text, &c.text}} {
		t, problems := liquid.Parse(x.src)
		*x.to = t
		for _, p := range problems {
			list = append(list, Problem{x.part, p.Line, p.Column, p.Says})
		}
	}
	if len(list) > 0 {
		return nil, list
	}
	styled, warnings := inline(s.HTML)
	c.styled = c.html
	if t, problems := liquid.Parse(styled); len(problems) == 0 {
		c.styled = t
	}
	c.warnings = append(warnings, checkHTML(s.HTML)...)
	return c, nil
}

// Render makes the email. What is not there is empty. Problems are bounds that were passed; then the email is not to be sent.
// The error is the context's.
func (c *Compiled) Render(ctx context.Context, in *Context) (Email, []Problem, error) {
	ctx, cancel := context.WithTimeout(ctx, Deadline)
	defer cancel()
	vars := in.Variables(c.source.DisplayNames)
	var e Email
	var list []Problem
	one := func(part string, t *liquid.Template, escape bool) (string, error) {
		out, err := t.Render(ctx, vars, liquid.Options{Escape: escape, Now: in.Now})
		var p liquid.Problem
		if errors.As(err, &p) {
			list = append(list, Problem{part, p.Line, p.Column, p.Says})
			return "", nil
		}
		return out, err
	}
	subject, err := one(PartSubject, c.subject, false)
	if err != nil {
		return e, nil, err
	}
	e.Subject = oneLine(subject)
	if e.HTML, err = one(PartBody, c.styled, true); err != nil {
		return e, nil, err
	}
	if len(list) > 0 && list[len(list)-1].Part == PartBody { // told with its place in what was written
		list = list[:len(list)-1]
		if _, err = one(PartBody, c.html, true); err != nil {
			return e, nil, err
		}
	}
	switch {
	case c.source.NoText:
	case c.source.Text != "":
		e.Text, err = one(PartText, c.text, false)
	default:
		e.Text = PlainText(e.HTML)
	}
	return e, list, err
}

// oneLine makes one line of a text: a subject ends a header where it breaks.
func oneLine(s string) string {
	if strings.ContainsAny(s, "\r\n\t") || strings.HasPrefix(s, " ") || strings.HasSuffix(s, " ") || strings.Contains(s, "  ") {
		return strings.Join(strings.Fields(s), " ")
	}
	return s
}

// Warnings are doubtful things in the HTML: links that lead nowhere, images that are not shown. They stop nothing.
func (c *Compiled) Warnings() []Problem { return c.warnings }

// Unknown lists the variables that are neither known nor have a default: names are the variables at the top that are known,
// beside those that are always there.
func (c *Compiled) Unknown(names func(path []string) bool) (list []Problem) {
	for _, x := range [...]struct {
		part string
		t    *liquid.Template
	}{{PartSubject, c.subject}, {PartBody, c.html}, {PartText, c.text}} {
		seen := map[string]bool{}
		for _, v := range x.t.Variables() {
			name := v.Name()
			if v.Defaulted || seen[name] || builtin(v.Path) || c.displayed(v.Path, names) || names != nil && names(v.Path) {
				continue
			}
			seen[name] = true
			list = append(list, Problem{x.part, v.Line, v.Column, "Nothing is known of " + name + ", and it has no default: " +
				"it may be empty. {{ " + name + ` | default: "…" }} says what to show then.`})
		}
	}
	return list
}

// displayed reports whether a variable is the display name of one that is known.
func (c *Compiled) displayed(path []string, names func([]string) bool) bool {
	_, ok := c.source.DisplayNames[path[0]]
	return ok && len(path) == 1 && (names == nil || names([]string{strings.TrimSuffix(path[0], "Name")}))
}

// Uses reports whether any part asks for a variable.
func (c *Compiled) Uses(name string) bool {
	for _, t := range [...]*liquid.Template{c.subject, c.html, c.text} {
		for _, v := range t.Variables() {
			if v.Name() == name {
				return true
			}
		}
	}
	return false
}

// Variables lists what all parts ask for from outside, each once, in the order of its first place.
func (c *Compiled) Variables() (list []string) {
	seen := map[string]bool{}
	for _, t := range [...]*liquid.Template{c.subject, c.html, c.text} {
		for _, v := range t.Variables() {
			if name := v.Name(); !seen[name] {
				seen[name] = true
				list = append(list, name)
			}
		}
	}
	return list
}
