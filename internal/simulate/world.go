package simulate

import (
	"math/rand/v2"
	"strconv"
	"time"
)

// world is everything that does not change while mail flows: who writes, what, and to whom. It is a function of the
// seed alone, and every message can be made again from its number.
type world struct {
	opts Options
}

// person is what a recipient's mailbox does with mail.
type person uint8

const (
	ordinary person = iota
	gone            // no such mailbox: hard bounces
	full            // over quota: soft bounces, always
	listed          // on the provider's own suppression list
)

// domains are where recipients have their mailboxes, skewed as in life: three large ones take two thirds.
var domains = []struct {
	name   string
	weight int
}{
	{"gigamail.test", 34},
	{"hotpost.test", 18},
	{"yonder.test", 12},
	{"fruit.test", 8},
	{"webbrief.test", 5},
	{"quillpost.test", 4},
	{"acme.test", 4},
	{"initech.test", 3},
	{"globex.test", 3},
	{"umbrella.test", 2},
	{"hooli.test", 2},
	{"vandelay.test", 2},
	{"xn--mller-kva.test", 1},
	{"stark.test", 1},
	{"wayne.test", 1},
}

var firstNames = []string{
	"ann", "ben", "carla", "dmitri", "eva", "farid", "grace", "hugo", "ines", "jun", "kofi", "lea", "marta", "nils",
	"olga", "pavel", "quentin", "rosa", "sven", "tara", "umut", "vera", "wei", "ximena", "yara", "zoe",
}

var lastNames = []string{
	"abe", "brandt", "costa", "dubois", "eriksen", "fischer", "garcia", "haddad", "ivanov", "jensen", "kim", "lopez",
	"mensah", "novak", "okafor", "petrov", "quinn", "rossi", "schmidt", "tanaka", "ueda", "vargas", "weber", "xu",
}

// template is one email that the imagined senders send.
type template struct {
	key      string // as in our events, with slashes
	workflow string // empty: sent by hand
	subject  string
	from     string
	weight   int
}

var templates = []template{
	{"billing/receipt", "", "Your receipt", "billing@shop.test", 22},
	{"onboarding/welcome", "onboarding", "Welcome aboard", "hello@app.test", 14},
	{"onboarding/first-steps", "onboarding", "Three first steps", "hello@app.test", 11},
	{"onboarding/nudge", "onboarding", "Still there?", "hello@app.test", 8},
	{"account/password-reset", "", "Reset your password", "security@app.test", 8},
	{"account/new-sign-in", "", "A new sign-in", "security@app.test", 6},
	{"shop/abandoned-cart", "cart-rescue", "You left something behind", "shop@shop.test", 6},
	{"shop/abandoned-cart-2", "cart-rescue", "Ten percent off", "shop@shop.test", 4},
	{"shop/shipped", "", "On its way", "shop@shop.test", 7},
	{"news/weekly", "newsletter", "This week: “quotes” & more", "news@paper.test", 6},
	{"news/monthly", "newsletter", "Grüße aus dem Mai", "news@paper.test", 3},
	{"trial/ending", "trial", "Your trial ends soon", "hello@app.test", 3},
	{"trial/ended", "trial", "Your trial has ended", "hello@app.test", 2},
}

// message is one email, made again from its number whenever it is needed.
type message struct {
	number     int64
	sentAt     time.Time
	template   *template
	recipients []int // numbers of persons; more than one is rare
	taggless   bool  // its template is told by headers, not by message tags
	shouting   bool  // its address is written with capitals
}

const (
	streamMessage = 1
	streamLife    = 2
	streamNoise   = 3
)

// dice returns a source of chance that belongs to one thing, so that it can be thrown again with the same result.
func (w *world) dice(stream, n uint64) *rand.Rand {
	return rand.New(rand.NewPCG(w.opts.Seed<<3|stream, n*0x9e3779b97f4a7c15+1))
}

func (w *world) sentAt(n int64) time.Time { return w.opts.Start.Add(time.Duration(n) * w.opts.Every) }

func (w *world) message(n int64) message {
	r := w.dice(streamMessage, uint64(n))
	m := message{
		number:   n,
		sentAt:   w.sentAt(n),
		template: pickTemplate(r),
	}
	m.recipients = append(make([]int, 0, 2), w.pickPerson(r))
	if r.IntN(50) == 0 {
		if second := w.pickPerson(r); second != m.recipients[0] {
			m.recipients = append(m.recipients, second)
		}
	}
	m.taggless = r.IntN(10) == 0
	m.shouting = r.IntN(100) == 0
	return m
}

// pickPerson favours low numbers: some people get ten times the mail of others.
func (w *world) pickPerson(r *rand.Rand) int {
	if r.IntN(3) == 0 {
		f := r.Float64()
		return int(f * f * f * float64(w.opts.Recipients))
	}
	return r.IntN(w.opts.Recipients)
}

func pickTemplate(r *rand.Rand) *template {
	n := r.IntN(templateWeight)
	for i := range templates {
		if n -= templates[i].weight; n < 0 {
			return &templates[i]
		}
	}
	return &templates[0]
}

var templateWeight = func() int {
	sum := 0
	for _, t := range templates {
		sum += t.weight
	}
	return sum
}()

// person tells how the mailbox of a recipient behaves; it never changes.
func (w *world) person(n int) person {
	switch h := mix(uint64(n)^w.opts.Seed) % 1000; {
	case h < 12:
		return gone
	case h < 18:
		return full
	case h < 20:
		return listed
	}
	return ordinary
}

// appendAddress writes the address of a recipient.
func appendAddress(b []byte, n int, shouting bool) []byte {
	h := mix(uint64(n))
	start := len(b)
	b = append(b, firstNames[h%uint64(len(firstNames))]...)
	b = append(b, '.')
	b = append(b, lastNames[(h>>8)%uint64(len(lastNames))]...)
	b = strconv.AppendInt(b, int64(n), 10)
	b = append(b, '@')
	roll := int((h >> 16) % 100)
	domain := domains[0].name
	for _, d := range domains {
		if roll -= d.weight; roll < 0 {
			domain = d.name
			break
		}
	}
	b = append(b, domain...)
	if shouting {
		b[start] -= 'a' - 'A'
	}
	return b
}

// mix is the finaliser of SplitMix64: neighbours become unrelated.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}
