package simulate

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

// poster signs notifications and posts them, again until they are accepted, as SNS does.
type poster struct {
	opts     Options
	identity *Identity
	world    *world
	client   *http.Client
	posts    atomic.Int64
	retries  atomic.Int64
}

func newPoster(o Options, id *Identity, w *world) *poster {
	client := o.Client
	if client == nil {
		client = &http.Client{
			Timeout:   15 * time.Second, // as SNS waits
			Transport: &http.Transport{MaxIdleConnsPerHost: o.Workers, MaxConnsPerHost: o.Workers},
		}
	}
	return &poster{opts: o, identity: id, world: w, client: client}
}

func (p *poster) work(ctx context.Context, items <-chan item) error {
	var e Envelope
	var text, body []byte
	for it := range items {
		p.world.envelope(&e, it.fact, it.identity)
		text = e.Canonical(text[:0])
		signature, err := p.identity.SignText(text)
		if err != nil {
			return err
		}
		body = e.Body(body[:0], signature)
		if err := p.post(ctx, string(e.id), body); err != nil {
			return err
		}
	}
	return nil
}

// patience is how often one notification is tried; with the pauses between that is about a minute.
const patience = 20

func (p *poster) post(ctx context.Context, id string, body []byte) error {
	for try := 1; ; try++ {
		wait, err := p.try(ctx, id, body)
		if err == nil {
			p.posts.Add(1)
			return nil
		}
		if wait < 0 || try == patience {
			return err
		}
		p.retries.Add(1)
		timer := time.NewTimer(max(wait, time.Duration(try)*200*time.Millisecond))
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return context.Cause(ctx)
		}
	}
}

// try posts once. Where it did not work, wait says how long the server wants to be left alone; negative means that
// another try is of no use.
func (p *poster) try(ctx context.Context, id string, body []byte) (wait time.Duration, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.opts.URL, bytes.NewReader(body))
	if err != nil {
		return -1, fmt.Errorf("post to the source: %w", err)
	}
	req.Header.Set("Content-Type", "text/plain; charset=UTF-8")
	req.Header.Set("User-Agent", "Amazon Simple Notification Service Agent")
	req.Header.Set("X-Amz-Sns-Message-Type", "Notification")
	req.Header.Set("X-Amz-Sns-Message-Id", id)
	req.Header.Set("X-Amz-Sns-Topic-Arn", p.opts.Topic)
	res, err := p.client.Do(req)
	if err != nil {
		// The URL holds the source's token: an error must not repeat it.
		return 0, fmt.Errorf("post to the source: %w", errors.Unwrap(err))
	}
	answer, err := io.ReadAll(io.LimitReader(res.Body, 4096))
	res.Body.Close()
	if err != nil {
		return 0, fmt.Errorf("read the answer: %w", err)
	}
	if res.StatusCode == http.StatusOK {
		return 0, nil
	}
	err = fmt.Errorf("the source answered %s: %s", res.Status, strings.TrimSpace(string(answer)))
	if res.StatusCode == http.StatusTooManyRequests || res.StatusCode >= 500 {
		seconds, _ := strconv.Atoi(res.Header.Get("Retry-After"))
		return time.Duration(min(max(seconds, 0), 10)) * time.Second, err
	}
	return -1, err
}
