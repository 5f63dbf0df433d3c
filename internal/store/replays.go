package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"tidings/internal/fault"
	"tidings/internal/job"
	"tidings/internal/receipt"
)

// ReplayKind is the kind of the job that runs a replay. Its payload is the replay's id.
const ReplayKind = "replay"

// ReplayState is how far a replay is. The numbers are stored.
type ReplayState int

// The states of a replay. The last three are ends.
const (
	ReplayWaiting ReplayState = iota
	ReplayRunning
	ReplayDone
	ReplayCancelled
	ReplayFailed
)

var replayStates = [...]string{"waiting", "running", "done", "cancelled", "failed"}

// String returns the state in lower-case letters: "waiting".
func (s ReplayState) String() string { return replayStates[s] }

// ReplaySums is what parsing receipts again came to.
type ReplaySums struct {
	Receipts   int64 `json:"receipts"`   // that were parsed
	Unreadable int64 `json:"unreadable"` // that today's adapter can't read; they stay as they are
	Problems   int64 `json:"problems"`   // that have problems still
	New        int64 `json:"new"`        // events that were missing
	Known      int64 `json:"known"`      // events that were there
	Upgraded   int64 `json:"upgraded"`   // events that were email.unknown and are now understood
	Conflicts  int64 `json:"conflicts"`  // events that were there with another content; the first stays
	Expired    int64 `json:"expired"`    // events older than what is kept
}

// ReplayRun is a replay that runs in the background.
type ReplayRun struct {
	Ref       int64
	ID        string // rpl_…
	Query     ReplayQuery
	DryRun    bool   // nothing is stored
	By        string // who asked: a key's id, or "cli"
	State     ReplayState
	CreatedAt time.Time
	StartedAt time.Time // zero: it waits
	EndedAt   time.Time // zero: it has not ended
	Place     int64     // StoredReceipt.Ref of the last receipt that is done
	Total     int64     // receipts to parse, counted at the start; 0 before
	Done      int64     // receipts that were looked at
	Sums      ReplaySums
	Problem   string // why it failed, or why the last try did
}

const replayPrefix = "rpl_"

const selectReplay = `SELECT y.ref, p.id, y.source, y.from_at, y.to_at, y.only_problems, y.dry_run, y.by, y.created_at, y.newest,
	y.state, y.started_at, y.ended_at, y.place, y.total, y.done, y.result, y.problem
	FROM replays y JOIN projects p ON p.ref = y.project `

func replays(ctx context.Context, c conn, sql string, args ...any) (list []ReplayRun, err error) {
	err = c.query(ctx, selectReplay+sql, args, func(r row) error {
		x, err := scanReplay(r)
		list = append(list, x)
		return err
	})
	return list, err
}

func scanReplay(r row) (x ReplayRun, err error) {
	var from, to, created, state, started, ended int64
	var result string
	q := &x.Query
	err = r.Scan(&x.Ref, &q.Project, &q.Source, &from, &to, &q.OnlyProblems, &x.DryRun, &x.By, &created, &q.Newest,
		&state, &started, &ended, &x.Place, &x.Total, &x.Done, &result, &x.Problem)
	if err != nil {
		return x, err
	}
	x.ID, x.State, q.From, q.To, q.After = publicID(replayPrefix, x.Ref), ReplayState(state), at(from), at(to), x.Place
	x.CreatedAt, x.StartedAt, x.EndedAt = at(created), at(started), at(ended)
	if err := json.Unmarshal([]byte(result), &x.Sums); err != nil {
		return x, fmt.Errorf("the result of replay %s: %w", x.ID, err)
	}
	return x, nil
}

// flag is a truth as it is stored.
func flag(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// CreateReplay stores a replay of the receipts that are there now, and the job that runs it. One at a time runs for a
// project: where one does, it is a fault.Conflict that names it.
func (s *Store) CreateReplay(ctx context.Context, q ReplayQuery, dryRun bool, a Act) (x ReplayRun, err error) {
	err = s.engine.write(ctx, func(c conn) error {
		project, err := projectRef(ctx, c, q.Project)
		if err != nil {
			return err
		}
		var ref int64
		made, err := one(ctx, c, `INSERT INTO replays (project, source, from_at, to_at, only_problems, dry_run, by, created_at,
			newest) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, (SELECT coalesce(max(ref), 0) FROM receipts))
			ON CONFLICT (project) WHERE ended_at = 0 DO NOTHING RETURNING ref`,
			[]any{project, q.Source, ms(q.From), ms(q.To), flag(q.OnlyProblems), flag(dryRun), a.By, ms(a.At)}, &ref)
		if err != nil {
			return err
		}
		if !made {
			return replayRuns(ctx, c, project)
		}
		list, err := replays(ctx, c, `WHERE y.ref = $1`, ref)
		if err != nil {
			return err
		}
		x, a.Subject = list[0], list[0].ID
		_, err = enqueue(ctx, c, a.At, []job.NewJob{{Kind: ReplayKind, Key: x.ID, Payload: []byte(x.ID)}})
		if err != nil {
			return err
		}
		return record(ctx, c, project, a)
	})
	return x, err
}

func replayRuns(ctx context.Context, c conn, project int64) error {
	list, err := replays(ctx, c, `WHERE y.project = $1 AND y.ended_at = 0`, project)
	if err != nil {
		return err
	}
	id := "of this project"
	if len(list) > 0 {
		id = list[0].ID
	}
	return fault.New(fault.Conflict, "replay_running", "the replay %s has not ended", id).
		WithHint("wait for its end, or cancel it")
}

// Replay finds a replay by its id.
func (s *Store) Replay(ctx context.Context, project, id string) (x ReplayRun, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		x, err = findReplay(ctx, c, project, id)
		return err
	})
	return x, err
}

