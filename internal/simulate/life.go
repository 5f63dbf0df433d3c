package simulate

import (
	"math"
	"math/rand/v2"
	"time"
)

// kind is the word of the provider for what happened.
type kind uint8

const (
	send kind = iota
	delivery
	delay
	bounce
	complaint
	reject
	failure
	open
	click
	subscription
)

// Fact is one thing that happened to one message. It is small, because many wait for their time to come.
type Fact struct {
	at      int64 // Unix milliseconds
	message int64
	serial  uint16 // its place in the message's life, from 0
	kind    kind
	variant uint8 // which bounce, agent, link, …: an index into the kind's table
	who     uint8 // which of the message's recipients, for the kinds that name one
}

// bounces are the ways in which mail comes back, as Amazon SES says them.
var bounces = []struct {
	bounceType, subType, status, diagnostic string
	reason                                  string // why the contact is suppressed; empty: it is not
	soft                                    bool   // counts towards a soft-bounce suppression
	weight                                  int    // among ordinary mailboxes
}{
	{"Permanent", "General", "5.1.1", "smtp; 550 5.1.1 user unknown", "hard_bounce", false, 0},
	{"Permanent", "NoEmail", "5.1.1", "smtp; 550 5.1.1 no such mailbox here", "hard_bounce", false, 0},
	{"Permanent", "OnAccountSuppressionList", "5.1.1", "Amazon SES did not send the message to this address because it is on the suppression list for your account", "provider", false, 0},
	{"Transient", "MailboxFull", "4.2.2", "smtp; 452 4.2.2 mailbox full", "", true, 8},
	{"Transient", "General", "4.4.7", "smtp; 421 4.4.7 message expired, retries exhausted", "", true, 3},
	{"Transient", "MessageTooLarge", "5.3.4", "smtp; 552 5.3.4 message too big", "", false, 2},
	{"Transient", "ContentRejected", "5.6.0", "smtp; 554 5.6.0 content rejected", "", false, 2},
	{"Transient", "AttachmentRejected", "5.7.1", "smtp; 552 5.7.1 attachment type not allowed", "", false, 1},
	{"Undetermined", "Undetermined", "5.0.0", "smtp; 599 strange answer", "", false, 1},
}

const (
	bounceGeneral = 0
	bounceNoEmail = 1
	bounceListed  = 2
	bounceFull    = 3
)

// complaints are the reports of recipients' providers.
var complaints = []struct {
	feedback, subType string
	reason            string
	weight            int
}{
	{"abuse", "", "complaint", 14},
	{"", "", "complaint", 2},
	{"fraud", "", "complaint", 1},
	{"other", "", "complaint", 1},
	{"not-spam", "", "", 2},
	{"", "OnAccountSuppressionList", "provider", 1},
}

// delays are why a delivery was put off.
var delays = []string{"TransientCommunicationFailure", "MailboxFull", "General", "SpamDetected", "RecipientServerError", "IPFailure"}

// agents are the programs that open and click. The first are machines.
var agents = []struct{ userAgent, ip string }{
	{"Mozilla/5.0", "104.28.57.18"}, // Apple Mail Privacy Protection
	{"Mozilla/5.0 (Windows NT 5.1; rv:11.0) Gecko Firefox/11.0 (via ggpht.com GoogleImageProxy)", "66.249.84.201"},
	{"YahooMailProxy; https://help.yahoo.com/kb/yahoo-mail-proxy-SLN28749.html", "87.248.116.30"},
	{"Mozilla/5.0 (iPhone; CPU iPhone OS 17_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148", "203.0.113.21"},
	{"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36", "203.0.113.77"},
	{"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4 Safari/605.1.15", "198.51.100.9"},
	{"Mozilla/5.0 (X11; Linux x86_64; rv:125.0) Gecko/20100101 Firefox/125.0", "198.51.100.41"},
	{"Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Mobile Safari/537.36", "192.0.2.140"},
}

const (
	agentPrefetch = 0
	agentGoogle   = 1
	agentYahoo    = 2
	agentPeople   = 3 // this and all after it
)

var links = []struct{ url, tag string }{
	{"https://app.test/start", "button:start"},
	{"https://shop.test/cart?ref=mail&step=1", "button:cart"},
	{"https://paper.test/2026/05/story", "story:lead"},
	{"https://app.test/settings/mail", ""},
	{"https://app.test/help#first-steps", "footer:help"},
}

