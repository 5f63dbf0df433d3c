package provider_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"tidings/event"
	"tidings/provider"
)

func TestLabelsAreSortedIntoTheirPlaces(t *testing.T) {
	t.Parallel()
	labels := provider.Labels{"templateKey": "a--b", "sequenceId": "s", "may": "true", "order": "17", "april": "true"}
	cases := []struct {
		src  provider.Source
		want event.Message
	}{
		{provider.Source{}, event.Message{
			Template: "a/b", Workflow: "s", Tags: []string{"april", "may", "own"}, Metadata: map[string]string{"order": "17"},
		}},
		{provider.Source{TemplateTag: "order", WorkflowTag: "may"}, event.Message{
			Template: "17", Workflow: "true", Tags: []string{"april", "own"},
			Metadata: map[string]string{"templateKey": "a--b", "sequenceId": "s"},
		}},
	}
	for _, c := range cases {
		got := event.Message{Tags: []string{"own"}}
		provider.ReadLabels(&got, labels, c.src)
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%+v:\n%s", c.src, diff)
		}
	}
	same := event.Message{Tags: []string{"b", "a", "b"}}
	if provider.ReadLabels(&same, nil, provider.Source{}); !cmp.Equal(same, event.Message{Tags: []string{"a", "b"}}) {
		t.Errorf("without labels: %+v", same)
	}
}

func TestTheSenderIsAnAddressAndItsDomain(t *testing.T) {
	t.Parallel()
	var m event.Message
	if provider.SetFrom(&m, "App <App@Send.test>"); m.From != "app@send.test" || m.SenderDomain != "send.test" {
		t.Errorf("%+v", m)
	}
}

func TestAnAnswerIsReadWithItsReasonAndClass(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		code     int
		enhanced string
		reason   string
		class    event.BounceClass
	}{
		"550 5.1.1 no such user":   {550, "5.1.1", event.ReasonNoSuchUser, ""},
		"552 5.2.2 over quota":     {552, "5.2.2", event.ReasonMailboxFull, event.Soft},
		"550 5.7.1 refused":        {550, "5.7.1", event.ReasonBlocked, event.Block},
		"550 5.7.26 not signed":    {550, "5.7.26", event.ReasonAuthentication, event.Block},
		"552 5.3.4 too big":        {552, "5.3.4", event.ReasonMessageTooLarge, event.Soft},
		"551 5.0.0 not here":       {551, "5.0.0", event.ReasonNoSuchUser, ""},
		"host said: 421 4.7.0 now": {421, "4.7.0", event.ReasonBlocked, event.Block},
		"nothing":                  {},
	}
	for text, c := range cases {
		code, enhanced, reason := provider.Response(text)
		if code != c.code || enhanced != c.enhanced || reason != c.reason || provider.RefusalClass(reason) != c.class {
			t.Errorf("%s: %d %s %s %s", text, code, enhanced, reason, provider.RefusalClass(reason))
		}
	}
}

func TestTroubleWithJSONReadsTheSameInEveryBuild(t *testing.T) {
	t.Parallel()
	var shape struct{ A int }
	for text, want := range map[string]string{
		"{":             "not_json at byte 1",
		`{"a":1,"a":2}`: "duplicate_key at byte 7",
		`7`:             "unexpected_shape",
		`{"A":"x"}`:     "unexpected_shape",
	} {
		if got := provider.JSONTrouble(provider.DecodeJSON([]byte(text), &shape)); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}
