package setup_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tidings/internal/setup"
)

var update = flag.Bool("update", false, "write the golden files anew")

func wish(t testing.TB, change func(*setup.Wish)) setup.Wish {
	t.Helper()
	w := setup.Wish{
		Partition: "aws", Account: "111122223333", Region: "eu-west-1", URL: "https://tidings.example.test", BasePath: "/in",
		Name: "tidings", Identities: []string{"acme.test"},
	}
	if change != nil {
		change(&w)
	}
	w, err := w.Complete()
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// found is what is there after the calls of a plan for an empty account.
func found(t testing.TB, w setup.Wish) setup.Found {
	t.Helper()
	f := setup.Found{
		Set:        &setup.ConfigurationSet{TrackingDomain: w.TrackingDomain},
		Identities: []setup.Identity{{Name: "acme.test", ConfigurationSet: w.ConfigurationSet}},
	}
	for _, step := range setup.Make(w, setup.Found{Identities: []setup.Identity{{Name: "acme.test"}}}).Steps {
		for _, c := range step.Calls {
			switch c.Action {
			case "CreateSource":
				f.Source = &setup.Source{ID: "src_1", Path: c.Text("Path"), Topics: c.List("Settings.Topics")}
			case "CreateQueue":
				f.Queue = &setup.Queue{
					URL: "https://sqs.test/q", Retention: c.Text("Attributes.MessageRetentionPeriod"), Policy: c.Text("Attributes.Policy"),
				}
			case "CreateTopic":
				f.Topic = &setup.Topic{SignatureVersion: c.Text("Attributes.SignatureVersion"), Policy: c.Text("Attributes.Policy")}
			case "Subscribe":
				f.Subscription = &setup.Subscription{
					ARN: w.TopicARN() + ":1", DeliveryPolicy: c.Text("Attributes.DeliveryPolicy"), RedrivePolicy: c.Text("Attributes.RedrivePolicy"),
				}
			case "CreateConfigurationSetEventDestination":
				f.Set.Destination = &setup.Destination{
					Enabled: true, Kinds: c.List("EventDestination.MatchingEventTypes"), TopicARN: c.Text("EventDestination.SnsDestination.TopicArn"),
				}
			}
		}
	}
	return f
}

// written is a plan as a text.
func written(p setup.Plan) string {
	var b strings.Builder
	fmt.Fprintf(&b, "endpoint %s, %d differences, %d calls, %d blocked\n", p.Endpoint, p.Drift(), p.Calls(), len(p.Blocked()))
	for _, s := range p.Steps {
		fmt.Fprintf(&b, "%s (%s) %s confirm=%t\n", s.ID, s.Title, s.Name, s.Confirm)
		for _, d := range s.Differences {
			fmt.Fprintf(&b, "  %s: is %s, should be %s -> %s\n", d.What, d.Is, d.Want, d.Do)
		}
		for _, c := range s.Calls {
			fmt.Fprintf(&b, "  %s %s\n", c.Service, c.Action)
			for _, a := range c.Args {
				fmt.Fprintf(&b, "    %s = %s\n", a.Name, a.Text+strings.Join(a.List, ", "))
			}
		}
	}
	for _, n := range p.Notes {
		fmt.Fprintf(&b, "note: %s\n", n)
	}
	return b.String()
}

func TestPlansAreTheGoldenOnes(t *testing.T) {
	t.Parallel()
	foreign := `{"Version":"2008-10-17","Id":"theirs","Statement":{"Sid":"Owner","Effect":"Allow","Principal":"*","Action":"sns:*","Resource":"*"}}`
	for _, tt := range []struct {
		name   string
		wish   func(*setup.Wish)
		change func(*setup.Found)
	}{
		{"nothing-there", func(w *setup.Wish) { w.TrackingDomain = "links.acme.test" }, func(f *setup.Found) {
			*f = setup.Found{Identities: []setup.Identity{{Name: "acme.test"}}}
		}},
		{"all-there", nil, nil},
		{"no-identity", func(w *setup.Wish) { w.Identities = nil }, func(f *setup.Found) { f.Known = []string{"acme.test", "b@other.test"} }},
		{"some-events", func(w *setup.Wish) { w.Events = []string{"Click", "bounce", "rendering-failure"} }, nil},
		{"source-of-their-own", nil, func(f *setup.Found) {
			f.Source = &setup.Source{ID: "src_2", Topics: []string{"arn:aws:sns:us-east-1:111122223333:x"}, Disabled: true, ConfirmByHand: true}
		}},
		{"source-with-path", nil, func(f *setup.Found) { f.Source.Path = "mine" }},
		{"source-with-basic-auth", nil, func(f *setup.Found) { f.Source.BasicAuth = true }},
		{"queue-drift", nil, func(f *setup.Found) { f.Queue.Retention, f.Queue.Policy = "345600", "" }},
		{"queue-unreadable", nil, func(f *setup.Found) { f.Queue.Policy = "{" }},
		{"topic-drift", nil, func(f *setup.Found) { f.Topic = &setup.Topic{Policy: foreign, KeyID: "alias/mail"} }},
		{"topic-of-another-account", nil, func(f *setup.Found) {
			f.Topic.Policy = strings.ReplaceAll(f.Topic.Policy, `"aws:SourceAccount":"111122223333"`, `"aws:SourceAccount":"999999999999"`)
		}},
		{"topic-unreadable", nil, func(f *setup.Found) { f.Topic.Policy = `{"Statement":3}` }},
		{"subscription-pending", nil, func(f *setup.Found) { f.Subscription = &setup.Subscription{Pending: true} }},
		{"subscription-elsewhere", nil, func(f *setup.Found) { f.Others = []string{"https://a.test", "https://b.test"} }},
		{"subscription-drift", nil, func(f *setup.Found) {
			f.Subscription = &setup.Subscription{ARN: f.Subscription.ARN, Raw: true, FilterPolicy: `{"a":["b"]}`}
		}},
		{"subscription-other-retries", nil, func(f *setup.Found) {
			f.Subscription.DeliveryPolicy = `{"healthyRetryPolicy":{"minDelayTarget":1,"maxDelayTarget":20,"numRetries":5},"throttlePolicy":null}`
			f.Subscription.RedrivePolicy = `{"deadLetterTargetArn":"arn:aws:sqs:eu-west-1:111122223333:other"}`
		}},
		{"set-of-their-own", func(w *setup.Wish) { w.ConfigurationSet = "Mine" }, func(f *setup.Found) {
			f.Set = &setup.ConfigurationSet{TrackingDomain: "t.acme.test", SendingOff: true}
		}},
		{"tracking-drift", func(w *setup.Wish) { w.TrackingDomain = "Links.acme.test" }, func(f *setup.Found) {
			f.Set.TrackingDomain, f.Set.HTTPSPolicy = "old.acme.test", "REQUIRE"
		}},
		{"destination-drift", nil, func(f *setup.Found) {
			f.Set.Destination = &setup.Destination{Kinds: []string{"BOUNCE"}, TopicARN: "arn:aws:sns:eu-west-1:111122223333:old"}
		}},
		{"destination-elsewhere", nil, func(f *setup.Found) { f.Set.Destination.TopicARN = "" }},
		{"identity-missing", nil, func(f *setup.Found) { f.Identities, f.Known = nil, []string{"beta.test"} }},
		{"identity-with-another-set", nil, func(f *setup.Found) { f.Identities[0].ConfigurationSet = "bulk" }},
		{"identity-replaced", func(w *setup.Wish) { w.Replace = true }, func(f *setup.Found) {
			f.Identities[0].ConfigurationSet, f.Identities[0].Unverified = "bulk", true
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := wish(t, tt.wish)
			f := found(t, w)
			if tt.change != nil {
				tt.change(&f)
			}
			golden(t, tt.name, written(setup.Make(w, f)))
		})
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", file, diff)
	}
}

func TestAfterItsCallsAPlanHasNothingLeftToDo(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"a", "tidings", strings.Repeat("x", 32)} {
		w := wish(t, func(w *setup.Wish) { w.Name, w.TrackingDomain = name, "links.acme.test" })
		if p := setup.Make(w, found(t, w)); p.Drift() != 0 || p.Calls() != 0 {
			t.Errorf("%s: %s", name, written(p))
		}
	}
}
