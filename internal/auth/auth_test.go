package auth_test

import (
	"bytes"
	"log/slog"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"tidings/internal/auth"
	"tidings/internal/contact"
	"tidings/internal/fault"
	"tidings/internal/store"
)

func TestSecretsAreLongURLSafeAndNeverTheSame(t *testing.T) {
	t.Parallel()
	secret := func(kind store.KeyKind) func() string {
		return func() string { plain, _, _ := auth.New(kind); return plain }
	}
	for _, c := range []struct {
		name string
		make func() string
		form string
	}{
		{"secret key", secret(store.SecretKey), `^sk_[A-Za-z0-9_-]{43}$`},
		{"public key", secret(store.PublicKey), `^pk_[A-Za-z0-9_-]{43}$`},
		{"token", auth.Token, `^[A-Za-z0-9_-]{32}$`},
		{"id", func() string { return auth.NewID("src_") }, `^src_[0-9a-hjkmnp-tv-z]{16}$`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			form, seen := regexp.MustCompile(c.form), make(map[string]bool)
			for range 1000 {
				s := c.make()
				if !form.MatchString(s) || seen[s] {
					t.Fatalf("%q: not of the form %s, or made twice", s, c.form)
				}
				seen[s] = true
			}
		})
	}
}

func TestAKeyIsKnownByItsHashAndItsPrefix(t *testing.T) {
	t.Parallel()
	plain, hash, prefix := auth.New(store.SecretKey)
	if hash != auth.Hash(plain) || !strings.HasPrefix(plain, prefix) || len(prefix) != 9 {
		t.Errorf("%d letters of %d shown, hash equal %t", len(prefix), len(plain), hash == auth.Hash(plain))
	}
}

var begin = time.Date(2026, 5, 4, 10, 0, 0, 0, time.UTC)

type bench struct {
	store *store.Store
	now   time.Time
	log   bytes.Buffer
	auth  *auth.Authenticator
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{now: begin}
	var err error
	b.store, err = store.Open(t.Context(), store.Options{
		URL: filepath.Join(t.TempDir(), "tidings.db"), Soft: contact.DefaultSoftPolicy,
	})
	must(t, err)
	t.Cleanup(func() { _ = b.store.Close() })
	b.auth = auth.NewAuthenticator(b.store, "api", func() time.Time { return b.now }, slog.New(slog.NewTextHandler(&b.log, nil)))
	return b
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (b *bench) key(t *testing.T, kind store.KeyKind) (id, plain string) {
	t.Helper()
	plain, hash, prefix := auth.New(kind)
	id = auth.NewID("key_")
	must(t, b.store.CreateKey(t.Context(), store.Key{
		ID: id, Project: store.DefaultProject, Kind: kind, Prefix: prefix, Hash: hash, CreatedAt: begin,
	}, store.Act{At: begin, Project: store.DefaultProject, By: "cli", Door: "cli"}))
	return id, plain
}

func TestAHeaderNamesItsKeyOrIsRefused(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id, secret := b.key(t, store.SecretKey)
	_, public := b.key(t, store.PublicKey)
	gone, revoked := b.key(t, store.SecretKey)
	_, err := b.store.RevokeKey(t.Context(), store.DefaultProject, gone, store.Act{At: begin})
	must(t, err)
	for _, c := range []struct{ name, header, code string }{
		{"a secret key", "Bearer " + secret, ""},
		{"a public key", "Bearer " + public, ""},
		{"the scheme in another case, and blanks", "  bearer   " + secret + " ", ""},
		{"nothing", "", auth.CodeNoKey},
		{"a scheme alone", "Bearer", auth.CodeNoKey},
		{"another scheme", "Basic " + secret, auth.CodeNoKey},
		{"a key alone", secret, auth.CodeNoKey},
		{"no key of ours", "Bearer abc", auth.CodeBadKey},
		{"a prefix alone", "Bearer sk_", auth.CodeBadKey},
		{"a key cut short", "Bearer " + secret[:len(secret)-1], auth.CodeBadKey},
		{"a key with a letter more", "Bearer " + secret + "a", auth.CodeBadKey},
		{"a key of the other kind", "Bearer pk_" + secret[3:], auth.CodeBadKey},
		{"a very long one", "Bearer sk_" + strings.Repeat("a", 1<<16), auth.CodeBadKey},
		{"a revoked key", "Bearer " + revoked, auth.CodeRevokedKey},
	} {
		t.Run(c.name, func(t *testing.T) {
			p, err := b.auth.Authenticate(t.Context(), c.header)
			if c.code == "" {
				must(t, err)
				if p.Project != store.DefaultProject || p.Door != "api" || (p.KeyID == id) != (p.Kind == store.SecretKey) {
					t.Errorf("principal %+v", p)
				}
				return
			}
			if !fault.Is(err, fault.Unauthenticated) || p.KeyID != "" || p.Project != "" {
				t.Fatalf("principal %+v, error %v", p, err)
			}
			if got := err.(*fault.Error).Code; got != c.code { //nolint:errorlint // the door's errors are not wrapped
				t.Errorf("code %q, want %q", got, c.code)
			}
		})
	}
}

func TestTheUseOfAKeyIsNotedOnceAMinute(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	id, plain := b.key(t, store.SecretKey)
	for _, c := range []struct{ after, want time.Duration }{
		{0, 0},
		{30 * time.Second, 0},
		{59 * time.Second, 0},
		{time.Minute, time.Minute},
		{90 * time.Second, time.Minute},
		{time.Hour, time.Hour},
	} {
		b.now = begin.Add(c.after)
		p, err := b.auth.Authenticate(t.Context(), "Bearer "+plain)
		must(t, err)
		keys, err := b.store.Keys(t.Context(), store.DefaultProject)
		must(t, err)
		if got := keys[0].LastUsedAt; p.KeyID != id || !got.Equal(begin.Add(c.want)) {
			t.Errorf("after %s: noted at %s, want %s", c.after, got, begin.Add(c.want))
		}
	}
	if b.log.Len() > 0 {
		t.Errorf("logged: %s", b.log.String())
	}
}

func TestAKeyWorksUntilTheMomentItExpires(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	plain, hash, prefix := auth.New(store.SecretKey)
	end := begin.Add(time.Hour)
	must(t, b.store.CreateKey(t.Context(), store.Key{
		ID: "key_1", Project: store.DefaultProject, Kind: store.SecretKey, Prefix: prefix, Hash: hash, CreatedAt: begin,
		Scopes: "events:read", ExpiresAt: end,
	}, store.Act{At: begin}))
	b.now = end.Add(-time.Millisecond)
	p, err := b.auth.Authenticate(t.Context(), "Bearer "+plain)
	must(t, err)
	if p.Scopes != "events:read" || !p.ExpiresAt.Equal(end) {
		t.Errorf("principal %+v", p)
	}
	b.now = end
	p, err = b.auth.Authenticate(t.Context(), "Bearer "+plain)
	if !fault.Is(err, fault.Unauthenticated) || p.KeyID != "" || p.Project != "" || !strings.Contains(err.Error(), "2026-05-04T11:00:00Z") {
		t.Fatalf("principal %+v, error %v", p, err)
	}
	if got := err.(*fault.Error).Code; got != auth.CodeExpiredKey { //nolint:errorlint // the door's errors are not wrapped
		t.Errorf("code %q", got)
	}
}
