package store

import (
	"context"
	"errors"
	"fmt"

	"tidings/internal/receipt"
)

// place is where a body is: in which block, and there from which byte on.
type place struct {
	block, begins, size int64
}

// selectPlace reads a place of receipts r, in the order of scan.
const selectPlace = `r.block, r.begins, r.size`

func (p *place) scan() []any { return []any{&p.block, &p.begins, &p.size} }

// bodies reads bodies of receipts. It remembers the last block: receipts that came together are read together.
type bodies struct {
	codec  *receipt.Codec
	block  int64
	joined []byte
}

// read returns a body, and whether it is still kept. It may share memory with bodies that are read before and after.
func (b *bodies) read(ctx context.Context, c conn, at place) ([]byte, bool, error) {
	if b.block != at.block {
		var stored receipt.Block
		var codec int64
		found, err := one(ctx, c, `SELECT codec, size, bytes FROM blocks WHERE ref = $1`, []any{at.block},
			&codec, &stored.Size, &stored.Bytes)
		if err != nil || !found {
			return nil, false, err
		}
		stored.Codec = uint8(codec)
		if b.joined, err = b.codec.Decompress(stored); err != nil {
			return nil, false, fmt.Errorf("block %d: %w", at.block, err)
		}
		b.block = at.block
	}
	from, to := at.begins, at.begins+at.size
	if from < 0 || to < from || to > int64(len(b.joined)) {
		return nil, false, fmt.Errorf("block %d: %w", at.block, errPlace)
	}
	return b.joined[from:to:to], true, nil
}

var errPlace = errors.New("a receipt points beyond its end")
