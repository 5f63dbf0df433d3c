package app_test

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidings/event"
	"tidings/internal/control"
	"tidings/internal/erase"
	"tidings/internal/receipt"
	"tidings/internal/store"
)

// found lists the places where something of the person is kept: every column of every table, decompressed, and the files.
func (w *world) found() (places []string) {
	w.t.Helper()
	person := erase.NewPerson(erase.Target{Address: annKey, Pseudonym: "x@acme.test"})
	codec, err := receipt.NewCodec()
	w.must(err)
	look := func(place string, value []byte) {
		lower := bytes.ToLower(value)
		for _, word := range words {
			if bytes.Contains(lower, []byte(word)) {
				places = append(places, fmt.Sprintf("%s: %s in %.300q", place, word, value))
			}
		}
		if person.Mentions(value) {
			places = append(places, fmt.Sprintf("%s: the address in %.300q", place, value))
		}
	}
	for _, row := range w.rows() {
		for column, value := range row.values {
			look(row.table+"."+column, value)
		}
		switch row.table {
		case "blocks":
			n, err := strconv.Atoi(string(row.values["codec"]))
			w.must(err)
			size, err := strconv.Atoi(string(row.values["size"]))
			w.must(err)
			body, err := codec.Decompress(receipt.Block{Codec: uint8(n), Bytes: row.values["bytes"], Size: size})
			w.must(err)
			look("blocks.bytes", body)
		case "events":
			text, err := codec.DetailText(row.values["detail"])
			w.must(err)
			look("events.detail", text)
		}
	}
	if !store.IsPostgres(string(w.o.Config.DB)) {
		for _, suffix := range []string{"", "-wal"} {
			file, err := os.ReadFile(string(w.o.Config.DB) + suffix)
			w.must(err)
			for _, word := range words {
				if bytes.Contains(bytes.ToLower(file), []byte(word)) {
					places = append(places, "the file"+suffix+" holds "+word)
				}
			}
		}
	}
	return places
}

type tableRow struct {
	table  string
	values map[string][]byte
}

// rows reads the whole database, whatever tables it has.
func (w *world) rows() (list []tableRow) {
	w.t.Helper()
	driver, url, tables := "sqlite", "file:"+string(w.o.Config.DB)+"?mode=ro", `SELECT name FROM sqlite_schema WHERE type = 'table'`
	if store.IsPostgres(string(w.o.Config.DB)) {
		driver, url = "pgx", string(w.o.Config.DB)
		tables = `SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'`
	}
	db, err := sql.Open(driver, url)
	w.must(err)
	defer db.Close()
	for _, table := range w.strings(db, tables) {
		list = append(list, w.rowsOf(db, table)...)
	}
	return list
}

func (w *world) rowsOf(db *sql.DB, table string) (list []tableRow) {
	w.t.Helper()
	rows, err := db.QueryContext(w.t.Context(), "SELECT * FROM "+table)
	w.must(err)
	defer rows.Close()
	columns, err := rows.Columns()
	w.must(err)
	for rows.Next() {
		cells, dest := make([]any, len(columns)), make([]any, len(columns))
		for i := range cells {
			dest[i] = &cells[i]
		}
		w.must(rows.Scan(dest...))
		row := tableRow{table, make(map[string][]byte, len(columns))}
		for i, column := range columns {
			switch v := cells[i].(type) {
			case []byte:
				row.values[column] = bytes.Clone(v)
			default:
				row.values[column] = []byte(fmt.Sprint(v))
			}
		}
		list = append(list, row)
	}
	w.must(rows.Err())
	return list
}

func (w *world) strings(db *sql.DB, query string) (list []string) {
	rows, err := db.QueryContext(w.t.Context(), query)
	w.must(err)
	defer rows.Close()
	for rows.Next() {
		var s string
		w.must(rows.Scan(&s))
		list = append(list, s)
	}
	w.must(rows.Err())
	return list
}

