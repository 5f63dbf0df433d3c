package pull

import (
	"context"
	"errors"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"tidings/internal/fault"
	"tidings/internal/source"
)

// What a consumer does, by which it is known whether it works.
const (
	callSettings = "settings"
	callReceive  = "receive"
	callStore    = "store"
	callHide     = "hide"
	callDelete   = "delete"
)

// The codes of trouble with a queue. They are stable; remedies are found by them.
const (
	CodeQueueMissing     = "queue_missing"
	CodeQueueDenied      = "queue_access_denied"
	CodeQueueCredentials = "queue_credentials"
	CodeQueueKey         = "queue_kms"
	CodeQueueThrottled   = "queue_throttled"
	CodeQueueUnreachable = "queue_unreachable"
	CodeQueueStore       = "queue_store"
	CodeQueueFailed      = "queue_failed"
	CodeQueueRegion      = "queue_region"
)

// awsCodes are what AWS calls its errors, in both of its protocols, without a prefix.
var awsCodes = map[string]string{
	"NonExistentQueue": CodeQueueMissing, "QueueDoesNotExist": CodeQueueMissing, "InvalidAddress": CodeQueueMissing,
	"QueueDeletedRecently": CodeQueueMissing,
	"AccessDenied":         CodeQueueDenied, "AccessDeniedException": CodeQueueDenied, "InvalidSecurity": CodeQueueDenied,
	"InvalidClientTokenId": CodeQueueCredentials, "UnrecognizedClientException": CodeQueueCredentials,
	"ExpiredToken": CodeQueueCredentials, "ExpiredTokenException": CodeQueueCredentials,
	"SignatureDoesNotMatch": CodeQueueCredentials, "InvalidSignatureException": CodeQueueCredentials,
	"MissingAuthenticationToken": CodeQueueCredentials, "AuthFailure": CodeQueueCredentials,
	"KmsAccessDenied": CodeQueueKey, "KmsDisabled": CodeQueueKey, "KmsInvalidKeyUsage": CodeQueueKey,
	"KmsInvalidState": CodeQueueKey,
	"KmsNotFound":     CodeQueueKey, "KmsOptInRequired": CodeQueueKey, "KmsThrottled": CodeQueueThrottled,
	"RequestThrottled": CodeQueueThrottled, "ThrottlingException": CodeQueueThrottled, "Throttling": CodeQueueThrottled,
	"OverLimit": CodeQueueThrottled,
}

// troubleCode sorts an error.
func troubleCode(err error) string {
	if f, ok := errors.AsType[*fault.Error](err); ok {
		if f.Code == CodeQueueRegion {
			return CodeQueueRegion
		}
		return CodeQueueStore
	}
	if api := smithy.APIError(nil); errors.As(err, &api) {
		code := api.ErrorCode()
		if i := strings.LastIndexAny(code, ".#"); i >= 0 {
			code = code[i+1:]
		}
		if known, ok := awsCodes[code]; ok {
			return known
		}
		return CodeQueueFailed
	}
	if strings.Contains(err.Error(), "get identity") || strings.Contains(err.Error(), "credential") {
		return CodeQueueCredentials
	}
	return CodeQueueUnreachable
}

// notes is how a consumer does, as it is told to the store.
type notes struct {
	mu       sync.Mutex
	troubles map[string]source.QueueNote // of what does not work now, by call
	received time.Time
	noted    time.Time // when the store was told last
	news     bool
}

// tell takes in how a call ended. Trouble is logged when it begins, when it becomes another one, and when it is over.
func (c *consumer) tell(ctx context.Context, call string, err error) {
	now := time.Now()
	src := c.source.Load()
	if err == nil {
		if c.notes.good(call, now) {
			c.Log.InfoContext(ctx, "a queue works again", "source", src.ID, "queue", c.url, "call", call)
		}
		return
	}
	code := troubleCode(err)
	c.Meter.QueueTrouble(src.Provider, code)
	if c.notes.bad(call, source.QueueNote{FailedAt: now.UTC(), Code: code, Message: call + ": " + wordsOf(err)}) {
		c.Log.WarnContext(ctx, "a queue does not work, it is tried again", "source", src.ID, "queue", c.url, "call", call,
			"code", code, "error", err)
	}
}

