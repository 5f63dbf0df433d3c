package stats

import (
	"math"
	"slices"

	"tidings/event"
)

// Cell is what was counted of one name and class.
type Cell struct {
	Name  event.Name
	Class Class
	Count
}

// Level says whether a rate endangers the sender.
type Level string

// The levels of a rate.
const (
	Fine   Level = "ok"
	Warn   Level = "warn"   // providers put senders under review
	Severe Level = "severe" // providers stop senders
)

// Rate is a share of messages: Part of Of.
type Rate struct {
	Name  string // delivery, bounce, complaint, open, click, unsubscribe
	Part  int64
	Of    int64
	Value float64 // Part / Of; 0 where Of is 0
	// Low and High bound what the share of very many messages like these would be, with 95 % confidence (Wilson's score
	// interval): 1 of 10 is not 10 %.
	Low, High float64
	// Level is judged by Low, so that few messages alarm nobody. It is Fine for rates without limits.
	Level Level
}

// limits are the shares from which providers act. Bounces: Amazon SES puts accounts under review at 5 % and may pause
// them at 10 %. Complaints: under review at 0.1 % (SES, Gmail, Yahoo); Gmail and Yahoo ask senders never to reach 0.3 %.
var limits = map[string]struct{ warn, severe float64 }{
	"bounce":    {0.05, 0.10},
	"complaint": {0.001, 0.003},
}

// Limits are the shares from which a rate is Warn and Severe; 0: it has none.
func Limits(name string) (warn, severe float64) { return limits[name].warn, limits[name].severe }

// NewRate makes a rate and judges it. A part larger than its whole, of facts that came in part, is taken as the whole.
func NewRate(name string, part, of int64) Rate {
	r := Rate{Name: name, Part: part, Of: of, Level: Fine}
	if of <= 0 {
		r.Of, r.High = 0, 1
		return r
	}
	r.Value = math.Min(1, float64(part)/float64(of))
	r.Low, r.High = wilson(r.Value, float64(of))
	if l, ok := limits[name]; ok {
		switch {
		case r.Low >= l.severe:
			r.Level = Severe
		case r.Low >= l.warn:
			r.Level = Warn
		}
	}
	return r
}

// z is the quantile of the normal distribution for 95 % confidence.
const z = 1.959964

// wilson is the score interval of a share p of n (E. B. Wilson, 1927).
func wilson(p, n float64) (low, high float64) {
	centre := p + z*z/(2*n)
	spread := z * math.Sqrt(p*(1-p)/n+z*z/(4*n*n))
	scale := 1 + z*z/n
	// At the ends rounding may leave the share outside of its bounds by the last digit.
	return math.Max(0, math.Min(p, (centre-spread)/scale)), math.Min(1, math.Max(p, (centre+spread)/scale))
}

// Rates are the shares that cells come to. What is aside (see Aside), what may be another recipient's, and complaints
// that nobody made are in none. Bounces are hard ones, as Amazon SES reckons; opens and clicks are a person's. Where
// nothing says that messages were sent, they were as many as were delivered or bounced.
func Rates(cells []Cell) []Rate {
	unique := func(name event.Name, classes ...Class) (n int64) {
		for _, c := range cells {
			if c.Name == name && slices.Contains(classes, c.Class) {
				n += c.Unique
			}
		}
		return n
	}
	sent := unique(event.EmailSent, Plain)
	delivered := unique(event.EmailDelivery, Plain)
	hard := unique(event.EmailBounce, HardBounce)
	if bounced := unique(event.EmailBounce, HardBounce, SoftBounce, BlockBounce, OtherBounce); sent == 0 {
		sent = delivered + bounced
	}
	return []Rate{
		NewRate("delivery", delivered, sent),
		NewRate("bounce", hard, sent),
		NewRate("complaint", unique(event.EmailComplaint, Plain), delivered),
		NewRate("open", unique(event.EmailOpen, ByHuman), delivered),
		NewRate("click", unique(event.EmailClick, ByHuman), delivered),
		NewRate("unsubscribe", unique(event.EmailUnsubscribe, Plain), delivered),
	}
}

// Stage is one step of a funnel: how many of the messages that were sent came so far.
type Stage struct {
	Name     string // sent, delivered, opened, clicked
	Messages int64
	Machine  int64   // of opened and clicked: those that only programs did
	Share    float64 // of the first stage
}

// Funnel is what became of the messages that were sent in a span: cells of kind BySending.
func Funnel(cells []Cell) []Stage {
	count := func(name event.Name, classes ...Class) (n int64) {
		for _, c := range cells {
			if c.Name == name && slices.Contains(classes, c.Class) {
				n += c.N
			}
		}
		return n
	}
	stages := []Stage{
		{Name: "sent", Messages: count("", Plain)},
		{Name: "delivered", Messages: count(event.EmailDelivery, Plain)},
		{Name: "opened", Messages: count(event.EmailOpen, ByHuman), Machine: onlyMachines(cells, event.EmailOpen)},
		{Name: "clicked", Messages: count(event.EmailClick, ByHuman), Machine: onlyMachines(cells, event.EmailClick)},
	}
	for i := range stages {
		if all := stages[0].Messages; all > 0 {
			stages[i].Share = float64(stages[i].Messages) / float64(all)
		}
	}
	return stages
}

// onlyMachines is how many messages have a name of any class, less those that have it of a person.
func onlyMachines(cells []Cell, name event.Name) int64 {
	var all, human int64
	for _, c := range cells {
		if c.Name != name || c.Class == OfCandidates {
			continue
		}
		all += c.Any
		if c.Class == ByHuman {
			human += c.N
		}
	}
	return max(0, all-human)
}

// Quantile is the delay that a share of messages did not exceed; cells are counts by DelayBucket. It is 0 where there
// are none.
func Quantile(buckets map[int64]int64, share float64) (bucket int64) {
	var all int64
	keys := make([]int64, 0, len(buckets))
	for b, n := range buckets {
		all += n
		keys = append(keys, b)
	}
	slices.Sort(keys)
	rank := int64(math.Ceil(share * float64(all)))
	var seen int64
	for _, b := range keys {
		if seen += buckets[b]; seen >= rank && seen > 0 {
			return b
		}
	}
	return 0
}
