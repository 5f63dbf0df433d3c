package dispatch

import (
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/net/http/httpguts"
	"golang.org/x/net/idna"

	"tidings/event"
	"tidings/internal/rule"
	"tidings/internal/segment"
)

// Problem is one thing that is wrong with a definition, with its place.
type Problem = rule.Problem

// Limits are what the server lets endpoints be.
type Limits struct {
	HTTP     bool // URLs of http are taken, too
	AnyPort  bool // else 443, 8443 and, with HTTP, 80
	OwnHosts []string
}

// Endpoint is a definition that was checked. It is never changed, and may be used by several goroutines.
type Endpoint struct {
	Definition
	*rule.Matcher               // of On
	Condition     *segment.Rule // of If; nil: it holds for everybody

	within time.Duration
	wait   time.Duration
}

// Compile checks a definition. All that is wrong is told at once; with problems there is no endpoint. Its URL is rebuilt
// from its parts, so that what is stored is what is called.
func Compile(d Definition, limits Limits) (*Endpoint, []Problem) {
	x := &Endpoint{Definition: d}
	p := &problems{}
	x.Name = strings.TrimSpace(d.Name)
	if x.Name == "" || len(x.Name) > maxName {
		p.wrong("name", "is required, and has at most %d characters", maxName)
	}
	x.URL = p.url("url", d.URL, limits)
	p.match(x, d.On)
	p.condition(x, d.If)
	if !slices.Contains([]Format{"", Standard, CloudEvents, MailGlyph}, d.Format) {
		p.wrong("format", "must be standard, cloudevents or mailglyph, not %.60q", string(d.Format))
	}
	p.headers("headers", d.Headers)
	p.between("concurrency", d.Concurrency, 0, MaxConcurrency)
	if d.PerSecond < 0 || d.PerSecond > maxPerSecond {
		p.wrong("perSecond", "must be 0, for no bound, to %d", maxPerSecond)
	}
	x.within = p.span("for", d.For, DefaultFor, time.Minute, MaxFor)
	p.batch(x, d.Batch)
	if len(p.list) > 0 {
		return nil, p.list
	}
	return x, nil
}

// Within is how long after its first try an event is tried again.
func (x *Endpoint) Within() time.Duration { return x.within }

// WantsNotice reports whether it is told of a notice, which is about no contact and no email: whoever asks for more than names
// wants none, and MailGlyph's form has no place for them.
func (x *Endpoint) WantsNotice(name string) bool {
	asked := x.On
	asked.Event = nil
	return x.Format != MailGlyph && x.Condition == nil && reflect.ValueOf(asked).IsZero() && x.Wants(event.Name(name))
}

// BatchWait is how long a batch waits for more.
func (x *Endpoint) BatchWait() time.Duration { return x.wait }

// AtOnce is how many requests are under way at once.
func (d *Definition) AtOnce() int {
	if d.Concurrency == 0 {
		return DefaultConcurrency
	}
	return d.Concurrency
}

// problems are all that is wrong, by its place.
type problems struct{ list []Problem }

func (p *problems) wrong(at, format string, args ...any) {
	p.list = append(p.list, Problem{At: at, Says: fmt.Sprintf(format, args...)})
}

func (p *problems) between(at string, n, least, most int) {
	if n < least || n > most {
		p.wrong(at, "must be %d to %d, not %d", least, most, n)
	}
}

// span reads a length of time.
func (p *problems) span(at, text string, otherwise, least, most time.Duration) time.Duration {
	if text == "" {
		return otherwise
	}
	d, err := time.ParseDuration(text)
	if err != nil || d < least || d > most {
		p.wrong(at, "must be a duration from %s to %s, not %.60q", least, most, text)
	}
	return d
}

// match checks which events go there. Whoever asks for opens and clicks without a word of verdicts gets those of machines,
// too, each with its verdict: an endpoint is told what happened, and does not act by itself.
func (p *problems) match(x *Endpoint, on rule.Match) {
	if len(on.Event) == 0 {
		on.Event = rule.Words{"*"}
	}
	x.On = on
	if on.Within != "" {
		p.wrong("on.within", "is not of endpoints: what is old goes there, too")
	}
	var wrong []Problem
	x.Matcher, wrong = rule.CompileMatch(on, "on")
	p.list = append(p.list, wrong...)
}

func (p *problems) condition(x *Endpoint, c *segment.Condition) {
	if c == nil {
		return
	}
	compiled, wrong := segment.Compile(*c)
	for _, w := range wrong {
		p.wrong(strings.TrimSuffix("if."+w.At, "."), "%s", w.Says)
	}
	x.Condition = compiled
}

func (p *problems) batch(x *Endpoint, b *Batch) {
	x.wait = DefaultBatchWait
	if b == nil {
		return
	}
	p.between("batch.max", b.Max, 2, MaxBatch)
	x.wait = p.span("batch.wait", b.Wait, DefaultBatchWait, 0, MaxBatchWait)
	if x.Format == MailGlyph {
		p.wrong("batch", "MailGlyph's form has one event in a request")
	}
	if x.Ordered {
		p.wrong("ordered", "goes with single events only: a batch has those of many")
	}
}

