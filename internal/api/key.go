package api

import (
	"context"
	"time"

	"tidings/internal/auth"
	"tidings/internal/control"
	"tidings/internal/store"
)

// Key is an API key, without the key itself.
type Key struct {
	ID         string    `json:"id" example:"key_01jq7z9f3v8k2m5n"`
	Name       string    `json:"name" example:"backend"`
	Kind       string    `json:"kind" enum:"secret,public"`
	Prefix     string    `json:"prefix" doc:"How the key begins, to know it by" example:"sk_Ab12Cd"`
	Scopes     []string  `json:"scopes,omitempty" nullable:"false" doc:"What it may do; absent: everything that its kind may" example:"[\"events:read\"]"`
	Bounds     KeyBounds `json:"bounds,omitzero" doc:"What it may track, from where, and what it may send from; absent: no bounds"`
	CreatedAt  time.Time `json:"createdAt"`
	ExpiresAt  time.Time `json:"expiresAt,omitzero" doc:"From when on it does not work; absent: it does not expire"`
	RevokedAt  time.Time `json:"revokedAt,omitzero" doc:"Absent: in force"`
	LastUsedAt time.Time `json:"lastUsedAt,omitzero" doc:"Within a minute; absent: never"`

	AWSAccessKeyID string `json:"awsAccessKeyId,omitempty" doc:"Of its AWS pair; absent: it has none" example:"TIDI01JQ7Z9F3V8K2M5N"`
}

// KeyBounds narrow what a key may do beyond its kind and its scopes. Empty lists bound nothing.
type KeyBounds struct {
	Events     []string `json:"events,omitempty" nullable:"false" doc:"The events that may be tracked with it; absent: any" example:"[\"page.viewed\"]"`
	Origins    []string `json:"origins,omitempty" nullable:"false" doc:"The sites whose pages may use a public key; absent: any, and programs too" example:"[\"https://acme.test\"]"`
	Domains    []string `json:"domains,omitempty" nullable:"false" doc:"The domains that mail may be sent from with it; absent: any" example:"[\"mail.acme.test\"]"`
	Subscribes bool     `json:"subscribes,omitempty" doc:"Whether a public key may say that a contact is subscribed or not; a secret key always may"`
}

// KeyOf makes the public form of a key.
func KeyOf(k *store.Key) Key {
	out := Key{
		ID: k.ID, Name: k.Name, Kind: string(k.Kind), Prefix: k.Prefix, Scopes: k.Scopes.Words(),
		Bounds:    KeyBounds(k.Bounds),
		CreatedAt: k.CreatedAt, ExpiresAt: k.ExpiresAt, RevokedAt: k.RevokedAt, LastUsedAt: k.LastUsedAt,
	}
	if k.AWSVersion > 0 {
		out.AWSAccessKeyID = auth.AWSAccessKey(k.ID)
	}
	return out
}

// AWSPair is what an AWS SDK signs its requests with.
type AWSPair struct {
	AccessKeyID     string `json:"accessKeyId" doc:"Of the key, the same as long as it lives" example:"TIDI01JQ7Z9F3V8K2M5N"`
	SecretAccessKey string `json:"secretAccessKey" doc:"It is shown this once" example:"u0Ab…"`
	Key             Key    `json:"key" doc:"Whose pair it is"`
}

type awsPairOut struct{ Body AWSPair }

func (a *api) giveAWSPair(ctx context.Context, in *keyIn) (*awsPairOut, error) {
	pair, err := a.Control.GiveAWSPair(ctx, who(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return &awsPairOut{AWSPair{pair.AccessKeyID, pair.SecretAccessKey, KeyOf(&pair.Key)}}, nil
}

// CreatedKey is a new API key, with the key itself.
type CreatedKey struct {
	Key
	Plain string `json:"key" doc:"The key. It is shown this once" example:"sk_Ab12Cd…"`
}

// KeyList is all API keys of a project.
type KeyList struct {
	Keys []Key `json:"keys" nullable:"false" doc:"Oldest first"`
}

type keyListOut struct{ Body KeyList }

func (a *api) listKeys(ctx context.Context, _ *nothingIn) (*keyListOut, error) {
	list, err := a.Control.Keys(ctx, who(ctx))
	if err != nil {
		return nil, err
	}
	out := &keyListOut{KeyList{Keys: make([]Key, len(list))}}
	for i := range list {
		out.Body.Keys[i] = KeyOf(&list[i])
	}
	return out, nil
}

// NewKey is what an API key is made of.
type NewKey struct {
	Name string `json:"name,omitempty" maxLength:"100" doc:"For people" example:"backend"`
	Kind string `json:"kind,omitempty" enum:"secret,public" doc:"secret may do everything but track, public may only track; absent with scopes: secret"`

	Scopes    []string  `json:"scopes,omitempty" nullable:"false" doc:"What a secret key may do; absent: everything. docs/api.md lists them" example:"[\"events:read\"]"`
	Bounds    KeyBounds `json:"bounds,omitzero"`
	ExpiresAt string    `json:"expiresAt,omitempty" doc:"From when on it does not work, a time or a date; absent: it does not expire" example:"2027-05-04T00:00:00Z"`
}

type createKeyIn struct{ Body NewKey }

type createdKeyOut struct{ Body CreatedKey }

func (a *api) createKey(ctx context.Context, in *createKeyIn) (*createdKeyOut, error) {
	k, plain, err := a.Control.CreateLimitedKey(ctx, who(ctx), control.NewKey{
		Name: in.Body.Name, Kind: store.KeyKind(in.Body.Kind), Scopes: in.Body.Scopes, ExpiresAt: in.Body.ExpiresAt,
		Bounds: store.KeyBounds(in.Body.Bounds),
	})
	if err != nil {
		return nil, err
	}
	return &createdKeyOut{CreatedKey{Key: KeyOf(&k), Plain: plain}}, nil
}

type keyIn struct {
	ID string `path:"id" doc:"The key's id" example:"key_01jq7z9f3v8k2m5n"`
}

type keyOut struct{ Body Key }

func (a *api) revokeKey(ctx context.Context, in *keyIn) (*keyOut, error) {
	k, err := a.Control.RevokeKey(ctx, who(ctx), in.ID)
	if err != nil {
		return nil, err
	}
	return &keyOut{KeyOf(&k)}, nil
}
