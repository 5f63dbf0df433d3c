package setup

// Found is what is there. nil: it is not there.
type Found struct {
	Source       *Source
	Queue        *Queue
	Topic        *Topic
	Subscription *Subscription
	Others       []string // servers that further subscriptions of the topic post to: https://HOST
	Set          *ConfigurationSet
	Identities   []Identity // that the wish names and SES knows
	Known        []string   // identities of the account in this region, read where the wish names none, or one that is missing
}

// Source is a source of Tidings.
type Source struct {
	ID            string
	Path          string // the fixed path; empty: it has none
	Topics        []string
	Disabled      bool
	ConfirmByHand bool
	BasicAuth     bool
}

// Queue is a queue of SQS.
type Queue struct {
	URL       string
	Retention string // MessageRetentionPeriod, in seconds
	Policy    string // JSON; empty: none
}

// Topic is a topic of SNS.
type Topic struct {
	SignatureVersion string // empty: SNS's default, 1
	Policy           string // JSON; empty: none
	KeyID            string // of KMS; empty: not encrypted
}

// Subscription is what leads from the topic to the source.
type Subscription struct {
	ARN            string // empty while Pending
	Pending        bool   // nobody has confirmed it yet
	Raw            bool
	DeliveryPolicy string // JSON; empty: SNS's default
	RedrivePolicy  string // JSON; empty: none
	FilterPolicy   string // JSON; empty: everything passes
}

// ConfigurationSet is a configuration set of SES.
type ConfigurationSet struct {
	TrackingDomain string // empty: SES's own
	HTTPSPolicy    string // of tracking, which goes with its domain; empty: SES's default
	SendingOff     bool
	Destination    *Destination // the one with the wish's name
}

// Destination is an event destination of a configuration set.
type Destination struct {
	Enabled  bool
	Kinds    []string
	TopicARN string // empty: it leads to something else
}

// Identity is a domain or an address that SES sends for.
type Identity struct {
	Name             string
	ConfigurationSet string // used where the sender names none; empty: none
	Unverified       bool   // SES does not send for it yet
}

func (f Found) identity(name string) (Identity, bool) {
	for _, x := range f.Identities {
		if x.Name == name {
			return x, true
		}
	}
	return Identity{}, false
}
