package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"tidings/internal/fault"
)

// ErasureStatus is how far an erasure is. The numbers are stored.
type ErasureStatus int

// The statuses of an erasure.
const (
	ErasureRunning ErasureStatus = iota
	ErasureDone
	ErasureFailed
)

var erasureStatuses = [...]string{"running", "done", "failed"}

// String returns the status in lower-case letters: "running".
func (s ErasureStatus) String() string { return erasureStatuses[s] }

// Erasure is the record of a person who was erased. It never holds the address.
type Erasure struct {
	Ref         int64
	ID          string // era_…
	Project     string
	ContactID   string // con_…; empty: nobody was known by the address
	Status      ErasureStatus
	RequestedAt time.Time
	FinishedAt  time.Time // zero: it has not ended
	By          string    // a key's or person's id, or "cli"
	ByName      string    // of the person
	Note        string
	Counts      ErasureCounts // so far
	Suppressed  bool          // mail to the address was suppressed, and is
	Problem     string        // why it failed, or why the last try did
	stage       int64         // how far the work is, see eraseStages
	place       string        // in stage: what the last row that is done is known by
	project     int64
}

// ErasureCounts are what an erasure came upon.
type ErasureCounts struct {
	Contacts int64 `json:"contacts"` // the person's, those that were merged among them
	Events   int64 `json:"events"`   // that lost what they said of the person
	Messages int64 `json:"messages"` // the same
	Receipts int64 `json:"receipts"` // whose bodies were dropped, or written anew without the person
	Audit    int64 `json:"audit"`    // acts in the audit log that named the person, or were about the contact
	Others   int64 `json:"others"`   // rows of other tables
}

const erasurePrefix = "era_"

const selectErasure = `SELECT y.ref, p.id, y.project, y.contact, y.status, y.requested_at, y.finished_at, y.by,
	coalesce((SELECT name FROM people h WHERE h.id = y.by), ''), y.note, y.suppressed, y.stage, y.place, y.counts, y.problem
	FROM erasures y JOIN projects p ON p.ref = y.project `

func erasures(ctx context.Context, c conn, sql string, args ...any) (list []Erasure, err error) {
	err = c.query(ctx, selectErasure+sql, args, func(r row) error {
		x, err := scanErasure(r)
		list = append(list, x)
		return err
	})
	return list, err
}

func scanErasure(r row) (x Erasure, err error) {
	var contact, status, requested, finished int64
	var counts string
	err = r.Scan(&x.Ref, &x.Project, &x.project, &contact, &status, &requested, &finished, &x.By, &x.ByName, &x.Note, &x.Suppressed,
		&x.stage, &x.place, &counts, &x.Problem)
	if err != nil {
		return x, err
	}
	x.ID, x.ContactID, x.Status = publicID(erasurePrefix, x.Ref), publicID(contactPrefix, contact), ErasureStatus(status)
	x.RequestedAt, x.FinishedAt = at(requested), at(finished)
	if err := json.Unmarshal([]byte(counts), &x.Counts); err != nil {
		return x, fmt.Errorf("the counts of erasure %s: %w", x.ID, err)
	}
	return x, nil
}

// Erasure finds an erasure by its id.
func (s *Store) Erasure(ctx context.Context, project, id string) (x Erasure, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		ref, _ := refOf(erasurePrefix, id)
		list, err := erasures(ctx, c, `WHERE y.ref = $1 AND (p.id = $2 OR $2 = '')`, ref, project)
		if err != nil {
			return err
		}
		if len(list) == 0 {
			return fault.Missing("there is no erasure %q", id)
		}
		x = list[0]
		return nil
	})
	return x, err
}

// ErasurePage is one page of erasures.
type ErasurePage struct {
	Erasures []Erasure
	Next     int64 // zero: no more
}

// ListErasures returns one page of erasures, newest first. after is the Erasure.Ref where the page before ended.
func (s *Store) ListErasures(ctx context.Context, project string, after int64, limit int) (page ErasurePage, err error) {
	limit = limitOf(limit)
	err = s.engine.read(ctx, func(c conn) error {
		ref, err := projectRef(ctx, c, project)
		if err != nil {
			return err
		}
		page.Erasures, err = erasures(ctx, c, `WHERE y.project = $1 AND (y.ref < $2 OR $2 = 0) ORDER BY y.ref DESC LIMIT $3`,
			ref, after, limit+1)
		return err
	})
	page.Erasures, page.Next = cutPage(page.Erasures, limit, func(x *Erasure) int64 { return x.Ref })
	return page, err
}
