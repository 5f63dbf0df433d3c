package sender

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptrace"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/aws-sdk-go-v2/service/sesv2/types"
	"github.com/aws/smithy-go"

	"tidings/event"
	"tidings/internal/compose"
	"tidings/internal/send"
)

// sesTimeout bounds a call.
const sesTimeout = 30 * time.Second

// sesSender hands mail to Amazon SES. It sends raw messages: SES's simple ones take neither inline images by our ids nor
// names and headers as we write them, and what every other sender is tested to write is the same bytes. SES replaces Date and
// Message-ID and signs by DKIM itself.
type sesSender struct {
	settings send.Settings
	deps     Deps

	mu     sync.Mutex
	client *sesv2.Client
}

func newSES(s send.Settings, d Deps) *sesSender {
	if d.SES == nil {
		d.SES = NewSESClient
	}
	return &sesSender{settings: s, deps: d}
}

// NewSESClient makes a client from a sender's settings, else from the environment, the files and the roles that every
// program of AWS knows, endpoints such as AWS_ENDPOINT_URL_SESV2 among them. Calls are not repeated by themselves: one that
// was not answered may have sent the mail.
func NewSESClient(ctx context.Context, s *send.Settings) (*sesv2.Client, error) {
	options := []func(*awsconfig.LoadOptions) error{
		awsconfig.WithHTTPClient(awshttp.NewBuildableClient().WithTimeout(sesTimeout)),
		awsconfig.WithRetryer(func() aws.Retryer { return aws.NopRetryer{} }),
	}
	if s.Region != "" {
		options = append(options, awsconfig.WithRegion(s.Region))
	}
	if s.AccessKeyID != "" {
		options = append(options, awsconfig.WithCredentialsProvider(
			credentials.NewStaticCredentialsProvider(s.AccessKeyID, s.SecretAccessKey, "")))
	}
	c, err := awsconfig.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return nil, fmt.Errorf("read the settings of AWS: %w", err)
	}
	if c.Region == "" {
		return nil, errors.New("no AWS region: set the sender's region, or AWS_REGION where the server runs")
	}
	return sesv2.NewFromConfig(c), nil
}

func (s *sesSender) ready(ctx context.Context) (*sesv2.Client, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.client == nil {
		client, err := s.deps.SES(ctx, &s.settings)
		if err != nil {
			return nil, unusable("", "%v", err)
		}
		s.client = client
	}
	return s.client, nil
}

// Send hands an email over.
func (s *sesSender) Send(ctx context.Context, m *send.Mail) (send.Handed, error) {
	if err := untracked(m, &s.settings); err != nil {
		return send.Handed{}, err
	}
	letter, err := compose.Compose(m, s.deps.Now(), nil)
	if err != nil {
		return send.Handed{}, unwritable(err)
	}
	if letter.UTF8 {
		return send.Handed{}, &send.Failure{
			Kind: send.Permanent, Reason: ReasonUnwritable,
			Detail: "the address has letters outside ASCII before the @, and Amazon SES takes none",
		}
	}
	client, err := s.ready(ctx)
	if err != nil {
		return send.Handed{}, err
	}
	in := &sesv2.SendEmailInput{
		Destination: &types.Destination{ToAddresses: []string{letter.To}},
		Content:     &types.EmailContent{Raw: &types.RawMessage{Data: letter.Bytes}},
	}
	if set := compose.ConfigurationSet(m, &s.settings); set != "" {
		in.ConfigurationSetName = aws.String(set)
	}
	for _, t := range compose.MessageTags(m) {
		in.EmailTags = append(in.EmailTags, types.MessageTag{Name: aws.String(t.Name), Value: aws.String(t.Value)})
	}
	// From the first byte of the request on, a call that is not answered may have sent the mail.
	var begun atomic.Bool
	traced := httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteHeaderField: func(string, []string) { begun.Store(true) }})
	out, err := client.SendEmail(traced, in)
	if err != nil {
		return send.Handed{}, sesFailure(ctx, err, begun.Load())
	}
	return send.Handed{
		Provider: send.PresetSES, MessageID: aws.ToString(out.MessageId), At: s.deps.Now(), Response: "taken by Amazon SES",
	}, nil
}

