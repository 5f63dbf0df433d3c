package setup

import (
	"slices"
	"strconv"
	"strings"
)

// tagKey and tagValue mark what the command made, for whoever cleans up.
const (
	tagKey   = "made-by"
	tagValue = "tidings"
)

func sourceStep(w Wish, s *Source) Step {
	step := Step{ID: StepSource, Title: "source", Name: w.SourcePath()}
	if s == nil {
		step.missing()
		step.call("tidings", "CreateSource", text("Name", "Amazon SES "+w.Region), text("Provider", "ses"),
			text("Path", w.SourcePath()), list("Settings.Topics", w.TopicARN()), text("Settings.RequireVersion2", "true"))
		return step
	}
	step.Name = s.ID
	if s.BasicAuth {
		step.block("basic auth of the source", "asked for", "not asked for",
			"remove it (tidings source change "+s.ID+" --remove basic-auth), or take another source: SNS hides passwords, so "+
				"that nobody could compare them, and its signature proves the request")
		return step
	}
	var args []Arg
	if s.Path == "" {
		step.differs("fixed path", "", w.SourcePath())
		args = append(args, text("Path", w.SourcePath()))
	}
	if !slices.Contains(s.Topics, w.TopicARN()) {
		step.differs("list of topics", strings.Join(s.Topics, ", "), strings.Join(append(slices.Clone(s.Topics), w.TopicARN()), ", "))
		args = append(args, list("Settings.Topics", append(slices.Clone(s.Topics), w.TopicARN())...))
	}
	if len(args) > 0 {
		step.call("tidings", "UpdateSource", append([]Arg{text("ID", s.ID)}, args...)...)
	}
	if s.Disabled {
		step.differs("source", "disabled", "enabled")
		step.call("tidings", "EnableSource", text("ID", s.ID))
	}
	return step
}

func queueStep(w Wish, q *Queue) Step {
	step := Step{ID: StepQueue, Title: "dead-letter queue", Name: w.QueueName()}
	found := Queue{}
	if q != nil {
		found = *q
	}
	policy, same, err := merged(found.Policy, topicMaySend(w))
	if q == nil {
		step.missing()
		step.call("sqs", "CreateQueue", text("QueueName", w.QueueName()), text("Attributes.MessageRetentionPeriod", retention),
			text("Attributes.Policy", policy), text("tags."+tagKey, tagValue))
		return step
	}
	var args []Arg
	if seconds, _ := strconv.Atoi(q.Retention); strconv.Itoa(seconds) != retention {
		step.differs("retention in seconds", q.Retention, retention)
		args = append(args, text("Attributes.MessageRetentionPeriod", retention))
	}
	if !same && err == nil {
		step.differs("policy", "without leave for the topic", "one that lets "+w.TopicARN()+" send")
		args = append(args, text("Attributes.Policy", policy))
	}
	if len(args) > 0 {
		step.call("sqs", "SetQueueAttributes", append([]Arg{text("QueueUrl", q.URL)}, args...)...)
	}
	if err != nil {
		step.block("policy", "unreadable", "one that lets the topic send",
			"put the policy of the queue "+w.QueueName()+" right: "+err.Error())
	}
	return step
}

func topicStep(w Wish, t *Topic) Step {
	step := Step{ID: StepTopic, Title: "topic", Name: w.TopicARN()}
	found := Topic{}
	if t != nil {
		found = *t
	}
	policy, same, err := merged(found.Policy, sesMayPublish(w))
	if t == nil {
		step.missing()
		step.call("sns", "CreateTopic", text("Name", w.Name), text("Attributes.SignatureVersion", "2"),
			text("Attributes.Policy", policy), text("Tags."+tagKey, tagValue))
		return step
	}
	if t.SignatureVersion != "2" {
		is := t.SignatureVersion
		if is == "" {
			is = "1"
		}
		step.differs("signature version", is+" (SHA-1)", "2 (SHA-256)")
		step.setTopic(w, "SignatureVersion", "2")
	}
	if !same && err == nil {
		step.differs("policy", "without leave for SES", "one that lets ses.amazonaws.com publish for account "+w.Account)
		step.setTopic(w, "Policy", policy)
	}
	if err != nil {
		step.block("policy", "unreadable", "one that lets SES publish", "put the policy of the topic "+w.Name+" right: "+err.Error())
	}
	return step
}

func (s *Step) setTopic(w Wish, name, value string) {
	s.call("sns", "SetTopicAttributes", text("TopicArn", w.TopicARN()), text("AttributeName", name), text("AttributeValue", value))
}

