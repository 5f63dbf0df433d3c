package auth

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"
	"time"

	"tidings/internal/fault"
	"tidings/internal/store"
)

// A key has a pair for AWS's signatures only when somebody asked for it. Its access key id is the key's id in other letters, its
// secret is derived: HMAC-SHA-256, under a secret of the database, over the key's id and the version of the pair.
const (
	awsPrefix   = "TIDI"
	keyIDPrefix = "key_"
	keyIDLength = 16
)

// AWSAccessKey is the access key id of a key: 20 capitals and digits, as those of AWS.
func AWSAccessKey(keyID string) string {
	return awsPrefix + strings.ToUpper(strings.TrimPrefix(keyID, keyIDPrefix))
}

// keyOfAWS is the id of the key that has an access key id.
func keyOfAWS(accessKey string) (id string, ok bool) {
	rest, ok := strings.CutPrefix(accessKey, awsPrefix)
	return keyIDPrefix + strings.ToLower(rest), ok && len(rest) == keyIDLength && rest == strings.ToUpper(rest)
}

// AWSSecret is the secret access key of a version of a key's pair, of 40 characters. secret is store.AWSSecret.
func AWSSecret(secret []byte, keyID string, version int64) string {
	m := hmac.New(sha256.New, secret)
	_, _ = m.Write([]byte("aws " + keyID + " " + strconv.FormatInt(version, 10))) // writing to a hash never fails
	return base64.StdEncoding.EncodeToString(m.Sum(nil)[:30])
}

// AuthenticateAWS recognises a request that a pair signed. prove gets the pair's secret access key and checks the signature; its
// error is returned as it is. Else an error is of kind Unauthenticated where nobody has the pair, or the key is not in force.
func (a *Authenticator) AuthenticateAWS(
	ctx context.Context, accessKey string, prove func(secret string) error,
) (Principal, error) {
	unknown := fault.New(fault.Unauthenticated, CodeBadKey, "this access key id is not known here").
		WithHint("make a pair with: tidings key aws KEY_ID")
	id, ok := keyOfAWS(accessKey)
	if !ok {
		return Principal{}, unknown
	}
	key, err := a.store.KeyByID(ctx, id)
	if fault.Is(err, fault.NotFound) || err == nil && key.AWSVersion == 0 {
		return Principal{}, unknown
	}
	if err != nil {
		return Principal{}, fmt.Errorf("find the key of a pair: %w", err)
	}
	secret, err := a.awsSecret(ctx)
	if err != nil {
		return Principal{}, err
	}
	if err := prove(AWSSecret(secret, key.ID, key.AWSVersion)); err != nil {
		return Principal{}, err
	}
	return a.admit(ctx, key)
}

// awsSecret reads what secrets are derived from, once.
func (a *Authenticator) awsSecret(ctx context.Context) ([]byte, error) {
	a.mu.Lock()
	secret := a.aws
	a.mu.Unlock()
	if secret != nil {
		return secret, nil
	}
	secret, err := a.store.AWSSecret(ctx)
	if err != nil {
		return nil, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.aws = secret
	return secret, nil
}

// admit makes a principal of a key that was proved, if it is in force.
func (a *Authenticator) admit(ctx context.Context, key store.Key) (Principal, error) {
	if !key.RevokedAt.IsZero() {
		return Principal{}, fault.New(fault.Unauthenticated, CodeRevokedKey, "this API key was revoked at %s",
			key.RevokedAt.UTC().Format(time.RFC3339)).WithHint("create another with: tidings key create")
	}
	if !key.ExpiresAt.IsZero() && !a.now().Before(key.ExpiresAt) {
		return Principal{}, fault.New(fault.Unauthenticated, CodeExpiredKey, "this API key expired at %s",
			key.ExpiresAt.UTC().Format(time.RFC3339)).WithHint("create another with: tidings key create")
	}
	a.touch(ctx, key)
	return Principal{
		KeyID: key.ID, Project: key.Project, Kind: key.Kind, Door: a.door, Scopes: key.Scopes, ExpiresAt: key.ExpiresAt,
		Bounds: key.Bounds,
	}, nil
}
