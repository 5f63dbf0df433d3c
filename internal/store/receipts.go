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