func TestAnErasedPersonIsNowhereAndNothingBringsThemBack(t *testing.T) {
	for _, engine := range []string{"sqlite", "postgres"} {
		for _, killed := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/killed=%v", engine, killed), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, engine)
				defer http.DefaultClient.CloseIdleConnections()
				w.live()
				posted := len(w.sent)
				w.act()
				w.postAll(posted) // duplicates leave bodies of their own
				w.verified()
				if len(w.found()) < 20 {
					t.Fatalf("the test looks in the wrong places: %q", w.found())
				}
				bob, counters := w.bobs(), w.counters()

				var x store.Erasure
				if killed {
					w.must(w.end())
					s, err := store.Open(t.Context(), store.Options{URL: string(w.o.Config.DB)})
					w.must(err)
					x, err = w.beside(s, time.Now).EraseContact(t.Context(), eraseOperator, "  "+annName+" <"+annReceived+">", "art. 17")
					w.must(err)
					w.must(s.Close())
					for !w.step(x.ID) {
					}
					w.begin()
					x = w.erasure(x.ID)
				} else {
					var answer struct{ ID string }
					w.must(json.Unmarshal(w.api(http.MethodPost, "/erasures", `{"email":"`+annReceived+`","note":"art. 17"}`), &answer))
					w.sent = w.sent[:len(w.sent)-1]
					x = w.wait(answer.ID)
				}
				if x.Status != store.ErasureDone || !x.Suppressed || x.Counts.Contacts != 1 || x.Counts.Events < 10 ||
					x.Counts.Receipts < 10 || x.Counts.Messages < 3 || x.Counts.Audit < 1 {
					t.Errorf("the erasure came to %+v", x)
				}
				for _, place := range w.found() {
					t.Error(place)
				}
				w.verified()
				sameButNames(t, "counters", counters, w.counters())
				sameButNames(t, "what is known of the other person", bob, w.bobs())

				// The same again, and everything parsed again, brings nothing back.
				w.postAll(posted)
				_, err := w.ops.Replay(t.Context(), eraseOperator, control.ReplayFilter{}, nil)
				w.must(err)
				_, err = w.ops.ImportContacts(t.Context(), eraseOperator, strings.NewReader("email,name\n"+annKey+","+annName+"\n"),
					control.ContactImportOptions{}, nil)
				w.must(err)
				w.importBoth()
				for _, place := range w.found() {
					t.Error("after duplicates and a replay: " + place)
				}
				w.verified()
				sameButNames(t, "counters after duplicates", counters, w.counters())
				sameButNames(t, "the other person after duplicates", bob, w.bobs())

				// What comes late is counted, and blanked.
				w.record(`{"eventType":"Complaint",` + sesMail("0102019a-one-000000", annTo) + `,"complaint":{"timestamp":"2026-05-04T12:00:00.000Z",` +
					`"feedbackId":"f9","complainedRecipients":[{"emailAddress":"` + annReceived + `"}],"userAgent":"` + annAgent + `"}}`)
				for _, place := range w.found() {
					t.Error("after a late fact: " + place)
				}
				w.verified()
				w.lateBatch()
				page, err := w.ops.ListSuppressions(t.Context(), eraseOperator, control.SuppressionFilter{Contact: annReceived})
				w.must(err)
				var reasons []string
				for _, s := range page.Rows {
					reasons = append(reasons, string(s.Reason))
				}
				slices.Sort(reasons)
				if d := cmp.Diff([]string{"complaint", "hard_bounce", "manual"}, reasons); d != "" {
					t.Errorf("the suppressions by the address (-want +got):\n%s", d)
				}
				if _, err := w.ops.Contact(t.Context(), eraseOperator, annKey); err == nil {
					t.Error("the contact is shown")
				}
				if _, err := w.ops.EraseContact(t.Context(), eraseOperator, annKey, "again"); err == nil {
					t.Error("the same person was erased twice")
				}
				w.comesBack()
				w.must(w.end())
			})
		}
	}
}

// lateBatch lets a request come that tells of the person and of another one: what it tells of the other is kept.
func (w *world) lateBatch() {
	w.t.Helper()
	bobs := `{"email":"` + bobKey + `","event":"open","timestamp":1777899000,"sg_event_id":"g9","sg_message_id":"m9.f","ip":"198.51.100.2"}`
	w.batch(`[{"email":"` + annReceived + `","event":"open","timestamp":1777888401,"sg_event_id":"g8","sg_message_id":"m8.f","ip":"` +
		annIP + `","name":"` + annName + `"},` + bobs + `]`)
	for _, place := range w.found() {
		w.t.Error("after a late request: " + place)
	}
	page, err := w.ops.ListEvents(w.t.Context(), eraseOperator, control.EventFilter{Contact: bobKey, Names: []string{"email.open"}})
	w.must(err)
	newest := slices.MaxFunc(page.Events, func(a, b event.Event) int { return a.OccurredAt.Compare(b.OccurredAt) })
	raw, err := w.ops.EventRaw(w.t.Context(), eraseOperator, newest.ID.String())
	w.must(err)
	if string(raw) != bobs {
		w.t.Errorf("what the other's event was made from is %s", raw)
	}
	_, err = w.ops.Replay(w.t.Context(), eraseOperator, control.ReplayFilter{}, nil)
	w.must(err)
	w.verified()
}

// comesBack lets the person come back by an act, and be erased again.
func (w *world) comesBack() {
	w.t.Helper()
	var made struct {
		ID         string
		Subscribed bool
	}
	w.must(json.Unmarshal(w.api(http.MethodPost, "/contacts", `{"email":"`+annKey+`","data":{"name":"`+annName+`"}}`), &made))
	k, err := w.ops.Contact(w.t.Context(), eraseOperator, annKey)
	w.must(err)
	if made.Subscribed || k.ID != made.ID || len(k.Suppressions) != 3 || !k.State.Unsubscribed {
		w.t.Errorf("who came back is %+v, want the old suppressions", k)
	}
	w.verified()
	x, err := w.ops.EraseContact(w.t.Context(), eraseOperator, annKey, "again")
	w.must(err)
	if x = w.wait(x.ID); x.Status != store.ErasureDone || !x.Suppressed {
		w.t.Errorf("the second erasure came to %+v", x)
	}
	for _, place := range w.found() {
		w.t.Error("after the second erasure: " + place)
	}
	w.verified()
}

// sameButNames compares, but for the places where the person was named.
func sameButNames(t *testing.T, what string, want, got map[string]string) {
	t.Helper()
	person := erase.NewPerson(erase.Target{Address: annKey, Pseudonym: "x@acme.test"})
	for key, value := range want {
		if !person.Mentions([]byte(value)) && !strings.HasPrefix(key, "raw ") && got[key] != value {
			t.Errorf("%s: %s was %s and is %s", what, key, value, got[key])
		}
		if _, there := got[key]; !there {
			t.Errorf("%s: %s is gone: %s", what, key, value)
		}
	}
	for key, value := range got {
		if _, there := want[key]; !there {
			t.Errorf("%s: %s is new: %s", what, key, value)
		}
	}
}
