package store

import (
	"context"

	"tidings/internal/receipt"
	"tidings/internal/source"
	"tidings/provider"
)

// KnownReceipts tells which of a source's receipts are stored, with their problems. It is meant for some keys at once.
func (s *Store) KnownReceipts(
	ctx context.Context, src *source.Source, keys []receipt.Key,
) (known map[receipt.Key][]provider.Problem, err error) {
	if len(keys) == 0 {
		return nil, nil
	}
	args := make([]any, 0, 1+len(keys))
	args = append(args, src.Ref)
	for _, k := range keys {
		args = append(args, k[:])
	}
	err = s.engine.read(ctx, func(c conn) error {
		known = make(map[receipt.Key][]provider.Problem)
		return c.query(ctx, `SELECT key, problems FROM receipts WHERE source = $1 AND key IN (`+marks(2, len(keys))+`)`,
			args, func(r row) error {
				var key []byte
				var problems string
				if err := r.Scan(&key, &problems); err != nil {
					return err
				}
				list, err := decodeProblems(problems)
				known[receipt.Key(key)] = list
				return err
			})
	})
	return known, err
}
