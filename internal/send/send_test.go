package send_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"tidings/internal/send"
)

func TestASuppressionStopsEveryEmailAndAWishOnlyMarketing(t *testing.T) {
	for name, c := range map[string]struct {
		standing                 send.Standing
		marketing, transactional send.Reason
	}{
		"nothing holds":       {send.Standing{}, "", ""},
		"suppressed":          {send.Standing{Suppressed: true}, send.Suppressed, send.Suppressed},
		"removed":             {send.Standing{Gone: true}, send.Gone, send.Gone},
		"unsubscribed":        {send.Standing{Unsubscribed: true}, send.Unsubscribed, ""},
		"left the topic":      {send.Standing{OffTopic: true}, send.OffTopic, ""},
		"snoozes":             {send.Standing{Snoozed: true}, send.Snoozed, ""},
		"waits for room":      {send.Standing{Pending: true}, send.Pending, ""},
		"removed, suppressed": {send.Standing{Gone: true, Suppressed: true}, send.Gone, send.Gone},
		"suppressed, left":    {send.Standing{Unsubscribed: true, Suppressed: true}, send.Suppressed, send.Suppressed},
		"snoozes and left":    {send.Standing{Snoozed: true, Unsubscribed: true}, send.Unsubscribed, ""},
	} {
		if got := send.Check(c.standing, false); got != c.marketing {
			t.Errorf("%s: marketing is %q, want %q", name, got, c.marketing)
		}
		if got := send.Check(c.standing, true); got != c.transactional {
			t.Errorf("%s: transactional is %q, want %q", name, got, c.transactional)
		}
	}
}

func TestASendIsFoundByWhatAProviderBringsBack(t *testing.T) {
	for name, c := range map[string]struct {
		message  string
		metadata map[string]string
		want     string
	}{
		"its label":                    {"0102-abc", map[string]string{"tidings_send": "snd_1"}, "snd_1"},
		"its Message-ID":               {"snd_2@acme.test", nil, "snd_2"},
		"the label before the id":      {"snd_2@acme.test", map[string]string{"tidings_send": "snd_1"}, "snd_1"},
		"a label that is none of ours": {"x@acme.test", map[string]string{"tidings_send": "42"}, ""},
		"the prefix alone":             {"snd_@acme.test", nil, ""},
		"another's Message-ID":         {"abc@acme.test", nil, ""},
		"too long to be ours":          {"snd_" + string(make([]byte, 100)) + "@acme.test", nil, ""},
		"an id that holds ours":        {"x-snd_2@acme.test", nil, ""},
	} {
		if got := send.IDOf(c.message, c.metadata); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestAPauseGrowsToAnHourAndIsAsLongAsTheOtherSideAsks(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		attempt := rapid.IntRange(-1, 1000).Draw(t, "attempt")
		random := rapid.Float64Range(0, 0.999999).Draw(t, "random")
		asked := time.Duration(rapid.Int64Range(0, int64(3*time.Hour)).Draw(t, "asked"))
		d := send.Pause(attempt, asked, random)
		if d < asked || d < 15*time.Second || d > max(time.Hour, asked) {
			t.Fatalf("attempt %d waits %s", attempt, d)
		}
		if later := send.Pause(attempt+1, asked, random); later < d {
			t.Fatalf("attempt %d waits %s, the one before it %s", attempt+1, later, d)
		}
	})
}

func TestASendIsGivenUpAfterItsTriesOrItsTime(t *testing.T) {
	p, due := send.Patience{Tries: 3, Until: time.Hour}, time.Date(2026, 5, 4, 10, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		attempt int
		after   time.Duration
		want    bool
	}{{1, 0, false}, {2, 59 * time.Minute, false}, {3, 0, true}, {1, time.Hour, true}} {
		if got := p.GivesUp(c.attempt, due, due.Add(c.after)); got != c.want {
			t.Errorf("try %d after %s: %v", c.attempt, c.after, got)
		}
	}
}

func TestEveryStatusIsKnown(t *testing.T) {
	for _, s := range send.Statuses() {
		if !s.Known() {
			t.Errorf("%s is not known", s)
		}
	}
	if send.Status("delivered").Known() {
		t.Error("another word is known")
	}
}
