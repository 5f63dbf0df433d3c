package alert_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"tidings/internal/alert"
	"tidings/internal/stats"
)

func bounces() alert.Item {
	return alert.Item{
		ID: "alt_1", Rule: "Bounces", RuleID: "alr_bounces", Kind: alert.BounceRate, By: alert.ByProject, Level: stats.Warn,
		Change: alert.Raised, Since: start, At: start, Window: 24 * time.Hour, Figures: *rate("bounce", 382, 5310),
	}
}

func TestFactsAreSaidInWords(t *testing.T) {
	t.Parallel()
	with := func(change func(x *alert.Item)) alert.Item {
		x := bounces()
		change(&x)
		return x
	}
	for _, c := range []struct {
		item  alert.Item
		title string
		want  string
		path  string
	}{
		{
			bounces(), "Warning: Bounces",
			"7.2 % of 5,310 emails sent bounced for good in the last 24 hours; SES reviews accounts at 5 %.", "/ui/",
		},
		{
			with(func(x *alert.Item) {
				x.Level, x.By, x.Subject.Key = stats.Severe, alert.ByTemplate, "onboarding/welcome"
				x.Figures, x.Window = *rate("bounce", 720, 5310), 7*24*time.Hour
			}), "Severe: Bounces, onboarding/welcome",
			"13.6 % of 5,310 emails sent of the template onboarding/welcome bounced for good in the last 7 days; SES may pause accounts at 10 %.",
			"/ui/templates/onboarding/welcome",
		},
		{
			with(func(x *alert.Item) {
				x.Kind, x.Rule, x.By, x.Subject.Key = alert.ComplaintRate, "Complaints", alert.ByDomain, "acme.test"
				x.Figures = *rate("complaint", 26, 20_000)
			}), "Warning: Complaints, acme.test",
			"0.13 % of 20,000 emails delivered to acme.test were complained of in the last 24 hours; Gmail, Yahoo and SES want less than 0.1 %.",
			"/ui/domains",
		},
		{
			with(func(x *alert.Item) { x.Change, x.Figures = alert.Resolved, *rate("bounce", 30, 1000) }), "Over: Bounces",
			"3 % of 1,000 emails sent bounced for good in the last 24 hours.", "/ui/",
		},
		{
			with(func(x *alert.Item) { x.Change, x.Figures = alert.Resolved, *rate("bounce", 1, 2) }), "Over: Bounces",
			"Too few were sent in the last 24 hours to speak of a rate.", "/ui/",
		},
		{
			with(func(x *alert.Item) { x.Change, x.Reason = alert.Resolved, "its rule was switched off or deleted" }), "Over: Bounces",
			"Its rule was switched off or deleted.", "/ui/",
		},
		{
			with(func(x *alert.Item) {
				x.Kind, x.Subject, x.Level = alert.Silence, alert.Subject{Key: "src_1", Name: "main"}, stats.Severe
				x.Figures = alert.Figures{Silent: true, Since: start.Add(-50 * time.Hour), Pause: 6 * 3600}
			}), "Severe: Bounces, main",
			"Nothing has come since 2026-05-03 10:00 UTC, 2 days ago; its longest pause was 6 hours before.", "/ui/sources/src_1",
		},
		{
			with(func(x *alert.Item) {
				x.Kind, x.Subject, x.Window = alert.Refusals, alert.Subject{Key: "src_1", Name: "main"}, time.Hour
				x.Figures = alert.Figures{Count: 1234, Detail: "the signature does not fit"}
			}), "Warning: Bounces, main",
			"1,234 requests were refused in the last 60 minutes, the last for: the signature does not fit.", "/ui/sources/src_1",
		},
		{
			with(func(x *alert.Item) {
				x.Kind, x.Subject, x.Window = alert.EndpointFailing, alert.Subject{Key: "end_1", Name: "ours"}, time.Hour
				x.Figures = alert.Figures{Since: start.Add(-20 * time.Minute), Count: 1, Detail: "503"}
			}), "Warning: Bounces, ours",
			"Every request has failed since 2026-05-05 11:40 UTC, for 20 minutes; 1 event was given up in the last 60 minutes, the last for: 503.",
			"/ui/endpoints/end_1",
		},
		{
			with(func(x *alert.Item) {
				x.Kind, x.By, x.Figures = alert.Suppressions, "", alert.Figures{Count: 90, Usual: 6.5}
			}), "Warning: Bounces", "90 addresses were suppressed in the last 24 hours; 6.5 in that time is usual.", "/ui/suppressions",
		},
	} {
		if got := c.item.Title(alert.Tame); got != c.title {
			t.Errorf("title %q, want %q", got, c.title)
		}
		if got := c.item.Facts(alert.Tame); got != c.want {
			t.Errorf("facts\n%q, want\n%q", got, c.want)
		}
		if got := c.item.Path(); got != c.path {
			t.Errorf("path %q, want %q", got, c.path)
		}
	}
}

func TestPercentHasAsManyDigitsAsSaySomething(t *testing.T) {
	t.Parallel()
	for share, want := range map[float64]string{
		0: "0 %", 1: "100 %", 0.0719: "7.2 %", 0.05: "5 %", 0.00126: "0.13 %", 0.001: "0.10 %", 0.000034: "0.0034 %",
	} {
		if got := alert.Percent(share); got != want {
			t.Errorf("%v: %s, want %s", share, got, want)
		}
	}
}