func findReplay(ctx context.Context, c conn, project, id string) (ReplayRun, error) {
	ref, _ := refOf(replayPrefix, id)
	list, err := replays(ctx, c, `WHERE y.ref = $1 AND p.id = $2`, ref, project)
	if err != nil {
		return ReplayRun{}, err
	}
	if len(list) == 0 {
		return ReplayRun{}, fault.Missing("there is no replay %q", id)
	}
	return list[0], nil
}

// ReplayPage is one page of replays.
type ReplayPage struct {
	Replays []ReplayRun
	Next    int64 // zero: no more
}

// ListReplays returns one page of replays, newest first. after is the ReplayRun.Ref where the page before ended.
func (s *Store) ListReplays(ctx context.Context, project string, after int64, limit int) (page ReplayPage, err error) {
	limit = limitOf(limit)
	err = s.engine.read(ctx, func(c conn) error {
		ref, err := projectRef(ctx, c, project)
		if err != nil {
			return err
		}
		page.Replays, err = replays(ctx, c, `WHERE y.project = $1 AND (y.ref < $2 OR $2 = 0) ORDER BY y.ref DESC LIMIT $3`,
			ref, after, limit+1)
		return err
	})
	page.Replays, page.Next = cutPage(page.Replays, limit, func(x *ReplayRun) int64 { return x.Ref })
	return page, err
}

// CancelReplay ends a replay where it is; what it stored stays. One that ended before is a fault.Conflict.
func (s *Store) CancelReplay(ctx context.Context, project, id string, a Act) (x ReplayRun, err error) {
	err = s.act(ctx, project, a, func(c conn, _ int64) error {
		if x, err = findReplay(ctx, c, project, id); err != nil {
			return err
		}
		n, err := c.exec(ctx, `UPDATE replays SET state = $2, ended_at = $3 WHERE ref = $1 AND ended_at = 0`,
			x.Ref, int64(ReplayCancelled), ms(a.At))
		if err == nil && n == 0 {
			err = fault.New(fault.Conflict, "replay_ended", "the replay %s ended before", id)
		}
		x.State, x.EndedAt = ReplayCancelled, at(ms(a.At))
		return err
	})
	return x, err
}

// RunningReplay finds a replay for the job that runs it, of whatever project. A replay that ended is returned as it is.
func (s *Store) RunningReplay(ctx context.Context, id string) (x ReplayRun, err error) {
	ref, _ := refOf(replayPrefix, id)
	err = s.engine.read(ctx, func(c conn) error {
		list, err := replays(ctx, c, `WHERE y.ref = $1`, ref)
		if err != nil {
			return err
		}
		if len(list) == 0 {
			return fault.Missing("there is no replay %q", id)
		}
		x = list[0]
		return nil
	})
	return x, err
}

// SaveReplay stores how far a replay is: State, StartedAt, EndedAt, Place, Total, Done, Sums and Problem. It reports
// whether the replay goes on: it does not where it ended, or somebody cancelled it meanwhile, and then nothing is stored.
func (s *Store) SaveReplay(ctx context.Context, x ReplayRun) (goesOn bool, err error) {
	result, err := json.Marshal(x.Sums)
	if err != nil {
		return false, fmt.Errorf("encode the result of a replay: %w", err)
	}
	err = s.engine.write(ctx, func(c conn) error {
		n, err := c.exec(ctx, `UPDATE replays SET state = $2, started_at = $3, ended_at = $4, place = $5, total = $6, done = $7,
			result = $8, problem = $9 WHERE ref = $1 AND ended_at = 0`, x.Ref, int64(x.State), ms(x.StartedAt), ms(x.EndedAt),
			x.Place, x.Total, x.Done, string(result), x.Problem)
		goesOn = n > 0 && x.EndedAt.IsZero()
		return err
	})
	return goesOn, err
}

// errTried undoes a transaction that was only a trial.
var errTried = errors.New("tried")

// Try does what Commit does and undoes it: each entry's Outcome tells what would have become of it.
func (s *Store) Try(ctx context.Context, entries []*receipt.Entry) error {
	if len(entries) == 0 {
		return nil
	}
	a := s.arrive(entries)
	err := s.engine.ingest(ctx, func(b batch) error {
		w := &work{store: s, b: b, ctx: ctx, now: s.now(), terms: make(map[termKey]*termRow)}
		if err := w.run(a); err != nil {
			return err
		}
		return errTried
	})
	if errors.Is(err, errTried) {
		return nil
	}
	return err
}

// Note writes an act into the audit log that changes nothing by itself.
func (s *Store) Note(ctx context.Context, project string, a Act) error {
	return s.act(ctx, project, a, func(conn, int64) error { return nil })
}

// KeptReceipt finds a receipt with its body, to be parsed again. It is a fault.NotFound where there is none, or its body
// is not kept any more.
func (s *Store) KeptReceipt(ctx context.Context, project, id string) (StoredReceipt, error) {
	ref, ok := refOf(receiptPrefix, id)
	found := make([]StoredReceipt, 0, 1)
	if ok {
		q := ReplayQuery{Project: project, After: ref - 1, Newest: ref}
		err := s.EachReceipt(ctx, q, func(x StoredReceipt) error {
			found = append(found, x)
			return nil
		})
		if err != nil {
			return StoredReceipt{}, err
		}
	}
	if len(found) == 0 {
		return StoredReceipt{}, fault.Missing("there is no receipt %q, or it is not kept any more", id)
	}
	return found[0], nil
}