// life appends everything that ever happens to a message, in no order.
func (w *world) life(m message, facts []Fact) []Fact {
	l := life{w: w, m: m, r: w.dice(streamLife, uint64(m.number)), facts: facts}
	sentAt := m.sentAt.UnixMilli()
	switch l.r.IntN(2000) {
	case 0: // the template did not render: nothing was sent
		l.add(failure, sentAt, 0, 0)
		return l.facts
	case 1: // a virus was found
		l.add(send, sentAt, 0, 0)
		l.add(reject, sentAt+400, 0, 0)
		return l.facts
	}
	l.add(send, sentAt, 0, 0)
	engaged := false
	for i, p := range m.recipients {
		if l.receive(i, w.person(p), sentAt) && !engaged {
			// The provider does not say which recipient opens, so one is as good as the other.
			engaged = true
			l.engage(l.facts[len(l.facts)-1].at)
		}
	}
	return l.facts
}

// life is what happens to one message, while it is made up.
type life struct {
	w      *world
	m      message
	r      *rand.Rand
	facts  []Fact
	serial uint16
}

func (l *life) add(k kind, at int64, variant, who int) {
	l.facts = append(l.facts, Fact{
		at: at, message: l.m.number, serial: l.serial, kind: k, variant: uint8(variant), who: uint8(who),
	})
	l.serial++
}

// receive is what the mail server of recipient i does. It reports whether it took the message.
func (l *life) receive(i int, p person, at int64) bool {
	at += 300 + int64(l.r.ExpFloat64()*1500)
	if l.r.IntN(50) == 0 {
		l.add(delay, at, l.r.IntN(len(delays)), i)
		at += l.after(20 * time.Minute)
	}
	switch p {
	case gone:
		l.add(bounce, at, bounceGeneral+l.r.IntN(2), i)
	case listed:
		l.add(bounce, at, bounceListed, i)
	case full:
		l.add(bounce, at, bounceFull, i)
	case ordinary:
		if roll := l.r.IntN(1000); roll < 17 {
			l.add(bounce, at, pickBounce(roll), i)
			return false
		}
		l.add(delivery, at, 0, i)
		return true
	}
	return false
}

// pickBounce turns a roll below the sum of the weights into a bounce of an ordinary mailbox.
func pickBounce(roll int) int {
	for i := range bounces {
		if roll -= bounces[i].weight; roll < 0 {
			return i
		}
	}
	return len(bounces) - 1
}

// engage is what people and machines do with a message that has arrived.
func (l *life) engage(arrived int64) {
	if l.r.IntN(100) < 12 {
		l.add(open, arrived+800+int64(l.r.IntN(30_000)), agentPrefetch, 0)
	}
	if l.r.IntN(100) < 24 {
		l.openByPerson(arrived)
	}
	switch roll := l.r.IntN(2000); {
	case roll < 2:
		l.add(complaint, arrived+l.after(5*time.Hour), pickComplaint(l.r), 0)
	case roll < 4 && len(l.m.recipients) == 1:
		l.add(subscription, arrived+l.after(2*time.Hour), l.r.IntN(len(subscriptions)), 0)
	}
}

func (l *life) openByPerson(arrived int64) {
	agent := agentPeople + l.r.IntN(len(agents)-agentPeople)
	switch roll := l.r.IntN(100); {
	case roll < 38:
		agent = agentGoogle
	case roll < 43:
		agent = agentYahoo
	}
	at := arrived + 5000 + l.after(2*time.Hour)
	for {
		l.add(open, at, agent, 0)
		if l.r.IntN(100) < 18 {
			// A proxy opens, but it is a browser that clicks.
			browser := max(agent, agentPeople)
			l.add(click, at+2000+l.after(30*time.Second), browser<<4|l.r.IntN(len(links)), 0)
		}
		if l.r.IntN(100) < 70 {
			return
		}
		at += 1000 + l.after(6*time.Hour)
	}
}

func pickComplaint(r *rand.Rand) int {
	roll := r.IntN(21)
	for i := range complaints {
		if roll -= complaints[i].weight; roll < 0 {
			return i
		}
	}
	return 0
}

// longest is the longest pause between two things that happen to one message.
const longest = 16 * time.Hour

// after is a pause whose mean is given, in milliseconds: most are short, few are long. Options.Hurry shortens it.
func (l *life) after(mean time.Duration) int64 {
	pause := math.Min(l.r.ExpFloat64()*float64(mean), float64(longest))
	return int64(pause / l.w.opts.Hurry / float64(time.Millisecond))
}
