package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"sync"
	"time"
)

const (
	postTimeout = 30 * time.Second
	atOnce      = 8
	sqsSource   = "aws:sqs"
	maxShown    = 300 // bytes of a refusal that are logged
)

// forwarder posts what the function is invoked with to a source.
type forwarder struct {
	url, key string
	client   *http.Client
	log      *slog.Logger
}

// sqsRecord is what is passed on of a message from SQS. The rest differs from one delivery to the next, and the receipt
// handle is nobody else's business.
type sqsRecord struct {
	EventSource string          `json:"eventSource"`
	MessageID   string          `json:"messageId"`
	Body        json.RawMessage `json:"body"`
}

type itemFailure struct {
	ItemIdentifier string `json:"itemIdentifier"`
}

// answer is empty for all but SQS.
type answer struct {
	BatchItemFailures []itemFailure `json:"batchItemFailures"`
}

// invoke forwards one invocation. Each record is a request of its own, so that the ones that were not stored are known:
// of SQS they are in the answer, of SNS and EventBridge they are an error, after which Lambda tries again.
func (f forwarder) invoke(ctx context.Context, payload []byte) (any, error) {
	var event struct{ Records []json.RawMessage }
	if err := json.Unmarshal(payload, &event); err != nil {
		return nil, fmt.Errorf("read invocation: %w", err)
	}
	if len(event.Records) == 0 {
		return answer{[]itemFailure{}}, f.post(ctx, payload)
	}
	errs := make([]error, len(event.Records))
	ids := make([]string, len(event.Records))
	f.eachAtOnce(len(event.Records), func(i int) { ids[i], errs[i] = f.record(ctx, event.Records[i]) })
	failures := []itemFailure{}
	var failed []error
	for i, err := range errs {
		switch {
		case err == nil:
		case ids[i] != "":
			f.log.WarnContext(ctx, "message not stored", "messageId", ids[i], "error", err)
			failures = append(failures, itemFailure{ids[i]})
		default:
			failed = append(failed, err)
		}
	}
	return answer{failures}, errors.Join(failed...)
}

// eachAtOnce calls do for each number below n, for some at a time, and returns when all are done.
func (f forwarder) eachAtOnce(n int, do func(int)) {
	slots := make(chan struct{}, atOnce)
	var all sync.WaitGroup
	for i := range n {
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			do(i)
		})
	}
	all.Wait()
}

// record posts one record. The id is that of a message from SQS, else "".
func (f forwarder) record(ctx context.Context, text json.RawMessage) (id string, err error) {
	var r sqsRecord
	if json.Unmarshal(text, &r) == nil && r.EventSource == sqsSource && r.MessageID != "" {
		id = r.MessageID
		if text, err = json.Marshal(r); err != nil {
			return id, fmt.Errorf("write record: %w", err)
		}
	}
	return id, f.post(ctx, bytes.Join([][]byte{[]byte(`{"Records":[`), text, []byte(`]}`)}, nil))
}

func (f forwarder) post(ctx context.Context, body []byte) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, f.url, bytes.NewReader(body))
	if err != nil {
		return errors.New("make request: TIDINGS_URL is not a URL") // the error has the token
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Api-Key", f.key)
	res, err := f.client.Do(req)
	if err != nil {
		return fmt.Errorf("post to the source: %w", withoutURL(err))
	}
	defer res.Body.Close()
	text, _ := io.ReadAll(io.LimitReader(res.Body, maxShown)) // what can't be read is not shown
	if res.StatusCode < http.StatusOK || res.StatusCode >= http.StatusMultipleChoices {
		return fmt.Errorf("the source answered %d: %s", res.StatusCode, text)
	}
	return nil
}

// withoutURL takes the URL, which holds the source's token, off an error.
func withoutURL(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		return u.Err
	}
	return err
}
