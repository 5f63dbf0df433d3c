package control

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"

	"tidings/event"
	"tidings/internal/erase"
	"tidings/internal/fault"
	"tidings/internal/job"
	"tidings/internal/receipt"
	"tidings/internal/store"
)

// ErasurePage is one page of erasures, newest first.
type ErasurePage struct {
	Erasures   []store.Erasure
	NextCursor string // empty: there is no more
}

// maxEraseNote is the longest note of an erasure, in characters.
const maxEraseNote = 1000

// EraseContact erases a person by an address, in any spelling that means the same. When it returns, nothing of the person is
// shown or mailed any more; a server does the rest in the background. The note says why and is required; it must not hold the
// address, for it stays.
func (c *Control) EraseContact(ctx context.Context, who Actor, address, note string) (store.Erasure, error) {
	var p problems
	key, problem := readAddress([]byte(strings.TrimSpace(address)))
	if problem != "" {
		p.add("email", "%s", problem)
	}
	if problem == "" && erase.IsPseudonym(key) {
		p.add("email", "stands in the place of an address that was erased")
	}
	note = strings.TrimSpace(note)
	p.text("note", note, 1, maxEraseNote)
	if problem == "" && erase.NewPerson(erase.Target{Address: key}).Mentions([]byte(note)) {
		p.add("note", "holds the address: what stays of an erasure must not")
	}
	if err := p.err(); err != nil {
		return store.Erasure{}, err
	}
	if c.Outbox != nil { // what was written here instead of sent; once the person is blanked nobody finds it
		if _, err := c.Outbox.Erase(who.Project, key); err != nil {
			return store.Erasure{}, fmt.Errorf("erase contact: %w", err)
		}
	}
	x, err := c.Store.BeginErasure(ctx, who.Project, key, c.act(who, opEraseContact, "", note))
	if err != nil {
		return x, fmt.Errorf("erase contact: %w", err)
	}
	return x, nil
}

// Erasures lists who was erased, without saying who it was.
func (c *Control) Erasures(ctx context.Context, who Actor, cursor string, limit int) (ErasurePage, error) {
	var p problems
	after := p.refCursor(erasureCursor, cursor)
	p.limit(limit)
	if err := p.err(); err != nil {
		return ErasurePage{}, err
	}
	page, err := c.Store.ListErasures(ctx, who.Project, after, limit)
	if err != nil {
		return ErasurePage{}, fmt.Errorf("list erasures: %w", err)
	}
	return ErasurePage{Erasures: page.Erasures, NextCursor: cursorOfRef(erasureCursor, page.Next)}, nil
}

// Erasure finds an erasure by its id (era_…).
func (c *Control) Erasure(ctx context.Context, who Actor, id string) (store.Erasure, error) {
	x, err := c.Store.Erasure(ctx, who.Project, id)
	if err != nil {
		return x, fmt.Errorf("find erasure: %w", err)
	}
	return x, nil
}

// RunErasure does the work of an erasure, from where it was, until its end or that of ctx. One that ended is left as it is.
// Where it fails, the erasure notes why and can go on; after the last try it has failed, and asking for it again goes on.
func (c *Control) RunErasure(ctx context.Context, id string, lastTry bool) error {
	for {
		began := c.Now()
		x, err := c.Store.EraseMore(ctx, id, c.EraseTools())
		switch {
		case err != nil && ctx.Err() != nil, fault.Is(err, fault.NotFound):
			return err // the server stops: it goes on later
		case err != nil:
			return errors.Join(err, c.Store.FailErasure(ctx, id, err.Error(), lastTry, c.Now().UTC()))
		case x.Status != store.ErasureRunning:
			return nil
		}
		if err := job.Breathe(ctx, c.Now().Sub(began)); err != nil {
			return err
		}
	}
}

// EraseTools are what the store needs to write requests anew without a person.
func (c *Control) EraseTools() store.EraseTools { return store.EraseTools{Rewrite: c.eraseFrom} }

// eraseFrom writes a kept request anew without a person, where it tells of others, too. What comes out is parsed: it must tell
// of the others what it told before, and of nobody else; else the request is dropped as a whole.
func (c *Control) eraseFrom(q store.EraseRequest) store.Rewritten {
	entry, readable, err := c.parseAgain(q.StoredReceipt)
	if err != nil || !readable {
		return store.Rewritten{}
	}
	others, telling := make(map[event.ID]*receipt.Event), make(map[int]bool)
	for i := range entry.Events {
		e := &entry.Events[i]
		if !q.Mine[e.ID] && !erase.IsPseudonym(e.Recipient) && !q.Person.Mentions([]byte(e.Recipient)) {
			others[e.ID], telling[e.Element] = e, true
		}
	}
	if len(others) == 0 {
		return store.Rewritten{}
	}
	out := store.Rewritten{
		Keep:     q.Person.Body(q.Keep, func(element int) bool { return telling[element] }),
		Elements: make(map[event.ID]int, len(others)),
	}
	if out.Keep == nil {
		return store.Rewritten{}
	}
	again := q.StoredReceipt
	again.Keep = out.Keep
	if entry, readable, err = c.parseAgain(again); err != nil || !readable {
		return store.Rewritten{}
	}
	for i := range entry.Events {
		e := &entry.Events[i]
		if erase.IsPseudonym(e.Recipient) {
			continue // it stays out of the store
		}
		was := others[e.ID]
		if was == nil || !sameBesides(q.Person, was, e) {
			return store.Rewritten{}
		}
		out.Elements[e.ID] = e.Element
	}
	if len(out.Elements) != len(others) {
		return store.Rewritten{}
	}
	return out
}

// sameBesides reports whether two events say the same, but for what one says of the person.
func sameBesides(person *erase.Person, was, now *receipt.Event) bool {
	return was.Name == now.Name && was.OccurredAt.Equal(now.OccurredAt) && was.Recipient == now.Recipient &&
		was.Attribution == now.Attribution &&
		(bytes.Equal(was.Detail, now.Detail) || person.Mentions(was.Data) || mentionsDetail(person, &was.Event))
}

func mentionsDetail(person *erase.Person, e *event.Event) bool {
	text, err := e.MarshalJSON()
	return err == nil && person.Mentions(text)
}
