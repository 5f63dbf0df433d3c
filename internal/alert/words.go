package alert

import (
	"fmt"
	"math"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"

	"tidings/internal/stats"
)

// Subject is what an alert is about. The zero value is the project.
type Subject struct {
	Key  string `json:"key,omitempty"`  // an id, a template, a domain
	Name string `json:"name,omitempty"` // of what has an id
}

// Label is the subject for people.
func (s Subject) Label() string {
	if s.Name != "" {
		return s.Name
	}
	return s.Key
}

// Item is an alert as a message tells of it: what was so when it was written, which is the same at every try.
type Item struct {
	ID      string        `json:"id"` // alt_…
	Rule    string        `json:"rule"`
	RuleID  string        `json:"ruleId"`
	Kind    Kind          `json:"kind"`
	By      string        `json:"by,omitempty"`
	Subject Subject       `json:"subject,omitzero"`
	Level   stats.Level   `json:"level"`
	Change  Change        `json:"change"`
	Since   time.Time     `json:"since"` // when it was raised
	At      time.Time     `json:"at"`    // when it changed
	Window  time.Duration `json:"window,omitempty"`
	Figures Figures       `json:"figures"`
	// Reason is why it ended, where its figures are not; empty: they are.
	Reason string `json:"reason,omitempty"`
}

// Quote writes a text from outside so that it can do no harm where it is shown.
type Quote func(string) string

// maxQuoted is how much of a text from outside a message shows, in characters.
const maxQuoted = 120

// Tame takes out of a text from outside what a reader does not see and what begins a link, and cuts it.
func Tame(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\n', r == '\r', r == '\t':
			return ' '
		case unicode.Is(unicode.C, r), unicode.Is(unicode.Zl, r), unicode.Is(unicode.Zp, r): // bidirectional marks, too
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "�"))
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > maxQuoted {
		s = string(r[:maxQuoted]) + "…"
	}
	return strings.ReplaceAll(s, "://", "[:]//")
}

// Title says what became of what: "Severe: Bounces".
func (x *Item) Title(quote Quote) string {
	title := quote(x.Rule)
	if label := x.Subject.Label(); label != "" {
		title += ", " + quote(label)
	}
	if x.Change == Resolved {
		return "Over: " + title
	}
	if x.Level == stats.Severe {
		return "Severe: " + title
	}
	return "Warning: " + title
}

// Facts are the figures in words.
func (x *Item) Facts(quote Quote) string {
	if x.Reason != "" {
		return capital(x.Reason) + "."
	}
	f := &x.Figures
	switch x.Kind {
	case BounceRate:
		return x.rateFacts(quote, "of %s sent%s bounced for good in the last %s",
			"too few were sent in the last %s to speak of a rate")
	case ComplaintRate:
		return x.rateFacts(quote, "of %s delivered%s were complained of in the last %s",
			"too few were delivered in the last %s to speak of a rate")
	case Silence:
		if !f.Silent {
			return "The source tells of events again."
		}
		return fmt.Sprintf("Nothing has come since %s, %s ago; its longest pause was %s before.", stamp(f.Since),
			Span(x.At.Sub(f.Since)), Span(time.Duration(f.Pause)*time.Second))
	case Refusals:
		facts := fmt.Sprintf("%s refused in the last %s", many(f.Count, "request was", "requests were"), Span(x.Window))
		return facts + mostly(quote, f.Detail)
	case EndpointFailing:
		return x.endpointFacts(quote)
	case Suppressions:
		return fmt.Sprintf("%s suppressed in the last %s; %s in that time is usual.",
			many(f.Count, "address was", "addresses were"), Span(x.Window), strconv.FormatFloat(math.Round(f.Usual*10)/10, 'f', -1, 64))
	}
	return ""
}

func mostly(quote Quote, detail string) string {
	if detail == "" {
		return "."
	}
	return ", the last for: " + quote(detail) + "."
}

func (x *Item) rateFacts(quote Quote, words, few string) string {
	f := &x.Figures
	if f.Few {
		return fmt.Sprintf(capital(few)+".", Span(x.Window))
	}
	of := ""
	switch x.By {
	case ByTemplate:
		of = " of the template " + quote(x.Subject.Label())
	case ByDomain:
		of = " to " + quote(x.Subject.Label())
	case BySource:
		of = ", as the source " + quote(x.Subject.Label()) + " tells,"
	}
	facts := Percent(f.Rate) + " " + fmt.Sprintf(words, many(f.Of, "email", "emails"), of, Span(x.Window))
	if x.Change == Resolved {
		return facts + "."
	}
	if limit := limitWords[x.Kind][x.Level]; limit != "" {
		facts += "; " + limit
	}
	return facts + "."
}

