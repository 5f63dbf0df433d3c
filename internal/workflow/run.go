package workflow

import (
	"encoding/json"
	"maps"
	"time"

	"tidings/event"
)

// Status is where a run is in its life. The words are MailGlyph's.
type Status string

// The statuses. Running and Waiting runs go on.
const (
	Running   Status = "RUNNING" // has something to do at once
	Waiting   Status = "WAITING" // for a time, an event, or the next try
	Completed Status = "COMPLETED"
	Exited    Status = "EXITED" // by an exit step, an exit event, a timeout, a suppression, or another run in its place
	Failed    Status = "FAILED" // a person may let it try again, or skip the step
	Canceled  Status = "CANCELLED"
)

// Open reports whether a run goes on.
func (s Status) Open() bool { return s == Running || s == Waiting }

// Run is one contact's way through a graph, as a value. Next alone changes it.
type Run struct {
	ID        string // exe_…
	StartedAt time.Time
	Status    Status
	Step      string    // where it is; of one that has ended, where it ended
	Visit     int       // how many steps it entered, this one included: names the step's one effect
	EnteredAt time.Time // the step
	// Due is when it goes on by itself; zero: it waits for something else.
	Due time.Time
	// Try counts the failed tries of the step's effect.
	Try int
	// Phase tells the parts of one step apart: of a wait with For and At, 1 after the first.
	Phase int
	// Reason is why it ended.
	Reason string
	// Vars are what it knows beside its contact.
	Vars Vars
	// Unmailed runs go on, but mail nobody: the very event that began them forbids it.
	Unmailed bool
}

// Vars are what a run was told: what templates, choices and webhooks may name.
type Vars struct {
	// Event is the event that began the run, or the last one that it waited for, in the words of MailGlyph with id, name,
	// occurredAt and recipient: {{event.link}}. Data of custom events stands under data, too: {{data.plan}}.
	Event json.RawMessage `json:"event,omitempty"`
	// Data are what the run was started with by hand, and the data of all events that it was told of, merged, the newest first.
	Data map[string]json.RawMessage `json:"data,omitempty"`
	// Subscriber is the contact as it was when the run began, as Mailshot's paths name it: email, firstName, attributes.
	Subscriber json.RawMessage `json:"subscriber,omitempty"`
	// Depth is how many emails led to the run, each by an event of the one before; 0: none did.
	Depth int `json:"depth,omitempty"`
	// Seen are the places in the log of the last events that it waited for, by name: an older one of that name counts no more.
	Seen map[event.Name]int64 `json:"seen,omitempty"`
}

// Sees notes that the run was told of an event.
func (v *Vars) Sees(name event.Name, place int64) {
	seen := maps.Clone(v.Seen)
	if seen == nil {
		seen = make(map[event.Name]int64)
	}
	seen[name] = place
	v.Seen = seen
}

// Told is an event that a run is told of.
type Told struct {
	ID    event.ID
	Event json.RawMessage            // as Vars.Event
	Data  map[string]json.RawMessage // of a custom event
}

// Env is what Next may know of the world. It asks for nothing itself.
type Env struct {
	Now   time.Time
	Zone  *time.Location // the contact's; nil: UTC
	Email string         // the contact's address as contacts are known by: what splits are drawn with
	Late  bool           // the run was due so long ago that Definition.Late speaks
	// Random is from 0 to 1, for the jitter of tries.
	Random float64
}

// InputKind is why Next is called.
type InputKind uint8

const (
	Began    InputKind = iota // the run is new
	Due                       // its time has come
	Came                      // an event that it waits for: Input.Told
	Answered                  // the shell answers an Ask: Input.Outcome, or Input.Until of AskTime
	Done                      // the shell did the effect: Input.Outcome, Input.Detail, Input.Send
	Trouble                   // the effect failed: Input.Detail; Input.Final where no other try can help
	Held                      // the email may not go before Input.Until
	Left                      // it shall end as Exited: Input.Detail says why
	Cancel                    // a person ends it: Input.Detail is who
	Retry                     // a person lets a failed run try its step again
	Skip                      // a person lets a failed or waiting run go on behind its step
	Move                      // a person puts it on a step of this graph: Input.Outcome is its id
)

// Input is one thing that happens to a run.
type Input struct {
	Kind    InputKind
	Told    *Told
	Outcome string
	Detail  string
	Send    string // snd_…, of an email that was queued or skipped
	Final   bool
	Until   time.Time // of Held, and of the answer to AskTime; of Trouble, before which it is not tried again
}

// EffectKind is what Next wants done.
type EffectKind uint8

const (
	Nothing  EffectKind = iota // the run waits or has ended
	AskIf                      // evaluate Step.Condition, answer Yes or No
	AskField                   // evaluate Step.Choice, answer with the branch's name or Else
	Mail                       // queue Step.Send, once for (run, Visit); answer Done, Held or Trouble
	Change                     // make Step.Update, once for (run, Visit); answer Done or Trouble
	Call                       // call Step.Webhook; answer Done or Trouble
	Look                       // look for an event that Step.WaitFor wants and that is here already; answer Came, or Answered ""
	AskTime                    // find the time in the contact's field Step.Wait.Until; answer with Input.Until, zero: there is none
)

// Effect is one thing that Next wants done before the run can go on.
type Effect struct {
	Kind EffectKind
	Step *Step
	// Variant is the index of the variant to send; -1: there are none.
	Variant int
}

// Mark is one thing that happened on the way: what the history of a run is made of. Those of one visit add up; one with neither
// Entered nor Left tells of a try that failed.
type Mark struct {
	Visit   int
	Step    string
	Entered time.Time // set where the step was entered
	Left    time.Time // set where it was left
	Outcome string    // of what was left: a way's name, "sent", "skipped: unsubscribed"
	Detail  string    // for people: why it failed, what came
	Send    string    // snd_…
	Variant string    // its name, of what was entered
}
