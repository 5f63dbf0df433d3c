package sender

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
	"unicode"

	"tidings/internal/compose"
	"tidings/internal/send"
)

// consoleSender prints mail where the server runs.
type consoleSender struct {
	out io.Writer
	now func() time.Time
	mu  sync.Mutex
}

// Send prints an email.
func (s *consoleSender) Send(_ context.Context, m *send.Mail) (send.Handed, error) {
	if _, err := compose.Compose(m, s.now(), nil); err != nil {
		return send.Handed{}, unwritable(err)
	}
	var b strings.Builder
	line := func(name, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%-9s%s\n", name+":", harmless(value))
		}
	}
	b.WriteString("──────── an email of " + m.ID + "\n")
	line("From", readable(m.From))
	line("To", readable(m.To))
	for _, x := range m.ReplyTo {
		line("Reply-To", readable(x))
	}
	line("Subject", m.Subject)
	for _, x := range m.Headers {
		line(x.Name, x.Value)
	}
	for _, a := range m.Attachments {
		line("File", fmt.Sprintf("%s (%s, %d bytes)", a.Name, a.ContentType, len(a.Content)))
	}
	text := m.Text
	if text == "" {
		text = m.HTML
	}
	b.WriteString("\n" + harmless(strings.TrimSpace(text)) + "\n────────\n")
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.out != nil {
		if _, err := io.WriteString(s.out, b.String()); err != nil {
			return send.Handed{}, unusable("", "the console can't be written to: %v", err)
		}
	}
	return send.Handed{Provider: send.KindConsole, MessageID: m.MessageID, At: s.now(), Response: "printed"}, nil
}

// Test has nothing to reach.
func (s *consoleSender) Test(context.Context) (string, error) {
	return "mail is printed where the server runs", nil
}

func readable(x send.Mailbox) string {
	if x.Name == "" {
		return x.Address
	}
	return x.Name + " <" + x.Address + ">"
}

// harmless keeps a text from outside from steering a terminal.
func harmless(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' || unicode.Is(unicode.Bidi_Control, r) {
			return unicode.ReplacementChar
		}
		return r
	}, s)
}