// good notes that a call worked, and tells whether it did not before.
func (n *notes) good(call string, now time.Time) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if call == callReceive {
		n.news = n.news || n.received.IsZero()
		n.received = now
		delete(n.troubles, callSettings)
	}
	_, was := n.troubles[call]
	delete(n.troubles, call)
	n.news = n.news || was
	return was
}

// bad notes that a call did not work, and tells whether that is new.
func (n *notes) bad(call string, x source.QueueNote) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.troubles == nil {
		n.troubles = map[string]source.QueueNote{}
	}
	before, was := n.troubles[call]
	n.troubles[call] = x
	news := !was || before.Code != x.Code
	n.news = n.news || news
	return news
}

// noteEvery is how often the store is told that nothing is new.
const noteEvery = 30 * time.Second

// take returns what the store is to be told, if it is time.
func (n *notes) take(now time.Time) (x source.QueueNote, due bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if !n.news && now.Sub(n.noted) < noteEvery {
		return x, false
	}
	n.news, n.noted = false, now
	for _, call := range []string{callSettings, callReceive, callDelete, callStore, callHide} { // the worst first
		if t, bad := n.troubles[call]; bad {
			x = t
			break
		}
	}
	x.ReceivedAt, x.NotedAt = n.received.UTC(), now.UTC()
	return x, true
}

// note tells the store how this node does with the queue, at once where that changed.
func (c *consumer) note(ctx context.Context) {
	x, due := c.notes.take(time.Now())
	if !due {
		return
	}
	x.SourceRef, x.Node = c.source.Load().Ref, c.Node
	ctx, cancel := context.WithTimeout(ctx, refreshTimeout)
	defer cancel()
	if err := c.Store.NoteQueue(ctx, x); err != nil && ctx.Err() == nil {
		c.Log.WarnContext(ctx, "how a queue does could not be stored", "source", c.source.Load().ID, "error", err)
	}
}

// forget tells the store that this node reads the queue no longer. Where that fails the note is forgotten with time.
func (c *consumer) forget() {
	src := c.source.Load()
	ctx, cancel := context.WithTimeout(context.Background(), refreshTimeout)
	defer cancel()
	if err := c.Store.ForgetQueue(ctx, src.Ref, c.Node); err != nil {
		c.Log.WarnContext(ctx, "how a queue did could not be removed", "source", src.ID, "error", err)
	}
}

const maxWords = 300 // bytes of an error that is kept

// wordsOf is an error for people, of one line.
func wordsOf(err error) string {
	if op, ok := errors.AsType[*smithy.OperationError](err); ok {
		err = op.Err
	}
	if unsent, ok := errors.AsType[*smithyhttp.RequestSendError](err); ok {
		err = unsent.Err
	}
	text := err.Error()
	if api := smithy.APIError(nil); errors.As(err, &api) {
		text = api.ErrorCode() + ": " + api.ErrorMessage()
	}
	if len(text) > maxWords {
		text = strings.ToValidUTF8(text[:maxWords], "") + "…"
	}
	return strings.Join(strings.Fields(text), " ")
}

// firstFailure is what was wrong with the first message of a batch that SQS should have dealt with; nil where there is
// none. A handle that is too old is no trouble: its message comes again.
func firstFailure(list []types.BatchResultErrorEntry) error {
	for _, f := range list {
		if !f.SenderFault {
			return &smithy.GenericAPIError{Code: aws.ToString(f.Code), Message: aws.ToString(f.Message)}
		}
	}
	return nil
}
