package pull

import (
	"context"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"tidings/internal/source"
)

const (
	batchSize = 10               // the most that SQS gives at once
	longPoll  = 20 * time.Second // the longest that SQS waits for a message
	callTime  = 10 * time.Second // how long SQS may take for anything beyond its waiting
	behind    = time.Second      // a message that waited longer tells that more is waiting
)

// consumer reads the queue of one source. One worker always waits for messages; while they wait for us, others join it.
type consumer struct {
	*Queues
	url    string
	region string
	client *sqs.Client
	source atomic.Pointer[source.Source] // as it is now
	notes  notes

	stop    context.CancelFunc
	workers sync.WaitGroup
	mu      sync.Mutex
	running int
}

// reads tells whether a source still has the queue that is read.
func (c *consumer) reads(src *source.Source) bool {
	return c.url == src.Settings.Queue && c.region == regionOf(src)
}

func regionOf(src *source.Source) string {
	if r := src.Settings.QueueRegion; r != "" {
		return r
	}
	return QueueRegion(src.Settings.Queue)
}

func (q *Queues) start(ctx context.Context, src *source.Source) *consumer {
	c := &consumer{Queues: q, url: src.Settings.Queue, region: regionOf(src)}
	c.source.Store(src)
	ctx, c.stop = context.WithCancel(ctx)
	q.Log.InfoContext(ctx, "a queue is read", "source", src.ID, "queue", c.url)
	c.running = 1
	c.workers.Go(func() {
		if c.connect(ctx) {
			c.work(ctx, true)
		}
	})
	return c
}

// end stops receiving and waits until what was received is done with.
func (c *consumer) end() {
	c.stop()
	c.workers.Wait()
	c.forget()
}

// connect makes the client, again and again where the settings of AWS can't be read.
func (c *consumer) connect(ctx context.Context) bool {
	for try := 0; ctx.Err() == nil; try++ {
		client, err := c.Client(ctx, c.region)
		if err == nil {
			c.client = client
			return true
		}
		c.tell(ctx, callSettings, err)
		pause(ctx, try)
	}
	return false
}

// work receives and settles batches until ctx ends, or, of a worker that only helps, until there is too little for it.
func (c *consumer) work(ctx context.Context, first bool) {
	for failed := 0; ctx.Err() == nil; {
		list, err := c.receive(ctx)
		if ctx.Err() != nil && len(list) == 0 {
			return
		}
		c.tell(ctx, callReceive, err)
		if err != nil {
			if !first {
				c.leave()
				return
			}
			pause(ctx, failed)
			failed++
			continue
		}
		failed = 0
		much := len(list) == batchSize || waited(list, time.Now()) > behind
		if much {
			c.join(ctx)
		}
		c.settle(ctx, list)
		if !first && !much {
			c.leave()
			return
		}
	}
}

// join lets another worker help.
func (c *consumer) join(ctx context.Context) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.running >= c.Workers {
		return
	}
	c.running++
	c.workers.Go(func() { c.work(ctx, false) })
}

func (c *consumer) leave() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.running--
}

func (c *consumer) receive(ctx context.Context) ([]types.Message, error) {
	ctx, cancel := context.WithTimeout(ctx, longPoll+callTime)
	defer cancel()
	out, err := c.client.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{
		QueueUrl: &c.url, MaxNumberOfMessages: batchSize, WaitTimeSeconds: int32(longPoll / time.Second),
		VisibilityTimeout:           c.hidden(),
		MessageSystemAttributeNames: []types.MessageSystemAttributeName{types.MessageSystemAttributeNameSentTimestamp},
	})
	if err != nil {
		return nil, err
	}
	return out.Messages, nil
}

// hidden is Visibility in SQS' seconds.
func (c *consumer) hidden() int32 { return int32(c.Visibility / time.Second) }

// waited is how long the message that waited longest had been in the queue.
func waited(list []types.Message, now time.Time) (longest time.Duration) {
	for _, m := range list {
		if at := sentAt(m); !at.IsZero() {
			longest = max(longest, now.Sub(at))
		}
	}
	return longest
}

// sentAt is when a message was sent to the queue; zero where SQS does not say.
func sentAt(m types.Message) time.Time {
	ms, err := strconv.ParseInt(m.Attributes[string(types.MessageSystemAttributeNameSentTimestamp)], 10, 64)
	if err != nil {
		return time.Time{}
	}
	return time.UnixMilli(ms)
}
