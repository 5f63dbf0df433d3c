package dispatch_test

import (
	"fmt"
	"strings"
	"testing"

	"tidings/event"
	"tidings/internal/dispatch"
	"tidings/internal/rule"
	"tidings/internal/segment"
)

func endpointAt(url string) dispatch.Definition { return dispatch.Definition{Name: "Ours", URL: url} }

func TestAURLIsBuiltAnewOrRefusedWithWhatToDo(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]string{
		"https://acme.test/hooks":                        "https://acme.test/hooks",
		"https://ACME.test":                              "https://acme.test",
		"https://acme.test:8443/a?b=c%20d":               "https://acme.test:8443/a?b=c%20d",
		"https://bücher.test/x":                          "https://xn--bcher-kva.test/x",
		"https://93.184.216.34/":                         "https://93.184.216.34/",
		"https://[2606:2800:220:1::]/x":                  "https://[2606:2800:220:1::]/x",
		" https://acme.test/ ":                           "https://acme.test/",
		"":                                               "! is required",
		"http://acme.test/":                              "! must begin with https://",
		"ftp://acme.test/":                               "! must begin with https://",
		"javascript:alert(1)":                            "! is no URL",
		"https://user:pass@acme.test/":                   "! must not hold a name or a password",
		"https://acme.test/#x":                           "! fragment",
		"https://acme.test:22/":                          "! has the port 22",
		"https://acme.test:80/":                          "! has the port 80",
		"https:///x":                                     "! has no host",
		"https://acme.test./":                            "! without a dot at its end",
		"https://2130706433/":                            "! unusual spelling",
		"https://0x7f.1/":                                "! unusual spelling",
		"https://0x7f000001/":                            "! unusual spelling",
		"https://0177.0.0.1/":                            "! unusual spelling",
		"https://127.1/":                                 "! unusual spelling",
		"https://１２７.０.０.１/":                             "! unusual spelling",
		"https://①②⑦.0.0.1/":                             "! unusual spelling",
		"https://[fe80::1%25eth0]/":                      "! must not name a zone",
		"https://tidings.test/in":                        "! leads to this server",
		"https://acme test/":                             "! is no URL",
		"https://acme.test/" + strings.Repeat("x", 2000): "! has 2018 characters",
	} {
		x, problems := dispatch.Compile(endpointAt(url), dispatch.Limits{OwnHosts: []string{"tidings.test"}})
		says, bad := strings.CutPrefix(want, "! ")
		switch {
		case bad && (len(problems) == 0 || problems[0].At != "url" || !strings.Contains(problems[0].Says, says)):
			t.Errorf("%s: %v, want %q", url, problems, says)
		case !bad && (len(problems) > 0 || x.URL != want):
			t.Errorf("%s: %v %v", url, problems, x)
		}
	}
	if _, problems := dispatch.Compile(endpointAt("http://acme.test:1234/"), dispatch.Limits{HTTP: true, AnyPort: true}); len(problems) > 0 {
		t.Errorf("what the operator allows: %v", problems)
	}
}

func TestEverythingThatIsWrongIsToldAtOnce(t *testing.T) {
	t.Parallel()
	_, problems := dispatch.Compile(dispatch.Definition{
		URL: "http://acme.test", On: rule.Match{Verdict: rule.Words{"robot"}, Within: "2h"},
		If:     &segment.Condition{},
		Format: dispatch.MailGlyph, Batch: &dispatch.Batch{Max: 1, Wait: "1h"}, Ordered: true, Concurrency: 65, PerSecond: -1, For: "1s",
		Headers: map[string]string{
			"Host": "x", "webhook-id": "x", "Proxy-Authorization": "x", "a b": "x", "X-Line": "a\r\nb", "X-Fine": "bearer",
		},
	}, dispatch.Limits{})
	var at []string
	for _, p := range problems {
		at = append(at, p.At)
	}
	got := strings.Join(at, " ")
	for _, want := range []string{
		"name", "url", "on.within", "on.verdict[0]", "if.logic", "batch", "batch.max", "batch.wait", "ordered", "concurrency", "perSecond",
		"for", "headers.Host", "headers.webhook-id", "headers.Proxy-Authorization", "headers.a b", "headers.X-Line",
	} {
		if !strings.Contains(" "+got+" ", " "+want+" ") {
			t.Errorf("%s is not told: %s", want, got)
		}
	}
	if strings.Contains(got, "X-Fine") {
		t.Error(got)
	}
}

func TestAnEndpointIsToldOfWhatItAsksFor(t *testing.T) {
	t.Parallel()
	open := func(v event.Verdict) *rule.Event {
		return &rule.Event{Event: event.Event{
			Name: event.EmailOpen, Open: &event.Engagement{}, Automation: &event.Automation{Verdict: v}, Attribution: event.Candidates,
		}}
	}
	bounce := &rule.Event{Event: event.Event{Name: event.EmailBounce, Bounce: &event.Bounce{Class: event.Hard}}}
	custom := &rule.Event{Event: event.Event{Name: "order.paid", Data: []byte(`{"total":7}`)}}
	for name, x := range map[string]struct {
		on   rule.Match
		want string
	}{
		"all":           {rule.Match{}, "machine human bounce custom"},
		"names":         {rule.Match{Event: rule.Words{"email.*"}}, "machine human bounce"},
		"people":        {rule.Match{Event: rule.Words{"*"}, Verdict: rule.Words{"human"}}, "human bounce custom"},
		"hard bounces":  {rule.Match{Event: rule.Words{"email.bounce"}, Class: rule.Words{"hard"}}, "bounce"},
		"no such class": {rule.Match{Event: rule.Words{"email.bounce"}, Class: rule.Words{"soft"}}, ""},
		"data": {rule.Match{Event: rule.Words{"*"}, Where: []segment.Where{{
			Field: "data.total", Operator: "greaterThan", Value: []byte("5"),
		}}}, "custom"},
	} {
		d := endpointAt("https://acme.test/")
		d.On = x.on
		endpoint, problems := dispatch.Compile(d, dispatch.Limits{})
		if len(problems) > 0 {
			t.Fatalf("%s: %v", name, problems)
		}
		var got []string
		for _, e := range []struct {
			name string
			*rule.Event
		}{{"machine", open(event.Machine)}, {"human", open(event.Human)}, {"bounce", bounce}, {"custom", custom}} {
			if endpoint.Tells(e.Event) {
				got = append(got, e.name)
			}
		}
		if fmt.Sprint(got) != fmt.Sprint(strings.Fields(x.want)) {
			t.Errorf("%s: %v, want %s", name, got, x.want)
		}
	}
}

func FuzzTheURLOfAnEndpoint(f *testing.F) {
	for _, s := range []string{"https://acme.test/x?y#z", "https://[::1]:443", "https://0x7f.1", "https://a%2eb.test", "https://acme.test\\@evil.test"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		x, problems := dispatch.Compile(endpointAt(text), dispatch.Limits{HTTP: true, AnyPort: true})
		if len(problems) > 0 {
			return
		}
		again, problems := dispatch.Compile(endpointAt(x.URL), dispatch.Limits{HTTP: true, AnyPort: true})
		if len(problems) > 0 || again.URL != x.URL {
			t.Errorf("%q becomes %q, and that %v %v", text, x.URL, again, problems)
		}
	})
}
