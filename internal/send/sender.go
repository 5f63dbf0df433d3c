package send

import "time"

// The kinds of senders.
const (
	KindSES     = "ses"     // Amazon SES by its API
	KindSMTP    = "smtp"    // any SMTP server, or an email service by SMTP
	KindFile    = "file"    // .eml files in the outbox
	KindConsole = "console" // printed where the server runs
)

// ImplicitSender is the id of the sender that a project without any has: of kind file.
const ImplicitSender = "snr_outbox"

// Sender is a configured way out for mail: what kind it is, how it is reached, and whom its mail is from where nobody says.
type Sender struct {
	ID       string // snr_…
	Project  string // prj_…
	Name     string // unique in its project
	Kind     string // one of the kinds
	Settings Settings
	From     Mailbox // of mail that names no sender address; without an address: there is none
	ReplyTo  string  // of mail that names none; empty: none
	Rate     float64 // emails a second; 0: as fast as it goes
	Default  bool    // of mail that names no sender

	Version              int64 // counts changes
	CreatedAt, UpdatedAt time.Time
	DisabledAt           time.Time // zero: it works
}

// Settings are what a sender needs beyond its kind. Which of them count depends on the kind; the others are empty.
type Settings struct {
	// Of smtp. Preset is the service behind the server, empty for any: then mail carries no ids of ours but its
	// Message-ID and return path.
	Preset string `json:"preset,omitempty"`
	Host   string `json:"host,omitempty"`
	Port   int    `json:"port,omitempty"` // 0: 587
	TLS    string `json:"tls,omitempty"`  // one of the TLS words; empty: by port and host
	// Plaintext allows a password, or TLSNone, where the connection is not encrypted and does not stay on this machine.
	Plaintext bool   `json:"plaintext,omitempty"`
	CA        string `json:"ca,omitempty"` // certificates in PEM to trust instead of the system's
	User      string `json:"user,omitempty"`
	Password  string `json:"password,omitempty"` // secret
	Auth      string `json:"auth,omitempty"`     // one of the Auth words; empty: the best that is offered
	Helo      string `json:"helo,omitempty"`     // the name we give; empty: the machine's
	// ReturnPath is the address that reports come back to. Each mail gets one of its own: with the send's id after a plus.
	ReturnPath     string    `json:"returnPath,omitempty"`     // empty: From
	Connections    int       `json:"connections,omitempty"`    // at once; 0: 4
	PerConnection  int       `json:"perConnection,omitempty"`  // emails over one connection; 0: 100
	TimeoutSeconds int       `json:"timeoutSeconds,omitempty"` // for each answer; 0: 60
	DKIM           []DKIMKey `json:"dkim,omitempty"`
	Stream         string    `json:"stream,omitempty"` // of Postmark: the message stream

	// Of ses, and of smtp with the preset ses.
	Region           string `json:"region,omitempty"`
	ConfigurationSet string `json:"configurationSet,omitempty"`
	// UntrackedSet is the configuration set of mail whose opens or clicks are not to be watched.
	UntrackedSet string `json:"untrackedSet,omitempty"`
	// Of ses: who we are at AWS. Empty: what the server's environment says.
	AccessKeyID     string `json:"accessKeyId,omitempty"`
	SecretAccessKey string `json:"secretAccessKey,omitempty"` // secret
}

// How a connection to an SMTP server is encrypted.
const (
	TLSImplicit      = "implicit"      // from its first byte
	TLSRequired      = "required"      // by STARTTLS, or no mail is sent
	TLSOpportunistic = "opportunistic" // by STARTTLS where it is offered; certificates are not looked at
	TLSNone          = "none"
)

// How we say who we are.
const (
	AuthPlain   = "plain"
	AuthLogin   = "login"
	AuthXOAUTH2 = "xoauth2" // the password is an access token
)

// The services that smtp knows by name, each the slug of the provider whose events tell of the mail.
const (
	PresetSES       = "ses"
	PresetSendGrid  = "sendgrid"
	PresetMailgun   = "mailgun"
	PresetSparkPost = "sparkpost"
	PresetPostmark  = "postmark"
)

// Presets lists them.
func Presets() []string {
	return []string{PresetSES, PresetSendGrid, PresetMailgun, PresetSparkPost, PresetPostmark}
}

// Kinds lists the kinds of senders.
func Kinds() []string { return []string{KindSES, KindSMTP, KindFile, KindConsole} }

// DKIMKey is a key that mail is signed with.
type DKIMKey struct {
	Domain     string `json:"domain"`
	Selector   string `json:"selector"`
	PrivateKey string `json:"privateKey"` // PEM, RSA or Ed25519; secret
}

// The names under which mail carries our ids to the provider, and its events bring them back.
const (
	LabelSend      = "tidings_send"
	LabelRun       = "tidings_run"
	LabelStep      = "tidings_step"
	LabelBroadcast = "tidings_broadcast"
	LabelTemplate  = "templateKey"
	LabelWorkflow  = "sequenceId"
)
