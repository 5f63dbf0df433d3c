package control_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tidings/internal/contact"
	"tidings/internal/control"
	"tidings/internal/fault"
	"tidings/internal/receipt"
	"tidings/internal/source"
	"tidings/internal/store"
	"tidings/provider"
)

// unread stores receipts that an earlier version could not read, of one new event each; every tenth has a problem for good.
func unread(t *testing.T, c *control.Control, n int) *source.Source {
	t.Helper()
	s, err := c.CreateSource(t.Context(), operator, control.NewSource{
		Name: "a", Provider: "ses", Settings: source.Settings{Topics: []string{topic}},
	})
	must(t, err)
	var entries []*receipt.Entry
	for i := range n {
		body, err := json.Marshal(map[string]string{
			"Type": "Notification", "MessageId": fmt.Sprintf("11111111-2222-4333-8444-%012d", i), "TopicArn": topic,
			"Message":   strings.Replace(unknownRecord, "0102019a-one", fmt.Sprint("0102019a-", i), 1),
			"Timestamp": "2026-05-04T10:12:01.000Z", "SignatureVersion": "2",
		})
		must(t, err)
		if i%10 == 9 {
			body = []byte(fmt.Sprint("no JSON ", i))
		}
		entries = append(entries, c.Builder.Build(s.Source, provider.Result{
			Kind: "notification", Keep: body, Transport: provider.Transport{ID: fmt.Sprint(i)},
		}, body, now))
	}
	must(t, c.Store.Commit(t.Context(), entries))
	return s.Source
}

func runOf(t *testing.T, c *control.Control, id string) store.ReplayRun {
	t.Helper()
	x, err := c.ReplayRun(t.Context(), operator, id)
	must(t, err)
	return x
}

func TestAReplayGoesOnWhereItWasAfterARestart(t *testing.T) {
	t.Parallel()
	c, path := newControlAt(t)
	unread(t, c, 450)
	run, err := c.StartReplay(t.Context(), operator, control.ReplayFilter{}, false)
	must(t, err)
	ctx, stop := context.WithCancel(t.Context())
	c.Commit = func(ctx context.Context, list []*receipt.Entry) error {
		defer stop()
		return c.Store.Commit(ctx, list)
	}
	if err := c.RunReplay(ctx, run.ID, false); !errors.Is(err, context.Canceled) {
		t.Fatalf("the stopped run ends with %v", err)
	}
	x := runOf(t, c, run.ID)
	if x.State != store.ReplayRunning || x.Done != 200 || x.Place != 200 || x.Total != 450 || x.Sums.New == 0 || x.Problem != "" {
		t.Errorf("after the stop: %+v", x)
	}
	must(t, c.Store.Close())

	c.Store, err = store.Open(t.Context(), store.Options{URL: path, Soft: contact.DefaultSoftPolicy})
	must(t, err)
	defer c.Store.Close()
	again := 0
	c.Commit = func(ctx context.Context, list []*receipt.Entry) error {
		again += len(list)
		return c.Store.Commit(ctx, list)
	}
	must(t, c.RunReplay(t.Context(), run.ID, false))
	x = runOf(t, c, run.ID)
	want := store.ReplaySums{Receipts: 450, Problems: 45, New: 405}
	if x.State != store.ReplayDone || x.EndedAt.IsZero() || x.Done != 450 || x.Total != 450 || x.Sums != want || again != 250 {
		t.Errorf("at the end: %+v after %d receipts, want %+v after 250", x, again, want)
	}
	must(t, c.RunReplay(t.Context(), run.ID, true))
	if again != 250 {
		t.Error("a replay that is done ran again")
	}
}

func TestAReplayThatIsCancelledStopsAfterItsBatch(t *testing.T) {
	t.Parallel()
	c := newControl(t)
	unread(t, c, 450)
	run, err := c.StartReplay(t.Context(), operator, control.ReplayFilter{}, false)
	must(t, err)
	batches := 0
	c.Commit = func(ctx context.Context, list []*receipt.Entry) error {
		batches++
		if _, err := c.CancelReplay(ctx, operator, run.ID); err != nil {
			return err
		}
		return c.Store.Commit(ctx, list)
	}
	must(t, c.RunReplay(t.Context(), run.ID, false))
	if x := runOf(t, c, run.ID); x.State != store.ReplayCancelled || batches != 1 {
		t.Errorf("%d batches, %+v", batches, x)
	}
}