func subscriptionStep(w Wish, s *Subscription, endpoint string) Step {
	step := Step{ID: StepSubscription, Title: "subscription", Name: endpoint}
	redriven := compact(redrive{w.QueueARN()})
	if s == nil || s.Pending {
		step.missing()
		if s != nil {
			step.Differences[0].Is, step.Differences[0].Want = "waits to be confirmed", "confirmed"
		}
		step.Confirm = true
		step.call("sns", "Subscribe", text("TopicArn", w.TopicARN()), text("Protocol", w.Protocol()), text("Endpoint", endpoint),
			text("Attributes.DeliveryPolicy", deliveryPolicy()), text("Attributes.RedrivePolicy", redriven),
			text("ReturnSubscriptionArn", "true"))
		return step
	}
	if is, same := deliveryWords(s.DeliveryPolicy); !same {
		step.differs("delivery policy", is, longest().words())
		step.setSubscription(s, "DeliveryPolicy", deliveryPolicy())
	}
	if is := redriveTarget(s.RedrivePolicy); is != w.QueueARN() {
		step.differs("dead-letter queue of the subscription", is, w.QueueARN())
		step.setSubscription(s, "RedrivePolicy", redriven)
	}
	if s.Raw {
		step.differs("raw message delivery", "on: it has no signature", "off")
		step.setSubscription(s, "RawMessageDelivery", "false")
	}
	if s.FilterPolicy != "" && s.FilterPolicy != "{}" {
		step.differs("filter policy", s.FilterPolicy, "none: everything passes")
		step.setSubscription(s, "FilterPolicy", "{}")
	}
	return step
}

func (s *Step) setSubscription(x *Subscription, name, value string) {
	s.call("sns", "SetSubscriptionAttributes", text("SubscriptionArn", x.ARN), text("AttributeName", name),
		text("AttributeValue", value))
}

func setStep(w Wish, s *ConfigurationSet) Step {
	step := Step{ID: StepSet, Title: "configuration set", Name: w.ConfigurationSet}
	if s == nil {
		step.missing()
		step.call("sesv2", "CreateConfigurationSet", text("ConfigurationSetName", w.ConfigurationSet), text("Tags."+tagKey, tagValue))
	}
	return step
}

func trackingStep(w Wish, s *ConfigurationSet) Step {
	step := Step{ID: StepTracking, Title: "tracking domain", Name: w.TrackingDomain}
	found := ConfigurationSet{}
	if s != nil {
		found = *s
	}
	if strings.EqualFold(found.TrackingDomain, w.TrackingDomain) {
		return step
	}
	step.differs("domain of links and pixels", found.TrackingDomain, w.TrackingDomain)
	args := []Arg{text("ConfigurationSetName", w.ConfigurationSet), text("CustomRedirectDomain", w.TrackingDomain)}
	if found.HTTPSPolicy != "" {
		args = append(args, text("HttpsPolicy", found.HTTPSPolicy))
	}
	step.call("sesv2", "PutConfigurationSetTrackingOptions", args...)
	return step
}

func destinationStep(w Wish, s *ConfigurationSet) Step {
	step := Step{ID: StepDestination, Title: "event destination", Name: w.Name}
	args := []Arg{
		text("ConfigurationSetName", w.ConfigurationSet), text("EventDestinationName", w.Name),
		text("EventDestination.Enabled", "true"), list("EventDestination.MatchingEventTypes", w.Events...),
		text("EventDestination.SnsDestination.TopicArn", w.TopicARN()),
	}
	if s == nil || s.Destination == nil {
		step.missing()
		step.call("sesv2", "CreateConfigurationSetEventDestination", args...)
		return step
	}
	d := s.Destination
	if !d.Enabled {
		step.differs("event destination", "disabled", "enabled")
	}
	if is, want := slices.Sorted(slices.Values(d.Kinds)), slices.Sorted(slices.Values(w.Events)); !slices.Equal(is, want) {
		step.differs("list of kinds", strings.Join(d.Kinds, ", "), strings.Join(w.Events, ", "))
	}
	if d.TopicARN == "" {
		step.block("event destination", "leads to something other than SNS", "SNS topic "+w.TopicARN(),
			"remove the event destination "+w.Name+" of "+w.ConfigurationSet+" if nobody needs it, or choose another --name")
		return step
	}
	if d.TopicARN != w.TopicARN() {
		step.differs("topic of the event destination", d.TopicARN, w.TopicARN())
	}
	if len(step.Differences) > 0 {
		step.call("sesv2", "UpdateConfigurationSetEventDestination", args...)
	}
	return step
}

func identityStep(w Wish, f Found, name string) Step {
	step := Step{ID: StepIdentity + ":" + name, Title: "identity", Name: name}
	const what = "default configuration set"
	x, known := f.identity(name)
	switch {
	case !known:
		step.block("identity", "missing", "an identity of SES in "+w.Region,
			"verify it in SES first, or choose one of those in "+w.Region+": "+orNone(f.Known))
	case x.ConfigurationSet == w.ConfigurationSet:
	case x.ConfigurationSet != "" && !w.Replace:
		step.block(what, x.ConfigurationSet, w.ConfigurationSet, "give --configuration-set "+x.ConfigurationSet+
			" to add the events to that one, or --replace to use "+w.ConfigurationSet+" instead")
	default:
		step.differs(what, x.ConfigurationSet, w.ConfigurationSet)
		step.call("sesv2", "PutEmailIdentityConfigurationSetAttributes", text("EmailIdentity", name),
			text("ConfigurationSetName", w.ConfigurationSet))
	}
	return step
}
