package store_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"pgregory.net/rapid"

	"tidings/event"
	"tidings/internal/receipt"
	"tidings/internal/store"
	"tidings/test/database"
)

// crossing is two nodes on one database, whose transactions end in whatever order. On PostgreSQL a trigger keeps a
// transaction within its insert of events, for as long as a gate is closed that is named by the moment of a fact: then
// it has its place in the log, and does not show yet.
type crossing struct {
	t     *testing.T
	nodes []*store.Store
	feed  *feed
	gates *pgx.Conn // nil on SQLite, where transactions don't overlap
	from  store.Position
	facts int

	held    []*held
	ids     map[event.ID]bool // of what was committed since from
	readers [3]logReader
}

// held is a transaction at a closed gate.
type held struct {
	gate  int64
	entry *receipt.Entry
	ended chan error
}

// logReader is somebody who follows the log, and what they got.
type logReader struct {
	ids    []event.ID
	places []store.Position
}

const gateTrigger = `CREATE FUNCTION gate() RETURNS trigger LANGUAGE plpgsql AS
	'BEGIN PERFORM pg_advisory_xact_lock_shared(NEW.occurred_at); RETURN NULL; END';
	CREATE TRIGGER gate AFTER INSERT ON events FOR EACH ROW EXECUTE FUNCTION gate()`

func newCrossing(t *testing.T, engine string) *crossing {
	t.Helper()
	at := database.New(t, engine)
	open := openerAt(t, at)
	x := &crossing{t: t, nodes: []*store.Store{open(), open()}}
	x.feed = newFeed(t, x.nodes[0], "log")
	if engine == "postgres" {
		conn, err := pgx.Connect(t.Context(), at)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close(context.Background()) })
		x.gates = conn
		x.tell(gateTrigger)
	}
	x.begin()
	x.commit(x.nodes[0], x.entry(t, 0)) // the words that all transactions share are there
	x.check(t)
	return x
}

func (x *crossing) begin() { x.ids, x.readers = map[event.ID]bool{}, [3]logReader{} }

func (x *crossing) tell(sql string, args ...any) {
	x.t.Helper()
	if _, err := x.gates.Exec(context.Background(), sql, args...); err != nil {
		x.t.Fatal(err)
	}
}

// entry makes facts of people and messages that no other transaction knows, at a time that may be long past.
func (x *crossing) entry(t testing.TB, hoursAgo int) *receipt.Entry {
	t.Helper()
	x.facts++
	at := -time.Duration(hoursAgo)*time.Hour - time.Duration(x.facts)*time.Millisecond
	one := fmt.Sprintf("m%d", x.facts)
	return x.feed.entry(fact{name: event.EmailDelivery, message: one, to: one + "@b.test", at: at})
}

func (x *crossing) note(e *receipt.Entry) {
	for i := range e.Events {
		x.ids[e.Events[i].ID] = true
	}
}

func (x *crossing) commit(node *store.Store, entries ...*receipt.Entry) {
	x.t.Helper()
	if err := node.Commit(context.WithoutCancel(x.t.Context()), entries); err != nil {
		x.t.Fatal(err)
	}
	for _, e := range entries {
		x.note(e)
	}
}

// hold begins a transaction, and returns when it waits at its gate.
func (x *crossing) hold(node *store.Store, e *receipt.Entry) {
	h := &held{e.Events[0].OccurredAt.UnixMilli(), e, make(chan error, 1)}
	x.tell(`SELECT pg_advisory_lock($1)`, h.gate)
	go func() { h.ended <- node.Commit(context.WithoutCancel(x.t.Context()), []*receipt.Entry{e}) }()
	x.held = append(x.held, h)
	for waiting := 0; waiting < len(x.held); {
		err := x.gates.QueryRow(context.Background(), `SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
			AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`).Scan(&waiting)
		if err != nil {
			x.t.Fatal(err)
		}
	}
}

// release opens the gate of a transaction, and returns when it was committed.
func (x *crossing) release(i int) {
	h := x.held[i]
	x.held = append(x.held[:i], x.held[i+1:]...)
	x.tell(`SELECT pg_advisory_unlock($1)`, h.gate)
	if err := <-h.ended; err != nil {
		x.t.Fatal(err)
	}
	x.note(h.entry)
}

