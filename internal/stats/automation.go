package stats

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"tidings/event"
)

// Signals that come from no data file.
const (
	signalTooSoon = "too_soon"      // sooner after sending than a person reads
	signalNoAgent = "no_user_agent" // a click by a program that does not say what it is
)

// How long after its sending a message is opened or clicked by programs alone. Scanners look at a message before they
// let it through; a person first has to see it.
const (
	openTooSoon  = 2 * time.Second // up to and with
	clickTooSoon = 5 * time.Second // less than
)

// maxAgentBytes is how much of a user agent is looked at. Real ones are shorter than 300 bytes.
const maxAgentBytes = 512

// Rules tell machines from people. They are safe for concurrent use. Make them with DefaultRules or ParseRules.
type Rules struct {
	agents   []agentRule
	networks networks
	profiles profiles
}

// agentRule is one line of the file of user agents.
type agentRule struct {
	verdict event.Verdict
	exact   bool
	label   string
	text    string
}

func (a agentRule) matches(agent string) bool {
	if a.exact {
		return agent == a.text
	}
	return strings.Contains(agent, a.text)
}

// Mark sets what an open or a click says of who acted: its Automation, see Judge, and the fields of its Client, see
// Describe. Marking twice is marking once. Events of other names are left as they are.
func (r *Rules) Mark(e *event.Event) {
	if a := r.Judge(e); a != nil {
		e.Automation = a
		r.Describe(e.Client)
	}
}

// Judge says who opened or clicked. It is a function of the event alone, so that the order of events does not matter.
// It returns nil for other names. A verdict that the event already has, the provider's own, is kept.
//
// Any sign of a machine makes it a machine's: an open up to 2 s or a click less than 5 s after the message was sent,
// a click without a user agent, a user agent or network that the data files say is one. Else a proxy's user agent or
// network makes it a proxy's. Else it is a person's where there is a user agent, and unknown where there is none.
func (r *Rules) Judge(e *event.Event) *event.Automation {
	if e.Name != event.EmailOpen && e.Name != event.EmailClick {
		return nil
	}
	if e.Automation != nil {
		return e.Automation
	}
	j := judgement{verdict: event.Unsure}
	if tooSoon(e) {
		j.add(event.Machine, signalTooSoon)
	}
	if c := e.Client; c != nil {
		r.judgeClient(&j, e.Name, c)
	}
	slices.Sort(j.signals)
	return &event.Automation{Verdict: j.verdict, Signals: slices.Compact(j.signals)}
}

func (r *Rules) judgeClient(j *judgement, name event.Name, c *event.Client) {
	agent := strings.TrimSpace(c.UserAgent)
	switch {
	case agent != "":
		p := r.profile(agent)
		j.add(p.verdict, p.labels...)
	case c.IP != "" && name == event.EmailClick:
		// A provider that tells the address tells the user agent too, where there was one.
		j.add(event.Machine, signalNoAgent)
	}
	if n, ok := r.networks.find(c.IP); ok {
		j.add(n.verdict, n.label)
	}
}

// tooSoon reports whether the event came sooner after its message was sent than a person can act. An event from
// before the sending shows that the two clocks differ, which says nothing.
func tooSoon(e *event.Event) bool {
	if e.Message == nil || e.Message.SentAt.IsZero() {
		return false
	}
	after := e.OccurredAt.Sub(e.Message.SentAt)
	if e.Name == event.EmailClick {
		return after >= 0 && after < clickTooSoon
	}
	return after >= 0 && after <= openTooSoon
}

// judgement collects what speaks for whom. The strongest verdict wins.
type judgement struct {
	verdict event.Verdict
	signals []string
}

func (j *judgement) add(v event.Verdict, signals ...string) {
	if weight(v) > weight(j.verdict) {
		j.verdict = v
	}
	j.signals = append(j.signals, signals...)
}

func weight(v event.Verdict) int {
	switch v {
	case event.Machine:
		return 3
	case event.Proxy:
		return 2
	case event.Human:
		return 1
	}
	return 0
}

// network is one line of the file of networks, without its prefix.
type network struct {
	verdict event.Verdict
	label   string
}

// networks finds the longest prefix that holds an address: one look-up for each length of prefix that occurs, so that
// lists of hundreds of thousands of lines cost no more than short ones.
type networks struct {
	lengths  []int // IPv6 and IPv4 alike, longest first
	prefixes map[netip.Prefix]network
}

func (n *networks) add(p netip.Prefix, to network) {
	if n.prefixes == nil {
		n.prefixes = make(map[netip.Prefix]network)
	}
	n.prefixes[p] = to
	if i, found := slices.BinarySearchFunc(n.lengths, p.Bits(), func(a, b int) int { return b - a }); !found {
		n.lengths = slices.Insert(n.lengths, i, p.Bits())
	}
}

func (n *networks) find(ip string) (network, bool) {
	if len(n.lengths) == 0 || ip == "" {
		return network{}, false
	}
	addr, err := netip.ParseAddr(ip)
	if err != nil {
		return network{}, false // hidden or garbled by the provider: nothing to judge by
	}
	addr = addr.Unmap().WithZone("")
	for _, bits := range n.lengths {
		p, err := addr.Prefix(bits)
		if err != nil {
			continue // longer than an IPv4 address
		}
		if found, ok := n.prefixes[p]; ok {
			return found, true
		}
	}
	return network{}, false
}
