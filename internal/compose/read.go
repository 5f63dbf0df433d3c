package compose

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"strings"
	"time"

	"github.com/emersion/go-message"
	"github.com/emersion/go-message/mail"

	"tidings/internal/send"
)

// Opened is an email that was read again.
type Opened struct {
	Headers     []send.Header // in their order, decoded
	From, To    string        // decoded, with names
	Subject     string
	MessageID   string
	Date        time.Time
	HTML, Text  string
	Attachments []Enclosure
}

// Enclosure is an attachment, without its content.
type Enclosure struct {
	Name, ContentType, ContentID string
	Size                         int64 // bytes, decoded
}

const (
	maxOpenedText  = 4 << 20
	maxOpenedParts = 200
)

// Open reads an email. A header alone is enough where parts is false.
func Open(r io.Reader, parts bool) (Opened, error) {
	e, err := message.Read(r)
	if err != nil && !message.IsUnknownCharset(err) && !message.IsUnknownEncoding(err) {
		return Opened{}, fmt.Errorf("read the email: %w", err)
	}
	var o Opened
	fields := e.Header.Fields()
	for fields.Next() {
		o.Headers = append(o.Headers, send.Header{Name: fields.Key(), Value: decoded(fields.Value())})
	}
	h := mail.Header{Header: e.Header}
	o.From, o.To, o.Subject = decoded(h.Get("From")), decoded(h.Get("To")), decoded(h.Get("Subject"))
	o.MessageID = strings.Trim(h.Get("Message-Id"), "<>")
	o.Date, _ = h.Date() // one that can't be read is not known
	if !parts {
		return o, nil
	}
	n := 0
	err = o.walk(e, &n)
	return o, err
}

func decoded(s string) string {
	text, err := new(mime.WordDecoder).DecodeHeader(s)
	if err != nil {
		return s
	}
	return text
}

var errParts = errors.New("the email has too many parts")

func (o *Opened) walk(e *message.Entity, n *int) error {
	if *n++; *n > maxOpenedParts {
		return errParts
	}
	if parts := e.MultipartReader(); parts != nil {
		for {
			p, err := parts.NextPart()
			if errors.Is(err, io.EOF) {
				return nil
			}
			if err != nil && !message.IsUnknownCharset(err) && !message.IsUnknownEncoding(err) {
				return fmt.Errorf("read a part: %w", err)
			}
			if err := o.walk(p, n); err != nil {
				return err
			}
		}
	}
	kind, params, _ := e.Header.ContentType()
	disposition, more, _ := e.Header.ContentDisposition()
	text := map[string]*string{"text/html": &o.HTML, "text/plain": &o.Text}[kind]
	if text != nil && disposition == "" && *text == "" {
		b, err := io.ReadAll(io.LimitReader(e.Body, maxOpenedText))
		*text = strings.ReplaceAll(string(b), "\r\n", "\n")
		return err
	}
	size, err := io.Copy(io.Discard, e.Body)
	if err != nil {
		return fmt.Errorf("read a part: %w", err)
	}
	name := more["filename"]
	if name == "" {
		name = params["name"]
	}
	o.Attachments = append(o.Attachments, Enclosure{
		Name: decoded(name), ContentType: kind, ContentID: strings.Trim(e.Header.Get("Content-Id"), "<>"), Size: size,
	})
	return nil
}
