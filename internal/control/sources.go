package control

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"tidings/internal/auth"
	"tidings/internal/fault"
	"tidings/internal/source"
	"tidings/internal/store"
)

// NewSource is what a source is made of.
type NewSource struct {
	Name     string
	Provider string
	Path     string // see source.Source
	Settings source.Settings
}

// SourceWithToken is a source with what is shown only once.
type SourceWithToken struct {
	*source.Source
	Token string
	URL   string // where the provider is to post, the token in it
}

// CreateSource makes a source with a new token.
func (c *Control) CreateSource(ctx context.Context, who Actor, in NewSource) (SourceWithToken, error) {
	token := auth.Token()
	s := &source.Source{
		ID: auth.NewID("src_"), Project: who.Project, Name: strings.TrimSpace(in.Name), Provider: in.Provider,
		TokenHash: auth.Hash(token), Path: in.Path, Settings: in.Settings, CreatedAt: c.Now().UTC(),
	}
	var p problems
	c.sourceRules(&p, s)
	if err := p.err(); err != nil {
		return SourceWithToken{}, err
	}
	act := c.act(who, opCreateSource, s.ID, "")
	act.Changes = sourceChanges(&source.Source{}, s)
	if err := c.Store.CreateSource(ctx, s, act); err != nil {
		return SourceWithToken{}, fmt.Errorf("create source: %w", err)
	}
	return SourceWithToken{Source: s, Token: token, URL: c.sourceURL(s.Provider, token)}, nil
}

func (c *Control) sourceURL(slug, last string) string {
	return strings.TrimSuffix(c.PublicURL, "/") + c.BasePath + "/" + slug + "/" + last
}

// FixedURL is the URL of a source that has a fixed path; empty where it has none.
func (c *Control) FixedURL(s *source.Source) string {
	if s.Path == "" {
		return ""
	}
	return c.sourceURL(s.Provider, s.Path)
}

// Sources lists the sources, disabled ones too.
func (c *Control) Sources(ctx context.Context, who Actor) ([]*source.Source, error) {
	list, err := c.Store.Sources(ctx, who.Project)
	if err != nil {
		return nil, fmt.Errorf("list sources: %w", err)
	}
	return list, nil
}

// Source finds a source by its id.
func (c *Control) Source(ctx context.Context, who Actor, id string) (*source.Source, error) {
	s, err := c.Store.Source(ctx, who.Project, id)
	if err != nil {
		return nil, fmt.Errorf("find source: %w", err)
	}
	return s, nil
}

// SourceChange is what to change on a source. nil fields stay as they are, the others replace what is there.
type SourceChange struct {
	Name, Path         *string
	Topics             *[]string
	SigningCertificate *string
	RequireVersion2    *bool
	AllowRaw           *bool
	KeepBody           *bool
	ConfirmByHand      *bool
	BasicAuth          *[]string
	Secrets            *[]string
	SignedURLs         *[]string
	Account            *string
	MaxAgeSeconds      *int64
	TemplateTag        *string
	WorkflowTag        *string
	Queue              *string
	QueueRegion        *string

	// IfVersion is the source.Source.Version that the change was made for; 0: whatever it is. Where the source has
	// another, the change is a Conflict with the code "changed".
	IfVersion int64
}

func (ch SourceChange) apply(s *source.Source) {
	set(&s.Name, ch.Name)
	s.Name = strings.TrimSpace(s.Name)
	set(&s.Path, ch.Path)
	set(&s.Settings.Topics, ch.Topics)
	set(&s.Settings.SigningCertificate, ch.SigningCertificate)
	set(&s.Settings.RequireVersion2, ch.RequireVersion2)
	set(&s.Settings.AllowRaw, ch.AllowRaw)
	set(&s.Settings.KeepBody, ch.KeepBody)
	set(&s.Settings.ConfirmByHand, ch.ConfirmByHand)
	set(&s.Settings.BasicAuth, ch.BasicAuth)
	set(&s.Settings.Secrets, ch.Secrets)
	set(&s.Settings.SignedURLs, ch.SignedURLs)
	set(&s.Settings.Account, ch.Account)
	set(&s.Settings.MaxAgeSeconds, ch.MaxAgeSeconds)
	set(&s.Settings.TemplateTag, ch.TemplateTag)
	set(&s.Settings.WorkflowTag, ch.WorkflowTag)
	set(&s.Settings.Queue, ch.Queue)
	set(&s.Settings.QueueRegion, ch.QueueRegion)
}

