package store

import (
	"context"

	"tidings/internal/fault"
)

const selectReceipt = `SELECT r.ref, s.id, s.provider, coalesce(k.text, ''), r.received_at, r.n, r.sha256, r.size,
	r.problems FROM receipts r JOIN sources s ON s.ref = r.source LEFT JOIN terms k ON k.ref = r.kind `

func scanReceipt(r row) (Receipt, error) {
	var x Receipt
	var received int64
	var sha []byte
	var problems string
	err := r.Scan(&x.Ref, &x.SourceID, &x.Provider, &x.Kind, &received, &x.Count, &sha, &x.Size, &problems)
	if err != nil {
		return x, err
	}
	copy(x.SHA256[:], sha)
	x.ID, x.ReceivedAt = publicID(receiptPrefix, x.Ref), at(received)
	x.Problems, err = decodeProblems(problems)
	return x, err
}

// Receipt finds a receipt by its id.
func (s *Store) Receipt(ctx context.Context, project, id string) (x Receipt, err error) {
	err = s.findReceipt(ctx, project, id, func(c conn, p, ref int64) (bool, error) {
		found := false
		err := c.query(ctx, selectReceipt+`WHERE r.ref = $1 AND s.project = $2`, []any{ref, p}, func(r row) error {
			found = true
			x, err = scanReceipt(r)
			return err
		})
		return found, err
	})
	return x, err
}

// ReceiptBody returns what is kept of a receipt's body: all but what must never be kept.
func (s *Store) ReceiptBody(ctx context.Context, project, id string) (keep []byte, err error) {
	err = s.findReceipt(ctx, project, id, func(c conn, p, ref int64) (bool, error) {
		var at place
		found, err := one(ctx, c, `SELECT `+selectPlace+` FROM receipts r JOIN sources s ON s.ref = r.source
			WHERE r.ref = $1 AND s.project = $2`, []any{ref, p}, at.scan()...)
		if err != nil || !found {
			return found, err
		}
		keep, found, err = (&bodies{codec: s.codec}).read(ctx, c, at)
		return found, err
	})
	return keep, err
}

func (s *Store) findReceipt(
	ctx context.Context, project, id string, find func(c conn, project, ref int64) (bool, error),
) error {
	return s.engine.read(ctx, func(c conn) error {
		p, err := projectRef(ctx, c, project)
		if err != nil {
			return err
		}
		ref, ok := refOf(receiptPrefix, id)
		if ok {
			ok, err = find(c, p, ref)
		}
		if err == nil && !ok {
			err = fault.Missing("there is no receipt %q, or it is not kept any more", id)
		}
		return err
	})
}

const replayPage = 500

// EachReceipt calls fn with every receipt of the query, oldest first. It reads in pages, so fn may take its time and
// may write. A receipt that retention removes meanwhile is left out.
func (s *Store) EachReceipt(ctx context.Context, q ReplayQuery, fn func(StoredReceipt) error) error {
	sources, err := s.Sources(ctx, q.Project)
	if err != nil {
		return err
	}
	byRef := make(map[int64]int)
	for i, src := range sources {
		byRef[src.Ref] = i
	}
	read := &bodies{codec: s.codec}
	after := q.After
	for {
		var list []storedReceipt
		err := s.engine.read(ctx, func(c conn) error {
			p := replayPlan(q, after)
			return c.query(ctx, `SELECT r.ref, r.source, r.key, r.received_at, r.sha256, `+selectPlace+`
				FROM receipts r JOIN sources s ON s.ref = r.source JOIN projects p ON p.ref = s.project
				WHERE `+joinAnd(p.where)+` ORDER BY r.ref LIMIT `+itoa(replayPage), p.args, func(r row) error {
				x, ref, err := scanStored(r)
				if err == nil {
					x.Source = sources[byRef[ref]]
					list = append(list, x)
				}
				return err
			})
		})
		if err != nil {
			return err
		}
		for _, x := range list {
			after = x.Ref
			kept := false
			err := s.engine.read(ctx, func(c conn) (err error) {
				x.Keep, kept, err = read.read(ctx, c, x.place)
				return err
			})
			if err == nil && kept {
				err = fn(x.StoredReceipt)
			}
			if err != nil {
				return err
			}
		}
		if len(list) < replayPage {
			return nil
		}
	}
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
	err = s.engine.read(ctx, func(c conn) error {
		p := replayPlan(q, q.After)
		_, err := one(ctx, c, `SELECT count(*) FROM receipts r JOIN sources s ON s.ref = r.source
			JOIN projects p ON p.ref = s.project WHERE `+joinAnd(p.where), p.args, &n)
		return err
	})
	return n, err
}
