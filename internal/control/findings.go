package control

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"tidings/internal/source"
	"tidings/internal/store"
	"tidings/provider"
)

// The codes of findings.
const (
	foundDisabled    = "disabled"
	foundPending     = "pending_confirmation"
	foundRefused     = "refused"
	foundSilent      = "silent"
	foundNothing     = "nothing_yet"
	foundLag         = "late"
	foundRepeats     = "redelivered"
	foundProblem     = "problem"
	foundExpired     = "expired"
	foundCertificate = "certificate_ends"
	foundQueue       = "queue_failing"
	foundUnread      = "queue_unread"
)

const (
	// A cause of refusals is critical from this share of what came in a day, if it was more than a few requests, or where
	// nothing was accepted.
	failingShare = 0.1
	failingLeast = 3
	// Refusals rise where a day has more than twice what the days before had on average.
	risingFactor = 2
	daysBefore   = 6

	lateFrom       = 10 * time.Minute // median from fact to receipt
	repeatsShare   = 0.1
	repeatsLeast   = 20
	certificateEnd = 30 * 24 * time.Hour
)

// diagnosis is what is known when a source is judged. It is pure.
type diagnosis struct {
	source  *source.Source
	adapter provider.Adapter
	health  store.Health
	silence Silence
	now     time.Time
}

func (d *diagnosis) findings() []Finding {
	var list []Finding
	for _, find := range [...]func() []Finding{
		d.disabled, d.refused, d.pending, d.silent, d.nothing, d.late, d.repeated, d.problems, d.expired, d.certificate, d.queue,
	} {
		list = append(list, find()...)
	}
	order := []Severity{Critical, Warning, Info}
	slices.SortStableFunc(list, func(a, b Finding) int {
		return cmp.Compare(slices.Index(order, a.Severity), slices.Index(order, b.Severity))
	})
	return list
}

func (d *diagnosis) state(findings []Finding) State {
	has := func(code string, s Severity) bool {
		return slices.ContainsFunc(findings, func(f Finding) bool { return f.Code == code && f.Severity == s })
	}
	switch {
	case has(foundDisabled, Critical):
		return StateDisabled
	case has(foundRefused, Critical), has(foundQueue, Critical):
		return StateFailing
	case len(d.health.Pending) > 0:
		return StatePending
	case has(foundSilent, Critical):
		return StateSilent
	case len(d.health.Hours) == 0:
		return StateNew
	}
	return StateHealthy
}

func (d *diagnosis) disabled() []Finding {
	if d.source.DisabledAt.IsZero() {
		return nil
	}
	return []Finding{{
		Code: foundDisabled, Severity: Critical,
		Message: "it was disabled at " + day(d.source.DisabledAt) + " and refuses everything",
		Remedy:  "tidings source enable " + d.source.ID,
	}}
}

// refused tells of every cause by itself. A disabled source refuses because it is disabled: that is told already.
func (d *diagnosis) refused() []Finding {
	var list []Finding
	for _, r := range d.health.Refusals {
		if r.Code == codeDisabled {
			continue
		}
		list = append(list, Finding{
			Code: foundRefused, Cause: r.Code, Severity: d.severity(r),
			Message: refusalWords(r), Remedy: remedyOf(d.adapter, r.Code),
		})
	}
	slices.SortStableFunc(list, func(a, b Finding) int { return cmp.Compare(d.count24h(b.Cause), d.count24h(a.Cause)) })
	return list
}

func (d *diagnosis) count24h(code string) int64 {
	i := slices.IndexFunc(d.health.Refusals, func(r source.Refusal) bool { return r.Code == code })
	return d.health.Refusals[i].Count24h
}

func (d *diagnosis) severity(r source.Refusal) Severity {
	accepted := d.health.Receipts24h + d.health.Repeats24h
	share := float64(r.Count24h) / float64(max(1, accepted+r.Count24h))
	switch {
	case r.Count24h == 0:
		return Info
	case accepted == 0, r.Count24h >= failingLeast && share >= failingShare:
		return Critical
	}
	return Warning
}

func refusalWords(r source.Refusal) string {
	before := r.Count - r.Count24h
	switch {
	case r.Count24h == 0:
		return fmt.Sprintf("%s refused as %s in the last 7 days, none in the last 24 hours", many(before, "request"), r.Code)
	case r.Count24h*daysBefore > risingFactor*before:
		return fmt.Sprintf("%s refused as %s in the last 24 hours, rising: %d in the days before; last: %s",
			many(r.Count24h, "request"), r.Code, before, r.LastMessage)
	}
	return fmt.Sprintf("%s refused as %s in the last 24 hours, %d in the days before; last: %s",
		many(r.Count24h, "request"), r.Code, before, r.LastMessage)
}

