package setup

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
)

const (
	sesStatement = "TidingsSesMayPublish"
	snsStatement = "TidingsTopicMaySend"
	// retention is how long the dead-letter queue keeps messages: 14 days, SQS's longest.
	retention = "1209600"
)

// retry is SNS's healthyRetryPolicy.
type retry struct {
	MinDelayTarget     int    `json:"minDelayTarget"` // seconds
	MaxDelayTarget     int    `json:"maxDelayTarget"` // seconds
	NumRetries         int    `json:"numRetries"`     // of all phases together, 100 at most
	NumNoDelayRetries  int    `json:"numNoDelayRetries"`
	NumMinDelayRetries int    `json:"numMinDelayRetries"`
	NumMaxDelayRetries int    `json:"numMaxDelayRetries"`
	BackoffFunction    string `json:"backoffFunction"`
}

// delivery is SNS's DeliveryPolicy of a subscription. Others of its fields are left alone.
type delivery struct {
	HealthyRetryPolicy *retry `json:"healthyRetryPolicy"`
}

// longest is the retry policy that comes nearest to the hour that SNS allows: six times after ten seconds, for a restart,
// three times with growing pauses, then each minute. Whatever SNS makes of the growing ones, none is over a minute, so
// that the sum is at most 6×10 + 3×60 + 56×60 = 3600 seconds: one more and SNS refuses the policy.
func longest() retry {
	return retry{
		MinDelayTarget: 10, MaxDelayTarget: 60, NumRetries: 65,
		NumMinDelayRetries: 6, NumMaxDelayRetries: 56, BackoffFunction: "linear",
	}
}

// total is the longest time in seconds that SNS may take for all retries.
func (r retry) total() int {
	backoff := r.NumRetries - r.NumNoDelayRetries - r.NumMinDelayRetries - r.NumMaxDelayRetries
	return r.NumMinDelayRetries*r.MinDelayTarget + (backoff+r.NumMaxDelayRetries)*r.MaxDelayTarget
}

func (r retry) words() string {
	return fmt.Sprintf("%d retries within %d seconds", r.NumRetries, r.total())
}

// deliveryWords says what a found delivery policy does, and whether it is ours.
func deliveryWords(policy string) (words string, same bool) {
	var d delivery
	if policy == "" {
		return "SNS's default: 3 retries within 60 seconds", false
	}
	if json.Unmarshal([]byte(policy), &d) != nil || d.HealthyRetryPolicy == nil {
		return "no retry policy", false
	}
	return d.HealthyRetryPolicy.words(), *d.HealthyRetryPolicy == longest()
}

func deliveryPolicy() string { r := longest(); return compact(delivery{&r}) }

type redrive struct {
	Target string `json:"deadLetterTargetArn"`
}

// redriveTarget is the queue of a found redrive policy; empty: none.
func redriveTarget(policy string) string {
	var r redrive
	_ = json.Unmarshal([]byte(policy), &r)
	return r.Target
}

type statement struct {
	Sid       string                       `json:"Sid"`
	Effect    string                       `json:"Effect"`
	Principal map[string]string            `json:"Principal"`
	Action    string                       `json:"Action"`
	Resource  string                       `json:"Resource"`
	Condition map[string]map[string]string `json:"Condition"`
}

// sesMayPublish lets SES publish to the topic, for mail of this account alone.
func sesMayPublish(w Wish) statement {
	return statement{
		Sid: sesStatement, Effect: "Allow", Principal: map[string]string{"Service": "ses.amazonaws.com"},
		Action: "sns:Publish", Resource: w.TopicARN(),
		Condition: map[string]map[string]string{"StringEquals": {"aws:SourceAccount": w.Account}},
	}
}

// topicMaySend lets SNS put into the queue what this topic could not deliver.
func topicMaySend(w Wish) statement {
	return statement{
		Sid: snsStatement, Effect: "Allow", Principal: map[string]string{"Service": "sns.amazonaws.com"},
		Action: "sqs:SendMessage", Resource: w.QueueARN(),
		Condition: map[string]map[string]string{"ArnEquals": {"aws:SourceArn": w.TopicARN()}},
	}
}

// document is a policy of AWS. Statements of others stay as they are.
type document struct {
	Version   string            `json:"Version,omitempty"`
	ID        string            `json:"Id,omitempty"`
	Statement []json.RawMessage `json:"Statement"`
}

// merged adds our statement to a policy, in the place of the one with its Sid. same: it was there already. A policy that
// can't be read is an error: it would be lost.
func merged(policy string, ours statement) (out string, same bool, err error) {
	d := document{Version: "2012-10-17"}
	if policy != "" {
		if d, err = readDocument(policy); err != nil {
			return "", false, err
		}
	}
	want, _ := json.Marshal(ours)
	at := slices.IndexFunc(d.Statement, func(s json.RawMessage) bool { return sid(s) == ours.Sid })
	switch {
	case at < 0:
		d.Statement = append(d.Statement, want)
	case equal(d.Statement[at], want):
		return policy, true, nil
	default:
		d.Statement[at] = want
	}
	return compact(d), false, nil
}

// readDocument reads a policy, whose Statement may be one alone.
func readDocument(policy string) (document, error) {
	var d struct {
		document
		Statement json.RawMessage `json:"Statement"`
	}
	if err := json.Unmarshal([]byte(policy), &d); err != nil {
		return document{}, fmt.Errorf("read the policy: %w", err)
	}
	d.document.Statement = []json.RawMessage{d.Statement}
	if list := bytes.TrimSpace(d.Statement); len(list) == 0 || list[0] == '[' {
		d.document.Statement = nil
		if err := json.Unmarshal(d.Statement, &d.document.Statement); err != nil {
			return document{}, fmt.Errorf("read the policy's statements: %w", err)
		}
	}
	return d.document, nil
}

func sid(s json.RawMessage) string {
	var x struct{ Sid string }
	_ = json.Unmarshal(s, &x)
	return x.Sid
}

// equal compares two JSON texts by what they say.
func equal(a, b []byte) bool {
	var x, y any
	return json.Unmarshal(a, &x) == nil && json.Unmarshal(b, &y) == nil && reflect.DeepEqual(x, y)
}

func compact(v any) string {
	b, _ := json.Marshal(v)
	return string(b)
}
