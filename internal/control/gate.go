package control

import (
	"context"
	"net/netip"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/secure/precis"
	"golang.org/x/text/unicode/norm"
	"golang.org/x/time/rate"

	"tidings/internal/auth"
	"tidings/internal/fault"
)

// Gate is what every password passes through: it bounds the work of hashing and the speed of guessing. Make it with
// NewGate, one for a process.
type Gate struct {
	Passwords *auth.Passwords
	names     *auth.Backoff
	addresses *auth.Backoff
	notes     *rate.Limiter // of refusals in the audit log
}

const (
	freeOfName    = 5  // wrong passwords for one name before the first wait
	freeOfAddress = 20 // from one address: an office may share it
	noteEvery     = 10 * time.Second
	noteBurst     = 20
)

// NewGate makes a gate.
func NewGate() *Gate {
	return &Gate{
		Passwords: auth.NewPasswords(), names: auth.NewBackoff(freeOfName), addresses: auth.NewBackoff(freeOfAddress),
		notes: rate.NewLimiter(rate.Every(noteEvery), noteBurst),
	}
}

// prove proves a password against a hash, which may be empty: nobody's. It is RateLimited where there were too many wrong
// ones for the name, or from the address; then nothing was proved.
func (g *Gate) prove(
	ctx context.Context, now time.Time, key string, from netip.Addr, password, hash string,
) (right bool, err error) {
	address := addressKey(from)
	if wait := g.addresses.Take(address, now); wait > 0 {
		return false, tooManyGuesses(wait)
	}
	if wait := g.names.Take(key, now); wait > 0 {
		g.addresses.Return(address)
		return false, tooManyGuesses(wait)
	}
	right, err = g.Passwords.Prove(ctx, password, hash)
	switch {
	case err != nil:
		g.names.Return(key)
		g.addresses.Return(address)
	case right:
		g.names.Forget(key)
		g.addresses.Return(address)
	}
	return right, err
}

func tooManyGuesses(wait time.Duration) error {
	return fault.New(fault.RateLimited, "too_many_guesses", "there were too many wrong passwords").
		WithHint("try again in %s", (wait + time.Second - 1).Truncate(time.Second)).WithAfter(wait)
}

// addressKey is what guesses of an address are counted under: whoever has an IPv6 address has 2^64 of them.
func addressKey(a netip.Addr) string {
	a = a.Unmap().WithZone("")
	if !a.Is6() {
		return a.String()
	}
	prefix, err := a.Prefix(64)
	if err != nil {
		return a.String()
	}
	return prefix.String()
}

// Password rules, after NIST SP 800-63B: length alone.
const (
	minPassword      = 12  // characters
	maxPasswordBytes = 256 // of UTF-8
)

// password checks a new password of somebody.
func (p *problems) password(field, password, name string) {
	n := utf8.RuneCountInString(norm.NFC.String(password))
	switch {
	case password == "":
		p.add(field, "is required")
	case !utf8.ValidString(password):
		p.add(field, "is not valid UTF-8")
	case n < minPassword:
		p.add(field, "must have at least %d characters, not %d: a few words will do, and no character is required", minPassword, n)
	case len(password) > maxPasswordBytes:
		p.add(field, "must not have more than %d bytes", maxPasswordBytes)
	case nameKey(password) == nameKey(name):
		p.add(field, "must not be the name")
	}
}

// personName checks the name of a person and returns it as it is compared.
func (p *problems) personName(field, name string) string {
	before := len(*p)
	p.text(field, name, 1, maxName)
	key, err := precis.UsernameCaseMapped.CompareKey(name)
	if err != nil && len(*p) == before {
		p.add(field, "may hold letters, digits and signs such as . - _ @, and no blanks")
	}
	return key
}

// nameKey is a name as it is compared. What can't be anybody's name has a key that is nobody's.
func nameKey(name string) string {
	key, err := precis.UsernameCaseMapped.CompareKey(name)
	if err != nil {
		return " " + strings.ToLower(name)
	}
	return key
}

// Client is where a person's browser is.
type Client struct {
	Address   netip.Addr // zero: not known
	UserAgent string
}

const maxAgent = 300 // characters

// agent is what is kept of a user agent.
func (c Client) agent() string {
	text := strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return -1
		}
		return r
	}, strings.ToValidUTF8(c.UserAgent, ""))
	if utf8.RuneCountInString(text) > maxAgent {
		text = string([]rune(text)[:maxAgent])
	}
	return text
}
