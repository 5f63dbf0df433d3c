package api

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"tidings/internal/control"
	"tidings/internal/fault"
	"tidings/internal/source"
	"tidings/internal/store"
)

// Source is one configured stream of a provider's events, without its secrets.
type Source struct {
	ID        string         `json:"id" example:"src_01jq7z9f3v8k2m5n"`
	Name      string         `json:"name" example:"production"`
	Provider  string         `json:"provider" example:"ses"`
	State     string         `json:"state,omitempty" enum:"disabled,failing,pending,silent,new,healthy" doc:"How it does, in one word; only in the list of all"`
	ProjectID string         `json:"projectId" example:"prj_default"`
	Path      string         `json:"path,omitempty" doc:"A fixed path that works without the token" example:"main"`
	FixedURL  string         `json:"fixedUrl,omitempty" doc:"The URL with that path" example:"https://tidings.test/in/ses/main"`
	Settings  SourceSettings `json:"settings"`
	CreatedAt time.Time      `json:"createdAt"`
	// PreviousTokenUntil is the end of the token before the last rotation.
	PreviousTokenUntil time.Time `json:"previousTokenUntil,omitzero" doc:"How long the token before works; absent: there is none"`
	DisabledAt         time.Time `json:"disabledAt,omitzero" doc:"Absent: enabled"`

	Health *SourceSummary `json:"health,omitempty" doc:"What its state rests on; only in the list of all"`
}

// SourceSettings are a source's settings. Secrets are only counted.
type SourceSettings struct {
	Topics             []string  `json:"topics" nullable:"false" doc:"ARNs of the SNS topics that may post here"`
	SigningCertificate string    `json:"signingCertificate,omitempty" doc:"PEM; then only it is trusted"`
	CertificateUntil   time.Time `json:"certificateUntil,omitzero" doc:"When that certificate expires"`
	RequireVersion2    bool      `json:"requireVersion2" doc:"Refuse SNS signatures of version 1 (SHA-1)"`
	AllowRaw           bool      `json:"allowRaw" doc:"Accept SNS raw delivery, which has no signature"`
	KeepBody           bool      `json:"keepBody,omitempty" doc:"Events of inbound mail have its body, made harmless (provider inbound)"`
	ConfirmByHand      bool      `json:"confirmByHand" doc:"Wait for a person even for listed topics"`
	BasicAuth          int       `json:"basicAuth" doc:"How many user:password pairs are accepted"`
	Secrets            int       `json:"secrets" doc:"How many signing secrets or API keys are accepted"`
	SignedURLs         int       `json:"signedUrls,omitempty" doc:"How many URLs are expected in signatures; absent: the source's own"`
	Account            string    `json:"account,omitempty" doc:"The sending account that events must name" example:"123456789012"`
	MaxAgeSeconds      int64     `json:"maxAgeSeconds" doc:"The oldest signed time; 0: as old as events are kept"`
	TemplateTag        string    `json:"templateTag,omitempty" doc:"The message tag that names the template; absent: templateKey"`
	WorkflowTag        string    `json:"workflowTag,omitempty" doc:"The message tag that names the workflow; absent: sequenceId"`
	Queue              string    `json:"queue,omitempty" doc:"The SQS queue that is read" example:"https://sqs.eu-west-1.amazonaws.com/123456789012/ses-events"`
	QueueRegion        string    `json:"queueRegion,omitempty" doc:"The region of a queue whose URL tells none" example:"eu-west-1"`
}

// SourceOf makes the public form of a source. fixedURL is the URL with its fixed path.
func SourceOf(s *source.Source, fixedURL string, now time.Time) Source {
	set := s.Settings
	out := Source{
		ID: s.ID, Name: s.Name, Provider: s.Provider, ProjectID: s.Project, Path: s.Path, FixedURL: fixedURL,
		CreatedAt: s.CreatedAt, DisabledAt: s.DisabledAt,
		Settings: SourceSettings{
			Topics: set.Topics, SigningCertificate: set.SigningCertificate, RequireVersion2: set.RequireVersion2,
			AllowRaw: set.AllowRaw, KeepBody: set.KeepBody, ConfirmByHand: set.ConfirmByHand, BasicAuth: len(set.BasicAuth),
			Secrets: len(set.Secrets), SignedURLs: len(set.SignedURLs), Account: set.Account, MaxAgeSeconds: set.MaxAgeSeconds,
			TemplateTag: set.TemplateTag, WorkflowTag: set.WorkflowTag, Queue: set.Queue, QueueRegion: set.QueueRegion,
		},
	}
	if s.Certificate != nil {
		out.Settings.CertificateUntil = s.Certificate.NotAfter
	}
	if s.PreviousUntil.After(now) {
		out.PreviousTokenUntil = s.PreviousUntil
	}
	return out
}

// SourceWithToken is a source with what is shown only once.
type SourceWithToken struct {
	Source
	URL   string `json:"url" doc:"Where the provider is to post. It holds the token" example:"https://tidings.test/in/ses/8Jx…"`
	Token string `json:"token" doc:"The token. It is shown this once" example:"8Jx…"`
}

