package sender_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"tidings/internal/fault"
	"tidings/internal/send"
	"tidings/internal/sender"
)

func TestMailThatIsWrittenIsListedNewestFirstAndReadAgain(t *testing.T) {
	t.Parallel()
	box := &sender.Outbox{Folder: filepath.Join(t.TempDir(), "deep", "outbox")}
	now := time.Date(2026, 5, 4, 10, 0, 0, 0, time.UTC)
	x, err := sender.New(send.KindFile, send.Settings{}, sender.Deps{Outbox: box, Now: func() time.Time { return now }})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 5 {
		m := email()
		m.ID, m.Subject = fmt.Sprintf("snd_%d", i), fmt.Sprintf("Grüße %d", i)
		now = now.Add(time.Second)
		if h, err := x.Send(t.Context(), m); err != nil || h.Provider != "file" || h.MessageID != m.MessageID {
			t.Fatalf("%+v %v", h, err)
		}
	}
	page, next, err := box.List(t.Context(), "prj_default", "", "GRÜSSE", 10)
	if err != nil || len(page) != 0 || next != "" {
		t.Errorf("a search for what is not there: %+v %q %v", page, next, err)
	}
	page, next, err = box.List(t.Context(), "prj_default", "", "grüße", 3)
	if err != nil || len(page) != 3 || page[0].Subject != "Grüße 4" || !page[0].At.Equal(now) || next != page[2].ID {
		t.Fatalf("%+v %q %v", page, next, err)
	}
	page, next, err = box.List(t.Context(), "prj_default", next, "", 3)
	if err != nil || len(page) != 2 || page[1].Subject != "Grüße 0" || next != "" {
		t.Fatalf("%+v %q %v", page, next, err)
	}
	m, err := box.Mail("prj_default", page[0].ID)
	if err != nil || m.Text != "Hello\n.\n..\nBye" || m.HTML != "<p>Hello</p>" || m.From != "App <app@send.test>" {
		t.Errorf("%+v %v", m, err)
	}
	if raw, err := box.Raw("prj_default", m.ID); err != nil || int64(len(raw)) != m.Size || !bytes.Contains(raw, []byte("\r\n")) {
		t.Errorf("%s %v", raw, err)
	}
	for _, id := range []string{"..", "../prj_default/" + m.ID, m.ID + ".eml", "", "20260504T100001.000000000Z-none"} {
		if _, err := box.Raw("prj_default", id); fault.KindOf(err) != fault.NotFound {
			t.Errorf("%q: %v", id, err)
		}
	}
	if page, _, err := box.List(t.Context(), "prj_other", "", "", 3); err != nil || len(page) != 0 {
		t.Errorf("another project: %+v %v", page, err)
	}
	if _, _, err := box.List(t.Context(), "../prj_default", "", "", 3); err == nil {
		t.Error("a project that is a path")
	}
	if n, err := box.Erase("prj_default", "ann@acme.test"); err != nil || n != 5 {
		t.Errorf("erased %d, %v", n, err)
	}
}

func TestTheOutboxKeepsTheNewestAndNoHalves(t *testing.T) {
	t.Parallel()
	box := &sender.Outbox{Folder: t.TempDir(), Keep: 10}
	at := time.Date(2026, 5, 4, 10, 0, 0, 0, time.UTC)
	for i := range 40 {
		if _, err := box.Put("prj_default", "snd_1", at.Add(time.Duration(i)), []byte("Subject: x\r\n\r\n")); err != nil {
			t.Fatal(err)
		}
	}
	files, err := os.ReadDir(filepath.Join(box.Folder, "prj_default"))
	if err != nil || len(files) != 10 {
		t.Errorf("%d files, %v", len(files), err)
	}
	// Somebody emptied it, and put something odd there.
	if err := os.RemoveAll(filepath.Join(box.Folder, "prj_default")); err != nil {
		t.Fatal(err)
	}
	name, err := box.Put("prj_default", "snd_1", at, []byte("no header at all"))
	if err != nil {
		t.Fatal(err)
	}
	if m, err := box.Mail("prj_default", name); err != nil || !strings.Contains(m.Subject, "can't be read") {
		t.Errorf("%+v %v", m, err)
	}
}

func TestAnOutboxThatCannotBeWrittenIsUnusable(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	x, err := sender.New(send.KindFile, send.Settings{}, sender.Deps{Outbox: &sender.Outbox{Folder: file}})
	if err != nil {
		t.Fatal(err)
	}
	_, err = x.Send(t.Context(), email())
	if f := failure(t, err); f.Kind != send.Unusable {
		t.Errorf("%+v", f)
	}
	if _, err := x.(sender.Tester).Test(t.Context()); failure(t, err).Kind != send.Unusable {
		t.Error(err)
	}
}

func TestTheConsoleShowsMailAndNothingSteersIt(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	x, err := sender.New(send.KindConsole, send.Settings{}, sender.Deps{Console: &out})
	if err != nil {
		t.Fatal(err)
	}
	m := email()
	m.Text = "Hello \x1b[2J\u202eevil"
	if h, err := x.Send(t.Context(), m); err != nil || h.Provider != "console" {
		t.Errorf("%+v %v", h, err)
	}
	text := out.String()
	if !strings.Contains(text, "To:      ann@acme.test") || !strings.Contains(text, "Hello") || strings.ContainsAny(text, "\x1b\u202e") {
		t.Errorf("%q", text)
	}
	m.Subject = "a\r\nBcc: x@evil.test"
	_, err = x.Send(t.Context(), m)
	if f := failure(t, err); f.Kind != send.Permanent || f.Reason != sender.ReasonUnwritable || !strings.HasPrefix(f.Detail, "subject ") {
		t.Errorf("%+v", f)
	}
}

// BenchmarkFileSender writes mail of 20 KB of HTML.
func BenchmarkFileSender(b *testing.B) {
	x, err := sender.New(send.KindFile, send.Settings{}, sender.Deps{Outbox: &sender.Outbox{Folder: b.TempDir()}})
	if err != nil {
		b.Fatal(err)
	}
	m := email()
	m.HTML = strings.Repeat("<p>Some words of an email, as long as most.</p>\n", 420)
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			if _, err := x.Send(b.Context(), m); err != nil {
				b.Error(err)
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "mails/s")
}

func TestTheOutboxKeepsNothingThatIsOlderThanItsTime(t *testing.T) {
	t.Parallel()
	o := &sender.Outbox{Folder: filepath.Join(t.TempDir(), "outbox")}
	if n, err := o.Retain(time.Now()); n != 0 || err != nil {
		t.Errorf("of no outbox %d are removed: %v", n, err)
	}
	noon := time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)
	for i, project := range []string{"prj_a", "prj_a", "prj_b"} {
		if _, err := o.Put(project, "snd_1", noon.Add(time.Duration(i)*time.Hour), []byte("Subject: Hi\r\n\r\nHello")); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := o.Retain(noon.Add(time.Hour)); n != 1 || err != nil {
		t.Errorf("%d are removed: %v", n, err)
	}
	for _, project := range []string{"prj_a", "prj_b"} {
		if list, _, err := o.List(t.Context(), project, "", "", 10); len(list) != 1 || err != nil {
			t.Errorf("%s has %d: %v", project, len(list), err)
		}
	}
}
