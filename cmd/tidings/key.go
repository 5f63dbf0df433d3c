package main

import (
	"fmt"
	"io"
	"time"

	"tidings/internal/control"
	"tidings/internal/store"
)

type keyCommand struct {
	Create keyCreate `cmd:"" help:"Create an API key; it is shown this once."`
	List   keyList   `cmd:"" help:"List the API keys."`
	Revoke keyRevoke `cmd:"" help:"End a key for good."`
}

// keyView is a key as it is printed.
type keyView struct {
	ID         string        `json:"id"`
	Key        string        `json:"key,omitempty"` // after its creation only
	Name       string        `json:"name"`
	Kind       store.KeyKind `json:"kind"`
	Prefix     string        `json:"prefix"`
	CreatedAt  time.Time     `json:"createdAt"`
	LastUsedAt time.Time     `json:"lastUsedAt,omitzero"`
	RevokedAt  time.Time     `json:"revokedAt,omitzero"`
}

func viewKey(k store.Key, plain string) keyView {
	return keyView{
		ID: k.ID, Key: plain, Name: k.Name, Kind: k.Kind, Prefix: k.Prefix,
		CreatedAt: k.CreatedAt, LastUsedAt: k.LastUsedAt, RevokedAt: k.RevokedAt,
	}
}

type keyCreate struct {
	database `embed:""`
	printing `embed:""`
	Kind     string `required:"" enum:"secret,public" help:"secret (asks and changes) or public (tracks only)."`
	Name     string `placeholder:"TEXT" help:"What it is for."`
}

// Help is the long help.
func (*keyCreate) Help() string {
	return `The key is printed once and only its hash is kept: put it where its user finds it.

  tidings key create --kind secret --name laptop
  tidings key create --kind public --name website --json`
}

// Run creates a key.
func (k *keyCreate) Run(c *console) error {
	return k.local(c, func(ops *control.Control, who control.Actor) error {
		key, plain, err := ops.CreateKey(c.ctx, who, k.Name, store.KeyKind(k.Kind))
		if err != nil {
			return err
		}
		return k.print(c, viewKey(key, plain), func(w io.Writer) {
			fmt.Fprintf(w, "%s\nThis is %s, a %s key. It is shown this once. Send it as: Authorization: Bearer %s…\n",
				plain, key.ID, key.Kind, key.Prefix)
		})
	})
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
				key.ID, string(key.Kind), key.Prefix + "…", key.Name, when(key.CreatedAt), when(key.LastUsedAt), when(key.RevokedAt),
			})
		}
		return k.print(c, views, func(w io.Writer) {
			table(w, []string{"id", "kind", "key", "name", "created", "last used", "revoked"}, rows)
		})
	})
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
