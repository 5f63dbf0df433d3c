package template

import (
	"slices"
	"strconv"
	"strings"

	"github.com/andybalholm/cascadia"
	"github.com/tdewolff/parse/v2"
	"github.com/tdewolff/parse/v2/css"

	"tidings/internal/liquid"
)

// rule is what one selector of a style sheet says.
type rule struct {
	selector     cascadia.Sel
	weight       cascadia.Specificity
	order        int
	declarations []declaration
}

type declaration struct {
	property, value string
	important       bool
}

// parseSheet reads styles. Rules whose elements are known now are given; the rest is given as text, as it must stay.
func parseSheet(src string, order int) (rules []rule, kept string) {
	text, values := hideValues(src)
	p := css.NewParser(parse.NewInputString(text), false)
	var rest strings.Builder
	var selectors []string
	var body []declaration
	depth := 0
	for {
		kind, _, data := p.Next()
		switch {
		case kind == css.ErrorGrammar:
			if p.HasParseError() {
				continue
			}
			return rules, showValues(rest.String(), values)
		case kind == css.CommentGrammar:
		case depth > 0 || kind == css.AtRuleGrammar || kind == css.BeginAtRuleGrammar:
			depth += depthOf(kind)
			writeGrammar(&rest, kind, data, p.Values())
		case kind == css.QualifiedRuleGrammar || kind == css.BeginRulesetGrammar:
			selectors = append(selectors, splitSelectors(join(p.Values()))...)
			if kind == css.BeginRulesetGrammar {
				body = nil
			}
		case kind == css.DeclarationGrammar || kind == css.CustomPropertyGrammar:
			body = append(body, declared(string(data), p.Values(), values))
		case kind == css.EndRulesetGrammar:
			for _, s := range selectors {
				r, ok := ruleOf(s, body, order+len(rules))
				if ok {
					rules = append(rules, r)
				} else {
					rest.WriteString(s + " { " + declarationText(body) + " }\n")
				}
			}
			selectors = nil
		}
	}
}

// splitSelectors cuts a list of selectors at its commas, but for those within brackets or quotes.
func splitSelectors(s string) (list []string) {
	depth, from := 0, 0
	var quote rune
	for i, r := range s {
		switch {
		case quote != 0:
			if r == quote {
				quote = 0
			}
		case r == '"' || r == '\'':
			quote = r
		case r == '(' || r == '[':
			depth++
		case r == ')' || r == ']':
			depth--
		case r == ',' && depth == 0:
			list, from = append(list, strings.TrimSpace(s[from:i])), i+1
		}
	}
	if last := strings.TrimSpace(s[from:]); last != "" {
		list = append(list, last)
	}
	return list
}

func ruleOf(selector string, body []declaration, order int) (rule, bool) {
	_, pseudo, has := strings.Cut(selector, ":")
	if has && !slices.ContainsFunc([]string{"first-child", "last-child", "nth-", "not("}, func(known string) bool {
		return strings.HasPrefix(pseudo, known)
	}) {
		return rule{}, false
	}
	sel, err := cascadia.Parse(selector)
	if err != nil || sel.PseudoElement() != "" {
		return rule{}, false
	}
	return rule{sel, sel.Specificity(), order, body}, true
}

func depthOf(kind css.GrammarType) int {
	switch kind {
	case css.BeginAtRuleGrammar, css.BeginRulesetGrammar:
		return 1
	case css.EndAtRuleGrammar, css.EndRulesetGrammar:
		return -1
	}
	return 0
}

func writeGrammar(b *strings.Builder, kind css.GrammarType, data []byte, values []css.Token) {
	text := join(values)
	switch kind {
	case css.AtRuleGrammar:
		b.WriteString(string(data) + " " + text + ";\n")
	case css.BeginAtRuleGrammar:
		b.WriteString(string(data) + " " + text + " {\n")
	case css.QualifiedRuleGrammar:
		b.WriteString(text + ", ")
	case css.BeginRulesetGrammar:
		b.WriteString(text + " { ")
	case css.DeclarationGrammar, css.CustomPropertyGrammar:
		b.WriteString(string(data) + ": " + text + "; ")
	case css.EndRulesetGrammar, css.EndAtRuleGrammar:
		b.WriteString("}\n")
	default:
		b.Write(data)
	}
}

func join(tokens []css.Token) string {
	var b strings.Builder
	for _, t := range tokens {
		b.Write(t.Data)
	}
	return strings.TrimSpace(b.String())
}

func declared(property string, tokens []css.Token, values []string) declaration {
	d := declaration{property: strings.ToLower(property), value: join(tokens)}
	if i := strings.LastIndexByte(d.value, '!'); i >= 0 && strings.EqualFold(strings.TrimSpace(d.value[i+1:]), "important") {
		d.value, d.important = strings.TrimSpace(d.value[:i]), true
	}
	d.value = showValues(d.value, values)
	return d
}

func declarationText(body []declaration) string {
	parts := make([]string, len(body))
	for i, d := range body {
		if parts[i] = d.property + ": " + d.value; d.important {
			parts[i] += " !important"
		}
	}
	return strings.Join(parts, "; ")
}

// hideValues puts names in the place of Liquid, so that styles can be read; showValues puts it back.
func hideValues(src string) (string, []string) {
	var b strings.Builder
	var values []string
	at := 0
	for _, m := range liquid.Marks(src) {
		b.WriteString(src[at:m.From])
		b.WriteString("tidings" + strconv.Itoa(len(values)) + "x")
		values = append(values, src[m.From:m.To])
		at = m.To
	}
	b.WriteString(src[at:])
	return b.String(), values
}

func showValues(text string, values []string) string {
	for i, v := range values {
		text = strings.ReplaceAll(text, "tidings"+strconv.Itoa(i)+"x", v)
	}
	return text
}