// read reads a page with a node, after what the reader has.
func (x *crossing) read(r *logReader, node *store.Store, limit int) error {
	after := x.from
	if n := len(r.places); n > 0 {
		after = r.places[n-1]
	}
	list, err := node.Follow(context.WithoutCancel(x.t.Context()), store.DefaultProject, after, limit)
	for _, l := range list {
		r.ids, r.places = append(r.ids, l.Event.ID), append(r.places, l.At)
	}
	return err
}

func (x *crossing) actions() map[string]func(*rapid.T) {
	node := func(rt *rapid.T) *store.Store { return rapid.SampledFrom(x.nodes).Draw(rt, "node") }
	made := func(rt *rapid.T) *receipt.Entry { return x.entry(x.t, rapid.IntRange(0, 9000).Draw(rt, "hours ago")) }
	reader := func(rt *rapid.T) *logReader {
		return &x.readers[rapid.IntRange(0, len(x.readers)-1).Draw(rt, "reader")]
	}
	list := map[string]func(*rapid.T){
		"commit": func(rt *rapid.T) {
			var entries []*receipt.Entry
			for range rapid.IntRange(1, 3).Draw(rt, "entries") {
				entries = append(entries, made(rt))
			}
			x.commit(node(rt), entries...)
		},
		"read": func(rt *rapid.T) {
			if err := x.read(reader(rt), node(rt), rapid.IntRange(1, 5).Draw(rt, "limit")); err != nil {
				rt.Fatal(err)
			}
		},
		"cut": func(rt *rapid.T) { // the connection broke, and what was under way to the reader never arrived
			r := reader(rt)
			n := rapid.IntRange(0, len(r.ids)).Draw(rt, "arrived")
			r.ids, r.places = r.ids[:n], r.places[:n]
		},
	}
	if x.gates == nil {
		return list
	}
	list["hold"] = func(rt *rapid.T) {
		if len(x.held) < 3 {
			x.hold(node(rt), made(rt))
		}
	}
	list["release"] = func(rt *rapid.T) {
		if n := len(x.held); n > 0 {
			x.release(rapid.IntRange(0, n-1).Draw(rt, "which"))
		}
	}
	return list
}

// check lets every transaction end, and every reader read up to what is committed after them all: all have the same,
// which is what was committed.
func (x *crossing) check(t rapid.TB) {
	for len(x.held) > 0 {
		x.release(0)
	}
	last := x.entry(x.t, 9000)
	x.commit(x.nodes[1], last)
	for i := range x.readers {
		r := &x.readers[i]
		for !slices.Contains(r.ids, last.Events[0].ID) {
			if err := x.read(r, x.nodes[i%len(x.nodes)], 4); err != nil {
				t.Fatal(err)
			}
		}
		if d := cmp.Diff(x.readers[0].ids, r.ids); d != "" {
			t.Errorf("two readers have different logs (-one +other):\n%s", d)
		}
		once := map[event.ID]bool{}
		for _, id := range r.ids {
			once[id] = true
		}
		if d := cmp.Diff(x.ids, once); d != "" || len(r.ids) != len(once) {
			t.Errorf("%d events were read (-committed +read):\n%s", len(r.ids), d)
		}
	}
	x.from = x.readers[0].places[len(x.readers[0].places)-1]
}

func TestReadersThatAreCutMissNothingAndGetNothingTwiceInWhateverOrderTransactionsEnd(t *testing.T) {
	t.Parallel()
	for _, engine := range []string{"sqlite", "postgres"} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			x := newCrossing(t, engine)
			rapid.Check(t, func(rt *rapid.T) {
				x.begin()
				x.commit(x.nodes[0], x.entry(t, 0))
				actions := x.actions()
				for _, name := range rapid.SliceOfN(rapid.SampledFrom(slices.Sorted(maps.Keys(actions))), 2, 12).Draw(rt, "actions") {
					actions[name](rt)
				}
				x.check(rt)
			})
		})
	}
}
