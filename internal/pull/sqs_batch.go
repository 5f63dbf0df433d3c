package pull

import (
	"context"
	"math/rand/v2"
	"strconv"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"tidings/internal/fault"
	"tidings/provider"
)

// settle stores the messages of a receive, each by itself and all with what else waits to be committed, and deletes those
// that are on disk. It outlives ctx, whose end means that what can't be stored at once is given back.
func (c *consumer) settle(ctx context.Context, list []types.Message) {
	if len(list) == 0 {
		return
	}
	slug := c.source.Load().Provider
	c.Meter.Queued(slug, QueueReceived, len(list))
	c.Meter.QueueHolds(slug, len(list))
	defer c.Meter.QueueHolds(slug, -len(list))
	settled := make(chan struct{})
	var hiding sync.WaitGroup
	hiding.Go(func() { c.keepHidden(context.WithoutCancel(ctx), list, settled) })
	stored, back := c.store(ctx, list)
	close(settled)
	hiding.Wait()
	work := context.WithoutCancel(ctx)
	c.Meter.Queued(slug, QueueDeleted, c.remove(work, stored))
	c.giveBack(work, back)
	c.Meter.Queued(slug, QueueReturned, len(back))
}

// store stores messages and returns those that are on disk and those to be given back. The others stay where they are,
// hidden until their time is over.
func (c *consumer) store(ctx context.Context, list []types.Message) (stored, back []types.Message) {
	var group sync.WaitGroup
	fates := make([]string, len(list))
	for i, m := range list {
		group.Go(func() { fates[i] = c.take(ctx, m) })
	}
	group.Wait()
	for i, fate := range fates {
		switch fate {
		case QueueCommitted, QueueRefused:
			stored = append(stored, list[i])
		case QueueReturned:
			back = append(back, list[i])
		}
	}
	return stored, back
}

// take stores one message. While nothing can be stored it holds on to it, rather than giving it back: each delivery counts
// towards the limit at which a queue puts messages aside as dead.
func (c *consumer) take(ctx context.Context, m types.Message) (fate string) {
	work := context.WithoutCancel(ctx)
	for try := 0; ; try++ {
		src := c.source.Load()
		code, err := c.Take(work, src, provider.Queued{ID: aws.ToString(m.MessageId), Body: []byte(aws.ToString(m.Body))})
		switch {
		case err == nil:
			fate = QueueCommitted
			if code != "" {
				fate = QueueRefused
			}
			if at := sentAt(m); !at.IsZero() {
				c.Meter.QueueLag(src.Provider, time.Since(at))
			}
			c.Meter.Queued(src.Provider, fate, 1)
			c.tell(work, callStore, nil)
			return fate
		case !fault.Retryable(err):
			c.Log.ErrorContext(work, "a message of a queue can't be stored and is left in it", "source", src.ID,
				"message", aws.ToString(m.MessageId), "error", err)
			c.Meter.Queued(src.Provider, QueueLeft, 1)
			return QueueLeft
		case ctx.Err() != nil:
			return QueueReturned
		}
		c.tell(work, callStore, err)
		pause(ctx, try)
	}
}

// keepHidden hides messages from other readers, well before their time is over, until all are settled: one that is on disk
// is not deleted yet. Where that fails they may be delivered a second time, which does no harm.
func (c *consumer) keepHidden(ctx context.Context, list []types.Message, settled <-chan struct{}) {
	const renewals = 3 // within the time that messages are hidden
	tick := time.NewTicker(c.Visibility / renewals)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			c.hide(ctx, list, c.hidden())
		case <-settled:
			return
		}
	}
}

// giveBack lets others have messages at once.
func (c *consumer) giveBack(ctx context.Context, list []types.Message) { c.hide(ctx, list, 0) }

func (c *consumer) hide(ctx context.Context, list []types.Message, seconds int32) {
	if len(list) == 0 {
		return
	}
	entries := make([]types.ChangeMessageVisibilityBatchRequestEntry, len(list))
	for i, m := range list {
		entries[i] = types.ChangeMessageVisibilityBatchRequestEntry{
			Id: aws.String(strconv.Itoa(i)), ReceiptHandle: m.ReceiptHandle, VisibilityTimeout: seconds,
		}
	}
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	in := &sqs.ChangeMessageVisibilityBatchInput{QueueUrl: &c.url, Entries: entries}
	out, err := c.client.ChangeMessageVisibilityBatch(ctx, in)
	if err == nil {
		err = firstFailure(out.Failed)
	}
	c.tell(ctx, callHide, err)
}

const removeTries = 5

// remove deletes messages that are on disk, again where SQS did not, and returns how many it did. One that is left comes
// again, is known, and is deleted then.
func (c *consumer) remove(ctx context.Context, list []types.Message) (removed int) {
	for try := 0; len(list) > 0; try++ {
		again, n, err := c.removeOnce(ctx, list)
		removed += n
		c.tell(ctx, callDelete, err)
		if list = again; try+1 == removeTries {
			return removed
		}
		if err != nil && len(list) > 0 {
			pause(ctx, try)
		}
	}
	return removed
}

// removeOnce returns the messages that should be tried again, how many were deleted, and what was wrong. A handle that is
// too old is not tried again.
func (c *consumer) removeOnce(ctx context.Context, list []types.Message) (again []types.Message, removed int, err error) {
	entries := make([]types.DeleteMessageBatchRequestEntry, len(list))
	for i, m := range list {
		entries[i] = types.DeleteMessageBatchRequestEntry{Id: aws.String(strconv.Itoa(i)), ReceiptHandle: m.ReceiptHandle}
	}
	ctx, cancel := context.WithTimeout(ctx, callTime)
	defer cancel()
	out, err := c.client.DeleteMessageBatch(ctx, &sqs.DeleteMessageBatchInput{QueueUrl: &c.url, Entries: entries})
	if err != nil {
		return list, 0, err
	}
	for _, f := range out.Failed {
		if i, err := strconv.Atoi(aws.ToString(f.Id)); err == nil && i >= 0 && i < len(list) && !f.SenderFault {
			again = append(again, list[i])
		}
	}
	return again, len(list) - len(out.Failed), firstFailure(out.Failed)
}

const (
	firstPause = 200 * time.Millisecond
	maxPause   = 20 * time.Second
)

// pause waits before the next try, or until ctx ends: a random part of a time that doubles with each try.
func pause(ctx context.Context, try int) {
	most := maxPause
	if try < 7 {
		most = min(firstPause<<try, maxPause)
	}
	timer := time.NewTimer(most/10 + rand.N(most)) // never none, so that nobody asks in circles
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
