package store

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"tidings/provider"
)

// clockDoubt is how far the order of receipts and the times they came at may disagree: nodes and their clocks differ.
const clockDoubt = 24 * time.Hour

// ListReceipts returns one page of receipts, newest first. A page that looked at many receipts ends before its limit; Next
// goes on from there.
func (s *Store) ListReceipts(ctx context.Context, q ReceiptQuery) (page ReceiptPage, err error) {
	q.Limit = limitOf(q.Limit)
	err = s.engine.read(ctx, func(c conn) error {
		page = ReceiptPage{}
		w, err := newReceiptWalk(ctx, c, q)
		if err != nil || w == nil {
			return err
		}
		page, err = w.run()
		return err
	})
	return page, err
}

// receiptWalk goes over receipts from the newest on.
type receiptWalk struct {
	c       conn
	ctx     context.Context // of the one call that this value lives for
	q       ReceiptQuery
	sources map[string]int64 // those that are asked for, by id
	size    int              // how many receipts a scan looks at
}

// newReceiptWalk returns nil where nothing can match.
func newReceiptWalk(ctx context.Context, c conn, q ReceiptQuery) (*receiptWalk, error) {
	project, err := projectRef(ctx, c, q.Project)
	if err != nil {
		return nil, err
	}
	w := &receiptWalk{c: c, ctx: ctx, q: q, sources: make(map[string]int64), size: scanBound}
	err = c.query(ctx, `SELECT id, ref FROM sources WHERE project = $1 AND (CAST($2 AS TEXT) = '' OR id = $2)`,
		[]any{project, q.Source}, func(r row) error {
			var id string
			var ref int64
			err := r.Scan(&id, &ref)
			w.sources[id] = ref
			return err
		})
	if err != nil || len(w.sources) == 0 {
		return nil, err
	}
	if q.Source == "" && q.Kind == "" && q.From.IsZero() && q.To.IsZero() && (q.Problem == "" || q.Problem == anyProblem) {
		w.size = q.Limit + 1
	}
	return w, nil
}

// anyProblem stands for the codes of all problems.
const anyProblem = "any"

func (w *receiptWalk) run() (page ReceiptPage, err error) {
	before, err := w.start()
	if err != nil {
		return page, err
	}
	// Receipts with problems have an index for each source; the others are walked along the primary key.
	scans := []int64{0}
	if w.q.Problem != "" {
		scans = slices.Collect(maps.Values(w.sources))
	}
	for _, source := range scans {
		rows, end, err := w.scan(source, before)
		if err != nil {
			return page, err
		}
		// Of several scans that ended early, the page may go as far as the one that came least far.
		page.Receipts, page.Next = append(page.Receipts, rows...), max(page.Next, end)
	}
	slices.SortFunc(page.Receipts, func(a, b Receipt) int { return cmp.Compare(b.Ref, a.Ref) })
	page.Receipts = slices.DeleteFunc(page.Receipts, func(r Receipt) bool { return r.Ref < page.Next })
	if len(page.Receipts) > w.q.Limit {
		page.Receipts = page.Receipts[:w.q.Limit]
		page.Next = page.Receipts[w.q.Limit-1].Ref
	}
	return page, nil
}

// start is the number that all receipts of the page are below: that of the cursor, or the first one that came well after
// the end of the span, which is looked for by halves because numbers and times grow together.
func (w *receiptWalk) start() (int64, error) {
	before := int64(lastRef)
	if w.q.After > 0 {
		before = w.q.After
	}
	if w.q.To.IsZero() {
		return before, nil
	}
	late := ms(w.q.To.Add(clockDoubt))
	var low, high int64
	_, err := one(w.ctx, w.c, `SELECT coalesce(min(ref), 0), coalesce(max(ref), 0) + 1 FROM receipts`, nil, &low, &high)
	if err != nil {
		return 0, err
	}
	for low < high {
		middle := low + (high-low)/2
		var received int64
		found, err := one(w.ctx, w.c, `SELECT received_at FROM receipts WHERE ref >= $1 ORDER BY ref LIMIT 1`,
			[]any{middle}, &received)
		if err != nil {
			return 0, err
		}
		if !found || received >= late {
			high = middle
		} else {
			low = middle + 1
		}
	}
	return min(before, low), nil
}

// scan finds the next receipts, one more than the page takes where there are so many. source is 0 for all. end is the
// last one that it looked at, 0 where there are no more or the page is full before.
func (w *receiptWalk) scan(source, before int64) (rows []Receipt, end int64, err error) {
	var last Receipt
	looked := 0
	sql, args := w.sql(source, before)
	err = w.c.query(w.ctx, sql, args, func(r row) error {
		x, err := scanReceipt(r)
		if err != nil {
			return err
		}
		if last, looked = x, looked+1; !w.matches(&x) {
			return nil
		}
		if rows = append(rows, x); len(rows) > w.q.Limit {
			return errEnough
		}
		return nil
	})
	switch {
	case errors.Is(err, errEnough):
		return rows, 0, nil
	case err != nil, looked < w.size, !w.q.From.IsZero() && last.ReceivedAt.Before(w.q.From.Add(-clockDoubt)):
		return rows, 0, err
	}
	return rows, last.Ref, nil
}

// sql is the statement of a scan: along the primary key, or along the index of receipts with problems.
func (w *receiptWalk) sql(source, before int64) (string, []any) {
	p := &plan{}
	p.where = append(p.where, "r.ref < "+p.arg(before))
	if source != 0 {
		p.where = append(p.where, "r.problems <> ''", "r.source = "+p.arg(source))
	}
	return listReceipts + `WHERE ` + joinAnd(p.where) + ` ORDER BY r.ref DESC LIMIT ` + itoa(w.size), p.args
}

// listReceipts is selectReceipt in the order of receipts, whatever else there is.
const listReceipts = `SELECT r.ref, coalesce(s.id, ''), coalesce(s.provider, ''), coalesce(k.text, ''), r.received_at, r.n,
	r.sha256, r.size, r.problems FROM receipts r LEFT JOIN sources s ON s.ref = r.source LEFT JOIN terms k ON k.ref = r.kind `

func (w *receiptWalk) matches(x *Receipt) bool {
	q := w.q
	_, asked := w.sources[x.SourceID]
	return asked && (q.Kind == "" || x.Kind == q.Kind) &&
		(q.From.IsZero() || !x.ReceivedAt.Before(q.From)) && (q.To.IsZero() || x.ReceivedAt.Before(q.To)) &&
		(q.Problem == "" || q.Problem == anyProblem ||
			slices.ContainsFunc(x.Problems, func(p provider.Problem) bool { return p.Code == q.Problem }))
}
