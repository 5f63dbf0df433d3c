package store

import (
	"bytes"
	"cmp"
	"slices"

	"tidings/internal/receipt"
	"tidings/provider"
)

// blockSize is how many bytes of bodies one block takes, before compression: enough for bodies to share what they have
// in common, little enough for one body to be read in a millisecond. A larger body has a block of its own.
const blockSize = 256 << 10

// arrivals are the requests of one commit, as far as they can be readied before the transaction begins and others have
// to wait for it.
type arrivals struct {
	blocks   []*blockRow
	repeats  []*receiptRow // of a request that is in blocks
	replayed []*receiptRow
}

// arrive sorts requests, folds those that came twice, and compresses their bodies.
func (s *Store) arrive(entries []*receipt.Entry) *arrivals {
	a := &arrivals{}
	var rows []*receiptRow
	for _, e := range entries {
		r := &receiptRow{entry: e, problems: encodeProblems(e.Problems), ref: e.Replay}
		if e.Replay != 0 {
			a.replayed = append(a.replayed, r)
			continue
		}
		rows = append(rows, r)
	}
	slices.SortStableFunc(rows, func(a, b *receiptRow) int {
		return cmp.Or(cmp.Compare(a.entry.Source.Ref, b.entry.Source.Ref), bytes.Compare(a.entry.Key[:], b.entry.Key[:]))
	})
	var last *receiptRow
	for _, r := range rows {
		if last != nil && last.entry.Source.Ref == r.entry.Source.Ref && last.entry.Key == r.entry.Key {
			r.of, last.repeats = last, last.repeats+1
			a.repeats = append(a.repeats, r)
			continue
		}
		last = r
		a.block(len(r.entry.Keep)).add(r)
	}
	for _, b := range a.blocks {
		b.compress(s.codec, false)
	}
	return a
}

// block is the one that the next body goes into.
func (a *arrivals) block(size int) *blockRow {
	if n := len(a.blocks); n > 0 && a.blocks[n-1].size+size <= blockSize {
		return a.blocks[n-1]
	}
	b := &blockRow{}
	a.blocks = append(a.blocks, b)
	return b
}

// layOut finds the places of bodies anew, some of which changed.
func (b *blockRow) layOut() {
	b.size = 0
	for _, r := range b.receipts {
		r.begins = b.size
		b.size += len(r.entry.Keep)
	}
}

func (b *blockRow) add(r *receiptRow) {
	r.begins = b.size
	b.size += len(r.entry.Keep)
	b.newest = max(b.newest, ms(r.entry.ReceivedAt))
	b.receipts = append(b.receipts, r)
}

// compress makes the block's bytes. Without the known, their bodies are zeros, which take no room.
func (b *blockRow) compress(codec *receipt.Codec, withoutKnown bool) {
	joined := make([]byte, b.size)
	for _, r := range b.receipts {
		if !r.dropped && (!withoutKnown || !r.known) {
			copy(joined[r.begins:], r.entry.Keep)
		}
	}
	b.Block = codec.Compress(b.receipts[0].entry.Source.Provider, joined)
}

// receipts stores the requests. What comes back are those whose events are to be looked at.
func (w *work) receipts(a *arrivals) ([]*receiptRow, error) {
	if err := w.putKinds(a); err != nil {
		return nil, err
	}
	live := slices.Clone(a.replayed)
	for _, r := range a.replayed {
		r.entry.Outcome = receipt.Outcome{}
	}
	for _, b := range a.blocks {
		if err := w.b.putReceipts(w.ctx, b); err != nil {
			return nil, err
		}
		if err := w.dropKnown(b); err != nil {
			return nil, err
		}
		for _, r := range b.receipts {
			r.entry.Outcome = receipt.Outcome{Receipt: r.ref}
			if r.known {
				w.repeated(r.entry, r.ref, r.conflicts(r.entry))
				continue
			}
			if err := w.dropBody(r); err != nil {
				return nil, err
			}
			w.tallyWord(r.entry, "receipt", 1)
			for _, p := range r.entry.Problems {
				w.tallyWord(r.entry, "problem:"+p.Code, 1)
			}
			live = append(live, r)
		}
	}
	for _, r := range a.repeats {
		w.repeated(r.entry, r.of.ref, r.of.conflicts(r.entry))
	}
	return live, nil
}

// noBlock is the block of a receipt whose body was erased.
const noBlock = -1

// dropBody notes of a new receipt that its body is not kept, because it names somebody who was erased.
func (w *work) dropBody(r *receiptRow) error {
	if !r.dropped {
		return nil
	}
	_, err := w.b.exec(w.ctx, `UPDATE receipts SET block = $2, begins = 0, size = 0 WHERE ref = $1`, r.ref, noBlock)
	return err
}

// withoutWords leaves of problems what they are, without what they say.
func withoutWords(list []provider.Problem) []provider.Problem {
	out := slices.Clone(list)
	for i := range out {
		out[i].Message = "what it said was erased with a person"
	}
	return out
}

// conflicts reports whether a request of the row's key has another body than the one that is stored: the row's own, or
// the one that was there before.
func (r *receiptRow) conflicts(e *receipt.Entry) bool {
	if r.known {
		return !bytes.Equal(r.storedSHA, e.SHA256[:])
	}
	return r.entry.SHA256 != e.SHA256
}

// putKinds finds the integers of the requests' kinds.
func (w *work) putKinds(a *arrivals) error {
	for _, b := range a.blocks {
		for _, r := range b.receipts {
			w.want(0, termKind, r.entry.Kind)
		}
	}
	if err := w.findTerms(); err != nil {
		return err
	}
	for _, b := range a.blocks {
		for _, r := range b.receipts {
			r.kind = w.termRef(0, termKind, r.entry.Kind)
		}
	}
	return nil
}

// dropKnown takes the bodies out of a stored block that turned out to be there already, when they are worth the work:
// whoever sends a whole queue again must not fill the disk with it.
func (w *work) dropKnown(b *blockRow) error {
	known := 0
	for _, r := range b.receipts {
		if r.known {
			known += len(r.entry.Keep)
		}
	}
	switch {
	case known == b.size:
		_, err := w.b.exec(w.ctx, `DELETE FROM blocks WHERE ref = $1`, b.ref)
		return err
	case known < b.size/4:
		return nil
	}
	b.compress(w.store.codec, true)
	_, err := w.b.exec(w.ctx, `UPDATE blocks SET codec = $2, bytes = $3 WHERE ref = $1`, b.ref, int64(b.Codec), b.Bytes)
	return err
}

func (w *work) repeated(e *receipt.Entry, ref int64, conflict bool) {
	e.Outcome = receipt.Outcome{Receipt: ref, Duplicate: true, Conflict: conflict}
	w.tallyWord(e, "repeat", 1)
	if conflict {
		w.tallyWord(e, "conflict", 1)
	}
}
