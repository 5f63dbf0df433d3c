package dispatch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// The bounds of a request. Connections and their TLS have bounds of their own, in the client.
const (
	firstByteWithin = 15 * time.Second
	RequestWithin   = 20 * time.Second
	maxAnswer       = 64 << 10
	keptAnswer      = 1 << 10
)

// Poster makes requests to endpoints. Client must be guarded, follow no redirect, and decompress nothing; it is used by
// several goroutines.
type Poster struct {
	Client    *http.Client
	UserAgent string
	Now       func() time.Time
}

// Request is one try.
type Request struct {
	URL         string
	Headers     map[string]string
	Secrets     []Secret
	ID          string
	Try         int
	ContentType string
	Body        []byte
}

// Post makes one try. What went wrong is told in words that repeat neither the URL nor a header, which may hold secrets.
func (p *Poster) Post(ctx context.Context, x *Request) (out Outcome, answer []byte) {
	ctx, cancel := context.WithTimeoutCause(ctx, RequestWithin, errSlow)
	defer cancel()
	slow := time.AfterFunc(RequestWithin, cancel)
	defer slow.Stop()
	trace := &httptrace.ClientTrace{WroteRequest: func(httptrace.WroteRequestInfo) { slow.Reset(firstByteWithin) }}
	r, err := http.NewRequestWithContext(httptrace.WithClientTrace(ctx, trace), http.MethodPost, x.URL, bytes.NewReader(x.Body))
	if err != nil {
		return Outcome{At: p.Now(), Problem: "the URL can't be called"}, nil
	}
	for name, value := range x.Headers {
		r.Header.Set(name, value)
	}
	at := p.Now()
	r.Header.Set("Content-Type", x.ContentType)
	r.Header.Set("User-Agent", p.UserAgent)
	r.Header.Set(HeaderID, x.ID)
	r.Header.Set(HeaderTimestamp, strconv.FormatInt(at.Unix(), 10))
	r.Header.Set(HeaderSignature, Sign(x.ID, at, x.Body, x.Secrets...))
	r.Header.Set(HeaderAttempt, strconv.Itoa(x.Try))
	res, err := p.Client.Do(r)
	if err != nil {
		return Outcome{At: p.Now(), Problem: problemOf(ctx, err)}, nil
	}
	slow.Stop()
	defer res.Body.Close()
	text, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	out = Outcome{At: p.Now(), Status: res.StatusCode}
	switch res.StatusCode / 100 {
	case 2: // it was taken, whatever else the receiver would have said
	case 3:
		out.Problem = fmt.Sprintf("%d: redirects are not followed: give the endpoint the URL it leads to", res.StatusCode)
	default:
		out.Problem = strings.TrimSpace(fmt.Sprintf("%d %s", res.StatusCode, http.StatusText(res.StatusCode)))
		out.After = RetryAfter(res.Header.Get("Retry-After"), out.At, MaxRetryAfter)
	}
	if err != nil && out.Problem != "" {
		out.Problem += ", and its answer broke off"
	}
	return out, text[:min(len(text), keptAnswer)]
}

var errSlow = errors.New("it took longer than the whole request may")

// problemOf tells of a request that had no answer.
func problemOf(ctx context.Context, err error) string {
	if e, is := errors.AsType[*url.Error](err); is {
		if e.Timeout() || context.Cause(ctx) != nil {
			return fmt.Sprintf("no answer within %s", firstByteWithin)
		}
		err = e.Err
	}
	return err.Error()
}