func TestAReplayThatFailsSaysWhyAndHasFailedAfterItsLastTry(t *testing.T) {
	t.Parallel()
	c := newControl(t)
	unread(t, c, 20)
	run, err := c.StartReplay(t.Context(), operator, control.ReplayFilter{}, false)
	must(t, err)
	full := errors.New("disk full")
	c.Commit = func(context.Context, []*receipt.Entry) error { return full }
	if err := c.RunReplay(t.Context(), run.ID, false); !errors.Is(err, full) {
		t.Errorf("error %v", err)
	}
	if x := runOf(t, c, run.ID); x.State != store.ReplayRunning || !strings.Contains(x.Problem, "disk full") {
		t.Errorf("after a try: %+v", x)
	}
	if _, err := c.StartReplay(t.Context(), operator, control.ReplayFilter{}, false); !fault.Is(err, fault.Conflict) {
		t.Errorf("a second replay: %v", err)
	}
	if err := c.RunReplay(t.Context(), run.ID, true); !errors.Is(err, full) {
		t.Errorf("error %v", err)
	}
	if x := runOf(t, c, run.ID); x.State != store.ReplayFailed || x.EndedAt.IsZero() || !strings.Contains(x.Problem, "disk full") {
		t.Errorf("after the last try: %+v", x)
	}
	_, err = c.StartReplay(t.Context(), operator, control.ReplayFilter{}, false)
	must(t, err)
}

func TestADryRunTellsWhatAReplayWouldStoreAndStoresNothing(t *testing.T) {
	t.Parallel()
	c := newControl(t)
	s := unread(t, c, 30)
	filter := control.ReplayFilter{Source: s.ID}
	var sums []store.ReplaySums
	for _, dry := range []bool{true, true, false} {
		run, err := c.StartReplay(t.Context(), operator, filter, dry)
		must(t, err)
		must(t, c.RunReplay(t.Context(), run.ID, false))
		sums = append(sums, runOf(t, c, run.ID).Sums)
	}
	if sums[0] != sums[1] || sums[0] != sums[2] || sums[0].New != 27 {
		t.Errorf("two dry runs and a replay: %+v", sums)
	}
}

func TestARunOfAReplayThatIsNotThereIsAnError(t *testing.T) {
	t.Parallel()
	if err := newControl(t).RunReplay(t.Context(), "rpl_9", true); !fault.Is(err, fault.NotFound) {
		t.Errorf("error %v", err)
	}
}

func TestEveryKindOfReplayIsInTheAuditLog(t *testing.T) {
	t.Parallel()
	c, path := newControlAt(t)
	s := unread(t, c, 1)
	filter := control.ReplayFilter{Source: s.ID, From: "2026-05-01", OnlyProblems: true}
	_, err := c.Replay(t.Context(), operator, filter, nil)
	must(t, err)
	run, err := c.StartReplay(t.Context(), operator, filter, true)
	must(t, err)
	_, err = c.CancelReplay(t.Context(), operator, run.ID)
	must(t, err)
	_, err = c.ReplayReceipt(t.Context(), operator, "rcp_1")
	must(t, err)

	db, err := sql.Open("sqlite", path)
	must(t, err)
	defer db.Close()
	rows, err := db.QueryContext(t.Context(), `SELECT operation, subject, note FROM audit WHERE operation LIKE '%eplay%' ORDER BY ref`)
	must(t, err)
	defer rows.Close()
	var got []string
	for rows.Next() {
		var operation, subject, note string
		must(t, rows.Scan(&operation, &subject, &note))
		got = append(got, operation+" "+subject+": "+note)
	}
	must(t, rows.Err())
	note := "source " + s.ID + ", from 2026-05-01, only problems"
	want := []string{
		"replay " + s.ID + ": " + note, "startReplay rpl_1: " + note + ", dry run", "cancelReplay rpl_1: ", "replayReceipt rcp_1: ",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
