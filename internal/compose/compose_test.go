package compose_test

import (
	"bytes"
	"errors"
	"flag"
	"io"
	"mime"
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidings/internal/compose"
	"tidings/internal/send"
)

var update = flag.Bool("update", false, "write the golden files anew")

var noon = time.Date(2026, 5, 4, 10, 12, 0, 0, time.UTC)

func email() *send.Mail {
	return &send.Mail{
		ID: "snd_1", Project: "prj_default", MessageID: "snd_1@send.test", From: send.Mailbox{Name: "App", Address: "app@send.test"},
		To: send.Mailbox{Address: "ann@acme.test"}, Subject: "Hi", Text: "Hello\n", HTML: "<p>Hello</p>\n",
	}
}

func full() *send.Mail {
	m := email()
	m.From.Name, m.To.Name = `Müller, "Jürgen" & Söhne`, "Ann Doe"
	m.ReplyTo = []send.Mailbox{{Name: "Help, please", Address: "help@send.test"}, {Address: "more@send.test"}}
	m.Subject = "Grüße aus Köln 🎉, und noch viel mehr, damit die Zeile gewiss zu lang für eine einzige wird"
	m.Headers = []send.Header{
		{Name: "List-Unsubscribe", Value: "<https://tidings.test/u/" + strings.Repeat("abcdefghij", 12) + ">, <mailto:u@send.test>"},
		{Name: "List-Unsubscribe-Post", Value: "List-Unsubscribe=One-Click"},
	}
	m.HTML, m.Text = "<p>Grüße <img src=\"cid:logo\"></p>\n", "Grüße\n.\n--=_1\nFrom here\n"
	m.Attachments = []send.Attachment{
		{Name: "logo.png", ContentType: "image/png", Content: []byte{1, 2, 3}, ContentID: "logo"},
		{Name: "Prüfung 1/2.pdf", ContentType: "application/pdf", Content: bytes.Repeat([]byte("x"), 100)},
		{Name: "note.txt", ContentType: "text/plain; charset=iso-8859-1", Content: []byte("a\n")},
		{Name: "odd", ContentType: "multipart/mixed; boundary=x", Content: []byte("--x--")},
	}
	m.Template, m.Workflow, m.Run, m.Step, m.Broadcast = "onboarding/welcome", "onboarding", "run_1", "2", "brd_1"
	m.Tags = []string{"may", "größe"}
	m.Metadata = map[string]string{"order": "17", "note": "two\nlines", "tidings_send": "snd_forged", "a name that is far too long": "x"}
	return m
}

func composed(t testing.TB, m *send.Mail, extra ...send.Header) compose.Letter {
	t.Helper()
	l, err := compose.Compose(m, noon, extra)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), string(got)); d != "" {
		t.Errorf("%s: %s", name, d)
	}
}

func TestAnEmailIsWrittenAsItWas(t *testing.T) {
	t.Parallel()
	golden(t, "full.eml", composed(t, full()).Bytes)
	golden(t, "small.eml", composed(t, &send.Mail{
		ID: "snd_2", MessageID: "snd_2@send.test", From: send.Mailbox{Address: "app@send.test"}, To: send.Mailbox{Address: "ann@acme.test"},
		Subject: "Hi", Text: "Hello",
	}).Bytes)
	if again := composed(t, full()).Bytes; !bytes.Equal(again, composed(t, full()).Bytes) {
		t.Error("the same email has other bytes")
	}
}

func TestWhatIsWrittenIsReadAgainAsItWas(t *testing.T) {
	t.Parallel()
	m := full()
	o, err := compose.Open(bytes.NewReader(composed(t, m).Bytes), true)
	if err != nil {
		t.Fatal(err)
	}
	if o.Subject != m.Subject || o.Text != m.Text || o.HTML != m.HTML || o.MessageID != m.MessageID || !o.Date.Equal(noon) {
		t.Errorf("opened %+v", o)
	}
	want := []compose.Enclosure{
		{"logo.png", "image/png", "logo", 3},
		{"Prüfung 1/2.pdf", "application/pdf", "", 100},
		{"note.txt", "text/plain", "", 2},
		{"odd", "application/octet-stream", "", 5},
	}
	if d := cmp.Diff(want, o.Attachments); d != "" {
		t.Error(d)
	}
}

