package auth

import (
	"context"
	"crypto/subtle"
	"log/slog"
	"strings"
	"sync"
	"time"

	"tidings/internal/fault"
	"tidings/internal/store"
)

// Principal is who asks, proved by an API key or by a session.
type Principal struct {
	KeyID   string        // key_…; empty: a person
	Project string        // prj_…
	Kind    store.KeyKind // what the key may do
	Door    string        // through which door: "api", "ui"

	Person     string // per_…; empty: a key
	PersonName string
	Session    string // ses_…

	Scopes    store.Scopes // of a secret key; empty: everything
	Bounds    store.KeyBounds
	ExpiresAt time.Time // zero: never
}

// The codes of refusals.
const (
	CodeNoKey      = "missing_key"
	CodeBadKey     = "unknown_key"
	CodeRevokedKey = "revoked_key"
	CodeExpiredKey = "expired_key"
)

const (
	touchEvery   = time.Minute
	touchTimeout = 250 * time.Millisecond // a busy database must not hold up a question for a note in the margin
	maxKey       = 128                    // letters; ours have 46
	maxTouched   = 10_000                 // keys and sessions whose last note is remembered
)

// Authenticator recognises API keys. It reads the key on every request (one indexed row), so that a revocation holds
// at once on every node. It is safe for concurrent use.
type Authenticator struct {
	store  *store.Store
	door   string
	now    func() time.Time
	logger *slog.Logger

	mu      sync.Mutex
	aws     []byte               // store.AWSSecret; nil: not read yet
	touched map[string]time.Time // when the use of a key or session was last noted by this process
}

// NewAuthenticator makes an authenticator for a door, whose name goes into every Principal.
func NewAuthenticator(s *store.Store, door string, now func() time.Time, logger *slog.Logger) *Authenticator {
	return &Authenticator{store: s, door: door, now: now, logger: logger, touched: make(map[string]time.Time)}
}

// Authenticate recognises the value of an Authorization header, "Bearer sk_…". An error is of kind Unauthenticated
// where the header is missing or malformed or its key unknown, revoked or expired, and never repeats the key.
func (a *Authenticator) Authenticate(ctx context.Context, header string) (Principal, error) {
	plain, problem := bearer(header)
	if problem != nil {
		return Principal{}, problem
	}
	hash := Hash(plain)
	key, err := a.store.KeyByHash(ctx, hash)
	if fault.Is(err, fault.NotFound) || err == nil && subtle.ConstantTimeCompare(key.Hash[:], hash[:]) != 1 {
		return Principal{}, fault.New(fault.Unauthenticated, CodeBadKey, "this API key is not known here")
	}
	if err != nil {
		return Principal{}, err
	}
	return a.admit(ctx, key)
}

// bearer takes the key out of a header, RFC 6750, section 2.1. The scheme is matched in any case, RFC 9110, 11.1.
func bearer(header string) (string, *fault.Error) {
	missing := fault.New(fault.Unauthenticated, CodeNoKey, "this needs an API key").
		WithHint("send the header: Authorization: Bearer sk_…")
	scheme, key, _ := strings.Cut(strings.TrimSpace(header), " ")
	key = strings.TrimSpace(key)
	switch {
	case !strings.EqualFold(scheme, "Bearer") || key == "":
		return "", missing
	case len(key) > maxKey || !strings.HasPrefix(key, SecretPrefix) && !strings.HasPrefix(key, PublicPrefix):
		return "", fault.New(fault.Unauthenticated, CodeBadKey, "this is not an API key: keys begin with sk_ or pk_")
	}
	return key, nil
}

// touch notes that a key was used, at most once a minute. A failure costs only the note.
func (a *Authenticator) touch(ctx context.Context, key store.Key) {
	now := a.now()
	if now.Sub(key.LastUsedAt) < touchEvery || !a.due(key.ID, now) {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, touchTimeout)
	defer cancel()
	if err := a.store.TouchKey(ctx, key.ID, now); err != nil {
		a.logger.WarnContext(ctx, "the use of an API key was not noted", "key", key.ID, "error", err)
	}
}

func (a *Authenticator) due(id string, now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if last, ok := a.touched[id]; ok && now.Sub(last) < touchEvery {
		return false
	}
	if len(a.touched) >= maxTouched {
		clear(a.touched)
	}
	a.touched[id] = now
	return true
}
