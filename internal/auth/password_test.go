package auth_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"tidings/internal/auth"
	"tidings/internal/fault"
)

func TestAPasswordIsProvedByItsHashAlone(t *testing.T) {
	t.Parallel()
	p := auth.NewPasswords()
	// The same letters composed and decomposed: keyboards differ in what they send.
	hash, err := p.Hash(t.Context(), "gr\u00fc\u00dfe aus k\u00f6ln")
	must(t, err)
	if !strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("hash %s", hash)
	}
	other, err := p.Hash(t.Context(), "gr\u00fc\u00dfe aus k\u00f6ln")
	if err != nil || other == hash {
		t.Errorf("the same password has the same hash: %v", err)
	}
	for _, c := range []struct {
		name, password, hash string
		right                bool
	}{
		{"it", "gr\u00fc\u00dfe aus k\u00f6ln", hash, true},
		{"it, decomposed", "gru\u0308\u00dfe aus ko\u0308ln", hash, true},
		{"another case", "Gr\u00fc\u00dfe aus k\u00f6ln", hash, false},
		{"with a blank more", "gr\u00fc\u00dfe aus k\u00f6ln ", hash, false},
		{"empty", "", hash, false},
		{"of nobody", "anything", "", false},
		{"empty, of nobody", "", "", false},
	} {
		before := p.Work()
		right, err := p.Prove(t.Context(), c.password, c.hash)
		if err != nil || right != c.right {
			t.Errorf("%s: %t, %v", c.name, right, err)
		}
		if work := p.Work() - before; work != 1 {
			t.Errorf("%s: %d hashes, want 1", c.name, work)
		}
	}
	if _, err := p.Prove(t.Context(), "x", "no hash"); !fault.Is(err, fault.Internal) || strings.Contains(err.Error(), "no hash") {
		t.Errorf("a broken hash: %v", err)
	}
}

func TestTheHashOfNobodyCostsWhatOthersDo(t *testing.T) {
	t.Parallel()
	p := auth.NewPasswords()
	hash, err := p.Hash(t.Context(), "four words or more")
	must(t, err)
	cost := func(h string) string { return strings.Join(strings.Split(h, "$")[:4], "$") }
	if len(auth.Nobody) != len(hash) || cost(auth.Nobody) != cost(hash) {
		t.Errorf("%s is not like %s", auth.Nobody, hash)
	}
}

func TestWhoeverWaitsTooLongToHashIsToldToComeAgain(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	p := auth.NewPasswords()
	if _, err := p.Hash(ctx, "four words or more"); !fault.Is(err, fault.Unavailable) || p.Work() != 0 {
		t.Errorf("error %v after %d hashes", err, p.Work())
	}
}

func TestWrongGuessesWaitTwiceAsLongEachTime(t *testing.T) {
	t.Parallel()
	b, now := auth.NewBackoff(3), begin
	var waits []time.Duration
	for range 12 {
		if wait := b.Take("lea", now); wait > 0 {
			t.Fatalf("it waited, and has to wait for %s more", wait)
		}
		wait := time.Duration(0)
		if len(waits) >= 2 { // the next one would count
			wait = b.Take("lea", now)
			if again := b.Take("lea", now); again != wait {
				t.Errorf("asking while it waits makes %s of %s", again, wait)
			}
		}
		waits = append(waits, wait)
		now = now.Add(wait)
	}
	s, most := time.Second, 5*time.Minute
	want := []time.Duration{0, 0, 2 * s, 4 * s, 8 * s, 16 * s, 32 * s, 64 * s, 128 * s, 256 * s, most, most}
	if diff := cmp.Diff(want, waits); diff != "" {
		t.Error(diff)
	}
	if wait := b.Take("max", now); wait != 0 {
		t.Errorf("another name waits %s", wait)
	}
	if wait := b.Take("lea", now.Add(time.Hour)); wait != 0 {
		t.Errorf("after an hour it waits %s", wait)
	}
}

// TestGuessesAreBoundedWhateverTheirOrder holds the law that matters: within a span no more wrong guesses are looked at
// than a patient guesser gets, whatever right guesses of other names and repeats come between.
func TestGuessesAreBoundedWhateverTheirOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		b, now, wrong := auth.NewBackoff(5), begin, 0
		for range rapid.IntRange(1, 300).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(0, 10).Draw(t, "seconds")) * time.Second)
			if b.Take("203.0.113.9", now) > 0 {
				continue
			}
			if rapid.Bool().Draw(t, "right") {
				b.Return("203.0.113.9")
			} else {
				wrong++
			}
		}
		// 5 free ones, 8 while the wait grows to 5 minutes, then one in 5 minutes.
		if most := 5 + 8 + int(now.Sub(begin)/(5*time.Minute)) + 1; wrong > most {
			t.Fatalf("%d wrong guesses in %s, want at most %d", wrong, now.Sub(begin), most)
		}
	})
}

func TestNamesThatAreOnlyGuessedOnceAreForgottenInTime(t *testing.T) {
	t.Parallel()
	b := auth.NewBackoff(1)
	b.Take("first", begin)
	for n := range 25_000 {
		b.Take(string(rune('a'+n%26))+time.Duration(n).String(), begin.Add(time.Second))
	}
	if n := b.Len(); n > 20_000 {
		t.Errorf("%d names are remembered", n)
	}
}
