package all_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tidings/event"
	"tidings/provider"
	"tidings/provider/all"
)

var update = flag.Bool("update", false, "write the matrix anew")

const folder = "../../docs/providers/"

const head = `# Providers

What each provider reports, how its requests are proved genuine, and what becomes of those that are not accepted. This page is
generated from the adapters: ` + "`go test ./provider/all -update`" + `.

` + "`tidings source test ID`" + ` posts a delivery that never was to the real URL of a source of any of them, proved with the source's own
secret, token or password, and tells of each step whether it worked. Where only the public half of the provider's key is
known (Amazon SES, SendGrid, Postal, Ed25519), a key of the test's own takes its place
([0010](../decisions/0010-self-test.md)). Nothing of it is stored or counted.

`

// matrix is the page that compares the providers.
func matrix(list []provider.Adapter) []byte {
	var b bytes.Buffer
	b.WriteString(head)
	b.WriteString("| provider | slug | how a request is proved | what it says of machines | a fact is known again by | not accepted: sent again | events in a request |\n")
	b.WriteString("|---|---|---|---|---|---|---|\n")
	for _, a := range list {
		f := a.Features
		fmt.Fprintf(&b, "| [%s](%s.md) | `%s` | %s | %s | %s | %s | %s |\n", a.Title, a.Slug, a.Slug,
			cell(f.Proof, ""), cell(f.Bots, "nothing"), cell(f.Dedupe, ""), cell(f.Retries, ""), cell(f.Batches, "one"))
	}
	b.WriteString("\n## Names\n\n| name |")
	for _, a := range list {
		fmt.Fprintf(&b, " %s |", a.Slug)
	}
	b.WriteString("\n|---|" + strings.Repeat("---|", len(list)) + "\n")
	for _, n := range event.EmailNames() {
		row(&b, "`"+string(n)+"`", list, func(a provider.Adapter) bool { return slices.Contains(a.Names, n) })
	}
	row(&b, "custom events", list, func(a provider.Adapter) bool { return a.Custom })
	b.WriteString("\nA word that an adapter does not know becomes `email.unknown` and is kept: `tidings replay` reads it again with a later\n" +
		"version. What a provider says of opens and clicks by programs stands; where it says nothing, Tidings judges by user agent,\n" +
		"network and time.\n")
	return b.Bytes()
}

// row says yes for each adapter that has something.
func row(b *bytes.Buffer, label string, list []provider.Adapter, has func(provider.Adapter) bool) {
	b.WriteString("| " + label + " |")
	for _, a := range list {
		mark := " "
		if has(a) {
			mark = " yes "
		}
		b.WriteString(mark + "|")
	}
	b.WriteString("\n")
}

func cell(text, otherwise string) string {
	if text == "" {
		text = otherwise
	}
	return strings.ReplaceAll(text, "|", `\|`)
}

func TestTheMatrixIsCurrent(t *testing.T) {
	t.Parallel()
	got := matrix(all.Adapters())
	if *update {
		if err := os.WriteFile(folder+"README.md", got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(folder + "README.md")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("the matrix is not current: go test ./provider/all -update\n%s", diff)
	}
}

// A page tells how to set a provider up, what it reports, and how to find out what is wrong.
func TestEveryProviderHasAPage(t *testing.T) {
	t.Parallel()
	for _, a := range all.Adapters() {
		text, err := os.ReadFile(folder + a.Slug + ".md")
		if err != nil {
			t.Error(err)
			continue
		}
		for _, section := range []string{"## Set-up", "### Settings of a source", "## What becomes of each word", "## Troubleshooting"} {
			if !strings.Contains(string(text), "\n"+section+"\n") {
				t.Errorf("the page of %s has no section %s", a.Slug, section)
			}
		}
	}
}
