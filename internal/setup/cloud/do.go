package cloud

import (
	"context"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	sestypes "github.com/aws/aws-sdk-go-v2/service/sesv2/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	snstypes "github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"tidings/internal/fault"
	"tidings/internal/setup"
)

// makers make the calls of a plan, by service and action.
func (c *Cloud) makers() map[string]func(context.Context, setup.Call) error {
	return map[string]func(context.Context, setup.Call) error{
		"sqs:CreateQueue":                                c.createQueue,
		"sqs:SetQueueAttributes":                         c.setQueueAttributes,
		"sns:CreateTopic":                                c.createTopic,
		"sns:SetTopicAttributes":                         c.setTopicAttributes,
		"sns:Subscribe":                                  c.subscribe,
		"sns:SetSubscriptionAttributes":                  c.setSubscriptionAttributes,
		"ses:CreateConfigurationSet":                     c.createSet,
		"ses:PutConfigurationSetTrackingOptions":         c.putTracking,
		"ses:CreateConfigurationSetEventDestination":     c.createDestination,
		"ses:UpdateConfigurationSetEventDestination":     c.updateDestination,
		"ses:PutEmailIdentityConfigurationSetAttributes": c.putIdentity,
	}
}

// Do makes a call of a plan.
func (c *Cloud) Do(ctx context.Context, call setup.Call) error {
	action := Permission(call)
	do, ok := c.makers()[action]
	if !ok {
		return fault.New(fault.Internal, "unknown_call", "nobody can make the call %s", action)
	}
	if err := do(ctx, call); err != nil {
		return explain(action, err)
	}
	return nil
}

// Permission is what IAM calls a call to AWS.
func Permission(call setup.Call) string {
	service := call.Service
	if service == "sesv2" {
		service = "ses"
	}
	return service + ":" + call.Action
}

// given is an argument of a call, nil where it has none of this name.
func given(call setup.Call, name string) *string {
	if text := call.Text(name); text != "" {
		return &text
	}
	return nil
}

func (c *Cloud) createQueue(ctx context.Context, call setup.Call) error {
	_, err := c.sqs.CreateQueue(ctx, &sqs.CreateQueueInput{
		QueueName: given(call, "QueueName"), Attributes: call.Below("Attributes."), Tags: call.Below("tags."),
	})
	return err
}

func (c *Cloud) setQueueAttributes(ctx context.Context, call setup.Call) error {
	_, err := c.sqs.SetQueueAttributes(ctx, &sqs.SetQueueAttributesInput{
		QueueUrl: given(call, "QueueUrl"), Attributes: call.Below("Attributes."),
	})
	return err
}

func (c *Cloud) createTopic(ctx context.Context, call setup.Call) error {
	in := &sns.CreateTopicInput{Name: given(call, "Name"), Attributes: call.Below("Attributes.")}
	tags := call.Below("Tags.")
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		in.Tags = append(in.Tags, snstypes.Tag{Key: aws.String(key), Value: aws.String(tags[key])})
	}
	_, err := c.sns.CreateTopic(ctx, in)
	return err
}

func (c *Cloud) setTopicAttributes(ctx context.Context, call setup.Call) error {
	_, err := c.sns.SetTopicAttributes(ctx, &sns.SetTopicAttributesInput{
		TopicArn: given(call, "TopicArn"), AttributeName: given(call, "AttributeName"), AttributeValue: given(call, "AttributeValue"),
	})
	return err
}

func (c *Cloud) subscribe(ctx context.Context, call setup.Call) error {
	out, err := c.sns.Subscribe(ctx, &sns.SubscribeInput{
		TopicArn: given(call, "TopicArn"), Protocol: given(call, "Protocol"), Endpoint: given(call, "Endpoint"),
		Attributes: call.Below("Attributes."), ReturnSubscriptionArn: call.Text("ReturnSubscriptionArn") == "true",
	})
	if err == nil {
		c.subscription = aws.ToString(out.SubscriptionArn)
	}
	return err
}

func (c *Cloud) setSubscriptionAttributes(ctx context.Context, call setup.Call) error {
	_, err := c.sns.SetSubscriptionAttributes(ctx, &sns.SetSubscriptionAttributesInput{
		SubscriptionArn: given(call, "SubscriptionArn"), AttributeName: given(call, "AttributeName"),
		AttributeValue: given(call, "AttributeValue"),
	})
	return err
}

func (c *Cloud) createSet(ctx context.Context, call setup.Call) error {
	in := &sesv2.CreateConfigurationSetInput{ConfigurationSetName: given(call, "ConfigurationSetName")}
	tags := call.Below("Tags.")
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		in.Tags = append(in.Tags, sestypes.Tag{Key: aws.String(key), Value: aws.String(tags[key])})
	}
	_, err := c.ses.CreateConfigurationSet(ctx, in)
	return err
}

func (c *Cloud) putTracking(ctx context.Context, call setup.Call) error {
	_, err := c.ses.PutConfigurationSetTrackingOptions(ctx, &sesv2.PutConfigurationSetTrackingOptionsInput{
		ConfigurationSetName: given(call, "ConfigurationSetName"), CustomRedirectDomain: given(call, "CustomRedirectDomain"),
		HttpsPolicy: sestypes.HttpsPolicy(call.Text("HttpsPolicy")),
	})
	return err
}

// destination is the definition of an event destination.
func destination(call setup.Call) *sestypes.EventDestinationDefinition {
	d := &sestypes.EventDestinationDefinition{
		Enabled:        call.Text("EventDestination.Enabled") == "true",
		SnsDestination: &sestypes.SnsDestination{TopicArn: given(call, "EventDestination.SnsDestination.TopicArn")},
	}
	for _, kind := range call.List("EventDestination.MatchingEventTypes") {
		d.MatchingEventTypes = append(d.MatchingEventTypes, sestypes.EventType(kind))
	}
	return d
}

func (c *Cloud) createDestination(ctx context.Context, call setup.Call) error {
	_, err := c.ses.CreateConfigurationSetEventDestination(ctx, &sesv2.CreateConfigurationSetEventDestinationInput{
		ConfigurationSetName: given(call, "ConfigurationSetName"), EventDestinationName: given(call, "EventDestinationName"),
		EventDestination: destination(call),
	})
	return err
}

func (c *Cloud) updateDestination(ctx context.Context, call setup.Call) error {
	_, err := c.ses.UpdateConfigurationSetEventDestination(ctx, &sesv2.UpdateConfigurationSetEventDestinationInput{
		ConfigurationSetName: given(call, "ConfigurationSetName"), EventDestinationName: given(call, "EventDestinationName"),
		EventDestination: destination(call),
	})
	return err
}

func (c *Cloud) putIdentity(ctx context.Context, call setup.Call) error {
	_, err := c.ses.PutEmailIdentityConfigurationSetAttributes(ctx, &sesv2.PutEmailIdentityConfigurationSetAttributesInput{
		EmailIdentity: given(call, "EmailIdentity"), ConfigurationSetName: given(call, "ConfigurationSetName"),
	})
	return err
}