// SourceList is all sources of a project.
type SourceList struct {
	Sources []Source `json:"sources" nullable:"false" doc:"Oldest first"`
}

func (a *api) source(s *source.Source) Source {
	return SourceOf(s, a.Control.FixedURL(s), a.Control.Now())
}

func (a *api) withToken(s control.SourceWithToken) *sourceWithTokenOut {
	return &sourceWithTokenOut{SourceWithToken{Source: a.source(s.Source), URL: s.URL, Token: s.Token}}
}

type (
	sourceListOut struct{ Body SourceList }
	sourceOut     struct {
		ETag string `header:"ETag" doc:"For If-None-Match and If-Match"`
		Body Source
	}
	sourceWithTokenOut struct{ Body SourceWithToken }
)

func (a *api) listSources(ctx context.Context, _ *nothingIn) (*sourceListOut, error) {
	list, err := a.Control.Sources(ctx, who(ctx))
	if err != nil {
		return nil, err
	}
	health, err := a.Control.SourcesHealth(ctx, who(ctx), list)
	if err != nil {
		return nil, err
	}
	out := &sourceListOut{SourceList{Sources: make([]Source, len(list))}}
	for i, s := range list {
		out.Body.Sources[i] = a.source(s)
		h := health[s.ID]
		out.Body.Sources[i].State, out.Body.Sources[i].Health = string(h.State), summaryOf(&h)
	}
	return out, nil
}

// NewSource is what a source is made of.
type NewSource struct {
	Name     string      `json:"name" minLength:"1" maxLength:"100" doc:"For people" example:"production"`
	Provider string      `json:"provider" doc:"The provider" example:"ses"`
	Path     string      `json:"path,omitempty" doc:"A fixed path that works without the token" example:"main"`
	Settings NewSettings `json:"settings,omitzero"`
}

// NewSettings are the settings of a new source.
type NewSettings struct {
	Topics             []string `json:"topics,omitempty" nullable:"false" doc:"ARNs of SNS topics that may post here; SES needs one"`
	SigningCertificate string   `json:"signingCertificate,omitempty" doc:"A certificate in PEM; then only it is trusted"`
	RequireVersion2    bool     `json:"requireVersion2,omitempty" doc:"Refuse SNS signatures of version 1 (SHA-1)"`
	AllowRaw           bool     `json:"allowRaw,omitempty" doc:"Accept SNS raw delivery, which has no signature"`
	KeepBody           bool     `json:"keepBody,omitempty" doc:"Events of inbound mail have its body, made harmless (provider inbound)"`
	ConfirmByHand      bool     `json:"confirmByHand,omitempty" doc:"Wait for a person even for listed topics"`
	BasicAuth          []string `json:"basicAuth,omitempty" nullable:"false" doc:"user:password pairs to ask for, current first"`
	Secrets            []string `json:"secrets,omitempty" nullable:"false" doc:"The provider's signing secrets, of SES the API keys of EventBridge, Firehose and Lambda; current first"`
	SignedURLs         []string `json:"signedUrls,omitempty" nullable:"false" doc:"The source's URL exactly as the provider has it (Mandrill signs it)"`
	Account            string   `json:"account,omitempty" doc:"The sending account that events must name" example:"123456789012"`
	MaxAgeSeconds      int64    `json:"maxAgeSeconds,omitempty" doc:"The oldest signed time; 0: as old as events are kept"`
	TemplateTag        string   `json:"templateTag,omitempty" doc:"The message tag that names the template" example:"templateKey"`
	WorkflowTag        string   `json:"workflowTag,omitempty" doc:"The message tag that names the workflow" example:"sequenceId"`
	Queue              string   `json:"queue,omitempty" doc:"The URL of an SQS queue to read (SES); who reads it is the server's AWS credentials" example:"https://sqs.eu-west-1.amazonaws.com/123456789012/ses-events"`
	QueueRegion        string   `json:"queueRegion,omitempty" doc:"The region of a queue whose URL tells none; absent: the server's AWS_REGION" example:"eu-west-1"`
}

type createSourceIn struct{ Body NewSource }

func (a *api) createSource(ctx context.Context, in *createSourceIn) (*sourceWithTokenOut, error) {
	set := in.Body.Settings
	s, err := a.Control.CreateSource(ctx, who(ctx), control.NewSource{
		Name: in.Body.Name, Provider: in.Body.Provider, Path: in.Body.Path,
		Settings: source.Settings{
			Topics: set.Topics, SigningCertificate: set.SigningCertificate, RequireVersion2: set.RequireVersion2,
			AllowRaw: set.AllowRaw, KeepBody: set.KeepBody, ConfirmByHand: set.ConfirmByHand, BasicAuth: set.BasicAuth,
			Secrets:    set.Secrets,
			SignedURLs: set.SignedURLs, Account: set.Account, MaxAgeSeconds: set.MaxAgeSeconds, TemplateTag: set.TemplateTag,
			WorkflowTag: set.WorkflowTag, Queue: set.Queue, QueueRegion: set.QueueRegion,
		},
	})
	if err != nil {
		return nil, err
	}
	return a.withToken(s), nil
}

