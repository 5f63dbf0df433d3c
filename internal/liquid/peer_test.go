package liquid_test

import (
	"testing"

	peer "github.com/osteele/liquid"
)

// TestASecondImplementationAgrees asks osteele/liquid where both speak the same language.
func TestASecondImplementationAgrees(t *testing.T) {
	t.Parallel()
	vars := map[string]any{
		"name": "Lea", "n": 4, "none": nil, "list": []any{"b", "a", "c"}, "user": map[string]any{"plan": "team", "tags": []any{"x", "y"}},
		"people": []any{map[string]any{"name": "Ann", "age": 30}, map[string]any{"name": "Bob", "age": 20}},
	}
	engine := peer.NewEngine()
	for _, src := range []string{
		"Hi {{ name }}, {{ user.plan }} {{ user.tags[1] }} {{ list.size }} {{ list.first }}{{ missing }}",
		"{% for p in people %}{{ forloop.index }}/{{ forloop.length }} {{ p.name | upcase }}{% if forloop.last %}.{% else %}, {% endif %}{% endfor %}",
		"{% for i in (1..n) reversed %}{{ i }}{% if i == 2 %}{% break %}{% endif %}{% endfor %}",
		"{% if n > 3 and name == 'Lea' %}a{% elsif none %}b{% else %}c{% endif %}{% unless none %}d{% endunless %}",
		"{% case user.plan %}{% when 'solo' %}1{% when 'team', 'org' %}2{% else %}3{% endcase %}",
		"{% assign x = name | append: '!' | downcase %}{{ x }}{% capture y %}<{{ x }}>{% endcapture %}{{ y }}",
		"{{ list | sort | join: '-' }} {{ list | reverse | join: ',' }} {{ people | map: 'age' | join: ' ' }}",
		"{{ 'a,b,,c' | split: ',' | size }} {{ '  x ' | strip }} {{ name | replace: 'e', '3' | remove: 'L' }} {{ none | default: 'd' }}",
		"a {%- if true -%} b {%- endif -%} c{% comment %}{{ x }}{% endcomment %}{% raw %}{{ x }}{% endraw %}",
		"{% for i in (1..3) %}{% cycle 'x', 'y' %}{% endfor %}{% for i in list limit: 2 offset: 1 %}{{ i }}{% endfor %}",
		"{{ '2026-05-04' | date: '%d.%m.%Y' }} {{ 'a b' | url_encode }} {{ 'hello' | slice: 1, 3 }} {{ -7 | abs }} {{ 4.6 | floor }}",
	} {
		want, err := engine.ParseAndRenderString(src, vars)
		if err != nil {
			t.Errorf("%s: the other one says %v", src, err)
			continue
		}
		if got, err := render(t, src, vars, false); err != nil || got != want {
			t.Errorf("%s:\n  ours   %q %v\n  theirs %q", src, got, err, want)
		}
	}
}
