package control

import (
	"context"
	"fmt"

	"tidings/internal/auth"
	"tidings/internal/fault"
	"tidings/internal/store"
)

// AWSPair is what an AWS SDK signs its requests with, to be shown this once.
type AWSPair struct {
	Key             store.Key
	AccessKeyID     string
	SecretAccessKey string
}

// GiveAWSPair gives a secret key a pair by which programs with an AWS SDK are that key: it may do what the key may, and ends with
// it. A key that has a pair gets a new secret, and the one before ends at once. It is Forbidden where the key could do what
// the actor may not, or for longer.
func (c *Control) GiveAWSPair(ctx context.Context, who Actor, id string) (AWSPair, error) {
	key, err := c.Store.KeyByID(ctx, id)
	if err == nil && key.Project != who.Project {
		err = fault.Missing("there is no key %q", id)
	}
	if err != nil {
		return AWSPair{}, fmt.Errorf("give a key an AWS pair: %w", err)
	}
	if err := c.mayHavePair(who, key); err != nil {
		return AWSPair{}, err
	}
	act := c.act(who, opGiveAWSPair, id, "")
	act.Changes = []store.Change{{Field: "awsVersion", From: fmt.Sprint(key.AWSVersion), To: fmt.Sprint(key.AWSVersion + 1)}}
	if key, err = c.Store.RaiseAWSVersion(ctx, who.Project, id, act); err != nil {
		return AWSPair{}, fmt.Errorf("give a key an AWS pair: %w", err)
	}
	secret, err := c.Store.AWSSecret(ctx)
	if err != nil {
		return AWSPair{}, fmt.Errorf("give a key an AWS pair: %w", err)
	}
	return AWSPair{key, auth.AWSAccessKey(key.ID), auth.AWSSecret(secret, key.ID, key.AWSVersion)}, nil
}

func (c *Control) mayHavePair(who Actor, key store.Key) error {
	switch {
	case !key.RevokedAt.IsZero():
		return fault.New(fault.Conflict, "revoked_key", "the key was revoked at %s", stamp(key.RevokedAt)).
			WithHint("make another one: tidings key create --scope %s", needs[opTrackBatch])
	case !key.ExpiresAt.IsZero() && !c.Now().Before(key.ExpiresAt):
		return fault.New(fault.Conflict, "expired_key", "the key expired at %s", stamp(key.ExpiresAt)).
			WithHint("make another one: tidings key create --scope %s", needs[opTrackBatch])
	case key.Kind == store.PublicKey:
		return fault.New(fault.Conflict, CodePublicKey, "a public key has no AWS pair: its secret would have to stand in a page").
			WithHint("use a secret key: tidings key create --scope %s", needs[opTrackBatch])
	case !covers(key.Scopes, needs[opTrackBatch]):
		return fault.New(fault.Conflict, CodeMissingScope, "a pair of this key would be of no use: the key may not track").
			WithHint("use a key that has the scope: tidings key create --scope %s", needs[opTrackBatch])
	}
	return who.within(key)
}
