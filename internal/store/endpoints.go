package store

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"tidings/internal/dispatch"
	"tidings/internal/fault"
)

const endpointPrefix = "end_"

// Endpoint is a customer's URL that wants events.
type Endpoint struct {
	dispatch.Held
	Sealed     []byte // what is secret of it; whoever keeps the key can read it
	CreatedAt  time.Time
	CreatedBy  string
	UpdatedAt  time.Time
	DisabledAt time.Time // zero: it is enabled
	Disabled   string    // why; empty: a person did it
}

const selectEndpoint = `SELECT e.ref, p.id, e.definition, e.sealed, e.rev, e.disabled_at, e.disabled, e.health,
	e.at_xid, e.at_seq,
	e.created_at, e.created_by, e.updated_at FROM endpoints e JOIN projects p ON p.ref = e.project `

func endpointsWhere(ctx context.Context, c conn, where string, args ...any) (list []Endpoint, err error) {
	err = c.query(ctx, selectEndpoint+where, args, func(r row) error {
		var x Endpoint
		var definition, health, transaction string
		var disabled, created, updated int64
		err := r.Scan(&x.Ref, &x.Project, &definition, &x.Sealed, &x.Rev, &disabled, &x.Disabled, &health, &transaction, &x.At.Seq,
			&created, &x.CreatedBy, &updated)
		if err != nil {
			return err
		}
		x.ID, x.CreatedAt, x.UpdatedAt, x.DisabledAt = publicID(endpointPrefix, x.Ref), at(created), at(updated), at(disabled)
		if x.At.Transaction, err = strconv.ParseUint(transaction, 10, 64); err != nil {
			return fmt.Errorf("the place of endpoint %s: %w", x.ID, err)
		}
		if err := json.Unmarshal([]byte(definition), &x.Definition); err != nil {
			return fmt.Errorf("endpoint %s: %w", x.ID, err)
		}
		if err := json.Unmarshal([]byte(health), &x.Health); err != nil {
			return fmt.Errorf("the health of endpoint %s: %w", x.ID, err)
		}
		list = append(list, x)
		return nil
	})
	return list, err
}

// Endpoints lists the endpoints of a project by name.
func (s *Store) Endpoints(ctx context.Context, project string) (list []Endpoint, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		p, err := projectRef(ctx, c, project)
		if err != nil {
			return err
		}
		list, err = endpointsWhere(ctx, c, `WHERE e.project = $1 ORDER BY e.name`, p)
		return err
	})
	return list, err
}

// Endpoint finds one by its id or name.
func (s *Store) Endpoint(ctx context.Context, project, idOrName string) (x Endpoint, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		p, err := projectRef(ctx, c, project)
		if err != nil {
			return err
		}
		x, err = endpointOf(ctx, c, p, idOrName)
		return err
	})
	return x, err
}

func endpointOf(ctx context.Context, c conn, project int64, idOrName string) (x Endpoint, err error) {
	ref, _ := refOf(endpointPrefix, idOrName)
	list, err := endpointsWhere(ctx, c, `WHERE e.project = $1 AND (e.ref = $2 OR e.name = $3)
		ORDER BY e.ref = $2 DESC`, project, ref, idOrName)
	if err == nil && len(list) == 0 {
		err = fault.Missing("there is no endpoint %q", idOrName)
	}
	if err != nil {
		return x, err
	}
	return list[0], nil
}

// CreateEndpoint stores a new endpoint, of which a project has so many at most, and returns it with what it was given. It is
// told of what is committed from now on.
func (s *Store) CreateEndpoint(ctx context.Context, project string, x Endpoint, most int, a Act) (Endpoint, error) {
	err := s.actOf(ctx, project, &a, func(c conn, p int64) error {
		if err := freeEndpointName(ctx, c, p, x.Name, 0); err != nil {
			return err
		}
		if err := roomForEndpoint(ctx, c, p, most); err != nil {
			return err
		}
		end, err := s.endIn(ctx, c)
		if err != nil {
			return err
		}
		definition, health, err := endpointTexts(&x)
		if err != nil {
			return err
		}
		_, err = one(ctx, c, `INSERT INTO endpoints (project, name, definition, sealed, health, at_xid, at_seq,
			created_at, created_by,
			updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $8) RETURNING ref`, []any{
			p, x.Name, definition, notNil(x.Sealed), health, strconv.FormatUint(end.Transaction, 10), end.Seq, ms(a.At), a.By,
		}, &x.Ref)
		if err != nil {
			return err
		}
		a.Subject = publicID(endpointPrefix, x.Ref)
		x, err = endpointOf(ctx, c, p, a.Subject)
		return err
	})
	return x, err
}

func endpointTexts(x *Endpoint) (definition, health string, err error) {
	d := x.Definition
	d.Headers = nil // they are sealed
	raw, err := json.Marshal(d)
	if err != nil {
		return "", "", fmt.Errorf("encode endpoint: %w", err)
	}
	h, err := json.Marshal(x.Health)
	if err != nil {
		return "", "", fmt.Errorf("encode the health of an endpoint: %w", err)
	}
	return string(raw), string(h), nil
}