func TestNamesAndAddressesComeOutAsTheyWentIn(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, address string
		wire          string // empty: as the address
		utf8          bool
	}{
		{name: "Ann", address: "ann@acme.test"},
		{name: "Doe, Ann", address: "ann@acme.test"},
		{name: `Ann "the Boss" O'Neil \ Sons`, address: "ann@acme.test"},
		{name: "Ann (HR) <ann@evil.test>", address: "ann@acme.test"},
		{name: "=?utf-8?q?forged?=", address: "ann@acme.test"},
		{name: "  two  blanks  ", address: "ann@acme.test"},
		{name: "Jürgen Müller", address: "j@acme.test"},
		{name: "日本語の名前、とても長いので、いくつかの語に分けて書かなければならない", address: "j@acme.test"},
		{name: "👩‍👩‍👧‍👦 family", address: "j@acme.test"},
		{name: strings.Repeat("x", 700), address: "j@acme.test"},
		{name: "ann@acme.test", address: "ann@acme.test"},
		{address: "Ann.Doe+tag@Acme.test", wire: "Ann.Doe+tag@acme.test"},
		{address: "ann@müller.test", wire: "ann@xn--mller-kva.test"},
		{address: "ann@例え.テスト", wire: "ann@xn--r8jz45g.xn--zckzah"},
		{name: "Jürgen", address: "jürgen@müller.test", wire: "jürgen@xn--mller-kva.test", utf8: true},
		{address: `"a b"@acme.test`},
		{address: `"a@b"@acme.test`},
		{address: "o'neil@acme.test"},
		{address: "ann@[192.0.2.1]"},
	} {
		m := email()
		m.To = send.Mailbox{Name: c.name, Address: c.address}
		l := composed(t, m)
		if c.wire == "" {
			c.wire = c.address
		}
		if l.To != c.wire || l.UTF8 != c.utf8 {
			t.Errorf("%q %q goes to %q, UTF-8 %v", c.name, c.address, l.To, l.UTF8)
		}
		read, err := mail.ReadMessage(bytes.NewReader(l.Bytes))
		if err != nil {
			t.Fatal(err)
		}
		list, err := read.Header.AddressList("To")
		if err != nil || len(list) != 1 || list[0].Name != c.name {
			t.Errorf("%q %q is read as %+v, %v in %q", c.name, c.address, list, err, read.Header.Get("To"))
		}
		for _, x := range list {
			if text := x.String(); strings.Trim(text[strings.LastIndex(text, "<"):], "<>") != c.wire {
				t.Errorf("%q is read as %q", c.address, x.Address)
			}
		}
	}
}

func TestSubjectsComeOutAsTheyWentIn(t *testing.T) {
	t.Parallel()
	for _, s := range []string{
		"", "Hi", " Hi ", "a  b", "=?utf-8?b?SGk=?=", "50% =? off", strings.Repeat("word ", 400) + "end", strings.Repeat("x", 3000),
		"Grüße", strings.Repeat("ü", 2000), "🎉", "\u200bzero", "عنوان", "a\u00a0b",
	} {
		m := email()
		m.Subject = s
		read, err := mail.ReadMessage(bytes.NewReader(composed(t, m).Bytes))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := new(mime.WordDecoder).DecodeHeader(read.Header.Get("Subject")); err != nil || got != s {
			t.Errorf("%.40q came out as %.40q, %v", s, got, err)
		}
	}
}

// ends are what somebody may try to end a header with.
var ends = []string{"\r\nBcc: x@evil.test", "\nBcc: x@evil.test", "\rBcc: x@evil.test", "\x00", "\x0b", "\u0085", "\u2028", "\x7f", "\xff"}

func TestNothingThatSomebodyWritesAddsAHeader(t *testing.T) {
	t.Parallel()
	fields := map[string]func(*send.Mail, string){
		"from.name":                  func(m *send.Mail, s string) { m.From.Name = s },
		"from.email":                 func(m *send.Mail, s string) { m.From.Address = "a@b.test" + s },
		"to.name":                    func(m *send.Mail, s string) { m.To.Name = s },
		"to.email":                   func(m *send.Mail, s string) { m.To.Address = s + "a@b.test" },
		"replyTo[0].name":            func(m *send.Mail, s string) { m.ReplyTo = []send.Mailbox{{Name: s, Address: "a@b.test"}} },
		"replyTo[0].email":           func(m *send.Mail, s string) { m.ReplyTo = []send.Mailbox{{Address: "a@b.test" + s}} },
		"returnPath":                 func(m *send.Mail, s string) { m.ReturnPath = "a@b.test" + s },
		"subject":                    func(m *send.Mail, s string) { m.Subject = "Hi" + s },
		"messageId":                  func(m *send.Mail, s string) { m.MessageID = "a@b.test" + s },
		"headers[0].name":            func(m *send.Mail, s string) { m.Headers = []send.Header{{Name: "X-A" + s, Value: "b"}} },
		"headers[0].value":           func(m *send.Mail, s string) { m.Headers = []send.Header{{Name: "X-A", Value: "b" + s}} },
		"attachments[0].filename":    func(m *send.Mail, s string) { m.Attachments = []send.Attachment{{Name: "a" + s}} },
		"attachments[0].contentType": func(m *send.Mail, s string) { m.Attachments = []send.Attachment{{ContentType: "a/b" + s}} },
		"attachments[0].contentId":   func(m *send.Mail, s string) { m.Attachments = []send.Attachment{{ContentID: "a" + s}} },
	}
	for field, set := range fields {
		for _, end := range ends {
			m := email()
			set(m, end)
			_, err := compose.Compose(m, noon, nil)
			if f, ok := errors.AsType[*compose.FieldError](err); !ok || f.Field != field {
				t.Errorf("%s with %q: %v", field, end, err)
			}
		}
	}
	for _, x := range []send.Header{
		{Name: "Bcc", Value: "x@evil.test"},
		{Name: "subject", Value: "other"},
		{Name: "Content-Type", Value: "text/html"},
		{Name: "", Value: "a"},
		{Name: "A B", Value: "a"},
		{Name: "X:", Value: "a"},
		{Name: "Ä", Value: "a"},
		{Name: "X-A", Value: strings.Repeat("x", 901)},
		{Name: "X-SMTPAPI", Value: "{}"},
		{Name: "DKIM-Signature", Value: "a"},
		{Name: "Return-Path", Value: "a"},
	} {
		m := email()
		m.Headers = []send.Header{x}
		if _, err := compose.Compose(m, noon, nil); err == nil {
			t.Errorf("%+v is written", x)
		}
	}
	m := email()
	m.Headers = []send.Header{{Name: "X-A", Value: "1"}, {Name: "x-a", Value: "2"}}
	if _, err := compose.Compose(m, noon, nil); err == nil {
		t.Error("a header is there twice")
	}
}

