package template_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidings/internal/liquid"
	"tidings/internal/template"
)

var update = flag.Bool("update", false, "write the goldens anew")

func golden(t *testing.T, file, got string) {
	t.Helper()
	file = filepath.Join("testdata", file)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), got); d != "" {
		t.Errorf("%s (-want +got):\n%s", file, d)
	}
}

func lea(t testing.TB) *template.Context {
	t.Helper()
	b, err := os.ReadFile("testdata/mailshot/attributes.json")
	if err != nil {
		t.Fatal(err)
	}
	c := &template.Context{
		ContactID: "con_4f", Email: "lea@acme.test", Subscribed: true, UnsubscribeURL: "https://t.acme.test/u/abc",
		Now: time.Date(2026, 5, 4, 10, 0, 0, 0, time.UTC),
	}
	if err := json.Unmarshal(b, &c.Attributes); err != nil {
		t.Fatal(err)
	}
	return c
}

func names() map[string]map[string]string {
	return map[string]map[string]string{"platformName": {"kajabi": "Kajabi"}}
}

func source(t testing.TB, key string) template.Source {
	t.Helper()
	files, _, err := template.ReadFolder(os.DirFS("testdata/mailshot"))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if f.Key == key {
			return template.Source{Subject: f.Subject, HTML: f.HTML, Text: f.Text, DisplayNames: names()}
		}
	}
	t.Fatalf("no template %s", key)
	return template.Source{}
}

func compile(t testing.TB, s template.Source) *template.Compiled {
	t.Helper()
	c, problems := template.Compile(s)
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	return c
}

func TestMailshotsTemplatesRenderAsThere(t *testing.T) {
	t.Parallel()
	for _, key := range []string{"onboarding/welcome", "onboarding/tips", "billing/receipt"} {
		s := source(t, key)
		x, problems := liquid.Parse(s.HTML)
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		in := lea(t)
		got, err := x.Render(context.Background(), in.Variables(names()), liquid.Options{Now: in.Now})
		if err != nil {
			t.Fatal(err)
		}
		want, err := os.ReadFile(filepath.Join("testdata", "mailshot", key+".liquidjs"))
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(string(want), got); d != "" {
			t.Errorf("%s (-LiquidJS +ours):\n%s", key, d)
		}
		c := compile(t, s)
		e, bad, err := c.Render(context.Background(), in)
		if err != nil || len(bad) > 0 {
			t.Fatal(bad, err)
		}
		golden(t, "mailshot/"+key+".golden", fmt.Sprintf("Subject: %s\n\n%s\n----- text -----\n%s", e.Subject, e.HTML, e.Text))
		for _, w := range c.Warnings() {
			t.Errorf("%s: %+v", key, w)
		}
	}
}

func BenchmarkRender(b *testing.B) {
	s := source(b, "onboarding/welcome")
	part := s.HTML[strings.Index(s.HTML, `<div class="card">`):strings.Index(s.HTML, "<p>©")]
	for len(s.HTML) < 20<<10 {
		s.HTML = strings.Replace(s.HTML, "<p>©", part+"\n<p>©", 1)
	}
	c := compile(b, s)
	in := lea(b)
	b.SetBytes(int64(len(s.HTML)))
	for b.Loop() {
		if e, bad, err := c.Render(context.Background(), in); err != nil || len(bad) > 0 || e.Text == "" {
			b.Fatal(bad, err)
		}
	}
}