func (d *diagnosis) pending() []Finding {
	var list []Finding
	for _, p := range d.health.Pending {
		f := Finding{
			Code: foundPending, Severity: Critical,
			Message: "a subscription of " + p.Topic + " waits to be confirmed since " + day(p.AskedAt),
			Remedy: "if the topic is yours: tidings source confirm " + d.source.ID + " " + ConfirmationID(p) +
				"; a confirmation is good for three days, then subscribe again",
		}
		if p.Problem != "" {
			f.Message += "; the last try did not work: " + p.Problem
		}
		list = append(list, f)
	}
	return list
}

func (d *diagnosis) silent() []Finding {
	s := d.silence
	if !s.Silent || !d.source.DisabledAt.IsZero() {
		return nil
	}
	return []Finding{{
		Code: foundSilent, Severity: Critical,
		Message: fmt.Sprintf("nothing has come since %s, %s ago; its longest pause was %s before",
			day(s.Since), InWords(d.now.Sub(s.Since)), InWords(s.Usual)),
		Remedy: "see that mail is being sent and that the provider still publishes to this source's URL, then: tidings source test " +
			d.source.ID,
	}}
}

func (d *diagnosis) nothing() []Finding {
	if len(d.health.Hours) > 0 || len(d.health.Pending) > 0 || !d.source.DisabledAt.IsZero() {
		return nil
	}
	remedy := "give the source's URL to the provider, then: tidings source test " + d.source.ID
	if d.source.Settings.Queue != "" {
		remedy = "see that what SES publishes to has the queue as its target, and that the policy of the queue allows it"
	}
	return []Finding{{Code: foundNothing, Severity: Info, Message: "nothing has come yet", Remedy: remedy}}
}

func (d *diagnosis) late() []Finding {
	if d.health.LagP50 < lateFrom {
		return nil
	}
	return []Finding{{
		Code: foundLag, Severity: Warning,
		Message: fmt.Sprintf("half of the newest events came more than %s after they occurred, one in twenty more than %s",
			InWords(d.health.LagP50), InWords(d.health.LagP95)),
		Remedy: "after a stop or a backfill this passes; else look whether this server answered slowly or not at all, so that the " +
			"provider had to send again",
	}}
}

func (d *diagnosis) repeated() []Finding {
	n, all := d.health.Repeats24h, d.health.Receipts24h+d.health.Repeats24h
	if n < repeatsLeast || float64(n) < repeatsShare*float64(all) {
		return nil
	}
	return []Finding{{
		Code: foundRepeats, Severity: Warning,
		Message: fmt.Sprintf("%d of %s in the last 24 hours had come before: the provider sends again what is not answered in time",
			n, many(all, "request")),
		Remedy: "nothing is counted twice; look at how long answers take (tidings_ingest_seconds), at time limits of proxies " +
			"in front, and for a second subscription to the same topic",
	}}
}

const keptProblems = "they are kept: GET /receipts?problem=any lists them, and a later version may read them: tidings replay"

func (d *diagnosis) problems() []Finding {
	var list []Finding
	for _, code := range slices.Sorted(maps.Keys(d.health.Problems24h)) {
		list = append(list, Finding{
			Code: foundProblem, Cause: code, Severity: Warning,
			Message: many(d.health.Problems24h[code], "request") + " in the last 24 hours could not be understood in full: " + code,
			Remedy:  cmp.Or(d.adapter.Remedies[code], keptProblems),
		})
	}
	return list
}

func (d *diagnosis) expired() []Finding {
	if d.health.Expired24h == 0 {
		return nil
	}
	return []Finding{{
		Code: foundExpired, Severity: Info,
		Message: many(d.health.Expired24h, "event") + " of the last 24 hours were older than events are kept, so they do not count",
		Remedy:  "raise --retention-events if they should have",
	}}
}

func (d *diagnosis) certificate() []Finding {
	c := d.source.Certificate
	if c == nil || c.NotAfter.Sub(d.now) > certificateEnd {
		return nil
	}
	return []Finding{{
		Code: foundCertificate, Severity: Warning, Message: "the pinned signing certificate ends at " + day(c.NotAfter),
		Remedy: "set the broker's new one as signingCertificate before",
	}}
}

func many(n int64, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func day(t time.Time) string { return t.UTC().Format("2006-01-02 15:04") }

// InWords is a duration as people say it: seconds below a minute, to the minute below two days, then to the hour.
func InWords(d time.Duration) string {
	m := int(d.Round(time.Minute) / time.Minute)
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case m < 60:
		return fmt.Sprintf("%d min", m)
	case m < 48*60:
		return strings.TrimSuffix(fmt.Sprintf("%d h %d min", m/60, m%60), " 0 min")
	}
	h := int(d.Round(time.Hour) / time.Hour)
	return strings.TrimSuffix(fmt.Sprintf("%d days %d h", h/24, h%24), " 0 h")
}