func freeEndpointName(ctx context.Context, c conn, project int64, name string, but int64) error {
	var there int64
	taken, err := one(ctx, c, `SELECT ref FROM endpoints WHERE project = $1 AND name = $2
		AND ref <> $3`, []any{project, name, but}, &there)
	if err == nil && taken {
		return fault.New(fault.Conflict, "name_taken", "there is an endpoint %q already", name).WithField("name")
	}
	return err
}

func roomForEndpoint(ctx context.Context, c conn, project int64, most int) error {
	var there int
	_, err := one(ctx, c, `SELECT count(*) FROM endpoints WHERE project = $1`, []any{project}, &there)
	if err == nil && there >= most {
		return fault.New(fault.Conflict, "too_many_endpoints", "a project may have %d endpoints", most).
			WithHint("delete those that nobody needs")
	}
	return err
}

// ChangeEndpoint lets a function change an endpoint, under a lock: what it returns is stored, with its health and its place in
// the log. Its errors are returned as they are, and then nothing is stored.
func (s *Store) ChangeEndpoint(
	ctx context.Context, project, idOrName string, a *Act, change func(*Endpoint) error,
) (x Endpoint, err error) {
	err = s.actOf(ctx, project, a, func(c conn, p int64) error {
		found, err := endpointOf(ctx, c, p, idOrName)
		if err != nil {
			return err
		}
		if _, err := c.exec(ctx, `UPDATE endpoints SET rev = rev + 1 WHERE ref = $1`, found.Ref); err != nil { // and locks it
			return err
		}
		if x, err = endpointOf(ctx, c, p, found.ID); err != nil {
			return err
		}
		if err := change(&x); err != nil {
			return err
		}
		if x.DisabledAt.IsZero() != found.DisabledAt.IsZero() { // whoever holds it next frees what was under way
			if _, err := c.exec(ctx, `UPDATE endpoints SET holder = '', held_until = 0 WHERE ref = $1`, x.Ref); err != nil {
				return err
			}
		}
		if err := freeEndpointName(ctx, c, p, x.Name, x.Ref); err != nil {
			return err
		}
		definition, health, err := endpointTexts(&x)
		if err != nil {
			return err
		}
		a.Subject, x.UpdatedAt = x.ID, a.At.UTC()
		_, err = c.exec(ctx, `UPDATE endpoints SET name = $2, definition = $3, sealed = $4, disabled_at = $5, disabled =
			$6, health = $7,
			at_xid = $8, at_seq = $9, updated_at = $10 WHERE ref = $1`, x.Ref, x.Name, definition, notNil(x.Sealed), ms(x.DisabledAt),
			x.Disabled, health, strconv.FormatUint(x.At.Transaction, 10), x.At.Seq, ms(a.At))
		return err
	})
	return x, err
}

// endpointTables are the tables that hold what was sent to endpoints, before those that name it.
var endpointTables = [...]string{
	`DELETE FROM attempts WHERE dispatch IN (SELECT ref FROM dispatches WHERE endpoint = $1)`,
	`DELETE FROM dispatch_events WHERE endpoint = $1`,
	`DELETE FROM dispatches WHERE endpoint = $1`,
	`DELETE FROM endpoint_hours WHERE endpoint = $1`,
	`DELETE FROM endpoint_replays WHERE endpoint = $1`,
	`DELETE FROM endpoints WHERE ref = $1`,
}

// DeleteEndpoint removes an endpoint with all that was sent to it.
func (s *Store) DeleteEndpoint(ctx context.Context, project, idOrName string, a Act) error {
	return s.actOf(ctx, project, &a, func(c conn, p int64) error {
		x, err := endpointOf(ctx, c, p, idOrName)
		if err != nil {
			return err
		}
		a.Subject = x.ID
		for _, sql := range endpointTables {
			if _, err := c.exec(ctx, sql, x.Ref); err != nil {
				return err
			}
		}
		return nil
	})
}

// segmentInEndpoint refuses to delete a segment that an endpoint asks for.
func segmentInEndpoint(ctx context.Context, c conn, project int64, id string) error {
	list, err := endpointsWhere(ctx, c, `WHERE e.project = $1 ORDER BY e.name`, project)
	if err != nil {
		return err
	}
	for i := range list {
		if list[i].If == nil {
			continue
		}
		condition, err := json.Marshal(list[i].If)
		if err != nil {
			return fmt.Errorf("encode a condition: %w", err)
		}
		if names(condition, id) {
			return fault.New(fault.Conflict, "segment_in_use", "the endpoint %q (%s) asks who is in this one", list[i].Name,
				list[i].ID).
				WithHint("change or delete that one first")
		}
	}
	return nil
}