// hostile are texts from outside that want to be more than text.
var hostile = []string{
	"<!channel> look", "<!here|everybody>", "<@U123>", "<https://evil.test|Tidings>", "https://evil.test/login",
	"[click](https://evil.test)", "*bold* _it_ ~no~ `code` ```block```", "a\r\nBcc: all@acme.test", "a\nb\tc\x00d", "@channel @here @everyone",
	"\u202egnp.exe\u2066", "&lt;!channel&gt;", "\u2028two\u2029lines", strings.Repeat("x", 5000), "\xff\xfe", "|", ">quote", "{{ liquid }}",
}

func TestTextsFromOutsideDoNoHarmInMessages(t *testing.T) {
	t.Parallel()
	for i, text := range hostile {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			for _, kind := range alert.Kinds() {
				for _, by := range []string{alert.ByTemplate, alert.ByDomain, alert.BySource} {
					x := bounces()
					x.Kind, x.By, x.Rule, x.Subject = kind, by, text, alert.Subject{Key: text, Name: text}
					x.Figures.Detail, x.Figures.Count, x.Figures.Since, x.Figures.Silent = text, 3, start, true
					m := alert.Message{Project: text, Items: []alert.Item{x}, URL: "https://tidings.test"}
					harmlessMail(t, &m)
					harmlessSlack(t, &m)
				}
			}
		})
	}
}

func harmlessMail(t *testing.T, m *alert.Message) {
	t.Helper()
	if s := m.Subject(); strings.ContainsAny(s, "\r\n\x00\u202e\u2066\u2028") || len(s) > 1000 {
		t.Errorf("subject %q", s)
	}
	text := m.Text()
	if strings.ContainsAny(text, "\r\x00\u202e\u2066\u2028") || strings.Contains(text, "https://evil") || len(text) > 4000 {
		t.Errorf("text %q", text)
	}
}

func harmlessSlack(t *testing.T, m *alert.Message) {
	t.Helper()
	raw, err := m.Slack()
	if err != nil {
		t.Fatal(err)
	}
	var body struct {
		Text   string `json:"text"`
		Blocks []struct {
			Text struct{ Text string } `json:"text"`
		} `json:"blocks"`
	}
	if err := json.Unmarshal(raw, &body); err != nil {
		t.Fatal(err)
	}
	texts := []string{body.Text}
	for _, b := range body.Blocks {
		texts = append(texts, b.Text.Text)
		if len(b.Text.Text) > 3000 {
			t.Errorf("a block of %d bytes", len(b.Text.Text))
		}
	}
	for _, text := range texts {
		outside := withoutCode(text)
		for rest := outside; ; {
			_, after, found := strings.Cut(rest, "<")
			if !found {
				break
			}
			if !strings.HasPrefix(after, "https://tidings.test/ui/") {
				t.Errorf("it begins something: %q in %q", after, text)
			}
			rest = after
		}
		if strings.Contains(outside, "channel>") || strings.Contains(outside, "@") || strings.Contains(text, "https://evil") ||
			strings.ContainsAny(text, "\r\x00\u202e") {
			t.Errorf("text %q", text)
		}
		if strings.Contains(text, "<!") || strings.Contains(text, "<@") {
			t.Errorf("it calls somebody: %q", text)
		}
	}
}

// withoutCode leaves out what stands in code, where a chat program looks for nothing.
func withoutCode(s string) string {
	parts := strings.Split(s, "`")
	var b strings.Builder
	for i := 0; i < len(parts); i += 2 {
		b.WriteString(parts[i])
	}
	return b.String()
}

func TestManyAlertsAreOneMessageThatNamesTheWorst(t *testing.T) {
	t.Parallel()
	m := alert.Message{Project: "Default", URL: "https://tidings.test"}
	for i := range 100 {
		x := bounces()
		x.By, x.Subject.Key = alert.ByTemplate, fmt.Sprintf("template-%03d", i)
		if i == 70 {
			x.Level = stats.Severe
		}
		if i >= 90 {
			x.Change = alert.Resolved
		}
		m.Items = append(m.Items, x)
	}
	if got := m.Subject(); got != "[Tidings] 90 alerts were raised, 10 alerts are over" {
		t.Error(got)
	}
	text := m.Text()
	if !strings.HasPrefix(text, "Severe: Bounces, template-070\n") || !strings.Contains(text, "And 80 more.") ||
		strings.Count(text, "Warning: ") != 19 {
		t.Errorf("%s", text)
	}
	raw, err := m.Slack()
	if err != nil || strings.Count(string(raw), `"section"`) != 23 || !strings.Contains(string(raw), "And 80 more.") {
		t.Errorf("%s, %v", raw, err)
	}
}

func TestAMessageToTryAChannelSaysSo(t *testing.T) {
	t.Parallel()
	m := alert.Message{Project: "Default", URL: "https://tidings.test", Test: true}
	raw, err := m.Slack()
	if err != nil || !strings.Contains(string(raw), "This is a test") || !strings.Contains(m.Text(), "This is a test") ||
		m.Subject() != "[Tidings] A test of alerts" {
		t.Errorf("%s, %s, %v", raw, m.Text(), err)
	}
}

func FuzzTextsFromOutside(f *testing.F) {
	for _, text := range hostile {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		x := bounces()
		x.By, x.Rule, x.Subject = alert.ByTemplate, text, alert.Subject{Key: text}
		m := alert.Message{Project: text, Items: []alert.Item{x}, URL: "https://tidings.test"}
		harmlessMail(t, &m)
		harmlessSlack(t, &m)
	})
}
