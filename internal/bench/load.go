package bench

import (
	"bufio"
	"bytes"
	"context"
	"crypto/ecdsa"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"tidings/internal/simulate"
)

// load posts a prepared story over a number of connections that stay open. It writes HTTP by hand: the generator
// shares the machine with the server, so what it costs is taken from the measurement.
type load struct {
	prepared
	address string // host:port
	path    string // of the source's URL
	sample  int64  // every so many facts is remembered for the questions asked afterwards

	every   time.Duration     // between events; 0: as fast as they are accepted
	batch   int               // elements of a request of SendGrid's; 0: notifications of SNS
	signing *ecdsa.PrivateKey // of batches

	mu         sync.Mutex // guards what follows
	script     *simulate.Script
	signatures *bufio.Reader
	next       int64
	samples    []sample

	acked    counter
	progress func(done, total int64)
}

// sample is a contact and a message that were posted.
type sample struct{ contact, messageID string }

// taken is how many facts a connection takes at once, so that the story's lock is not what is measured.
const taken = 16

// createSource makes the source that the load is posted to.
func (l *load) createSource(ctx context.Context, s *server) (err error) {
	if l.batch > 0 {
		var public string
		if l.signing, public, err = newSigning(); err != nil {
			return err
		}
		l.path, err = s.createSource(ctx, "--provider", "sendgrid", "--secret", public)
		return err
	}
	file := filepath.Join(s.dir, "certificate.pem")
	if err := os.WriteFile(file, l.identity.CertificatePEM(), 0o600); err != nil {
		return fmt.Errorf("write the certificate: %w", err)
	}
	l.path, err = s.createSource(ctx,
		"--provider", "ses", "--topic", simulate.DefaultTopic, "--signing-certificate", file)
	return err
}

// run posts everything and returns what it took.
func (l *load) run(ctx context.Context, connections int) (outcome, error) {
	connect := l.batches
	if l.batch == 0 {
		f, err := os.Open(l.prepared.path)
		if err != nil {
			return outcome{}, fmt.Errorf("open signatures: %w", err)
		}
		defer f.Close()
		l.signatures = bufio.NewReaderSize(f, 1<<20)
		if _, err := l.signatures.Discard(headerSize); err != nil {
			return outcome{}, fmt.Errorf("read signatures: %w", err)
		}
		connect = l.notifications
	}
	l.script = simulate.NewScript(l.options())
	l.acked.begin(l.events)
	group, ctx := errgroup.WithContext(ctx)
	results := make([]histogram, connections)
	for i := range connections {
		group.Go(func() error {
			c, err := dial(ctx, l.address)
			if err != nil {
				return err
			}
			defer c.conn.Close()
			defer context.AfterFunc(ctx, func() { c.conn.Close() })()
			return connect(ctx, c, &results[i])
		})
	}
	if err := group.Wait(); err != nil {
		return outcome{}, fmt.Errorf("post the load: %w", err)
	}
	var all histogram
	for i := range results {
		all.merge(&results[i])
	}
	return l.acked.outcome(&all), nil
}

// take hands out the next facts with their signatures, of which a batch has none, when it is their turn.
func (l *load) take(ctx context.Context, facts []simulate.Fact, signatures []byte) (int, error) {
	l.mu.Lock() // others wait for theirs meanwhile, which come later
	defer l.mu.Unlock()
	if err := l.turn(ctx); err != nil {
		return 0, err
	}
	n := int(min(int64(len(facts)), l.events-l.next))
	if n == 0 {
		return 0, io.EOF
	}
	for i := range n {
		facts[i] = l.script.Next()
		if (l.next+int64(i))%l.sample == 0 {
			l.samples = append(l.samples, sample{l.script.Contact(facts[i]), l.messageID(facts[i])})
		}
	}
	l.next += int64(n)
	if signatures == nil {
		return n, nil
	}
	if _, err := io.ReadFull(l.signatures, signatures[:n*signatureSize]); err != nil {
		return 0, fmt.Errorf("read signatures: %w", err)
	}
	return n, nil
}