// limitWords say from where on others act.
var limitWords = map[Kind]map[stats.Level]string{
	BounceRate: {
		stats.Warn: "SES reviews accounts at 5 %", stats.Severe: "SES may pause accounts at 10 %",
	},
	ComplaintRate: {
		stats.Warn:   "Gmail, Yahoo and SES want less than 0.1 %",
		stats.Severe: "Gmail and Yahoo ask senders never to reach 0.3 %, SES may pause accounts at 0.5 %",
	},
}

func (x *Item) endpointFacts(quote Quote) string {
	f := &x.Figures
	last := mostly(quote, f.Detail)
	switch {
	case f.Disabled:
		return "The server gave the endpoint up and tells it nothing any more" + last
	case !f.Since.IsZero():
		facts := fmt.Sprintf("Every request has failed since %s, for %s", stamp(f.Since), Span(x.At.Sub(f.Since)))
		if f.Count > 0 {
			facts += fmt.Sprintf("; %s in the last %s", many(f.Count, "event was given up", "events were given up"), Span(x.Window))
		}
		return facts + last
	case f.Count > 0:
		return fmt.Sprintf("%s in the last %s%s", many(f.Count, "event was given up", "events were given up"), Span(x.Window), last)
	}
	return "The endpoint takes events again."
}

// remedies say what to do.
var remedies = map[Kind]string{
	BounceRate: "find out where the addresses come from, stop mailing those that bounced, and confirm new ones " +
		"before they are mailed",
	ComplaintRate: "mail only people who asked for it, make unsubscribing easy, and look at the template or list that the " +
		"complaints are of",
	Silence: "see that mail is being sent and that the provider still publishes to this source's URL, then test the source",
	Refusals: "look at the source's page: it tells what is refused and why; a changed secret, topic or certificate are the " +
		"usual causes",
	EndpointFailing: "look at the endpoint's attempts, mend the receiver, then enable the endpoint and replay what it missed",
	Suppressions: "look at what was sent before, to whom and from where the addresses came; stop what still goes to the same " +
		"list",
}

// Remedy says what to do about a kind of alert, in words without a capital and a full stop.
func Remedy(k Kind) string { return remedies[k] }

// Todo is the remedy as a sentence; empty: there is nothing to do.
func (x *Item) Todo() string {
	if x.Change == Resolved {
		return ""
	}
	return capital(Remedy(x.Kind)) + "."
}

// maxPath is how long a link to a page may be; a longer one leads to the list of alerts.
const maxPath = 1_000

// Path is the page about the subject, below the server's public URL.
func (x *Item) Path() string {
	if path := x.path(); len(path) <= maxPath {
		return path
	}
	return "/ui/alerts"
}

func (x *Item) path() string {
	key := escaped(x.Subject.Key)
	switch {
	case x.Kind == EndpointFailing:
		return "/ui/endpoints/" + key
	case x.Kind == Suppressions:
		return "/ui/suppressions"
	case x.Kind == Silence, x.Kind == Refusals, x.By == BySource:
		return "/ui/sources/" + key
	case x.By == ByTemplate:
		return "/ui/templates/" + strings.ReplaceAll(key, "%2F", "/")
	case x.By == ByDomain:
		return "/ui/domains"
	}
	return "/ui/"
}

// escaped writes a text from outside as a part of a path, in which nothing stands that begins something else.
func escaped(s string) string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") }

// Percent writes a share with as many digits as say something: 7.2 %, 0.12 %.
func Percent(share float64) string {
	p := 100 * share
	digits := 1
	if p > 0 && p < 1 {
		digits = min(1-int(math.Floor(math.Log10(p))), 4)
	}
	return strings.TrimSuffix(strconv.FormatFloat(p, 'f', digits, 64), ".0") + " %"
}

// Span writes a length of time as people say it.
func Span(d time.Duration) string {
	for _, u := range [...]struct {
		d         time.Duration
		one, many string
		from      int64
	}{{day, "day", "days", 2}, {time.Hour, "hour", "hours", 2}, {time.Minute, "minute", "minutes", 1}} {
		if n := int64(d / u.d); n >= u.from && (d%u.d == 0 || n >= 2) {
			return many(n, u.one, u.many)
		}
	}
	return many(int64(d/time.Second), "second", "seconds")
}

func many(n int64, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return grouped(n) + " " + more
}

// grouped writes a number with commas.
func grouped(n int64) string {
	text := strconv.FormatInt(n, 10)
	for i := len(text) - 3; i > 0 && text[i-1] != '-'; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 MST") }

func capital(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
