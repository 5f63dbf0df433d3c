package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"tidings/internal/api"
	"tidings/internal/control"
	"tidings/internal/store"
)

type keyCommand struct {
	Create keyCreate `cmd:"" help:"Create an API key; it is shown this once."`
	List   keyList   `cmd:"" help:"List the API keys."`
	AWS    keyAWS    `cmd:"" name:"aws" help:"Give a key the pair that AWS SDKs sign with; it is shown this once."`
	Revoke keyRevoke `cmd:"" help:"End a key for good."`
}

// keyView is a key as it is printed.
type keyView struct {
	ID         string        `json:"id"`
	Key        string        `json:"key,omitempty"` // after its creation only
	Name       string        `json:"name"`
	Kind       store.KeyKind `json:"kind"`
	Prefix     string        `json:"prefix"`
	Scopes     []string      `json:"scopes,omitempty"`
	Bounds     api.KeyBounds `json:"bounds,omitzero"`
	CreatedAt  time.Time     `json:"createdAt"`
	ExpiresAt  time.Time     `json:"expiresAt,omitzero"`
	LastUsedAt time.Time     `json:"lastUsedAt,omitzero"`
	RevokedAt  time.Time     `json:"revokedAt,omitzero"`

	AWSAccessKeyID string `json:"awsAccessKeyId,omitempty"`
}

func viewKey(k store.Key, plain string) keyView {
	return keyView{
		ID: k.ID, Key: plain, Name: k.Name, Kind: k.Kind, Prefix: k.Prefix, Scopes: k.Scopes.Words(),
		Bounds:    api.KeyBounds(k.Bounds),
		CreatedAt: k.CreatedAt, ExpiresAt: k.ExpiresAt, LastUsedAt: k.LastUsedAt, RevokedAt: k.RevokedAt,
		AWSAccessKeyID: api.KeyOf(&k).AWSAccessKeyID,
	}
}

type keyCreate struct {
	database `embed:""`
	printing `embed:""`
	Kind     string   `enum:"secret,public," default:"" placeholder:"secret|public" help:"secret (asks and changes) or public (tracks only); with --scope it is secret."`
	Name     string   `placeholder:"TEXT" help:"What it is for."`
	Scope    []string `placeholder:"WORD" help:"What it may do, such as events:read; may be repeated. Without: everything."`
	Event    []string `placeholder:"NAME" help:"An event that may be tracked with it; may be repeated. Without: any."`
	Origin   []string `placeholder:"URL" help:"A site whose pages may use a public key (https://acme.test); may be repeated. Without: any."`
	Domain   []string `placeholder:"NAME" help:"A domain that mail may be sent from with it; may be repeated. Without: any."`
	Consent  bool     `help:"Let a public key say whether a contact is subscribed."`
	Expires  string   `placeholder:"TIME" help:"From this time or date on it does not work."`
}

// Help is the long help.
func (*keyCreate) Help() string {
	var scopes strings.Builder
	for _, s := range control.KeyScopes() {
		fmt.Fprintf(&scopes, "  %-20s %s\n", s.Word, s.Means)
	}
	return `The key is printed once and only its hash is kept: put it where its user finds it. With scopes it may do what they
say and nothing else:

` + scopes.String() + `
  tidings key create --kind secret --name laptop
  tidings key create --scope events:read --scope stats:read --name dashboard --expires 2027-01-01
  tidings key create --kind public --name website --event page.viewed --origin https://acme.test
  tidings key create --kind public --name form --consent --json`
}

// Run creates a key.
func (k *keyCreate) Run(c *console) error {
	return k.local(c, func(ops *control.Control, who control.Actor) error {
		key, plain, err := ops.CreateLimitedKey(c.ctx, who, control.NewKey{
			Name: k.Name, Kind: store.KeyKind(k.Kind), Scopes: k.Scope, ExpiresAt: k.Expires,
			Bounds: store.KeyBounds{Events: k.Event, Origins: k.Origin, Domains: k.Domain, Subscribes: k.Consent},
		})
		if err != nil {
			return err
		}
		return k.print(c, viewKey(key, plain), func(w io.Writer) {
			fmt.Fprintf(w, "%s\nThis is %s, a %s key. It is shown this once. Send it as: Authorization: Bearer %s…\n",
				plain, key.ID, key.Kind, key.Prefix)
			if key.Scopes != "" {
				fmt.Fprintf(w, "It may do: %s.\n", strings.Join(key.Scopes.Words(), ", "))
			}
			printBounds(w, key.Bounds)
			if !key.ExpiresAt.IsZero() {
				fmt.Fprintf(w, "It works until %s (UTC).\n", when(key.ExpiresAt))
			}
		})
	})
}

func printBounds(w io.Writer, b store.KeyBounds) {
	for _, x := range [...]struct {
		text string
		list []string
	}{{"track only", b.Events}, {"be used only by pages of", b.Origins}, {"send only from", b.Domains}} {
		if len(x.list) > 0 {
			fmt.Fprintf(w, "It may %s: %s.\n", x.text, strings.Join(x.list, ", "))
		}
	}
	if b.Subscribes {
		fmt.Fprintln(w, "It may say whether a contact is subscribed.")
	}
}

type keyList struct {
	database `embed:""`
	printing `embed:""`
}

// Help is the long help.
func (*keyList) Help() string {
	return `A key is shown by its beginning.

  tidings key list`
}

// Run lists the keys.
func (k *keyList) Run(c *console) error {
	return k.local(c, func(ops *control.Control, who control.Actor) error {
		keys, err := ops.Keys(c.ctx, who)
		if err != nil {
			return err
		}
		views := make([]keyView, 0, len(keys))
		rows := make([][]string, 0, len(keys))
		for _, key := range keys {
			views = append(views, viewKey(key, ""))
			rows = append(rows, []string{
				key.ID, string(key.Kind), key.Prefix + "…", key.Name, mayDo(key), when(key.CreatedAt), when(key.LastUsedAt),
				when(key.ExpiresAt), when(key.RevokedAt),
			})
		}
		return k.print(c, views, func(w io.Writer) {
			table(w, []string{"id", "kind", "key", "name", "scopes", "created", "last used", "expires", "revoked"}, rows)
		})
	})
}

// mayDo is what the table says of a key's scopes.
func mayDo(k store.Key) string {
	switch {
	case k.Kind != store.SecretKey && len(k.Bounds.Events) > 0:
		return "track " + strings.Join(k.Bounds.Events, " ")
	case k.Kind != store.SecretKey:
		return "-"
	case k.Scopes == "":
		return "everything"
	}
	return string(k.Scopes)
}

type keyRevoke struct {
	database `embed:""`
	printing `embed:""`
	ID       string `arg:"" help:"The key's id (key_…)."`
}

// Help is the long help.
func (*keyRevoke) Help() string {
	return `It takes effect with the next request, on every node.

  tidings key revoke key_01jq7z9f3v8k2m5n`
}

// Run revokes a key.
func (k *keyRevoke) Run(c *console) error {
	return k.local(c, func(ops *control.Control, who control.Actor) error {
		key, err := ops.RevokeKey(c.ctx, who, k.ID)
		if err != nil {
			return err
		}
		return k.print(c, viewKey(key, ""), func(w io.Writer) { fmt.Fprintf(w, "%s does not work any more.\n", key.ID) })
	})
}