// ours are the headers that requests have from us.
var ours = []string{
	"Host", "Content-Length", "Content-Type", "Content-Encoding", "Transfer-Encoding", "Connection", "Keep-Alive", "Te",
	"Trailer", "Upgrade",
	"Expect", "User-Agent", "Cookie",
}

func (p *problems) headers(at string, headers map[string]string) {
	if len(headers) > maxHeaders {
		p.wrong(at, "must have at most %d entries", maxHeaders)
	}
	names := make([]string, 0, len(headers))
	for name := range headers {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		here, known := at+"."+name, http.CanonicalHeaderKey(name)
		switch value := headers[name]; {
		case !headerName(name):
			p.wrong(here, "%.100q can't be the name of a header: letters, digits and hyphens can", name)
		case slices.Contains(ours, known), strings.HasPrefix(known, "Webhook-"), strings.HasPrefix(known, "Proxy-"),
			strings.HasPrefix(known, "Ce-"):
			p.wrong(here, "%s is set by the server", known)
		case len(value) > maxHeaderValue || !httpguts.ValidHeaderFieldValue(value):
			p.wrong(here, "must be one line of at most %d characters", maxHeaderValue)
		}
	}
}

func headerName(s string) bool {
	return s != "" && len(s) <= 100 && strings.Trim(strings.ToLower(s), "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

// url checks a URL and builds it anew. Whether its address may be called is found when it is dialled, whatever its name.
func (p *problems) url(at, text string, limits Limits) string {
	u, err := url.Parse(strings.TrimSpace(text))
	schemes := "https"
	if limits.HTTP {
		schemes = "https or http"
	}
	switch {
	case text == "":
		p.wrong(at, "is required: where events go, such as https://acme.test/hooks/tidings")
		return ""
	case len(text) > maxURL:
		p.wrong(at, "has %d characters, at most %d are taken", len(text), maxURL)
		return ""
	case err != nil || u.Opaque != "":
		p.wrong(at, "is no URL such as https://acme.test/hooks/tidings")
		return ""
	case u.Scheme != "https" && (u.Scheme != "http" || !limits.HTTP):
		p.wrong(at, "must begin with %s://, not %.20q", schemes, u.Scheme)
	case u.User != nil:
		p.wrong(at, "must not hold a name or a password: put them into a header")
	case u.Fragment != "":
		p.wrong(at, "must not have a fragment, which is never sent")
	}
	host, wrong := hostOf(u.Hostname())
	if wrong != "" {
		p.wrong(at, "%s", wrong)
		return ""
	}
	if slices.Contains(limits.OwnHosts, strings.ToLower(host)) {
		p.wrong(at, "leads to this server: events would go round in a circle")
	}
	port := u.Port()
	if !limits.AnyPort && !slices.Contains([]string{"", "443", "8443"}, port) && (port != "80" || !limits.HTTP) {
		p.wrong(at, "has the port %.10s: 443 and 8443 are called, and others where the operator allows them", port)
	}
	if n, err := strconv.ParseUint(port, 10, 16); port != "" && (err != nil || n == 0) {
		p.wrong(at, "has no port that can be: %.10q", port)
	}
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	if port != "" {
		host += ":" + port
	}
	built := url.URL{Scheme: u.Scheme, Host: host, Path: u.Path, RawPath: u.RawPath, RawQuery: u.RawQuery}
	return built.String()
}

var errHost = errors.New("no name of a host")

// hostOf is a host as it is called: a name in ASCII, or an address in its one usual spelling.
func hostOf(text string) (host, wrong string) {
	if text == "" {
		return "", "has no host"
	}
	if a, err := netip.ParseAddr(text); err == nil {
		if a.Zone() != "" {
			return "", "must not name a zone"
		}
		return a.String(), ""
	}
	if strings.Contains(text, ":") {
		return "", fmt.Sprintf("%.100q is no address", text)
	}
	host, err := idna.Lookup.ToASCII(text)
	if again, wrong := idna.Lookup.ToASCII(host); err == nil && (wrong != nil || again != host) {
		err = errHost // it holds what no name can
	}
	switch {
	case err != nil || host == "":
		return "", fmt.Sprintf("%.100q is no name of a host", text)
	case strings.HasSuffix(host, "."):
		return "", "must have a host without a dot at its end"
	}
	// A last label that is a number makes an address of the whole, in spellings that programs read differently (0x7f.1,
	// 2130706433, 010.0.0.1).
	last := host[strings.LastIndexByte(host, '.')+1:]
	if _, err := strconv.ParseUint(last, 0, 64); err == nil || strings.Trim(last, "0123456789") == "" {
		return "", fmt.Sprintf("%.100q is an address in an unusual spelling: write it as four numbers, such as 192.0.2.1", text)
	}
	return strings.ToLower(host), ""
}