// turn waits until the next fact is to be posted.
func (l *load) turn(ctx context.Context) error {
	wait := time.Until(l.acked.began.Add(time.Duration(l.next) * l.every))
	if l.every == 0 || wait <= 0 {
		return nil
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (l *load) messageID(f simulate.Fact) string {
	if l.batch > 0 {
		return l.script.SendGridMessageID(f)
	}
	return l.script.MessageID(f)
}

// notifications posts one signed notification a fact.
func (l *load) notifications(ctx context.Context, c *client, h *histogram) error {
	most := taken
	if l.every > 0 {
		most = 1
	}
	facts, signatures := make([]simulate.Fact, most), make([]byte, most*signatureSize)
	var e simulate.Envelope
	var body []byte
	for {
		n, err := l.take(ctx, facts, signatures)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		for i, f := range facts[:n] {
			l.script.Envelope(&e, f)
			body = e.Body(body[:0], signatures[i*signatureSize:(i+1)*signatureSize])
			if err := l.post(ctx, c, snsHeader(&e), body, 1, h); err != nil {
				return err
			}
		}
	}
}

// post posts one request with so many events until it is accepted, as a provider would.
func (l *load) post(ctx context.Context, c *client, header string, body []byte, events int64, h *histogram) error {
	for {
		began := time.Now()
		status, err := c.post(l.path, l.address, header, body)
		if err != nil {
			return err
		}
		switch status {
		case 200:
			h.add(time.Since(began))
			if done := l.acked.add(events); done/1000 != (done-events)/1000 || done == l.events {
				l.progress(done, l.events)
			}
			return nil
		case 429, 503:
			l.acked.shed.Add(1)
			timer := time.NewTimer(50 * time.Millisecond)
			select {
			case <-timer.C:
			case <-ctx.Done():
				timer.Stop()
				return ctx.Err()
			}
		default:
			return fmt.Errorf("the server answered %d", status)
		}
	}
}

// client is one connection that speaks just enough HTTP/1.1.
type client struct {
	conn net.Conn
	in   *bufio.Reader
	out  []byte
}

func dial(ctx context.Context, address string) (*client, error) {
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	return &client{conn: conn, in: bufio.NewReaderSize(conn, 4096)}, nil
}

// snsHeader is what SNS says of itself and of a notification.
func snsHeader(e *simulate.Envelope) string {
	return "\r\nContent-Type: text/plain; charset=UTF-8\r\nUser-Agent: Amazon Simple Notification Service Agent" +
		"\r\nX-Amz-Sns-Message-Type: Notification\r\nX-Amz-Sns-Message-Id: " + string(e.ID()) +
		"\r\nX-Amz-Sns-Topic-Arn: " + e.Topic()
}

func (c *client) post(path, host, header string, body []byte) (status int, err error) {
	b := append(c.out[:0], "POST "...)
	b = append(b, path...)
	b = append(b, " HTTP/1.1\r\nHost: "...)
	b = append(b, host...)
	b = append(b, header...)
	b = append(b, "\r\nContent-Length: "...)
	b = strconv.AppendInt(b, int64(len(body)), 10)
	b = append(b, "\r\n\r\n"...)
	c.out = append(b, body...)
	if _, err := c.conn.Write(c.out); err != nil {
		return 0, err
	}
	return c.answer()
}

var contentLength = []byte("Content-Length: ")

// answer reads a response that has a Content-Length, as every answer to a provider has.
func (c *client) answer() (status int, err error) {
	length := 0
	for first := true; ; first = false {
		line, err := c.in.ReadSlice('\n')
		if err != nil {
			return 0, err
		}
		line = bytes.TrimRight(line, "\r\n")
		switch {
		case first:
			if len(line) < 12 {
				return 0, fmt.Errorf("unreadable status line %q", line)
			}
			status, err = strconv.Atoi(string(line[9:12]))
			if err != nil {
				return 0, fmt.Errorf("unreadable status line %q", line)
			}
		case len(line) == 0:
			_, err := c.in.Discard(length)
			return status, err
		case bytes.HasPrefix(line, contentLength):
			length, err = strconv.Atoi(string(line[len(contentLength):]))
			if err != nil {
				return 0, err
			}
		}
	}
}
