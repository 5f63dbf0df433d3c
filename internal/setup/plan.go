package setup

import (
	"fmt"
	"slices"
	"strings"
)

// Arg is an argument of a call: a text, or a list of them. Dots in a name stand for objects within objects.
type Arg struct {
	Name string
	Text string
	List []string // nil: Text counts
}

// Call is one call that changes something: what is printed of it is what is sent.
type Call struct {
	Service string // sns, sqs, sesv2; tidings for an operation of ours
	Action  string // CreateTopic
	Args    []Arg
}

// Text is an argument's text; empty where there is none of this name.
func (c Call) Text(name string) string { return c.arg(name).Text }

// List is an argument's list.
func (c Call) List(name string) []string { return c.arg(name).List }

func (c Call) arg(name string) Arg {
	for _, a := range c.Args {
		if a.Name == name {
			return a
		}
	}
	return Arg{}
}

// Below are the arguments whose names begin with a prefix, without it.
func (c Call) Below(prefix string) map[string]string {
	found := map[string]string{}
	for _, a := range c.Args {
		if rest, ok := strings.CutPrefix(a.Name, prefix); ok {
			found[rest] = a.Text
		}
	}
	return found
}

// Difference is where something is not as it should be.
type Difference struct {
	What string `json:"what"`
	Is   string `json:"is"`
	Want string `json:"shouldBe"`
	Do   string `json:"do"` // what a person does about it
}

// The ids of steps. A step of an identity is StepIdentity, a colon and its name.
const (
	StepSource       = "source"
	StepQueue        = "queue"
	StepTopic        = "topic"
	StepSubscription = "subscription"
	StepSet          = "configurationSet"
	StepTracking     = "trackingDomain"
	StepDestination  = "eventDestination"
	StepIdentity     = "identity"
)

// Step is one thing that has to be there.
type Step struct {
	ID          string
	Title       string       // what it is, for people
	Name        string       // which
	Differences []Difference // empty: it is as it should be
	Calls       []Call       // what changes that, in this order
	Confirm     bool         // after its calls the subscription waits to be confirmed
	Blocked     string       // why only a person can change it, and how; empty: Calls do
}

// Plan is everything that has to be there, in the order in which it is made.
type Plan struct {
	Endpoint string // the URL that SNS posts to
	Steps    []Step
	Notes    []string // what a person should know
}

// Make compares what is wanted with what is there. w is complete.
func Make(w Wish, f Found) Plan {
	path := w.SourcePath()
	if f.Source != nil && f.Source.Path != "" {
		path = f.Source.Path
	}
	p := Plan{Endpoint: w.Endpoint(path), Notes: notes(w, f)}
	p.Steps = append(p.Steps, sourceStep(w, f.Source), queueStep(w, f.Queue), topicStep(w, f.Topic),
		subscriptionStep(w, f.Subscription, p.Endpoint), setStep(w, f.Set))
	if w.TrackingDomain != "" {
		p.Steps = append(p.Steps, trackingStep(w, f.Set))
	}
	p.Steps = append(p.Steps, destinationStep(w, f.Set))
	for _, name := range w.Identities {
		p.Steps = append(p.Steps, identityStep(w, f, name))
	}
	return p
}

// Blocked are the steps that only a person can change.
func (p Plan) Blocked() []Step {
	return slices.DeleteFunc(slices.Clone(p.Steps), func(s Step) bool { return s.Blocked == "" })
}

// Calls is how many calls the plan makes.
func (p Plan) Calls() (n int) {
	for _, s := range p.Steps {
		n += len(s.Calls)
	}
	return n
}

// Drift is how many differences there are.
func (p Plan) Drift() (n int) {
	for _, s := range p.Steps {
		n += len(s.Differences)
	}
	return n
}

func notes(w Wish, f Found) (list []string) {
	if len(w.Identities) == 0 {
		list = append(list, fmt.Sprintf("No --identity is given: mail that does not name the configuration set %s has no events. "+
			"Identities in %s: %s.", w.ConfigurationSet, w.Region, orNone(f.Known)))
	}
	for _, x := range f.Identities {
		if x.Unverified {
			list = append(list, x.Name+" is not verified yet: SES does not send for it.")
		}
	}
	if f.Source != nil && f.Source.ConfirmByHand {
		list = append(list, "The source leaves confirming to a person: while this waits, run tidings source confirm "+f.Source.ID+".")
	}
	if f.Topic != nil && f.Topic.KeyID != "" {
		list = append(list, "The topic is encrypted with "+f.Topic.KeyID+": that key's policy must let ses.amazonaws.com use it "+
			"(kms:GenerateDataKey, kms:Decrypt).")
	}
	if len(f.Others) > 0 {
		list = append(list, "The topic also posts to "+strings.Join(f.Others, ", ")+
			": end the subscriptions that nobody needs any more.")
	}
	if f.Set != nil && f.Set.SendingOff {
		list = append(list, "Sending is switched off in the configuration set "+w.ConfigurationSet+".")
	}
	if w.TrackingDomain != "" {
		list = append(list, fmt.Sprintf("%s needs a CNAME record to r.%s.awstrack.me, and to be a verified identity of SES.",
			w.TrackingDomain, w.Region))
	}
	return list
}

func orNone(list []string) string {
	if len(list) == 0 {
		return "none"
	}
	return strings.Join(list, ", ")
}

// again is what a person does about what the command itself mends.
const again = "run tidings setup ses without --check"

func (s *Step) differs(what, is, want string) {
	s.Differences = append(s.Differences, Difference{What: what, Is: plainly(is), Want: want, Do: again})
}

func (s *Step) missing() { s.differs(s.Title, "missing", s.Name) }

// block leaves a step to a person.
func (s *Step) block(what, is, want, do string) {
	s.Differences = append(s.Differences, Difference{What: what, Is: plainly(is), Want: want, Do: do})
	s.Blocked, s.Calls = do, nil
}

func (s *Step) call(service, action string, args ...Arg) {
	s.Calls = append(s.Calls, Call{Service: service, Action: action, Args: args})
}

func plainly(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

func text(name, value string) Arg { return Arg{Name: name, Text: value} }

func list(name string, values ...string) Arg { return Arg{Name: name, List: values} }
