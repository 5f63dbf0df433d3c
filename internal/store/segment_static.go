package store

import (
	"context"

	"tidings/event"
	"tidings/internal/fault"
)

// AddMembers puts contacts into a static segment, by address. It returns how many were not there before, and the addresses
// that no contact has.
func (s *Store) AddMembers(
	ctx context.Context, project, id string, addresses []string, act Act,
) (added int, missing []string, err error) {
	act.Subject = id
	err = s.editMembers(ctx, project, id, &act, func(w *work, x Segment, p int64) error {
		added, missing = 0, nil
		for _, address := range addresses {
			ref, err := contactRef(ctx, w.b, p, event.ParseAddress(address).Key)
			if err != nil {
				return err
			}
			if ref == 0 {
				missing = append(missing, address)
				continue
			}
			n, err := w.b.exec(ctx, `INSERT INTO segment_members (segment, contact, since) VALUES ($1, $2, $3)
				ON CONFLICT (segment, contact) DO NOTHING`, x.Ref, ref, ms(act.At))
			if err != nil {
				return err
			}
			if n > 0 {
				added++
				if err := w.moved(x, ref, event.ParseAddress(address).Key, p, true); err != nil {
					return err
				}
			}
		}
		return w.count(x.Ref, int64(added))
	})
	return added, missing, err
}

// RemoveMembers takes contacts out of a static segment, by address, and returns how many were there.
func (s *Store) RemoveMembers(
	ctx context.Context, project, id string, addresses []string, act Act,
) (removed int, err error) {
	act.Subject = id
	err = s.editMembers(ctx, project, id, &act, func(w *work, x Segment, p int64) error {
		removed = 0
		for _, address := range addresses {
			ref, err := contactRef(ctx, w.b, p, event.ParseAddress(address).Key)
			if err != nil {
				return err
			}
			n, err := w.b.exec(ctx, `DELETE FROM segment_members WHERE segment = $1 AND contact = $2`, x.Ref, ref)
			if err != nil {
				return err
			}
			if n > 0 {
				removed++
				if err := w.moved(x, ref, event.ParseAddress(address).Key, p, false); err != nil {
					return err
				}
			}
		}
		return w.count(x.Ref, -int64(removed))
	})
	return removed, err
}

func (s *Store) editMembers(
	ctx context.Context, project, id string, act *Act, fn func(w *work, x Segment, project int64) error,
) error {
	return s.engine.ingest(ctx, func(b batch) error {
		p, err := projectRef(ctx, b, project)
		if err != nil {
			return err
		}
		x, err := segmentOf(ctx, b, p, id)
		if err != nil {
			return err
		}
		if x.Type != StaticSegment {
			return fault.New(fault.Conflict, "segment_dynamic", "segment %q is dynamic: its condition says who is in it", x.Name).
				WithHint("change its condition, or make a static segment")
		}
		w := s.newWork(ctx, b)
		if err := fn(w, x, p); err != nil {
			return err
		}
		if err := w.finish(); err != nil {
			return err
		}
		return record(ctx, b, p, *act)
	})
}
