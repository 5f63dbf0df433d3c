package link_test

import (
	"encoding/base64"
	"encoding/hex"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"tidings/internal/link"
)

func sealer(t testing.TB) *link.Sealer {
	t.Helper()
	secret, err := hex.DecodeString("000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f")
	if err != nil {
		t.Fatal(err)
	}
	return link.NewSealer(secret)
}

// The tokens were made by openssl dgst -sha256 -mac HMAC and openssl enc -aes-256-ctr.
func TestTokensAreThoseThatOpenSSLMakes(t *testing.T) {
	t.Parallel()
	for token, want := range map[string]link.Link{
		"d4dNH8QcAWsH5BQtC2UxZpdaQUI":            {Kind: link.Unsubscribe, Ref: link.Ref{Project: 1, Contact: 2, Send: 3}},
		"VTLNQsspJIkiLMff19esnSaWua9w":           {Kind: link.Preferences, Ref: link.Ref{Project: 1, Contact: 300}},
		"F-VOOky1GaQTFRiTg7t4Q5_qYKZHt5neR32A6g": {Kind: link.Open, Ref: link.Ref{Project: 1, Contact: 5, Send: math.MaxInt64}},
		"YsXmu00bYdSJvdaD9yNy_vkTOc0YYhVmzNIHICwe4U63QQGQno_EOyBTuhjhRfhaXiQUYOdaww": {
			Kind: link.Click, Ref: link.Ref{Project: 1, Contact: 2, Send: 3}, Target: "https://acme.test/?a=1&b=2",
			Tags: map[string][]string{"w": {"a", "b"}},
		},
	} {
		if got := sealer(t).Seal(want); got != token {
			t.Errorf("%+v is sealed as %s, want %s", want, got, token)
		}
		got, ok := sealer(t).Open(token)
		if diff := cmp.Diff(want, got); diff != "" || !ok {
			t.Errorf("%s: %v %s", token, ok, diff)
		}
	}
}

func anyLink() *rapid.Generator[link.Link] {
	ref := rapid.Int64Range(0, math.MaxInt64)
	return rapid.Custom(func(t *rapid.T) link.Link {
		l := link.Link{
			Kind: link.Kind(rapid.IntRange(1, 4).Draw(t, "kind")),
			Ref:  link.Ref{Project: ref.Draw(t, "project"), Contact: ref.Draw(t, "contact"), Send: ref.Draw(t, "send")},
		}
		if l.Kind == link.Click {
			l.Target = rapid.String().Draw(t, "target")
			tags := rapid.MapOfN(rapid.String(), rapid.SliceOfN(rapid.String(), 1, 3), 0, 3).Draw(t, "tags")
			if len(tags) > 0 {
				l.Tags = tags
			}
		}
		return l
	})
}

func TestATokenSaysWhatWasSealedAndIsShort(t *testing.T) {
	t.Parallel()
	s := sealer(t)
	rapid.Check(t, func(t *rapid.T) {
		l := anyLink().Draw(t, "link")
		token := s.Seal(l)
		got, ok := s.Open(token)
		if diff := cmp.Diff(l, got); !ok || diff != "" {
			t.Fatalf("%v %s", ok, diff)
		}
		if l.Kind != link.Click && len(token) > 60 {
			t.Fatalf("%d characters", len(token))
		}
		if s.Seal(l) != token {
			t.Fatal("the same link has two tokens")
		}
	})
}

func TestAFlippedBitIsRefused(t *testing.T) {
	t.Parallel()
	s := sealer(t)
	rapid.Check(t, func(t *rapid.T) {
		token := s.Seal(anyLink().Draw(t, "link"))
		raw, err := base64.RawURLEncoding.DecodeString(token)
		if err != nil {
			t.Fatal(err)
		}
		raw[rapid.IntRange(0, len(raw)-1).Draw(t, "byte")] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		if _, ok := s.Open(base64.RawURLEncoding.EncodeToString(raw)); ok {
			t.Fatal("a flipped bit is taken")
		}
		text := []byte(token)
		text[rapid.IntRange(0, len(text)-1).Draw(t, "letter")] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit of the letter")
		if _, ok := s.Open(string(text)); ok {
			t.Fatalf("%s is taken for %s", text, token)
		}
		for _, other := range []string{token[:len(token)-1], token + "A", token + "\n", token + "=", "\r" + token, token + token} {
			if _, ok := s.Open(other); ok {
				t.Fatalf("%q is taken for %s", other, token)
			}
		}
		if _, ok := link.NewSealer([]byte("another secret")).Open(token); ok {
			t.Fatal("another secret reads it")
		}
	})
}

func FuzzOpenTakesOnlyWhatWeMade(f *testing.F) {
	f.Add("")
	f.Add("d4dNH8QcAWsH5BQtC2UxZpdaQUI")
	f.Add(strings.Repeat("A", 22))
	f.Add(strings.Repeat("A", 100_000))
	s := sealer(f)
	f.Fuzz(func(t *testing.T, token string) {
		if l, ok := s.Open(token); ok && s.Seal(l) != token {
			t.Errorf("%q was not made by us", token)
		}
	})
}
