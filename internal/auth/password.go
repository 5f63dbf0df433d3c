package auth

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/alexedwards/argon2id"
	"golang.org/x/sync/semaphore"
	"golang.org/x/text/unicode/norm"

	"tidings/internal/fault"
)

// The cost of one hash, after OWASP's cheat sheet on the storage of passwords: 19 MiB, two passes, one thread.
const (
	hashMemory     = 19 << 10 // KiB
	hashIterations = 2
	hashAtOnce     = 2               // 38 MiB at most, and never more than two processors
	hashWait       = 5 * time.Second // for one's turn
)

// nobody is what the password of nobody is compared with. It is of no password: its bytes are not a hash of anything.
const nobody = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5bm9ib2R5bm9ibw$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

// Passwords hashes and proves passwords, a few at a time. Make it with NewPasswords; it is safe for concurrent use.
type Passwords struct {
	turns *semaphore.Weighted
	work  atomic.Int64
}

// NewPasswords makes it.
func NewPasswords() *Passwords { return &Passwords{turns: semaphore.NewWeighted(hashAtOnce)} }

// Work is how many hashes were made so far: each sign-in costs one, whoever it is for.
func (p *Passwords) Work() int64 { return p.work.Load() }

// Hash makes what is stored of a password.
func (p *Passwords) Hash(ctx context.Context, password string) (hash string, err error) {
	err = p.turn(ctx, func() error {
		hash, err = argon2id.CreateHash(norm.NFC.String(password), &argon2id.Params{
			Memory: hashMemory, Iterations: hashIterations, Parallelism: 1, SaltLength: 16, KeyLength: 32,
		})
		return err
	})
	return hash, err
}

// Prove reports whether a password is the one of a hash. An empty hash is nobody's: it takes the same work and no password
// is right.
func (p *Passwords) Prove(ctx context.Context, password, hash string) (right bool, err error) {
	known := hash != ""
	if !known {
		hash = nobody
	}
	err = p.turn(ctx, func() error {
		right, err = argon2id.ComparePasswordAndHash(norm.NFC.String(password), hash)
		return err
	})
	return right && known, err
}

// turn runs fn when it is its turn.
func (p *Passwords) turn(ctx context.Context, fn func() error) error {
	waiting, cancel := context.WithTimeout(ctx, hashWait)
	defer cancel()
	if err := p.turns.Acquire(waiting, 1); err != nil {
		busy := fault.New(fault.Unavailable, "busy", "too many people sign in at once").WithHint("try again in a moment")
		return errors.Join(busy, ctx.Err())
	}
	defer p.turns.Release(1)
	p.work.Add(1)
	if err := fn(); err != nil {
		return fmt.Errorf("hash the password: %w", err)
	}
	return nil
}
