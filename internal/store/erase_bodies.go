package store

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"tidings/event"
	"tidings/internal/receipt"
)

// bodyHit is a kept request that is written anew or dropped.
type bodyHit struct {
	storedReceipt
	became Rewritten
}

// bodies takes the person out of kept requests: what a request tells of others stays, as far as it can be parsed again to the
// same events.
func (r *eraseRun) bodies() (func(conn) error, error) {
	w := &replayWalk{
		store: r.store, q: ReplayQuery{Project: r.x.Project}, read: &bodies{codec: r.store.codec}, after: r.number(),
	}
	list, more, err := w.page(r.ctx)
	if err != nil {
		return nil, err
	}
	r.last = !more
	var hits []bodyHit
	var loose []looseBlock
	if len(list) > 0 {
		own, err := r.ownReceipts(list[0].Ref, list[len(list)-1].Ref)
		if err != nil {
			return nil, err
		}
		if hits, err = r.bodyHits(list, own); err != nil {
			return nil, err
		}
		if loose, err = r.loose(list, hits); err != nil {
			return nil, err
		}
	}
	return func(c conn) error {
		for _, h := range hits {
			if err := r.rewrite(c, h); err != nil {
				return fmt.Errorf("receipt %s: %w", publicID(receiptPrefix, h.Ref), err)
			}
		}
		for _, b := range loose {
			if err := r.clearLoose(c, b); err != nil {
				return fmt.Errorf("block %d: %w", b.ref, err)
			}
		}
		r.x.Counts.Receipts += int64(len(hits))
		r.x.place = strconv.FormatInt(w.after, 10)
		return nil
	}, nil
}

// ownReceipts are the receipts of a range that were the first to tell of events of the person, with those events.
func (r *eraseRun) ownReceipts(from, to int64) (own map[int64]map[event.ID]bool, err error) {
	own = make(map[int64]map[event.ID]bool)
	err = r.store.engine.read(r.ctx, func(c conn) error {
		return c.query(r.ctx, `SELECT receipt, id FROM events WHERE receipt >= $1 AND receipt <= $2 AND receipt <> 0 AND `+
			r.mine("contact", 3), r.args(from, to), func(row row) error {
			var ref int64
			var id event.ID
			err := row.Scan(&ref, &id)
			if own[ref] == nil {
				own[ref] = make(map[event.ID]bool)
			}
			own[ref][id] = true
			return err
		})
	})
	return own, err
}

// bodyHits finds the requests that name the person, and says what becomes of them.
func (r *eraseRun) bodyHits(list []storedReceipt, own map[int64]map[event.ID]bool) (hits []bodyHit, err error) {
	err = r.store.engine.read(r.ctx, func(c conn) error {
		hits = nil
		read := &bodies{codec: r.store.codec}
		for _, x := range list {
			keep, kept, err := read.read(r.ctx, c, x.place)
			if err != nil {
				return err
			}
			if x.Keep = keep; kept && (len(own[x.Ref]) > 0 || r.person.Mentions(keep)) {
				hits = append(hits, bodyHit{storedReceipt: x})
			}
		}
		return nil
	})
	for i := range hits {
		h := &hits[i]
		if r.tools.Rewrite != nil {
			h.became = r.tools.Rewrite(EraseRequest{StoredReceipt: h.StoredReceipt, Person: r.person, Mine: own[h.Ref]})
		}
		if r.person.Mentions(h.became.Keep) {
			h.became = Rewritten{}
		}
	}
	return hits, err
}

// rewrite puts in the place of a body what became of it. In its block zeros take its room; where others stand in it does not
// change.
func (r *eraseRun) rewrite(c conn, h bodyHit) error {
	var now place
	found, err := one(r.ctx, c, `SELECT `+selectPlace+` FROM receipts r WHERE r.ref = $1`, []any{h.Ref}, now.scan()...)
	switch {
	case err != nil || !found:
		return err
	case now != h.place:
		return errMoved
	}
	keep := h.became.Keep
	err = r.store.changeBlock(r.ctx, c, h.block, h.Source.Provider, func(joined []byte) {
		span := joined[h.begins : h.begins+h.size]
		clear(span)
		if len(keep) <= len(span) {
			copy(span, keep)
		}
	})
	if err != nil {
		return err
	}
	to := place{h.block, h.begins, int64(len(keep))}
	switch {
	case keep == nil:
		to = place{noBlock, 0, 0}
	case to.size > h.size:
		if to, err = r.ownBlock(c, h); err != nil {
			return err
		}
	}
	_, err = c.exec(r.ctx, `UPDATE receipts SET block = $2, begins = $3, size = $4, problems = $5 WHERE ref = $1`,
		h.Ref, to.block, to.begins, to.size, h.problems(c, r))
	if err != nil {
		return err
	}
	for id, element := range h.became.Elements {
		_, err := c.exec(r.ctx, `UPDATE events SET element = $3 WHERE id = $1 AND receipt = $2`, id, h.Ref, element)
		if err != nil {
			return err
		}
	}
	return nil
}

