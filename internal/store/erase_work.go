package store

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"tidings/event"
	"tidings/internal/erase"
	"tidings/internal/stats"
)

// EraseTools are what an erasure needs of those who read requests.
type EraseTools struct {
	// Rewrite takes a person out of a kept request. It must return requests that hold nothing of the person.
	Rewrite func(EraseRequest) Rewritten
}

// EraseRequest is a kept request that names a person, or from which an event of the person came.
type EraseRequest struct {
	StoredReceipt
	Person *erase.Person
	Mine   map[event.ID]bool // events of the person that it was the first to tell
}

// Rewritten is what becomes of a kept request.
type Rewritten struct {
	Keep     []byte           // nil: it is dropped
	Elements map[event.ID]int // where the events of others now are in it
}

// eraseChunk is how many rows one step looks at: short enough that nobody waits for it.
const eraseChunk = 500

// eraseRun is one step of an erasure.
type eraseRun struct {
	store  *Store
	ctx    context.Context // of the one call that this value lives for
	x      Erasure
	tools  EraseTools
	person *erase.Person
	refs   []int64  // of the person's contacts
	ids    []string // the same
	last   bool     // the stage is done

	pseudonyms []string
}

// eraseStages are the parts of the work, in their order. Each goes over rows from Erasure.place on, does a bounded part, and
// may be begun again where it was.
var eraseStages = [...]func(*eraseRun) (func(conn) error, error){
	(*eraseRun).ownEvents,
	(*eraseRun).messages,
	(*eraseRun).bodies,
	(*eraseRun).tables,
	(*eraseRun).otherEvents,
	(*eraseRun).scrub,
}

// EraseMore does the next part of an erasure and tells how far it is. When it returns one that is not running, all is done; it
// may be called again whenever it failed, or the program ended.
func (s *Store) EraseMore(ctx context.Context, id string, tools EraseTools) (Erasure, error) {
	x, err := s.Erasure(ctx, "", id)
	if err != nil || x.Status != ErasureRunning {
		return x, err
	}
	r := &eraseRun{store: s, ctx: ctx, x: x, tools: tools}
	if err := r.load(); err != nil {
		return x, fmt.Errorf("erase: %w", err)
	}
	write, err := eraseStages[x.stage](r)
	if err != nil {
		return x, fmt.Errorf("erase: %w", err)
	}
	was := r.x
	err = s.engine.write(ctx, func(c conn) error {
		r.x = was
		if write != nil {
			if err := write(c); err != nil {
				return err
			}
		}
		return r.save(c, was)
	})
	if errors.Is(err, errOvertaken) {
		return s.Erasure(ctx, "", id)
	}
	if err != nil {
		return x, fmt.Errorf("erase: %w", err)
	}
	if r.x.Status == ErasureDone {
		s.terms.forget()
	}
	return r.x, nil
}

// FailErasure notes why an erasure did not go on; with ended it is not tried again by itself.
func (s *Store) FailErasure(ctx context.Context, id, problem string, ended bool, now time.Time) error {
	ref, _ := refOf(erasurePrefix, id)
	status, finished := ErasureRunning, int64(0)
	if ended {
		status, finished = ErasureFailed, ms(now)
	}
	return s.engine.write(ctx, func(c conn) error {
		_, err := c.exec(ctx, `UPDATE erasures SET problem = $2, status = $3, finished_at = $4 WHERE ref = $1 AND status = 0`,
			ref, problem, int64(status), finished)
		return err
	})
}

// load reads what is looked for.
func (r *eraseRun) load() error {
	var targets []erase.Target
	err := r.store.engine.read(r.ctx, func(c conn) error {
		return c.query(r.ctx, `SELECT contact, address, pseudonym, forms FROM erasing WHERE erasure = $1 ORDER BY contact`,
			[]any{r.x.Ref}, func(row row) error {
				var ref int64
				var t erase.Target
				var forms string
				if err := row.Scan(&ref, &t.Address, &t.Pseudonym, &forms); err != nil {
					return err
				}
				r.refs, r.ids = append(r.refs, ref), append(r.ids, publicID(contactPrefix, ref))
				r.pseudonyms = append(r.pseudonyms, t.Pseudonym)
				err := json.Unmarshal([]byte(forms), &t.Forms)
				targets = append(targets, t)
				return err
			})
	})
	r.person = erase.NewPerson(targets...)
	return err
}

