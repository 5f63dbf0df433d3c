package provider

import (
	"compress/flate"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// Road is what is particular to one of several ways in which requests of one provider come. It is known by their headers
// alone. The zero value is the usual way.
type Road struct {
	MaxBody int64 // the largest body, in bytes, after it is unpacked; 0 means the adapter's Limit
	Gzip    bool  // the body may be packed with gzip; else any Content-Encoding is refused
	// Check proves by the headers what they can prove, before a body is read. It takes nothing off Open, which proves
	// everything again. nil: the headers prove nothing.
	Check func(Source) *Refusal
	// Answers are the statuses of this road that are others than the adapter's.
	Answers Answers
	// Reply is the body of every answer, as JSON, where the provider wants its own form. nil: the caller's own form.
	Reply func(Reply) []byte
}

// Reply is an answer that is about to be given.
type Reply struct {
	Status  int
	Message string // why the request was refused, for people; empty: it was stored
	At      time.Time
}

// RoadOf is the road of a request by its headers, with MaxBody set.
func (a Adapter) RoadOf(h http.Header) Road {
	var r Road
	if a.Road != nil {
		r = a.Road(h)
	}
	if r.MaxBody == 0 {
		r.MaxBody = a.Limit()
	}
	return r
}

const encodingGzip = "gzip"

// CheckEncoding refuses a body that is packed in a way that the road does not know.
func (r Road) CheckEncoding(h http.Header) *Refusal {
	switch e := strings.ToLower(h.Get("Content-Encoding")); {
	case e == "" || e == "identity", e == encodingGzip && r.Gzip:
		return nil
	case r.Gzip:
		return Refuse(Encoded, "encoded_body", "the body has Content-Encoding %.20q: only gzip is taken", e)
	}
	return Refuse(Encoded, "encoded_body", "the body has a Content-Encoding, which this provider does not use")
}

// Packed reports whether a body has to be unpacked, so that its size is known only then.
func (r Road) Packed(h http.Header) bool {
	return r.Gzip && strings.EqualFold(h.Get("Content-Encoding"), encodingGzip)
}

// Read reads a body whole and unpacks it. size is its Content-Length, -1 where it has none. What is longer than MaxBody,
// before or after it is unpacked, is a Refusal, and costs no more memory than MaxBody. Every other error is of body.
func (r Road) Read(h http.Header, body io.Reader, size int64) ([]byte, error) {
	if size > r.MaxBody {
		return nil, r.tooLarge()
	}
	bounded := io.LimitReader(body, r.MaxBody+1)
	if r.Packed(h) {
		return r.unpack(bounded)
	}
	if size >= 0 {
		text := make([]byte, size)
		_, err := io.ReadFull(bounded, text)
		return text, err
	}
	return r.readAll(bounded)
}

func (r Road) unpack(body io.Reader) ([]byte, error) {
	z, err := gzip.NewReader(body)
	if err != nil {
		return nil, unpackError(err)
	}
	text, err := r.readAll(io.LimitReader(z, r.MaxBody+1))
	if err != nil {
		return nil, unpackError(err)
	}
	return text, nil
}

func (r Road) readAll(body io.Reader) ([]byte, error) {
	text, err := io.ReadAll(body)
	if int64(len(text)) > r.MaxBody {
		return nil, r.tooLarge()
	}
	return text, err
}

func (r Road) tooLarge() *Refusal {
	return Refuse(TooLarge, "body_too_large", "the body is over the limit of %d bytes", r.MaxBody)
}

// unpackError tells a body that is no gzip from one that did not arrive whole.
func unpackError(err error) error {
	var corrupt flate.CorruptInputError
	if errors.Is(err, gzip.ErrHeader) || errors.Is(err, gzip.ErrChecksum) || errors.As(err, &corrupt) {
		return Refuse(Unacceptable, "bad_gzip", "the body is said to be gzip and can't be unpacked")
	}
	var refusal *Refusal
	if errors.As(err, &refusal) {
		return refusal
	}
	return fmt.Errorf("unpack body: %w", err)
}
