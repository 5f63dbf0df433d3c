// Package cloud provides the calls to AWS that setting up Amazon SES takes: what is there is read, and the calls of a
// plan are made as they stand.
package cloud

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go/logging"

	"tidings/internal/fault"
	"tidings/internal/setup"
)

// Cloud is one account in one region. It is not safe for concurrent use.
type Cloud struct {
	config aws.Config
	sns    *sns.Client
	sqs    *sqs.Client
	ses    *sesv2.Client
	sts    *sts.Client

	subscription string // the ARN of what was subscribed last
}

// Open reads credentials, endpoints and retries from where every program of AWS does: environment, files, roles. It
// calls nobody.
func Open(ctx context.Context, region string) (*Cloud, error) {
	c, err := config.LoadDefaultConfig(ctx, config.WithRegion(region), config.WithLogger(logging.Nop{}))
	if err != nil {
		return nil, fmt.Errorf("read the settings of AWS: %w", err)
	}
	return &Cloud{
		config: c, sns: sns.NewFromConfig(c), sqs: sqs.NewFromConfig(c), ses: sesv2.NewFromConfig(c), sts: sts.NewFromConfig(c),
	}, nil
}

// Caller is whose credentials are used.
type Caller struct {
	Partition string
	Account   string
	ARN       string
}

// codeNoCredentials is the code of the error where there are none.
const codeNoCredentials = "no_credentials"

// Caller asks AWS whose the credentials are. Without any the error is Unauthenticated.
func (c *Cloud) Caller(ctx context.Context) (Caller, error) {
	if _, err := c.config.Credentials.Retrieve(ctx); err != nil {
		return Caller{}, fault.Wrap(fault.Unauthenticated, codeNoCredentials, err, "there are no credentials of AWS").
			WithHint("set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run aws sso login")
	}
	out, err := c.sts.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return Caller{}, explain("sts:GetCallerIdentity", err)
	}
	arn := aws.ToString(out.Arn)
	parts := strings.SplitN(arn, ":", 3)
	if len(parts) < 3 {
		return Caller{}, fault.New(fault.Unavailable, "no_caller", "AWS does not say whose the credentials are")
	}
	return Caller{Partition: parts[1], Account: aws.ToString(out.Account), ARN: arn}, nil
}

// PartitionOf is the partition of a region, for where nobody can be asked.
func PartitionOf(region string) string {
	for prefix, partition := range map[string]string{"cn-": "aws-cn", "us-gov-": "aws-us-gov"} {
		if strings.HasPrefix(region, prefix) {
			return partition
		}
	}
	return "aws"
}

// Find reads what is there in AWS; source is what there is in Tidings.
func (c *Cloud) Find(ctx context.Context, w setup.Wish, source *setup.Source) (setup.Found, error) {
	f := setup.Found{Source: source}
	var err error
	if f.Queue, err = c.queue(ctx, w); err != nil {
		return f, err
	}
	if f.Topic, err = c.topic(ctx, w); err != nil {
		return f, err
	}
	if f.Topic != nil {
		if f.Subscription, f.Others, err = c.find(ctx, w, setup.Make(w, f).Endpoint); err != nil {
			return f, err
		}
	}
	if f.Set, err = c.set(ctx, w); err != nil {
		return f, err
	}
	f.Identities, f.Known, err = c.identities(ctx, w)
	return f, err
}
