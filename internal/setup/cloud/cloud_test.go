package cloud_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/google/go-cmp/cmp"

	"tidings/internal/fault"
	"tidings/internal/setup"
	"tidings/internal/setup/cloud"
	"tidings/test/fakeses"
	"tidings/test/fauxqs"
)

const region = "eu-west-1"

// environment lets the clients find an emulator and nothing else.
func environment(t *testing.T, emulator, ses string) {
	t.Helper()
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL": emulator, "AWS_ENDPOINT_URL_SESV2": ses, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
		"AWS_SESSION_TOKEN": "", "AWS_PROFILE": "", "AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": "/dev/null",
		"AWS_SHARED_CREDENTIALS_FILE": "/dev/null", "AWS_MAX_ATTEMPTS": "1",
	} {
		t.Setenv(name, value)
	}
}

func open(t *testing.T) *cloud.Cloud {
	t.Helper()
	c, err := cloud.Open(t.Context(), region)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func wish(t *testing.T, change func(*setup.Wish)) setup.Wish {
	t.Helper()
	w := setup.Wish{
		Partition: "aws", Account: fauxqs.Account, Region: region, URL: "https://tidings.example.test", BasePath: "/in",
		Name: "tidings", Identities: []string{"acme.test"}, TrackingDomain: "links.acme.test",
	}
	if change != nil {
		change(&w)
	}
	w, err := w.Complete()
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// mine is the source as it is after its own step.
func mine(w setup.Wish) *setup.Source {
	return &setup.Source{ID: "src_1", Path: w.SourcePath(), Topics: []string{w.TopicARN()}}
}

// account is one with an emulator, a peer and a client of its own.
type account struct {
	*cloud.Cloud
	t   *testing.T
	ses *fakeses.Peer
	sns *sns.Client
}

func newAccount(t *testing.T) *account {
	t.Helper()
	url, peer := fauxqs.Start(t).URL, fakeses.Start(t, "acme.test", "b.test", "c.test", "d.test", "e@f.test")
	environment(t, url, peer.URL)
	return &account{Cloud: open(t), t: t, ses: peer, sns: sns.New(sns.Options{
		Region: region, BaseEndpoint: aws.String(url), Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
	})}
}

// plan reads and compares.
func (a *account) plan(w setup.Wish) (setup.Found, setup.Plan) {
	a.t.Helper()
	f, err := a.Find(a.t.Context(), w, mine(w))
	if err != nil {
		a.t.Fatal(err)
	}
	return f, setup.Make(w, f)
}

// carryOut makes the calls of a plan, and confirms.
func (a *account) carryOut(w setup.Wish, p setup.Plan) {
	a.t.Helper()
	for _, s := range p.Steps {
		for _, c := range s.Calls {
			if err := a.Do(a.t.Context(), c); err != nil {
				a.t.Fatalf("%s %s: %v", c.Service, c.Action, err)
			}
		}
		if s.Confirm {
			a.confirm(w)
		}
	}
}

func (a *account) confirm(w setup.Wish) {
	a.t.Helper()
	if ok, err := a.Confirmed(a.t.Context()); ok || err != nil {
		a.t.Errorf("confirmed before anybody did: %t, %v", ok, err)
	}
	out, err := a.sns.ListSubscriptionsByTopic(a.t.Context(), &sns.ListSubscriptionsByTopicInput{TopicArn: aws.String(w.TopicARN())})
	if err != nil {
		a.t.Fatal(err)
	}
	_, err = a.sns.ConfirmSubscription(a.t.Context(), &sns.ConfirmSubscriptionInput{
		TopicArn: aws.String(w.TopicARN()), Token: out.Subscriptions[0].SubscriptionArn,
	})
	if err != nil {
		a.t.Fatal(err)
	}
	if ok, err := a.Confirmed(a.t.Context()); !ok || err != nil {
		a.t.Errorf("not confirmed: %t, %v", ok, err)
	}
}

func TestWhatAPlanMakesIsFoundAsItShouldBe(t *testing.T) {
	a := newAccount(t)
	w := wish(t, nil)
	caller, err := a.Caller(t.Context())
	if err != nil || caller.Account != fauxqs.Account || caller.Partition != "aws" {
		t.Fatalf("caller %+v, %v", caller, err)
	}
	f, p := a.plan(w)
	if f.Queue != nil || f.Topic != nil || f.Subscription != nil || f.Set != nil || p.Calls() != 7 {
		t.Fatalf("found %+v, %d calls", f, p.Calls())
	}
	a.carryOut(w, p)
	f, p = a.plan(w)
	if p.Drift() > 0 {
		t.Errorf("differences: %+v", p.Steps)
	}
	if f.Queue == nil || f.Subscription == nil || f.Subscription.ARN == "" || f.Set.TrackingDomain != "links.acme.test" {
		t.Errorf("found %+v", f)
	}
}

func TestEveryDriftIsFoundAndMended(t *testing.T) {
	a := newAccount(t)
	w := wish(t, nil)
	_, p := a.plan(w)
	a.carryOut(w, p)
	f, _ := a.plan(w)
	attribute := func(name, value string) func() error {
		return func() error {
			_, err := a.sns.SetSubscriptionAttributes(t.Context(), &sns.SetSubscriptionAttributesInput{
				SubscriptionArn: &f.Subscription.ARN, AttributeName: &name, AttributeValue: &value,
			})
			return err
		}
	}
	topic := func(name, value string) func() error {
		return func() error {
			_, err := a.sns.SetTopicAttributes(t.Context(), &sns.SetTopicAttributesInput{
				TopicArn: aws.String(w.TopicARN()), AttributeName: &name, AttributeValue: &value,
			})
			return err
		}
	}
	queue := func(name, value string) func() error {
		return func() error {
			return a.Do(t.Context(), setup.Call{Service: "sqs", Action: "SetQueueAttributes", Args: []setup.Arg{
				{Name: "QueueUrl", Text: f.Queue.URL}, {Name: "Attributes." + name, Text: value},
			}})
		}
	}
	set := func(change func(*fakeses.Set)) func() error {
		return func() error { change(a.ses.Sets["tidings"]); return nil }
	}
	for _, tt := range []struct {
		what  string
		spoil func() error
	}{
		{"retention in seconds", queue("MessageRetentionPeriod", "60")},
		{"policy", queue("Policy", `{"Version":"2012-10-17","Statement":[]}`)},
		{"policy", topic("Policy", `{"Version":"2012-10-17","Statement":[]}`)},
		{"signature version", topic("SignatureVersion", "1")},
		{"delivery policy", attribute("DeliveryPolicy", `{"healthyRetryPolicy":{"numRetries":1}}`)},
		{"dead-letter queue of the subscription", attribute("RedrivePolicy", `{}`)},
		{"raw message delivery", attribute("RawMessageDelivery", "true")},
		{"filter policy", attribute("FilterPolicy", `{"kind":["bounce"]}`)},
		{"domain of links and pixels", set(func(s *fakeses.Set) { s.TrackingDomain = "" })},
		{"event destination", set(func(s *fakeses.Set) { s.Destinations[0].Enabled = false })},
		{"event destination", set(func(s *fakeses.Set) { s.Destinations = nil })},
		{"list of kinds", set(func(s *fakeses.Set) { s.Destinations[0].MatchingEventTypes = []string{"OPEN"} })},
		{"topic of the event destination", set(func(s *fakeses.Set) { s.Destinations[0].SnsDestination.TopicArn += "x" })},
		{"default configuration set", func() error { a.ses.Identities["acme.test"].ConfigurationSet = ""; return nil }},
	} {
		if err := tt.spoil(); err != nil {
			t.Fatalf("%s: %v", tt.what, err)
		}
		_, p := a.plan(w)
		var found []string
		for _, s := range p.Steps {
			for _, d := range s.Differences {
				found = append(found, d.What)
			}
		}
		if diff := cmp.Diff([]string{tt.what}, found); diff != "" {
			t.Errorf("%s (-want +found):\n%s", tt.what, diff)
		}
		a.carryOut(w, p)
		if _, p := a.plan(w); p.Drift() > 0 {
			t.Errorf("%s: not mended: %+v", tt.what, p.Steps)
		}
	}
}

func TestAllIdentitiesAreListedOverSeveralPages(t *testing.T) {
	a := newAccount(t)
	want := []string{"acme.test", "b.test", "c.test", "d.test", "e@f.test"}
	for name, identities := range map[string][]string{"none is named": nil, "one is missing": {"acme.test", "ghost.test"}} {
		f, _ := a.plan(wish(t, func(w *setup.Wish) { w.Identities = identities }))
		if diff := cmp.Diff(want, f.Known); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestErrorsOfSESSayWhatToDo(t *testing.T) {
	a := newAccount(t)
	w := wish(t, nil)
	call := setup.Call{Service: "sesv2", Action: "CreateConfigurationSet", Args: []setup.Arg{{Name: "ConfigurationSetName", Text: "x"}}}
	for _, tt := range []struct {
		failure fakeses.Failure
		kind    fault.Kind
		says    string
	}{
		{fakeses.Failure{Status: 403, Code: "AccessDeniedException", Message: "no"}, fault.Forbidden, "may not ses:CreateConfigurationSet"},
		{fakeses.Failure{
			Status: 403, Code: "AccessDeniedException", Message: "User: arn:aws:iam::1:user/a is not authorized to perform: ses:TagResource on x",
		}, fault.Forbidden, "may not ses:TagResource"},
		{fakeses.Failure{Status: 400, Code: "LimitExceededException", Message: "too many"}, fault.Conflict, "a limit of the account"},
		{fakeses.Failure{Status: 400, Code: "AlreadyExistsException", Message: "there"}, fault.Conflict, "AlreadyExistsException: there"},
		{fakeses.Failure{Status: 403, Code: "ExpiredTokenException", Message: "old"}, fault.Unauthenticated, "refuses the credentials"},
		{fakeses.Failure{Status: 429, Code: "TooManyRequestsException", Message: "slow"}, fault.Unavailable, "TooManyRequestsException"},
	} {
		a.ses.Failures["CreateConfigurationSet"] = tt.failure
		err := a.Do(t.Context(), call)
		if !fault.Is(err, tt.kind) || !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: %v (%s), want %q (%s)", tt.failure.Code, err, fault.KindOf(err), tt.says, tt.kind)
		}
	}
	a.ses.Failures["GetConfigurationSet"] = fakeses.Failure{Status: http.StatusForbidden, Code: "AccessDeniedException", Message: "no"}
	if _, err := a.Find(t.Context(), w, nil); !fault.Is(err, fault.Forbidden) || !strings.Contains(err.Error(), "ses:GetConfigurationSet") {
		t.Errorf("read: %v", err)
	}
	if err := a.Do(t.Context(), setup.Call{Service: "sns", Action: "DeleteTopic"}); !fault.Is(err, fault.Internal) {
		t.Errorf("a call that nobody knows: %v", err)
	}
}

func TestWithoutCredentialsNobodyIsAsked(t *testing.T) {
	environment(t, "http://127.0.0.1:1", "http://127.0.0.1:1")
	t.Setenv("AWS_ACCESS_KEY_ID", "")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "")
	if _, err := open(t).Caller(t.Context()); !fault.Is(err, fault.Unauthenticated) || !strings.Contains(err.Error(), "no credentials") {
		t.Errorf("error %v", err)
	}
}

func TestWhereAWSCanNotBeReachedTheNetworkIsNamed(t *testing.T) {
	environment(t, "http://127.0.0.1:1", "http://127.0.0.1:1")
	c := open(t)
	if _, err := c.Caller(context.Background()); !fault.Is(err, fault.Unavailable) || !strings.Contains(err.Error(), "AWS could not be asked") {
		t.Errorf("error %v", err)
	}
}