func TestEachServiceGetsOurIDsWhereItsEventsHaveThem(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for _, preset := range append(send.Presets(), "") {
		for _, quiet := range []bool{false, true} {
			m := full()
			m.NoOpens, m.NoClicks = quiet, quiet
			b.WriteString("── " + preset + map[bool]string{true: ", not watched"}[quiet] + "\n")
			list := compose.Labels(preset, m, &send.Settings{ConfigurationSet: "main", UntrackedSet: "quiet", Stream: "broadcast"})
			for _, x := range list {
				b.WriteString(x.Name + ": " + x.Value + "\n")
			}
			composed(t, m, list...)
		}
	}
	golden(t, "labels.txt", []byte(b.String()))
}

func FuzzCompose(f *testing.F) {
	m := full()
	f.Add(m.From.Name, m.To.Address, m.Subject, "X-A", "value", m.HTML, m.Text, "file.txt", "text/plain", "cid", []byte("x"), "tag", "meta")
	f.Add("", "a@b", "a\r\nb", "Bcc", "=?", "", "--=_1", `a"b`, "text/html; name=\"x", "", []byte{}, "\n", "\u2028")
	f.Fuzz(func(t *testing.T, name, to, subject, header, value, html, text, file, kind, cid string, content []byte, tag, meta string) {
		m := email()
		m.From.Name, m.To.Address, m.Subject, m.HTML, m.Text = name, to, subject, html, text
		m.Headers = []send.Header{{Name: header, Value: value}}
		m.Attachments = []send.Attachment{{Name: file, ContentType: kind, ContentID: cid, Content: content}}
		m.Tags, m.Metadata, m.Template = []string{tag}, map[string]string{meta: tag, tag: meta}, meta
		for _, preset := range append(send.Presets(), "") {
			labels := compose.Labels(preset, m, &send.Settings{ConfigurationSet: "main", UntrackedSet: "quiet"})
			l, err := compose.Compose(m, noon, labels)
			if err != nil {
				continue
			}
			o, err := compose.Open(bytes.NewReader(l.Bytes), true)
			if err != nil {
				t.Fatalf("%v in %q", err, l.Bytes)
			}
			// From, To, Subject, Date, Message-ID, the header, MIME-Version and Content-Type: nothing else.
			if want := 8 + len(labels); len(o.Headers) != want && len(o.Headers) != want+1 || o.Subject != subject {
				t.Fatalf("%d headers, not %d, subject %q, not %q: %q", len(o.Headers), want, o.Subject, subject, l.Bytes)
			}
			if n := len(o.Attachments); n != 1 {
				t.Fatalf("%d attachments in %q", n, l.Bytes)
			}
			for line := range bytes.SplitSeq(l.Bytes, []byte("\r\n")) {
				if len(line) > 998 || bytes.ContainsAny(line, "\r\n") {
					t.Fatalf("line of %d bytes", len(line))
				}
			}
		}
	})
}

func BenchmarkCompose(b *testing.B) {
	m := email()
	m.HTML = strings.Repeat("<p>Some words of an email, as long as most.</p>\n", 400)
	b.SetBytes(int64(len(m.HTML)))
	for b.Loop() {
		l, err := compose.Compose(m, noon, nil)
		if err != nil {
			b.Fatal(err)
		}
		_, _ = io.Discard.Write(l.Bytes)
	}
}
