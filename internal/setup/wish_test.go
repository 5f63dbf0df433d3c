package setup_test

import (
	"strings"
	"testing"

	"tidings/internal/setup"
)

func TestAWishNamesEveryFlagThatIsWrong(t *testing.T) {
	t.Parallel()
	good := setup.Wish{Region: "us-gov-west-1", URL: "https://tidings.example.test/", BasePath: "/in", Name: "tidings"}
	for _, tt := range []struct {
		name   string
		change func(*setup.Wish)
		says   []string // nothing: it is right
	}{
		{"right", func(*setup.Wish) {}, nil},
		{"an emulator on this machine", func(w *setup.Wish) { w.URL = "http://127.0.0.1:8080" }, nil},
		{"every spelling of a kind", func(w *setup.Wish) { w.Events = []string{" delivery_Delay", "Rendering Failure", "SEND"} }, nil},
		{"no region", func(w *setup.Wish) { w.Region = "" }, []string{"--region"}},
		{"a zone", func(w *setup.Wish) { w.Region = "eu-west-1a" }, []string{"--region"}},
		{"plain http", func(w *setup.Wish) { w.URL = "http://tidings.example.test" }, []string{"--url", "must begin with https://"}},
		{"no host", func(w *setup.Wish) { w.URL = "tidings.example.test" }, []string{"--url", "want https://HOST"}},
		{"a password", func(w *setup.Wish) { w.URL = "https://a:b@tidings.example.test" }, []string{"--url"}},
		{"a query", func(w *setup.Wish) { w.URL = "https://tidings.example.test?a" }, []string{"--url"}},
		{"a path without slash", func(w *setup.Wish) { w.BasePath = "in" }, []string{"--base-path"}},
		{"a capital", func(w *setup.Wish) { w.Name = "Tidings" }, []string{"--name"}},
		{"a long name", func(w *setup.Wish) { w.Name = strings.Repeat("a", 33) }, []string{"--name"}},
		{"a set with a dot", func(w *setup.Wish) { w.ConfigurationSet = "a.b" }, []string{"--configuration-set"}},
		{"a URL as domain", func(w *setup.Wish) { w.TrackingDomain = "https://links.acme.test" }, []string{"--tracking-domain"}},
		{"an empty identity", func(w *setup.Wish) { w.Identities = []string{""} }, []string{"--identity"}},
		{"unknown kinds", func(w *setup.Wish) { w.Events = []string{"bounce", "boing", "bang"} }, []string{
			`"boing", "bang"`, "want any of send, reject, bounce, complaint, delivery, open, click, rendering-failure, delivery-delay, subscription",
		}},
		{"several at once", func(w *setup.Wish) { w.Region, w.Name = "x", "" }, []string{"--region", "--name"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := good
			tt.change(&w)
			_, err := w.Complete()
			if (err != nil) != (tt.says != nil) {
				t.Fatalf("error %v", err)
			}
			for _, says := range tt.says {
				if !strings.Contains(err.Error(), says) {
					t.Errorf("%q does not say %q", err, says)
				}
			}
		})
	}
}

func TestAWishIsCompletedInOneForm(t *testing.T) {
	t.Parallel()
	w := wish(t, func(w *setup.Wish) {
		w.BasePath = "/in/"
		w.URL, w.Identities = "https://tidings.example.test/", []string{"b.test", "a.test", "b.test"}
		w.Events = []string{"open", "SEND", "open"}
	})
	got := strings.Join([]string{
		w.Endpoint("p"), w.ConfigurationSet, strings.Join(w.Identities, ","), strings.Join(w.Events, ","), w.TopicARN(), w.QueueARN(),
		w.Protocol(),
	}, " ")
	const want = "https://tidings.example.test/in/ses/p tidings a.test,b.test SEND,OPEN arn:aws:sns:eu-west-1:111122223333:tidings " +
		"arn:aws:sqs:eu-west-1:111122223333:tidings-undelivered https"
	if got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}