// SourcePath names a source in a path.
type SourcePath struct {
	ID string `path:"id" doc:"The source's id" example:"src_01jq7z9f3v8k2m5n"`
}

func (a *api) getSource(ctx context.Context, in *SourcePath) (*sourceOut, error) {
	return a.oneSource(a.Control.Source(ctx, who(ctx), in.ID))
}

func (a *api) oneSource(s *source.Source, err error) (*sourceOut, error) {
	if err != nil {
		return nil, err
	}
	return &sourceOut{strconv.FormatInt(s.Version, 10), a.source(s)}, nil
}

// SourceChange is what to change on a source. What is left out stays.
type SourceChange struct {
	Name     *string        `json:"name,omitempty" minLength:"1" maxLength:"100"`
	Path     *string        `json:"path,omitempty" doc:"Empty: none"`
	Settings SettingsChange `json:"settings,omitzero"`
}

// SettingsChange is what to change on the settings of a source. What is left out stays; a list replaces the whole one.
type SettingsChange struct {
	Topics             *[]string `json:"topics,omitempty" nullable:"false"`
	SigningCertificate *string   `json:"signingCertificate,omitempty" doc:"PEM; empty: none"`
	RequireVersion2    *bool     `json:"requireVersion2,omitempty"`
	AllowRaw           *bool     `json:"allowRaw,omitempty"`
	KeepBody           *bool     `json:"keepBody,omitempty" doc:"Events of inbound mail have its body, made harmless (provider inbound)"`
	ConfirmByHand      *bool     `json:"confirmByHand,omitempty"`
	BasicAuth          *[]string `json:"basicAuth,omitempty" nullable:"false"`
	Secrets            *[]string `json:"secrets,omitempty" nullable:"false"`
	SignedURLs         *[]string `json:"signedUrls,omitempty" nullable:"false" doc:"Empty: the source's own URL"`
	Account            *string   `json:"account,omitempty" doc:"Empty: any"`
	MaxAgeSeconds      *int64    `json:"maxAgeSeconds,omitempty"`
	TemplateTag        *string   `json:"templateTag,omitempty"`
	WorkflowTag        *string   `json:"workflowTag,omitempty"`
	Queue              *string   `json:"queue,omitempty" doc:"The URL of an SQS queue to read; empty: none"`
	QueueRegion        *string   `json:"queueRegion,omitempty" doc:"Of a queue whose URL tells none; empty: the server's"`
}

type updateSourceIn struct {
	SourcePath
	IfMatch string `header:"If-Match" doc:"The ETag of the source that the change is made for; if it was changed since, the answer is 412"`
	Body    SourceChange
}

func (a *api) updateSource(ctx context.Context, in *updateSourceIn) (*sourceOut, error) {
	version, err := versionOf(in.IfMatch)
	if err != nil {
		return nil, err
	}
	set := in.Body.Settings
	s, err := a.Control.UpdateSource(ctx, who(ctx), in.ID, control.SourceChange{
		Name: in.Body.Name, Path: in.Body.Path, Topics: set.Topics, SigningCertificate: set.SigningCertificate,
		RequireVersion2: set.RequireVersion2, AllowRaw: set.AllowRaw, KeepBody: set.KeepBody, ConfirmByHand: set.ConfirmByHand,
		BasicAuth: set.BasicAuth, Secrets: set.Secrets, SignedURLs: set.SignedURLs, Account: set.Account,
		MaxAgeSeconds: set.MaxAgeSeconds, TemplateTag: set.TemplateTag, WorkflowTag: set.WorkflowTag, Queue: set.Queue,
		QueueRegion: set.QueueRegion, IfVersion: version,
	})
	if f, ok := errors.AsType[*fault.Error](err); ok && f.Code == store.CodeChanged && version != 0 {
		p := a.newProblem(http.StatusPreconditionFailed, f.Code, f.Message)
		p.Hint = f.Hint
		return nil, p
	}
	return a.oneSource(s, err)
}

// Rotation says how a source's token is replaced.
type Rotation struct {
	GraceSeconds *int64 `json:"graceSeconds,omitempty" doc:"How long the old token works on; absent: 24 hours" example:"86400"`
}

type rotateSourceIn struct {
	SourcePath
	Body *Rotation
}

func (a *api) rotateSource(ctx context.Context, in *rotateSourceIn) (*sourceWithTokenOut, error) {
	var grace *time.Duration
	if in.Body != nil && in.Body.GraceSeconds != nil {
		d := time.Duration(*in.Body.GraceSeconds) * time.Second
		grace = &d
	}
	s, err := a.Control.RotateSource(ctx, who(ctx), in.ID, grace)
	if err != nil {
		return nil, err
	}
	return a.withToken(s), nil
}

func (a *api) disableSource(ctx context.Context, in *SourcePath) (*sourceOut, error) {
	return a.oneSource(a.Control.DisableSource(ctx, who(ctx), in.ID))
}

func (a *api) enableSource(ctx context.Context, in *SourcePath) (*sourceOut, error) {
	return a.oneSource(a.Control.EnableSource(ctx, who(ctx), in.ID))
}
