package pull

import (
	"bytes"
	"context"
	"errors"
	"io"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidings/internal/receipt"
	"tidings/internal/source"
	"tidings/provider"
	"tidings/provider/ses"
)

var now = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

func builder(t testing.TB) receipt.Builder {
	t.Helper()
	codec, err := receipt.NewCodec()
	if err != nil {
		t.Fatal(err)
	}
	return receipt.Builder{Codec: codec}
}

// importer is one whose entries go to commit, into a source of Amazon SES.
func importer(t testing.TB, commit func([]*receipt.Entry)) *Importer {
	t.Helper()
	src := &source.Source{Ref: 1, ID: "src_1", Project: "prj_1", Provider: "ses"}
	return &Importer{
		Builder: builder(t), Now: now,
		Adapter: func(slug string) (provider.Adapter, bool) { return ses.Adapter, slug == "ses" },
		Source:  func(context.Context, string) (*source.Source, error) { return src, nil },
		Known: func(context.Context, *source.Source, []receipt.Key) (map[receipt.Key][]provider.Problem, error) {
			return map[receipt.Key][]provider.Problem{}, nil
		},
		Commit: func(_ context.Context, list []*receipt.Entry) error { commit(list); return nil },
	}
}

func fileOf(text []byte) File {
	return File{Name: "a", Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(text)), nil }}
}

// FuzzImport: whatever a file holds, every record of it is kept, its secrets are not, and what is kept gives the same
// events and problems when it is read again.
func FuzzImport(f *testing.F) {
	record := `{"eventType":"Send","mail":{"timestamp":"2026-05-04T10:00:00Z","messageId":"m1","destination":["a@b.test"]}}`
	for _, text := range []string{
		record, record + "\n" + record + "\nrubbish", "[\n" + record + "\n]",
		`{"id":"019df25e-4ac0-8c41-9b1e-6f0c2a7d5e11","name":"email.open","occurredAt":"2026-05-04T10:00:00Z","source":{"provider":"ses"},"recipient":"a@b.test","data":{}}`,
		"Date,Customer,Event,Subject,Additional data\n2026-05-04 10:00:00,a@b.test,Opened,Hi,\n2026-05-04,\"a\nb@b.test\",Clicked,Hi,x\n",
		`{"Type":"Notification","MessageId":"22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324","TopicArn":"arn:aws:sns:eu-west-1:111122223333:x",` +
			`"Message":"{}","Timestamp":"2026-05-04T10:12:00.000Z","Signature":"x","UnsubscribeURL":"y"}`,
	} {
		f.Add([]byte(text))
	}
	b := builder(f)
	f.Fuzz(func(t *testing.T, text []byte) {
		records := 0
		im := importer(t, func(list []*receipt.Entry) {
			for _, e := range list {
				records += checkEntry(t, b, e)
			}
		})
		im.Builder = b
		report, err := im.Run(t.Context(), []File{fileOf(text)}, nil)
		if err != nil || report.Records != int64(records) {
			t.Fatalf("%d records, %d kept: %v", report.Records, records, err)
		}
	})
}

// checkEntry tells how many records an entry keeps.
func checkEntry(t *testing.T, b receipt.Builder, e *receipt.Entry) int {
	t.Helper()
	if !IsImport(e.Keep) || e.Kind != KindImport || bytes.Contains(e.Keep, []byte(`"UnsubscribeURL":`)) {
		t.Fatalf("kept is %s", e.Keep)
	}
	again := Rebuild(b, ses.Adapter, receipt.Entry{
		Source: e.Source, Key: e.Key, SHA256: e.SHA256, ReceivedAt: e.ReceivedAt, Replay: 7,
	}, e.Keep)
	if d := cmp.Diff(e.Events, again.Events); d != "" {
		t.Fatalf("read again it gives other events: %s\n%s", d, e.Keep)
	}
	if d := cmp.Diff(e.Problems, again.Problems); d != "" {
		t.Fatalf("read again it gives other problems: %s\n%s", d, e.Keep)
	}
	_, records := lines(e.Keep)
	for _, ev := range e.Events {
		if _, err := Element(e.Keep, ev.Element); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Element(e.Keep, len(records)); err == nil {
		t.Fatal("there is one record more than there are")
	}
	return len(records)
}

func TestTheSameRecordsAreOneReceiptWhateverTheFileIsCalled(t *testing.T) {
	t.Parallel()
	keys := map[receipt.Key]int{}
	text := []byte(`{"eventType":"Send","mail":{"timestamp":"2026-05-04T10:00:00Z","messageId":"m1","destination":["a@b.test"]}}`)
	for _, file := range []File{fileOf(text), {Name: "b.gz", Open: fileOf(zipped(t, text)).Open}} {
		im := importer(t, func(list []*receipt.Entry) {
			for _, e := range list {
				keys[e.Key]++
			}
		})
		if _, err := im.Run(t.Context(), []File{file}, nil); err != nil {
			t.Fatal(err)
		}
	}
	forced := importer(t, func(list []*receipt.Entry) { keys[list[0].Key]++ })
	forced.Format = FormatEvents
	if _, err := forced.Run(t.Context(), []File{fileOf(text)}, nil); err != nil {
		t.Fatal(err)
	}
	if len(keys) != 2 {
		t.Errorf("keys %v, want one of both files and one of the other format", keys)
	}
}

func TestASourceThatIsNotToBeHadEndsAnImport(t *testing.T) {
	t.Parallel()
	im := importer(t, func([]*receipt.Entry) { t.Error("something was stored") })
	gone := errors.New("gone")
	im.Source = func(context.Context, string) (*source.Source, error) { return nil, gone }
	if _, err := im.Run(t.Context(), []File{fileOf([]byte("{}"))}, nil); !errors.Is(err, gone) {
		t.Error(err)
	}
}

func TestWordsOfEngageBecomeEventsOfTheRightWeight(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ word, text, want string }{
		{"Bounced", "smtp; 550 5.1.1 no such user", "hard"},
		{"Bounced", "553 no mailbox", "hard"},
		{"Bounced", "550 refused", "undetermined"},
		{"Bounced", "550 5.7.1 spam", "undetermined"},
		{"Bounced", "", "undetermined"},
	} {
		row := engageRow{Date: "2026-05-04 10:00:00", Customer: "a@b.test", Event: c.word, Additional: c.text}
		d, code, _ := row.draft()
		if code != "" || string(d.Bounce.Class) != c.want {
			t.Errorf("%s %q: %s, want %s %s", c.word, c.text, d.Bounce.Class, c.want, code)
		}
	}
	for _, date := range []string{"2026-05-04T10:00:00Z", "2026-05-04 10:00:00", "2026-05-04 10:00", "2026-05-04 12:00:00 +0200"} {
		if at := engageTime(date); !at.Equal(now.Add(-2 * time.Hour)) {
			t.Errorf("%s is %s", date, at)
		}
	}
}
