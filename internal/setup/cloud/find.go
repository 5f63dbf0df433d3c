package cloud

import (
	"context"
	"net/url"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"tidings/internal/setup"
)

// absent is how an error ends a look: what is not there is no error.
func absent[T any](action string, err error) (*T, error) {
	if isMissing(err) {
		return nil, nil //nolint:nilnil // nil is the documented "not there"
	}
	return nil, explain(action, err)
}

func (c *Cloud) queue(ctx context.Context, w setup.Wish) (*setup.Queue, error) {
	found, err := c.sqs.GetQueueUrl(ctx, &sqs.GetQueueUrlInput{QueueName: aws.String(w.QueueName())})
	if err != nil {
		return absent[setup.Queue]("sqs:GetQueueUrl", err)
	}
	out, err := c.sqs.GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{
		QueueUrl: found.QueueUrl,
		AttributeNames: []sqstypes.QueueAttributeName{
			sqstypes.QueueAttributeNameMessageRetentionPeriod, sqstypes.QueueAttributeNamePolicy,
		},
	})
	if err != nil {
		return absent[setup.Queue]("sqs:GetQueueAttributes", err)
	}
	return &setup.Queue{
		URL: aws.ToString(found.QueueUrl), Retention: out.Attributes["MessageRetentionPeriod"], Policy: out.Attributes["Policy"],
	}, nil
}

func (c *Cloud) topic(ctx context.Context, w setup.Wish) (*setup.Topic, error) {
	out, err := c.sns.GetTopicAttributes(ctx, &sns.GetTopicAttributesInput{TopicArn: aws.String(w.TopicARN())})
	if err != nil {
		return absent[setup.Topic]("sns:GetTopicAttributes", err)
	}
	return &setup.Topic{
		SignatureVersion: out.Attributes["SignatureVersion"], Policy: out.Attributes["Policy"],
		KeyID: out.Attributes["KmsMasterKeyId"],
	}, nil
}

// pendingARN and deletedARN stand in lists for subscriptions that have no ARN yet, and none any more.
const (
	pendingARN = "PendingConfirmation"
	deletedARN = "Deleted"
)

// find looks for the subscription of a URL, and for the servers that others post to.
func (c *Cloud) find(ctx context.Context, w setup.Wish, endpoint string) (*setup.Subscription, []string, error) {
	pages := sns.NewListSubscriptionsByTopicPaginator(c.sns, &sns.ListSubscriptionsByTopicInput{TopicArn: aws.String(w.TopicARN())})
	var found *setup.Subscription
	var others []string
	arn := ""
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, nil, explain("sns:ListSubscriptionsByTopic", err)
		}
		for _, s := range page.Subscriptions {
			state := aws.ToString(s.SubscriptionArn)
			switch {
			case state == deletedARN:
			case aws.ToString(s.Endpoint) != endpoint:
				others = append(others, server(aws.ToString(s.Endpoint))...)
			case state == pendingARN:
				found = &setup.Subscription{Pending: true}
			default:
				arn = state
			}
		}
	}
	others = slices.Compact(slices.Sorted(slices.Values(others)))
	if arn == "" {
		return found, others, nil
	}
	found, err := c.attributes(ctx, arn)
	return found, others, err
}

// server is the beginning of a URL, whose rest may hold a secret. What is no URL has none.
func server(endpoint string) []string {
	u, err := url.Parse(endpoint)
	if err != nil || u.Host == "" {
		return nil
	}
	return []string{u.Scheme + "://" + u.Host}
}

func (c *Cloud) attributes(ctx context.Context, arn string) (*setup.Subscription, error) {
	out, err := c.sns.GetSubscriptionAttributes(ctx, &sns.GetSubscriptionAttributesInput{SubscriptionArn: aws.String(arn)})
	if err != nil {
		return absent[setup.Subscription]("sns:GetSubscriptionAttributes", err)
	}
	a := out.Attributes
	return &setup.Subscription{
		ARN: arn, Pending: a["PendingConfirmation"] == "true", Raw: a["RawMessageDelivery"] == "true",
		DeliveryPolicy: a["DeliveryPolicy"], RedrivePolicy: a["RedrivePolicy"], FilterPolicy: a["FilterPolicy"],
	}, nil
}

// Confirmed tells whether what was subscribed last is confirmed.
func (c *Cloud) Confirmed(ctx context.Context) (bool, error) {
	s, err := c.attributes(ctx, c.subscription)
	return s != nil && !s.Pending, err
}

func (c *Cloud) set(ctx context.Context, w setup.Wish) (*setup.ConfigurationSet, error) {
	name := aws.String(w.ConfigurationSet)
	out, err := c.ses.GetConfigurationSet(ctx, &sesv2.GetConfigurationSetInput{ConfigurationSetName: name})
	if err != nil {
		return absent[setup.ConfigurationSet]("ses:GetConfigurationSet", err)
	}
	found := &setup.ConfigurationSet{SendingOff: out.SendingOptions != nil && !out.SendingOptions.SendingEnabled}
	if t := out.TrackingOptions; t != nil {
		found.TrackingDomain, found.HTTPSPolicy = aws.ToString(t.CustomRedirectDomain), string(t.HttpsPolicy)
	}
	all, err := c.ses.GetConfigurationSetEventDestinations(ctx,
		&sesv2.GetConfigurationSetEventDestinationsInput{ConfigurationSetName: name})
	if err != nil {
		return absent[setup.ConfigurationSet]("ses:GetConfigurationSetEventDestinations", err)
	}
	for _, d := range all.EventDestinations {
		if aws.ToString(d.Name) != w.Name {
			continue
		}
		found.Destination = &setup.Destination{Enabled: d.Enabled}
		for _, kind := range d.MatchingEventTypes {
			found.Destination.Kinds = append(found.Destination.Kinds, string(kind))
		}
		if d.SnsDestination != nil {
			found.Destination.TopicARN = aws.ToString(d.SnsDestination.TopicArn)
		}
	}
	return found, nil
}

// identities reads those that the wish names, and the names of all where there is something to choose.
func (c *Cloud) identities(ctx context.Context, w setup.Wish) (found []setup.Identity, known []string, err error) {
	for _, name := range w.Identities {
		out, err := c.ses.GetEmailIdentity(ctx, &sesv2.GetEmailIdentityInput{EmailIdentity: aws.String(name)})
		if isMissing(err) {
			continue
		}
		if err != nil {
			return nil, nil, explain("ses:GetEmailIdentity", err)
		}
		found = append(found, setup.Identity{
			Name: name, ConfigurationSet: aws.ToString(out.ConfigurationSetName), Unverified: !out.VerifiedForSendingStatus,
		})
	}
	if len(w.Identities) > 0 && len(found) == len(w.Identities) {
		return found, nil, nil
	}
	pages := sesv2.NewListEmailIdentitiesPaginator(c.ses, &sesv2.ListEmailIdentitiesInput{})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, nil, explain("ses:ListEmailIdentities", err)
		}
		for _, x := range page.EmailIdentities {
			known = append(known, aws.ToString(x.IdentityName))
		}
	}
	return found, known, nil
}
