package control

import (
	"context"
	"fmt"
	"time"

	"tidings/internal/auth"
	"tidings/internal/fault"
	"tidings/internal/store"
)

const maxName = 100

// NewKey is what an API key is made of.
type NewKey struct {
	Name      string
	Kind      store.KeyKind // empty: secret where there are scopes, else refused: power must be asked for
	Scopes    []string      // of a secret key; nil: everything
	ExpiresAt string        // a time or a date; empty: never
	Bounds    store.KeyBounds
}

// CreateKey makes an API key that may do all that its kind may, for ever. plain is the key itself, to be shown this once.
func (c *Control) CreateKey(
	ctx context.Context, who Actor, name string, kind store.KeyKind,
) (key store.Key, plain string, err error) {
	return c.CreateLimitedKey(ctx, who, NewKey{Name: name, Kind: kind})
}

// CreateLimitedKey makes an API key. plain is the key itself, to be shown this once. It is Forbidden where the new key
// could do what the actor may not, or for longer.
func (c *Control) CreateLimitedKey(
	ctx context.Context, who Actor, in NewKey,
) (key store.Key, plain string, err error) {
	now := c.Now().UTC()
	key, err = in.check(now)
	if err != nil {
		return store.Key{}, "", err
	}
	if err := who.within(key); err != nil {
		return store.Key{}, "", err
	}
	plain, key.Hash, key.Prefix = auth.New(key.Kind)
	key.ID, key.Project, key.CreatedAt = auth.NewID("key_"), who.Project, now
	act := c.act(who, opCreateKey, key.ID, "")
	act.Changes = keyChanges(key)
	if err := c.Store.CreateKey(ctx, key, act); err != nil {
		return store.Key{}, "", fmt.Errorf("create key: %w", err)
	}
	return key, plain, nil
}

// check makes a key of the input, without the key itself.
func (in NewKey) check(now time.Time) (store.Key, error) {
	var p problems
	key := store.Key{Name: in.Name, Kind: in.Kind, Scopes: p.scopes(in.Scopes)}
	p.text("name", in.Name, 0, maxName)
	if in.Kind == "" && in.Scopes != nil {
		key.Kind = store.SecretKey
	}
	if key.Kind == "" {
		p.add("kind", "is required: secret or public")
	}
	p.oneOf("kind", string(key.Kind), []string{string(store.SecretKey), string(store.PublicKey)})
	if key.Kind == store.PublicKey && in.Scopes != nil {
		p.add("scopes", "are of secret keys: a public key may only track")
	}
	key.Bounds = p.keyBounds(key.Kind, in.Bounds)
	until, err := parseWhen("expiresAt", in.ExpiresAt)
	p.addError(err)
	if !until.IsZero() && !until.After(now) {
		p.add("expiresAt", "must be later than now")
	}
	key.ExpiresAt = until.Truncate(time.Millisecond)
	return key, p.err()
}

// Keys lists the API keys, revoked ones too.
func (c *Control) Keys(ctx context.Context, who Actor) ([]store.Key, error) {
	keys, err := c.Store.Keys(ctx, who.Project)
	if err != nil {
		return nil, fmt.Errorf("list keys: %w", err)
	}
	return keys, nil
}

// RevokeKey ends a key for good. Revoking a key again changes nothing. A key can't revoke itself through the API:
// that would most likely be a mistake, and nobody could undo it from there.
func (c *Control) RevokeKey(ctx context.Context, who Actor, id string) (store.Key, error) {
	if id == who.By {
		return store.Key{}, fault.New(fault.Conflict, "own_key", "a key can't revoke itself").
			WithHint("use another key, or: tidings key revoke %s", id)
	}
	act := c.act(who, opRevokeKey, id, "")
	act.Changes = []store.Change{{Field: "revokedAt", To: stamp(act.At)}}
	key, err := c.Store.RevokeKey(ctx, who.Project, id, act)
	if err != nil {
		return key, fmt.Errorf("revoke key: %w", err)
	}
	return key, nil
}