// sesKinds say what the codes of AWS mean for an email: https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html
// and CommonErrors.html.
var sesKinds = map[string]send.FailureKind{
	"TooManyRequestsException": send.Throttled,
	"ThrottlingException":      send.Throttled,
	"Throttling":               send.Throttled,
	"LimitExceededException":   send.Throttled,
	"RequestLimitExceeded":     send.Throttled,
	"SlowDown":                 send.Throttled,

	"AccountSuspendedException":          send.Unusable,
	"SendingPausedException":             send.Unusable,
	"MailFromDomainNotVerifiedException": send.Unusable,
	"NotFoundException":                  send.Unusable, // the configuration set
	"AccessDeniedException":              send.Unusable,
	"UnrecognizedClientException":        send.Unusable,
	"InvalidClientTokenId":               send.Unusable,
	"SignatureDoesNotMatch":              send.Unusable,
	"InvalidSignatureException":          send.Unusable,
	"IncompleteSignature":                send.Unusable,
	"MissingAuthenticationToken":         send.Unusable,
	"ExpiredToken":                       send.Unusable,
	"ExpiredTokenException":              send.Unusable,
	"OptInRequired":                      send.Unusable,

	"MessageRejected":     send.Permanent,
	"BadRequestException": send.Permanent,
	"ValidationException": send.Permanent,

	"InternalServiceErrorException": send.Temporary,
	"InternalFailure":               send.Temporary,
	"ServiceUnavailable":            send.Temporary,
}

// sesReasons are the reasons of what SES refuses, by words of its message.
var sesReasons = []struct{ word, reason string }{
	{"too long", event.ReasonMessageTooLarge},
	{"too large", event.ReasonMessageTooLarge},
	{"not verified", event.ReasonAuthentication},
	{"suppress", event.ReasonSuppressed},
	{"virus", event.ReasonVirus},
}

func sesFailure(ctx context.Context, err error, begun bool) *send.Failure {
	f := &send.Failure{Detail: shortened(err.Error())}
	answer, answered := errors.AsType[*awshttp.ResponseError](err)
	answered = answered && answer.HTTPStatusCode() > 0
	if api, ok := errors.AsType[smithy.APIError](err); ok && answered {
		f.Detail = shortened(api.ErrorCode() + ": " + api.ErrorMessage())
		kind, known := sesKinds[api.ErrorCode()]
		if !known {
			kind = byStatus(answer.HTTPStatusCode())
		}
		f.Kind = kind
		if kind == send.Throttled {
			f.Reason = event.ReasonThrottled
			if strings.Contains(strings.ToLower(api.ErrorMessage()), "daily") {
				f.RetryAfter = dailyWait
			}
		}
		for _, x := range sesReasons {
			if kind == send.Permanent && f.Reason == "" && strings.Contains(strings.ToLower(api.ErrorMessage()), x.word) {
				f.Reason = x.reason
			}
		}
		return f
	}
	switch {
	case answered && slices.Contains([]int{200, 500, 502, 504}, answer.HTTPStatusCode()), begun && !answered:
		f.Kind = send.Uncertain // something between us and SES answered, or nobody did
	case answered:
		f.Kind = byStatus(answer.HTTPStatusCode())
	case ctx.Err() != nil:
		return temporary(ReasonStopped, "the work was stopped before the email was handed over")
	default: // no credentials, no name, no connection: whatever the email
		f.Kind = send.Unusable
	}
	return f
}

// byStatus is what an answer means whose code nobody knows.
func byStatus(status int) send.FailureKind {
	switch {
	case status == http.StatusTooManyRequests:
		return send.Throttled
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		return send.Unusable
	case status == http.StatusServiceUnavailable:
		return send.Temporary
	case status >= http.StatusInternalServerError:
		return send.Uncertain
	}
	return send.Permanent
}

// Test asks SES whether the account may send, and whether the configuration sets are there.
func (s *sesSender) Test(ctx context.Context) (string, error) {
	client, err := s.ready(ctx)
	if err != nil {
		return "", err
	}
	account, err := client.GetAccount(ctx, &sesv2.GetAccountInput{})
	if err != nil {
		return "", sesFailure(ctx, err, false)
	}
	if !account.SendingEnabled {
		return "", unusable("", "Amazon SES has paused the sending of this account")
	}
	for _, set := range [...]string{s.settings.ConfigurationSet, s.settings.UntrackedSet} {
		if set == "" {
			continue
		}
		if _, err := client.GetConfigurationSet(ctx, &sesv2.GetConfigurationSetInput{ConfigurationSetName: &set}); err != nil {
			return "", sesFailure(ctx, err, false)
		}
	}
	text := "Amazon SES takes mail of this account"
	if q := account.SendQuota; q != nil {
		text += fmt.Sprintf(": %.0f a second, %.0f of %.0f sent in the last 24 hours",
			q.MaxSendRate, q.SentLast24Hours, q.Max24HourSend)
	}
	if !account.ProductionAccessEnabled {
		text += "; it is in the sandbox, where only verified addresses get mail"
	}
	return text, nil
}