// save stores how far the erasure is.
func (r *eraseRun) save(c conn, was Erasure) error {
	if r.last {
		r.x.stage, r.x.place = r.x.stage+1, ""
	}
	if int(r.x.stage) == len(eraseStages) {
		r.x.stage--
		r.x.Status, r.x.FinishedAt, r.x.Problem = ErasureDone, r.store.now(), ""
	}
	counts, err := json.Marshal(r.x.Counts)
	if err != nil {
		return err
	}
	n, err := c.exec(r.ctx, `UPDATE erasures SET stage = $2, place = $3, counts = $4, status = $5, finished_at = $6, problem = $7
		WHERE ref = $1 AND status = 0 AND stage = $8 AND place = $9`, r.x.Ref, r.x.stage, r.x.place, string(counts),
		int64(r.x.Status), ms(r.x.FinishedAt), r.x.Problem, was.stage, was.place)
	if err == nil && n == 0 {
		err = errOvertaken
	}
	return err
}

// errOvertaken undoes a part that another program did meanwhile.
var errOvertaken = errors.New("another program goes on with it")

func (r *eraseRun) number() int64 {
	n, _ := strconv.ParseInt(r.x.place, 10, 64)
	return n
}

func (r *eraseRun) eventPlace() (id event.ID) {
	b, _ := hex.DecodeString(r.x.place)
	copy(id[:], b)
	return id
}

// owns reports whether a contact is one of the person's.
func (r *eraseRun) owns(contact int64) bool { return slices.Contains(r.refs, contact) }

// mine writes a condition on the person's contacts, with arguments from a number on.
func (r *eraseRun) mine(column string, from int) string {
	return column + " IN (" + marks(from, len(r.refs)) + ")"
}

func (r *eraseRun) args(first ...any) []any {
	for _, ref := range r.refs {
		first = append(first, ref)
	}
	return first
}

// eventDetail is an event as it is cleaned.
type eventDetail struct {
	id     event.ID
	name   string
	detail []byte
}

// ownEvents blanks the person's events. The indexes of events by contact find them.
func (r *eraseRun) ownEvents() (func(conn) error, error) {
	var list []eventDetail
	err := r.store.engine.read(r.ctx, func(c conn) error {
		list = nil
		return c.query(r.ctx, `SELECT e.id, n.text, e.detail FROM events e JOIN terms n ON n.ref = e.name
			WHERE e.id > $1 AND `+r.mine("e.contact", 3)+` ORDER BY e.id LIMIT $2`, r.args(r.eventPlace(), eraseChunk),
			func(row row) error {
				var x eventDetail
				err := row.Scan(&x.id, &x.name, &x.detail)
				list = append(list, x)
				return err
			})
	})
	if err != nil {
		return nil, err
	}
	r.last = len(list) < eraseChunk
	for i := range list {
		if list[i].detail, err = r.store.blankDetail(&list[i], r.person); err != nil {
			return nil, err
		}
	}
	return func(c conn) error {
		for _, x := range list {
			if _, err := c.exec(r.ctx, `UPDATE events SET recipient = '', element = $3, detail = $2 WHERE id = $1`,
				x.id, x.detail, erasedElement); err != nil {
				return err
			}
			if _, err := c.exec(r.ctx, `DELETE FROM event_values WHERE event = $1`, x.id); err != nil {
				return err
			}
			r.x.place = hex.EncodeToString(x.id[:])
		}
		r.x.Counts.Events += int64(len(list))
		return nil
	}, nil
}

// blankDetail makes the stored form of what stays of an event.
func (s *Store) blankDetail(x *eventDetail, person *erase.Person) ([]byte, error) {
	e := event.Event{Name: event.Name(x.name)}
	if err := s.codec.DecodeDetail(x.detail, &e); err != nil {
		return nil, fmt.Errorf("event %s: %w", x.id, err)
	}
	erase.Event(&e, func(e *event.Event) string { return person.Scrub(stats.LinkOf(e)) })
	return s.codec.EncodeDetail(&e)
}

// scrub is the end: what was looked for is forgotten, and the files are cleaned of what was there before.
func (r *eraseRun) scrub() (func(conn) error, error) {
	err := r.store.engine.write(r.ctx, func(c conn) error {
		_, err := c.exec(r.ctx, `DELETE FROM erasing WHERE erasure = $1`, r.x.Ref)
		return err
	})
	if err == nil {
		err = r.store.engine.scrub(r.ctx, r.person.Mentions)
	}
	r.last = true
	return nil, err
}

// errMoved ends a part that has to be done again: another program wrote the request anew.
var errMoved = errors.New("a receipt moved meanwhile")
