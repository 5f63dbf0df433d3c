package auth_test

import (
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidings/internal/auth"
	"tidings/internal/fault"
	"tidings/internal/store"
)

const day = 24 * time.Hour

func TestASessionEndsWhenItIsNotUsedAndAfterAMonth(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ used, want time.Duration }{
		{0, 12 * time.Hour},
		{time.Hour, 13 * time.Hour},
		{29 * day, 29*day + 12*time.Hour},
		{30*day - 12*time.Hour, 30 * day},
		{30*day - time.Hour, 30 * day},
	} {
		if got := auth.SessionEnd(begin, begin.Add(c.used)).Sub(begin); got != c.want {
			t.Errorf("used after %s it ends after %s, want %s", c.used, got, c.want)
		}
	}
}

func TestOfAnAddressOnlyItsNetworkIsKept(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"203.0.113.9": "203.0.113.0/24", "::ffff:203.0.113.9": "203.0.113.0/24", "2001:db8:1:2::3": "2001:db8:1::/48",
		"fe80::1%eth0": "fe80::/48", "127.0.0.1": "127.0.0.0/24",
	} {
		if got := auth.Network(netip.MustParseAddr(address)); got != want {
			t.Errorf("%s: %s, want %s", address, got, want)
		}
	}
	if got := auth.Network(netip.Addr{}); got != "" {
		t.Errorf("no address: %s", got)
	}
}

// signedIn makes a person with a session and returns the session and its token.
func (b *bench) signedIn(t *testing.T) (store.Session, string) {
	t.Helper()
	p := store.Person{ID: "per_1", Project: store.DefaultProject, Name: "Lea", NameKey: "lea", Hash: "h", CreatedAt: begin}
	i := store.Invitation{Hash: auth.Hash("link"), CreatedAt: begin, ExpiresAt: begin.Add(day)}
	must(t, b.store.InviteFirst(t.Context(), i))
	s, token := auth.NewSession(p, begin, "Firefox", "203.0.113.0/24")
	_, err := b.store.AcceptInvitation(t.Context(), i.Hash, p, s, store.Act{At: begin, Project: store.DefaultProject})
	must(t, err)
	return s, token
}

func TestACookieNamesItsPersonOrNobody(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	s, token := b.signedIn(t)
	p, err := b.auth.AuthenticateSession(t.Context(), token)
	must(t, err)
	want := auth.Principal{
		Person: "per_1", PersonName: "Lea", Session: s.ID, Project: store.DefaultProject, Kind: store.SecretKey, Door: "ui",
	}
	if !cmp.Equal(p, want) {
		t.Errorf("principal %+v, want %+v", p, want)
	}
	for _, wrong := range []string{"", "x", token[1:], token + "a", strings.ToUpper(token), strings.Repeat("a", 1<<16), s.ID} {
		p, err := b.auth.AuthenticateSession(t.Context(), wrong)
		if !fault.Is(err, fault.Unauthenticated) || p.Session != "" {
			t.Errorf("%.40q: %+v, %v", wrong, p, err)
		}
	}
	must(t, b.store.DisablePerson(t.Context(), "per_1", store.Act{At: begin, Project: store.DefaultProject}))
	if _, err := b.auth.AuthenticateSession(t.Context(), token); !fault.Is(err, fault.Unauthenticated) {
		t.Errorf("one who is disabled: %v", err)
	}
}

func TestTheUseOfASessionIsNotedOnceAMinuteAndMakesItLast(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, token := b.signedIn(t)
	for _, c := range []struct{ after, seen time.Duration }{
		{30 * time.Second, 0},
		{time.Minute, time.Minute},
		{90 * time.Second, time.Minute},
		{13 * time.Hour, 0}, // over: it was seen last after a minute
	} {
		b.now = begin.Add(c.after)
		_, err := b.auth.AuthenticateSession(t.Context(), token)
		if c.after > 12*time.Hour {
			if !fault.Is(err, fault.Unauthenticated) {
				t.Errorf("after %s: %v", c.after, err)
			}
			break
		}
		must(t, err)
		got, err := b.store.SessionByHash(t.Context(), auth.Hash(token))
		must(t, err)
		if !got.LastSeenAt.Equal(begin.Add(c.seen)) || !got.ExpiresAt.Equal(begin.Add(c.seen+12*time.Hour)) {
			t.Errorf("after %s: seen %s, until %s", c.after, got.LastSeenAt, got.ExpiresAt)
		}
	}
	if b.log.Len() > 0 {
		t.Errorf("logged: %s", b.log.String())
	}
}