func set[T any](to, from *T) {
	if from != nil {
		*to = *from
	}
}

// UpdateSource changes a source. The source that comes of it is checked as a whole.
func (c *Control) UpdateSource(ctx context.Context, who Actor, id string, ch SourceChange) (*source.Source, error) {
	act := sourceAct{operation: opUpdateSource, ifVersion: ch.IfVersion}
	return c.changeSource(ctx, who, id, act, func(s *source.Source) error {
		ch.apply(s)
		var p problems
		c.sourceRules(&p, s)
		return p.err()
	})
}

// sourceAct says what is done to a source.
type sourceAct struct {
	operation string
	ifVersion int64 // 0: any
	note      string
}

// changeTries is how often a change is made again because somebody else's came first.
const changeTries = 5

// changeSource reads a source, changes and stores it. What somebody else changes meanwhile is not undone: then it reads
// again. Where nothing differs in the end nothing is stored and no act noted.
func (c *Control) changeSource(
	ctx context.Context, who Actor, id string, a sourceAct, change func(*source.Source) error,
) (s *source.Source, err error) {
	for range changeTries {
		s, err = c.tryChange(ctx, who, id, a, change)
		if f, ok := errors.AsType[*fault.Error](err); !ok || f.Code != store.CodeChanged || a.ifVersion != 0 {
			break
		}
	}
	return s, err
}

func (c *Control) tryChange(
	ctx context.Context, who Actor, id string, a sourceAct, change func(*source.Source) error,
) (*source.Source, error) {
	s, err := c.Source(ctx, who, id)
	if err != nil {
		return nil, err
	}
	before := *s
	if a.ifVersion != 0 {
		s.Version = a.ifVersion
	}
	if err := change(s); err != nil {
		return nil, err
	}
	act := c.act(who, a.operation, s.ID, a.note)
	act.Changes = sourceChanges(&before, s)
	if len(act.Changes) == 0 && s.Version == before.Version {
		return s, nil
	}
	if err := c.Store.UpdateSource(ctx, s, act); err != nil {
		return nil, fmt.Errorf("store source: %w", err)
	}
	return s, nil
}

// How long the token before a rotation works on.
const (
	DefaultGrace = 24 * time.Hour
	MaxGrace     = 30 * 24 * time.Hour
)

// RotateSource gives a source a new token. The one before works for grace: nil means DefaultGrace, 0 ends it now. A
// token from before an earlier rotation ends at once.
func (c *Control) RotateSource(
	ctx context.Context, who Actor, id string, grace *time.Duration,
) (SourceWithToken, error) {
	keep := DefaultGrace
	set(&keep, grace)
	var p problems
	if keep < 0 || keep > MaxGrace {
		p.add("graceSeconds", "must be between 0 and %d", int64(MaxGrace/time.Second))
	}
	if err := p.err(); err != nil {
		return SourceWithToken{}, err
	}
	token := auth.Token()
	act := sourceAct{operation: opRotateSource, note: "the token before works for " + keep.String()}
	s, err := c.changeSource(ctx, who, id, act, func(s *source.Source) error {
		s.PreviousTokenHash, s.PreviousUntil = [32]byte{}, time.Time{}
		if keep > 0 {
			s.PreviousTokenHash, s.PreviousUntil = s.TokenHash, c.Now().UTC().Add(keep)
		}
		s.TokenHash = auth.Hash(token)
		return nil
	})
	if err != nil {
		return SourceWithToken{}, err
	}
	return SourceWithToken{Source: s, Token: token, URL: c.sourceURL(s.Provider, token)}, nil
}

// DisableSource makes a source refuse all requests. A disabled one stays as it is.
func (c *Control) DisableSource(ctx context.Context, who Actor, id string) (*source.Source, error) {
	return c.changeSource(ctx, who, id, sourceAct{operation: opDisableSource}, func(s *source.Source) error {
		if s.DisabledAt.IsZero() {
			s.DisabledAt = c.Now().UTC()
		}
		return nil
	})
}

// EnableSource ends DisableSource. An enabled one stays as it is.
func (c *Control) EnableSource(ctx context.Context, who Actor, id string) (*source.Source, error) {
	return c.changeSource(ctx, who, id, sourceAct{operation: opEnableSource}, func(s *source.Source) error {
		s.DisabledAt = time.Time{}
		return nil
	})
}
