// Package source provides what a configured stream of a provider's events is: its address, its secrets, its settings.
// It is pure.
package source

import (
	"crypto/x509"
	"time"

	"tidings/provider"
)

// Source is one configured stream of a provider's events, with its own URL.
type Source struct {
	Ref        int64  // the store's integer
	ProjectRef int64  // the store's integer of Project
	ID         string // src_…
	Version    int64  // how often it was stored: 1 for a new one
	Project    string // prj_…
	Name       string // for people
	Provider   string // the adapter's slug

	// TokenHash is the SHA-256 of the URL's token; PreviousTokenHash the one before the last rotation, which
	// works until PreviousUntil. Zero arrays: none.
	TokenHash         [32]byte
	PreviousTokenHash [32]byte
	PreviousUntil     time.Time
	// Path is a fixed path below the base path ("/in/ses/main" has "main") that needs no token, because signature
	// and topic list prove the request. Empty: only the token works.
	Path string

	Settings   Settings
	CreatedAt  time.Time
	DisabledAt time.Time // zero: enabled

	// Certificate is Settings.SigningCertificate, parsed once when the source is loaded; nil without one.
	Certificate *x509.Certificate
}

// Settings are what an operator may set on a source. They are stored as JSON: fields are added, never renamed.
type Settings struct {
	Topics             []string `json:"topics,omitempty"`             // SNS topic ARNs that may post here
	SigningCertificate string   `json:"signingCertificate,omitempty"` // PEM; then only it is trusted
	RequireVersion2    bool     `json:"requireVersion2,omitempty"`    // refuse SNS SignatureVersion 1
	AllowRaw           bool     `json:"allowRaw,omitempty"`           // accept SNS raw delivery
	KeepBody           bool     `json:"keepBody,omitempty"`           // events of inbound mail have its body
	ConfirmByHand      bool     `json:"confirmByHand,omitempty"`      // wait for a person even for listed topics
	BasicAuth          []string `json:"basicAuth,omitempty"`          // "user:password", current first
	Secrets            []string `json:"secrets,omitempty"`            // provider's signing secrets, current first
	SignedURLs         []string `json:"signedUrls,omitempty"`         // the source's URL as the provider has it; secrets
	Account            string   `json:"account,omitempty"`            // the sending account that events must name
	MaxAgeSeconds      int64    `json:"maxAgeSeconds,omitempty"`      // oldest signed timestamp; 0: as old as events are kept
	TemplateTag        string   `json:"templateTag,omitempty"`        // default templateKey
	WorkflowTag        string   `json:"workflowTag,omitempty"`        // default sequenceId
	Queue              string   `json:"queue,omitempty"`              // URL of an SQS queue to read
	QueueRegion        string   `json:"queueRegion,omitempty"`        // of a queue whose URL tells no AWS region
}

// ForProvider is the source as an adapter sees it. tokenProved tells whether the request's URL held the token,
// retention how long events are kept (0: for ever), which bounds how old a signed request may be, whatever the settings
// say: nothing is accepted that is older than what duplicates are known by.
func (s *Source) ForProvider(tokenProved bool, retention time.Duration) provider.Source {
	set := s.Settings
	maxAge := retention
	if age := time.Duration(set.MaxAgeSeconds) * time.Second; age > 0 && (retention == 0 || age < retention) {
		maxAge = age
	}
	return provider.Source{
		ID: s.ID, Project: s.Project,
		Secrets: set.Secrets, BasicAuth: set.BasicAuth, URLs: set.SignedURLs,
		Topics: set.Topics, SigningCertificate: s.Certificate,
		RequireVersion2: set.RequireVersion2, AllowRaw: set.AllowRaw, KeepBody: set.KeepBody, AutoConfirm: !set.ConfirmByHand,
		Account: set.Account, MaxAge: maxAge,
		TemplateTag: set.TemplateTag, WorkflowTag: set.WorkflowTag,
		TokenProved: tokenProved,
	}
}

// Confirmation is a subscription that waits for a person, or that was confirmed.
type Confirmation struct {
	ID          int64     `json:"-"`
	SourceRef   int64     `json:"-"`
	Key         string    `json:"-"`     // the transport's id of the request that asked
	Topic       string    `json:"topic"` // the topic's ARN
	Note        string    `json:"note"`  // account, region and topic, for the person who decides
	URL         string    `json:"-"`     // built from validated parts; holds the token, never shown
	AskedAt     time.Time `json:"askedAt"`
	ConfirmedAt time.Time `json:"confirmedAt,omitzero"`
	Problem     string    `json:"problem,omitempty"` // why the last try did not work
}

// Refusal counts requests that a source's door did not accept, by cause.
type Refusal struct {
	SourceRef   int64
	Code        string // a provider.Refusal's, or one of package ingest
	Count       int64
	Count24h    int64 // those of the last 24 hours, where it is asked for
	LastAt      time.Time
	LastMessage string
}
