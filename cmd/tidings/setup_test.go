package main

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"tidings/internal/setup"
	"tidings/internal/setup/cloud"
)

// setupExample is what is printed for an account that lacks some.
func setupExample(t *testing.T, mode string, found setup.Found) *setupReport {
	t.Helper()
	s := setupSES{
		Region: "eu-west-1", URL: "https://tidings.example.com", BasePath: "/in", Name: "tidings", Identity: []string{"example.com"},
	}
	w, err := s.wish()
	if err != nil {
		t.Fatal(err)
	}
	caller := cloud.Caller{Partition: "aws", Account: "111122223333", ARN: "arn:aws:iam::111122223333:user/ann"}
	w.Partition, w.Account = caller.Partition, caller.Account
	return newSetupReport(mode, w, caller, setup.Make(w, found))
}

func TestTheOutputOfSetUpIsTheGoldenOne(t *testing.T) {
	t.Parallel()
	identity := []setup.Identity{{Name: "example.com"}}
	drifted := setup.Found{
		Source: &setup.Source{ID: "src_01jq7z9f3v8k2m5n", Path: "tidings-eu-west-1", Topics: []string{"arn:aws:sns:eu-west-1:111122223333:tidings"}},
		Topic:  &setup.Topic{SignatureVersion: "1"},
		Set: &setup.ConfigurationSet{Destination: &setup.Destination{
			Enabled: true, Kinds: []string{"BOUNCE", "COMPLAINT"}, TopicARN: "arn:aws:sns:eu-west-1:111122223333:tidings",
		}},
		Subscription: &setup.Subscription{ARN: "arn:aws:sns:eu-west-1:111122223333:tidings:9b0c"},
		Identities:   []setup.Identity{{Name: "example.com", ConfigurationSet: "tidings"}},
	}
	for _, tt := range []struct {
		file  string
		write func(b *bytes.Buffer)
	}{
		{"setup-plan.golden", func(b *bytes.Buffer) { printPlan(b, setupExample(t, "plan", setup.Found{Identities: identity})) }},
		{"setup-plan-blocked.golden", func(b *bytes.Buffer) {
			printPlan(b, setupExample(t, "plan", setup.Found{Known: []string{"example.org"}}))
		}},
		{"setup-check.golden", func(b *bytes.Buffer) { printCheck(b, setupExample(t, "check", drifted)) }},
		{"setup-check.json.golden", func(b *bytes.Buffer) {
			if err := writeJSON(b, setupExample(t, "check", drifted)); err != nil {
				t.Error(err)
			}
		}},
	} {
		var b bytes.Buffer
		tt.write(&b)
		golden(t, "testdata/"+tt.file, b.String())
	}
}

func TestThePageOfSESHasTheOutputOfThisVersion(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/providers/ses.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{"testdata/setup-plan.golden", "testdata/setup-check.golden"} {
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(string(page), "```\n"+string(want)+"```\n") {
			t.Errorf("docs/providers/ses.md does not have %s as it stands", file)
		}
	}
}
