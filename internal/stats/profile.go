package stats

import (
	"slices"
	"strings"
	"sync"
	"unicode"

	"github.com/mileusna/useragent"

	"tidings/event"
)

// profile is what a user agent says by itself.
type profile struct {
	verdict event.Verdict // Human where no rule matches
	labels  []string      // of the rules that match
	device  string
	os      string
	app     string
}

// Describe fills the device, the operating system and the app of a client from its user agent. Fields that are set
// already are kept, and a client without a user agent is left as it is. Nil is allowed.
func (r *Rules) Describe(c *event.Client) {
	if c == nil {
		return
	}
	agent := strings.TrimSpace(c.UserAgent)
	if agent == "" {
		return
	}
	p := r.profile(agent)
	fill(&c.Device, p.device)
	fill(&c.OS, p.os)
	fill(&c.App, p.app)
}

func fill(field *string, value string) {
	if *field == "" {
		*field = value
	}
}

// profile looks the user agent up or works it out. The agent is not empty.
func (r *Rules) profile(agent string) *profile {
	if len(agent) > maxAgentBytes {
		agent = agent[:maxAgentBytes]
	}
	if p, ok := r.profiles.find(agent); ok {
		return p
	}
	p := &profile{verdict: event.Human}
	for _, a := range r.agents {
		if !a.matches(agent) {
			continue
		}
		if weight(a.verdict) > weight(p.verdict) {
			p.verdict = a.verdict
		}
		if !slices.Contains(p.labels, a.label) {
			p.labels = append(p.labels, a.label)
		}
	}
	p.device, p.os, p.app = describe(agent)
	if p.verdict == event.Machine {
		p.device, p.os = "bot", "" // what it pretends to run on is nobody's
	}
	r.profiles.keep(agent, p)
	return p
}

// mailApps are programs that the library for browsers does not know. What stands first decides. A proxy's user agent
// tells nothing of the person's device.
var mailApps = []struct {
	contains, name string
	proxy          bool
}{
	{"GoogleImageProxy", "Gmail", true},
	{"YahooMailProxy", "Yahoo Mail", true},
	{"Outlook-iOS", "Outlook", false},
	{"Outlook-Android", "Outlook", false},
	{"Microsoft Outlook", "Outlook", false},
	{"ms-office", "Outlook", false},
	{"Thunderbird/", "Thunderbird", false},
}

// maxAppBytes is how long the name of an app or system is at most: unknown ones are the sender's own words.
const maxAppBytes = 64

func describe(agent string) (device, os, app string) {
	defer func() {
		if recover() != nil { // the library reads hostile text; an event without a device is better than none
			device, os, app = "", "", ""
		}
	}()
	ua := useragent.Parse(agent)
	app = ua.Name
	for _, m := range mailApps {
		if !strings.Contains(agent, m.contains) {
			continue
		}
		if m.proxy {
			return "", "", m.name
		}
		app, ua.Bot = m.name, false
		break
	}
	if isAppleMail(agent) {
		app = "Apple Mail"
	}
	return deviceOf(&ua), clip(ua.OS), clip(app)
}

// isAppleMail: Apple's mail programs name the engine and nothing after it but the build.
func isAppleMail(agent string) bool {
	_, after, found := strings.Cut(agent, "(KHTML, like Gecko)")
	return found && strings.HasPrefix(agent, "Mozilla/5.0 (") && strings.Contains(agent, "AppleWebKit/") &&
		strings.Contains(agent, "Mac OS X") && (after == "" || strings.HasPrefix(after, " Mobile/") &&
		!strings.Contains(after[len(" Mobile/"):], " "))
}

func deviceOf(ua *useragent.UserAgent) string {
	switch {
	case ua.Bot:
		return "bot"
	case ua.Tablet:
		return "tablet"
	case ua.Mobile:
		return "mobile"
	case ua.Desktop:
		return "desktop"
	}
	return ""
}

// clip makes the library's words fit for storing: whatever the sender wrote, they are short text.
func clip(s string) string {
	s = strings.ToValidUTF8(s[:min(len(s), maxAppBytes)], "")
	return strings.TrimSpace(strings.Map(func(c rune) rune {
		if unicode.IsControl(c) {
			return -1
		}
		return c
	}, s))
}

// generation is how many profiles are kept before the ones that were not used since are forgotten: twice as many at
// most, about 2 MB where every user agent is as long as it may be. A million opens know a few thousand.
const generation = 2048

// profiles keeps the profiles of the user agents that came last. The zero value is ready. It is safe for concurrent
// use.
type profiles struct {
	mu         sync.RWMutex
	young, old map[string]*profile
}

func (c *profiles) find(agent string) (*profile, bool) {
	c.mu.RLock()
	p, young := c.young[agent]
	old := false
	if !young {
		p, old = c.old[agent]
	}
	c.mu.RUnlock()
	if old {
		c.keep(agent, p)
	}
	return p, young || old
}

func (c *profiles) keep(agent string, p *profile) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.young) >= generation {
		c.young, c.old = nil, c.young
	}
	if c.young == nil {
		c.young = make(map[string]*profile)
	}
	// The user agent is a piece of a request's body, which must not be kept for it.
	c.young[strings.Clone(agent)] = p
}
