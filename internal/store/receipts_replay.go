package store

import (
	"context"

	"tidings/internal/source"
)

const replayPage = 500

// EachReceipt calls fn with every receipt of the query, oldest first. It reads in pages, so fn may take its time and
// may write. A receipt that retention removes meanwhile is left out.
func (s *Store) EachReceipt(ctx context.Context, q ReplayQuery, fn func(StoredReceipt) error) error {
	w := &replayWalk{store: s, q: q, read: &bodies{codec: s.codec}, after: q.After}
	for {
		list, more, err := w.page(ctx)
		if err != nil || !more {
			return err
		}
		for _, x := range list {
			kept := false
			err := s.engine.read(ctx, func(c conn) (err error) {
				x.Keep, kept, err = w.read.read(ctx, c, x.place)
				return err
			})
			if err == nil && kept {
				err = fn(x.StoredReceipt)
			}
			if err != nil {
				return err
			}
		}
	}
}

// replayWalk goes over receipts from the oldest on.
type replayWalk struct {
	store   *Store
	q       ReplayQuery
	read    *bodies
	sources map[int64]*source.Source
	after   int64 // what is done
	end     int64 // up to where the pages look before they look further, so that none takes long
}

// page reads the next receipts. There may be none although there are more: a page looks at scanBound of them at most.
func (w *replayWalk) page(ctx context.Context) (list []storedReceipt, more bool, err error) {
	var refs []int64 // of the sources
	err = w.store.engine.read(ctx, func(c conn) error {
		list, refs = nil, nil
		if w.after >= w.end {
			_, err := one(ctx, c, `SELECT coalesce(max(ref), 0) FROM (SELECT ref FROM receipts WHERE ref > $1
				AND (ref <= $2 OR $2 = 0) ORDER BY ref LIMIT `+itoa(scanBound)+`) x`, []any{w.after, w.q.Newest}, &w.end)
			if err != nil || w.end == 0 {
				return err
			}
		}
		p := replayPlan(w.q, w.after)
		p.where = append(p.where, "r.ref <= "+p.arg(w.end))
		return c.query(ctx, `SELECT r.ref, r.source, r.key, r.received_at, r.sha256, `+selectPlace+`
			FROM receipts r JOIN sources s ON s.ref = r.source JOIN projects p ON p.ref = s.project
			WHERE `+joinAnd(p.where)+` ORDER BY r.ref LIMIT `+itoa(replayPage), p.args, func(r row) error {
			x, ref, err := scanStored(r)
			list, refs = append(list, x), append(refs, ref)
			return err
		})
	})
	if err != nil || w.end == 0 {
		return nil, false, err
	}
	if w.after = w.end; len(list) == replayPage {
		w.after = list[replayPage-1].Ref
	}
	for i, ref := range refs {
		if list[i].Source, err = w.source(ctx, ref); err != nil {
			return nil, false, err
		}
	}
	return list, true, nil
}

// source finds the source of a receipt. It may have been made since the walk began.
func (w *replayWalk) source(ctx context.Context, ref int64) (*source.Source, error) {
	if found := w.sources[ref]; found != nil {
		return found, nil
	}
	list, err := w.store.Sources(ctx, w.q.Project)
	if err != nil {
		return nil, err
	}
	w.sources = make(map[int64]*source.Source, len(list))
	for _, s := range list {
		w.sources[s.Ref] = s
	}
	return w.sources[ref], nil
}

func replayPlan(q ReplayQuery, after int64) *plan {
	p := &plan{}
	p.where = append(p.where, "p.id = "+p.arg(q.Project), "r.ref > "+p.arg(after))
	if q.Newest != 0 {
		p.where = append(p.where, "r.ref <= "+p.arg(q.Newest))
	}
	if q.Source != "" {
		p.where = append(p.where, "s.id = "+p.arg(q.Source))
	}
	if q.OnlyProblems {
		p.where = append(p.where, "r.problems <> ''")
	}
	if !q.From.IsZero() {
		p.where = append(p.where, "r.received_at >= "+p.arg(ms(q.From)))
	}
	if !q.To.IsZero() {
		p.where = append(p.where, "r.received_at < "+p.arg(ms(q.To)))
	}
	return p
}

// storedReceipt is a receipt whose body is still to be read.
type storedReceipt struct {
	StoredReceipt
	place
}

func scanStored(r row) (x storedReceipt, source int64, err error) {
	var key, sha []byte
	var received int64
	err = r.Scan(append([]any{&x.Ref, &source, &key, &received, &sha}, x.scan()...)...)
	copy(x.Key[:], key)
	copy(x.SHA256[:], sha)
	x.ReceivedAt = at(received)
	return x, source, err
}

// CountReceipts is how many receipts a replay will read.
func (s *Store) CountReceipts(ctx context.Context, q ReplayQuery) (n int64, err error) {
	// It may take longer than an answer to a person should.
	err = s.engine.snapshot(ctx, func(c conn) error {
		p := replayPlan(q, q.After)
		_, err := one(ctx, c, `SELECT count(*) FROM receipts r JOIN sources s ON s.ref = r.source
			JOIN projects p ON p.ref = s.project WHERE `+joinAnd(p.where), p.args, &n)
		return err
	})
	return n, err
}