// problems are those of the receipt without what they say, where its body is gone.
func (h *bodyHit) problems(c conn, r *eraseRun) string {
	var text string
	if _, err := one(r.ctx, c, `SELECT problems FROM receipts WHERE ref = $1`, []any{h.Ref}, &text); err != nil || text == "" {
		return ""
	}
	list, err := decodeProblems(text)
	if err != nil {
		return ""
	}
	return encodeProblems(withoutWords(list))
}

// ownBlock stores what became of a body in a block of its own, because it takes more room than it had.
func (r *eraseRun) ownBlock(c conn, h bodyHit) (place, error) {
	block := r.store.codec.Compress(h.Source.Provider, h.became.Keep)
	to := place{size: int64(len(h.became.Keep))}
	_, err := one(r.ctx, c, `INSERT INTO blocks (newest, codec, size, bytes) VALUES ($1, $2, $3, $4) RETURNING ref`,
		[]any{ms(h.ReceivedAt), int64(block.Codec), int64(block.Size), block.Bytes}, &to.block)
	return to, err
}

// changeBlock changes the joined bodies of a block in place.
func (s *Store) changeBlock(ctx context.Context, c conn, ref int64, provider string, change func(joined []byte)) error {
	stored, found, err := readBlock(ctx, c, ref)
	if err != nil || !found {
		return err
	}
	joined, err := s.codec.Decompress(stored)
	if err != nil {
		return fmt.Errorf("block %d: %w", ref, err)
	}
	joined = append([]byte(nil), joined...)
	change(joined)
	block := s.codec.Compress(provider, joined)
	_, err = c.exec(ctx, `UPDATE blocks SET codec = $2, bytes = $3 WHERE ref = $1`, ref, int64(block.Codec), block.Bytes)
	return err
}

func readBlock(ctx context.Context, c conn, ref int64) (b receipt.Block, found bool, err error) {
	var codec, size int64
	found, err = one(ctx, c, `SELECT codec, size, bytes FROM blocks WHERE ref = $1`, []any{ref}, &codec, &size, &b.Bytes)
	b.Codec, b.Size = uint8(codec), int(size)
	return b, found, err
}

// looseBlock is a block that names the person beside the bodies that are written anew: requests that were there already, and
// those that retention removed, stand in blocks without a receipt.
type looseBlock struct {
	ref      int64
	provider string
	spans    []place // of receipts, by where they begin
}

// loose looks for such blocks among those of receipts.
func (r *eraseRun) loose(list []storedReceipt, hits []bodyHit) (loose []looseBlock, err error) {
	done := map[int64]bool{noBlock: true}
	for _, x := range list {
		if done[x.block] {
			continue
		}
		done[x.block] = true
		err := r.store.engine.read(r.ctx, func(c conn) error {
			stored, found, err := readBlock(r.ctx, c, x.block)
			if err != nil || !found {
				return err
			}
			joined, err := r.store.codec.Decompress(stored)
			if err != nil {
				return fmt.Errorf("block %d: %w", x.block, err)
			}
			joined = slices.Clone(joined)
			for _, h := range hits {
				if h.block == x.block {
					clear(joined[h.begins : h.begins+h.size])
				}
			}
			if !r.person.Mentions(joined) {
				return nil
			}
			b := looseBlock{ref: x.block, provider: x.Source.Provider}
			b.spans, err = blockSpans(r.ctx, c, x.block)
			loose = append(loose, b)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return loose, nil
}

func blockSpans(ctx context.Context, c conn, block int64) (spans []place, err error) {
	err = c.query(ctx, `SELECT `+selectPlace+` FROM receipts r WHERE r.block = $1 ORDER BY r.begins`, []any{block},
		func(row row) error {
			var p place
			err := row.Scan(p.scan()...)
			spans = append(spans, p)
			return err
		})
	return spans, err
}

// clearLoose writes zeros over what is no receipt's in a block.
func (r *eraseRun) clearLoose(c conn, b looseBlock) error {
	return r.store.changeBlock(r.ctx, c, b.ref, b.provider, func(joined []byte) {
		var end int64
		for _, p := range b.spans {
			if p.begins > end {
				clear(joined[end:p.begins])
			}
			end = max(end, p.begins+p.size)
		}
		clear(joined[min(end, int64(len(joined))):])
	})
}
