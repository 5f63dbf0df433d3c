package main

import (
	"fmt"
	"io"

	"tidings/internal/api"
	"tidings/internal/config"
	"tidings/internal/control"
)

type keyAWS struct {
	database       `embed:""`
	printing       `embed:""`
	config.Address `embed:""`
	ID             string `arg:"" help:"The key's id (key_…)."`
}

// Help is the long help.
func (*keyAWS) Help() string {
	return `With the pair an AWS SDK puts events on the bus at /aws/ as that key, which must be secret and may track. The access
key id stays; asking again makes a new secret, and the one before ends at once. Revoking the key ends the pair.

  tidings key create --scope events:write --name shop
  tidings key aws key_01jq7z9f3v8k2m5n
  tidings key aws key_01jq7z9f3v8k2m5n --public-url https://tidings.example.com --json`
}

// Run gives a key a pair.
func (k *keyAWS) Run(c *console) error {
	return k.with(c, config.Config{Address: k.Address}, func(ops *control.Control, who control.Actor) error {
		pair, err := ops.GiveAWSPair(c.ctx, who, k.ID)
		if err != nil {
			return err
		}
		view := api.AWSPair{
			AccessKeyID: pair.AccessKeyID, SecretAccessKey: pair.SecretAccessKey, Key: api.KeyOf(&pair.Key),
		}
		return k.print(c, view, func(w io.Writer) {
			fmt.Fprintf(w, "AWS_ACCESS_KEY_ID=%s\nAWS_SECRET_ACCESS_KEY=%s\nAWS_ENDPOINT_URL_EVENTBRIDGE=%s/aws/\n",
				pair.AccessKeyID, pair.SecretAccessKey, ops.PublicURL)
			fmt.Fprintf(w, "This is the pair of %s. Its secret is shown this once. AWS_REGION may be any.\n", pair.Key.ID)
		})
	})
}
