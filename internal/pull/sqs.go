package pull

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"tidings/internal/fault"
	"tidings/internal/source"
	"tidings/provider"
)

// QueueStore is what a consumer of queues asks of stored sources.
type QueueStore interface {
	// QueueSources lists the enabled sources, of all projects, that have a queue.
	QueueSources(ctx context.Context) ([]*source.Source, error)
	// SourcesVersion changes whenever any source does.
	SourcesVersion(ctx context.Context) (int64, error)
	// NoteQueue stores how a node does with the queue of a source, in place of what it noted before.
	NoteQueue(ctx context.Context, n source.QueueNote) error
	// ForgetQueue removes what a node noted, because it reads the queue no longer.
	ForgetQueue(ctx context.Context, ref int64, node string) error
}

// QueueMeter counts what happens with messages of queues. Its methods are called from many goroutines at once.
type QueueMeter interface {
	// Queued counts messages of a provider by what was done with them: one of the Queue words.
	Queued(provider, what string, n int)
	// QueueLag tells how long after a message was sent it was on disk.
	QueueLag(provider string, lag time.Duration)
	// QueueTrouble counts calls of SQS that did not work, by code.
	QueueTrouble(provider, code string)
	// QueueHolds adds to the messages that are received and not done with.
	QueueHolds(provider string, n int)
}

// What is done with messages of queues.
const (
	QueueReceived  = "received"
	QueueCommitted = "committed" // on disk
	QueueRefused   = "refused"   // on disk with the reason why they are not believed or can't be read
	QueueDeleted   = "deleted"   // after they were on disk
	QueueLeft      = "left"      // to come again: this message could not be stored
	QueueReturned  = "returned"  // to come again at once: the server stops
)

// Queues reads the SQS queues of all sources that have one: many messages at once, each deleted only after it is on disk.
// Any number of nodes may read one queue. Run it once.
type Queues struct {
	Store QueueStore
	// Take stores a message and returns once it is on disk. Its code says why a message was refused, which is stored, too.
	// An error that is fault.Retryable means that nothing can be stored now, any other that this message can't.
	Take func(ctx context.Context, src *source.Source, m provider.Queued) (code string, err error)
	// Client makes the client of a region; empty: the one that the environment names. nil: NewSQSClient.
	Client func(ctx context.Context, region string) (*sqs.Client, error)
	Node   string // of this process, unlike any other's
	// Workers is how many receives of one queue may be under way at once, 16 by default; a queue with little in it has one.
	Workers int
	// Visibility is how long a message is hidden from others, renewed at a third of it for as long as it waits to be
	// stored. 1 minute by default, 1 second at least.
	Visibility time.Duration
	// Drain bounds how long a stop may take; 25 seconds by default.
	Drain time.Duration
	Meter QueueMeter
	Log   *slog.Logger

	consumers map[int64]*consumer // by source.Ref; of Run's goroutine
}

const (
	defaultWorkers    = 16
	defaultVisibility = time.Minute
	defaultDrain      = 25 * time.Second

	refreshEvery   = time.Second // how long a change of a source may go unnoticed
	refreshTimeout = 5 * time.Second
)

// NewSQSClient makes a client from the environment, the files and the roles that every program of AWS knows, endpoints
// such as AWS_ENDPOINT_URL_SQS among them. A region that is empty is the environment's. Calls are not repeated: the
// consumer does that, and tells of it.
func NewSQSClient(ctx context.Context, region string) (*sqs.Client, error) {
	connections := awshttp.NewBuildableClient()
	options := []func(*awsconfig.LoadOptions) error{
		awsconfig.WithHTTPClient(connections),
		awsconfig.WithRetryer(func() aws.Retryer { return aws.NopRetryer{} }),
	}
	if region != "" {
		options = append(options, awsconfig.WithRegion(region))
	}
	c, err := awsconfig.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return nil, fmt.Errorf("read the settings of AWS: %w", err)
	}
	if c.Region == "" {
		return nil, fault.New(fault.Invalid, CodeQueueRegion, "the queue's URL names no region, and neither does the environment")
	}
	return sqs.NewFromConfig(c), nil
}

// Run reads queues until ctx ends. Then it receives nothing more, stores and deletes what it has, and gives back at once
// what it could not store.
func (q *Queues) Run(ctx context.Context) error {
	q.defaults()
	q.consumers = map[int64]*consumer{}
	seen := int64(-1)
	tick := time.NewTicker(refreshEvery)
	defer tick.Stop()
	for {
		if version, changed := q.changed(ctx, seen); changed && q.refresh(ctx) {
			seen = version
		}
		for _, c := range q.consumers {
			c.note(ctx)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return q.stop(context.WithoutCancel(ctx))
		}
	}
}

func (q *Queues) defaults() {
	if q.Workers < 1 {
		q.Workers = defaultWorkers
	}
	if q.Visibility < time.Second {
		q.Visibility = defaultVisibility
	}
	if q.Drain <= 0 {
		q.Drain = defaultDrain
	}
	if q.Client == nil {
		q.Client = NewSQSClient
	}
	if q.Log == nil {
		q.Log = slog.New(slog.DiscardHandler)
	}
}

// changed tells whether sources changed since a version. While the store is away they are as they were.
func (q *Queues) changed(ctx context.Context, seen int64) (version int64, changed bool) {
	ctx, cancel := context.WithTimeout(ctx, refreshTimeout)
	defer cancel()
	version, err := q.Store.SourcesVersion(ctx)
	return version, err == nil && version != seen
}

// refresh starts and stops consumers after sources changed.
func (q *Queues) refresh(ctx context.Context) bool {
	asking, cancel := context.WithTimeout(ctx, refreshTimeout)
	defer cancel()
	list, err := q.Store.QueueSources(asking)
	if err != nil {
		q.Log.WarnContext(ctx, "sources with a queue could not be read, those known are read on", "error", err)
		return false
	}
	wanted := map[int64]*source.Source{}
	for _, src := range list {
		wanted[src.Ref] = src
	}
	for ref, c := range q.consumers {
		src, still := wanted[ref]
		if still && c.reads(src) {
			c.source.Store(src)
			continue
		}
		q.Log.InfoContext(ctx, "a queue is read no longer", "source", c.source.Load().ID, "queue", c.url)
		c.end()
		delete(q.consumers, ref)
	}
	for ref, src := range wanted {
		if q.consumers[ref] == nil {
			q.consumers[ref] = q.start(ctx, src)
		}
	}
	return true
}

// stop ends all consumers at once and waits for them.
func (q *Queues) stop(ctx context.Context) error {
	var ending sync.WaitGroup
	for _, c := range q.consumers {
		ending.Go(c.end)
	}
	done := make(chan struct{})
	go func() { ending.Wait(); close(done) }()
	ctx, cancel := context.WithTimeout(ctx, q.Drain)
	defer cancel()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return errors.New("queues: not everything that was received could be finished in time; it comes again")
	}
}
