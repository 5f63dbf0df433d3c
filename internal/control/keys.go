package control

import (
	"context"
	"fmt"

	"tidings/internal/auth"
	"tidings/internal/fault"
	"tidings/internal/store"
)

const maxName = 100

// CreateKey makes an API key. plain is the key itself, to be shown this once. An empty kind is refused: a secret key
// must be asked for.
func (c *Control) CreateKey(
	ctx context.Context, who Actor, name string, kind store.KeyKind,
) (key store.Key, plain string, err error) {
	var p problems
	p.text("name", name, 0, maxName)
	if kind == "" {
		p.add("kind", "is required: secret or public")
	}
	p.oneOf("kind", string(kind), []string{string(store.SecretKey), string(store.PublicKey)})
	if err := p.err(); err != nil {
		return store.Key{}, "", err
	}
	plain, hash, prefix := auth.New(kind)
	key = store.Key{
		ID: auth.NewID("key_"), Project: who.Project, Name: name, Kind: kind, Prefix: prefix, Hash: hash,
		CreatedAt: c.Now().UTC(),
	}
	if err := c.Store.CreateKey(ctx, key, c.act(who, opCreateKey, key.ID, name)); err != nil {
		return store.Key{}, "", fmt.Errorf("create key: %w", err)
	}
	return key, plain, nil
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
	key, err := c.Store.RevokeKey(ctx, who.Project, id, c.act(who, opRevokeKey, id, ""))
	if err != nil {
		return key, fmt.Errorf("revoke key: %w", err)
	}
	return key, nil
}
