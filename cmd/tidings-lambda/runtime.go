package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"time"
)

// runtime speaks Lambda's runtime API: https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html.
type runtime struct {
	base   string // http://HOST:PORT/2018-06-01/runtime
	client *http.Client
	now    func() time.Time
	log    *slog.Logger
}

// deadlineMargin is left of an invocation's time to give its answer.
const deadlineMargin = 500 * time.Millisecond

// invocation is what the function is asked to do.
type invocation struct {
	id       string
	deadline time.Time // zero: none was said
	payload  []byte
}

// run handles one invocation after the other until ctx ends or the runtime API is not there any more.
func (r runtime) run(ctx context.Context, invoke func(context.Context, []byte) (any, error)) error {
	for {
		in, err := r.next(ctx)
		if err != nil {
			return fmt.Errorf("get next invocation: %w", err)
		}
		if err := r.answer(ctx, in, invoke); err != nil {
			return fmt.Errorf("answer invocation %s: %w", in.id, err)
		}
	}
}

func (r runtime) next(ctx context.Context) (invocation, error) {
	res, err := r.call(ctx, http.MethodGet, "/invocation/next", nil)
	if err != nil {
		return invocation{}, err
	}
	defer res.Body.Close()
	payload, err := io.ReadAll(res.Body)
	if err != nil {
		return invocation{}, fmt.Errorf("read payload: %w", err)
	}
	in := invocation{id: res.Header.Get("Lambda-Runtime-Aws-Request-Id"), payload: payload}
	if ms, err := strconv.ParseInt(res.Header.Get("Lambda-Runtime-Deadline-Ms"), 10, 64); err == nil {
		in.deadline = time.UnixMilli(ms)
	}
	return in, nil
}

func (r runtime) answer(ctx context.Context, in invocation, invoke func(context.Context, []byte) (any, error)) error {
	limited := ctx
	if !in.deadline.IsZero() {
		var cancel context.CancelFunc
		limited, cancel = context.WithTimeout(ctx, in.deadline.Sub(r.now())-deadlineMargin)
		defer cancel()
	}
	path := "/invocation/" + in.id
	result, err := invoke(limited, in.payload)
	if err != nil {
		r.log.ErrorContext(ctx, "invocation failed", "error", err)
		path, result = path+"/error", map[string]string{"errorType": "NotStored", "errorMessage": err.Error()}
	} else {
		path += "/response"
	}
	body, err := json.Marshal(result)
	if err != nil {
		return fmt.Errorf("write answer: %w", err)
	}
	res, err := r.call(ctx, http.MethodPost, path, body)
	if err != nil {
		return err
	}
	return res.Body.Close()
}

func (r runtime) call(ctx context.Context, method, path string, body []byte) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, method, r.base+path, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("make request: %w", err)
	}
	res, err := r.client.Do(req)
	if err != nil {
		return nil, err
	}
	if res.StatusCode >= http.StatusMultipleChoices {
		_ = res.Body.Close()
		return nil, fmt.Errorf("%s %s: status %d", method, path, res.StatusCode)
	}
	return res, nil
}
