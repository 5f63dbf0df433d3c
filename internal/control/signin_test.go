package control_test

import (
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tidings/internal/control"
	"tidings/internal/fault"
	"tidings/internal/store"
)

const password = "four words or more"

// withPerson is a control with a person called Lea.
func withPerson(t *testing.T) *control.Control {
	t.Helper()
	c := newControl(t)
	c.Gate = control.NewGate()
	made, err := c.CreatePerson(t.Context(), operator, "Lea")
	must(t, err)
	_, token, _ := strings.Cut(made.Link, "#")
	_, err = c.AcceptInvitation(t.Context(), control.Acceptance{Token: token, Password: password})
	must(t, err)
	return c
}

func from(address string) control.Client {
	return control.Client{Address: netip.MustParseAddr(address)}
}

func TestManyGuessesAtOnceGetNoFurtherThanOneAfterAnother(t *testing.T) {
	t.Parallel()
	c := withPerson(t)
	before := c.Gate.Passwords.Work()
	var wait sync.WaitGroup
	var refused, waits atomic.Int64
	for range 30 {
		wait.Go(func() {
			_, err := c.SignIn(t.Context(), control.Credentials{Name: "lea", Password: "guess", Client: from("203.0.113.9")})
			switch fault.KindOf(err) {
			case fault.Unauthenticated:
				refused.Add(1)
			case fault.RateLimited:
				waits.Add(1)
			}
		})
	}
	wait.Wait()
	if work := c.Gate.Passwords.Work() - before; work != 5 || refused.Load() != 5 || waits.Load() != 25 {
		t.Errorf("%d guesses were looked at (%d hashes), %d have to wait", refused.Load(), work, waits.Load())
	}
}

func TestOnesOwnPasswordDoesNotShortenTheWaitOfAnAddress(t *testing.T) {
	t.Parallel()
	c := withPerson(t)
	guessed := 0
	for n := range 200 {
		_, err := c.SignIn(t.Context(), control.Credentials{Name: "name" + strings.Repeat("x", n%90), Password: "guess", Client: from("203.0.113.9")})
		if fault.Is(err, fault.Unauthenticated) {
			guessed++
		}
		_, err = c.SignIn(t.Context(), control.Credentials{Name: "lea", Password: password, Client: from("203.0.113.9")})
		if err != nil && !fault.Is(err, fault.RateLimited) {
			t.Fatal(err)
		}
	}
	if guessed != 20 {
		t.Errorf("%d guesses from one address in no time, want 20", guessed)
	}
	_, err := c.SignIn(t.Context(), control.Credentials{Name: "lea", Password: password, Client: from("198.51.100.7")})
	must(t, err)
}

func TestRefusalsAreNotedAsOftenAsIsWorthReading(t *testing.T) {
	t.Parallel()
	c := withPerson(t)
	clock := now
	c.Now = func() time.Time { return clock }
	for n := range 60 {
		clock = clock.Add(time.Second)
		address := netip.AddrFrom4([4]byte{198, 51, byte(n), 7})
		_, err := c.SignIn(t.Context(), control.Credentials{
			Name: "typed-" + strings.Repeat("x", n), Password: "guess", Client: control.Client{Address: address},
		})
		if !fault.Is(err, fault.Unauthenticated) {
			t.Fatal(err)
		}
	}
	page, err := c.ListActs(t.Context(), operator, control.AuditFilter{Operation: "refuseSignIn", Limit: 100})
	must(t, err)
	if n := len(page.Acts); n < 20 || n > 26 {
		t.Errorf("%d of 60 refusals are noted, want the first 20 and one in ten seconds", n)
	}
	for _, a := range page.Acts {
		if a.By != "server" || a.Door != "ui" || a.Subject != "" || !strings.HasPrefix(a.Note, "unknown name, from 198.51.") {
			t.Fatalf("act %+v", a)
		}
	}
}

func TestPeopleOfAnotherProjectAreNobodys(t *testing.T) {
	t.Parallel()
	c := withPerson(t)
	who := operator
	who.Project = "prj_other"
	list, err := c.People(t.Context(), operator)
	must(t, err)
	for _, name := range []string{"lea", list[0].ID} {
		if _, err := c.DisablePerson(t.Context(), who, name); !fault.Is(err, fault.NotFound) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := c.CreatePerson(t.Context(), who, "max"); !fault.Is(err, fault.NotFound) {
		t.Errorf("a person of no project: %v", err)
	}
}

func TestWhatABrowserSaysOfItselfIsBounded(t *testing.T) {
	t.Parallel()
	c := withPerson(t)
	_, err := c.SignIn(t.Context(), control.Credentials{Name: "lea", Password: password, Client: control.Client{
		UserAgent: "Evil\x1b[31m\x00\xff" + strings.Repeat("ä", 1000),
	}})
	must(t, err)
	list, err := c.People(t.Context(), operator)
	must(t, err)
	sessions, err := c.Sessions(t.Context(), control.Actor{Project: store.DefaultProject, By: list[0].ID})
	must(t, err)
	if got := sessions[0].UserAgent; got != "Evil[31m"+strings.Repeat("ä", 292) || sessions[0].IP != "" {
		t.Errorf("kept %q", got)
	}
}
