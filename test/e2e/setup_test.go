package e2e_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sns"

	"tidings/provider/ses/snssign"
	"tidings/test/fakeses"
	"tidings/test/fauxqs"
)

// cloud is a server and what it is set up with: SNS and SQS by an emulator, SES by a peer.
type cloud struct {
	t      *testing.T
	server *server
	url    string // of the emulator
	ses    *fakeses.Peer
	sns    *sns.Client
	signer *snssign.Signer // in SNS's place
}

const (
	cloudRegion = "eu-west-1"
	cloudTopic  = "arn:aws:sns:eu-west-1:" + fauxqs.Account + ":tidings"
)

func newCloud(t *testing.T) *cloud {
	t.Helper()
	c := &cloud{
		t: t, server: serve(t, filepath.Join(t.TempDir(), "tidings.db")), url: fauxqs.Start(t).URL,
		ses: fakeses.Start(t, "acme.test", "beta.test", "news@other.test"),
	}
	var err error
	c.signer, err = snssign.NewSigner(snssign.Config{})
	must(t, err)
	c.sns = sns.New(sns.Options{
		Region: cloudRegion, BaseEndpoint: aws.String(c.url), Credentials: credentials.NewStaticCredentialsProvider("test", "test", ""),
	})
	return c
}

// setup runs tidings setup ses to its end.
func (c *cloud) setup(args ...string) result {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), 3*patience)
	defer cancel()
	var out, errOut bytes.Buffer
	cmd := exec.CommandContext(ctx, os.Getenv(binaryVariable), append([]string{
		"setup", "ses", "--db", c.server.db, "--region", cloudRegion, "--url", c.server.base,
	}, args...)...)
	cmd.Env = append(environment(), "AWS_ENDPOINT_URL="+c.url, "AWS_ENDPOINT_URL_SESV2="+c.ses.URL, "AWS_ACCESS_KEY_ID=test",
		"AWS_SECRET_ACCESS_KEY=test")
	cmd.Dir, cmd.Stdout, cmd.Stderr = c.t.TempDir(), &out, &errOut
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) || ctx.Err() != nil {
		c.t.Fatalf("tidings setup ses %q: %v, %s", args, err, &errOut)
	}
	return result{cmd.ProcessState.ExitCode(), out.String(), errOut.String()}
}

// confirm plays what the emulator leaves out: SNS posts a signed confirmation, and the server's answer to it arrives.
func (c *cloud) confirm(ctx context.Context) error {
	file := filepath.Join(c.t.TempDir(), "sns.pem")
	if err := os.WriteFile(file, c.signer.PEM(), 0o600); err != nil {
		return err
	}
	arn, endpoint, err := c.pending(ctx)
	if err != nil {
		return err
	}
	var list []struct{ ID string }
	ask(c.t, &list, "source", "list", "--db", c.server.db)
	if r := command(c.t, "source", "change", "--db", c.server.db, list[0].ID, "--signing-certificate", file); r.code != 0 {
		return errors.New(r.errOut)
	}
	if err := c.post(ctx, endpoint, cloudTopic, http.StatusOK); err != nil {
		return err
	}
	_, err = c.sns.ConfirmSubscription(ctx, &sns.ConfirmSubscriptionInput{TopicArn: aws.String(cloudTopic), Token: &arn})
	return err
}

// pending waits for a subscription.
func (c *cloud) pending(ctx context.Context) (arn, endpoint string, err error) {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		out, err := c.sns.ListSubscriptionsByTopic(ctx, &sns.ListSubscriptionsByTopicInput{TopicArn: aws.String(cloudTopic)})
		if err == nil && len(out.Subscriptions) > 0 {
			return *out.Subscriptions[0].SubscriptionArn, *out.Subscriptions[0].Endpoint, nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return "", "", errors.Join(err, ctx.Err())
		}
	}
}

// post sends a confirmation until the server, which learns of the certificate within a second, answers as it should.
func (c *cloud) post(ctx context.Context, endpoint, topic string, status int) error {
	const id = "6ec6af1b-0000-4000-8000-000000000001"
	body := c.signer.SubscriptionConfirmation(topic, id, strings.Repeat("ab", 32), time.Now())
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, endpoint, bytes.NewReader(body))
		if err != nil {
			return err
		}
		req.Header.Set("Content-Type", "text/plain; charset=UTF-8")
		res, err := c.server.http.Do(req)
		if err != nil {
			return err
		}
		_ = res.Body.Close()
		if res.StatusCode == status {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// publish posts what SES publishes to the subscribed URL, and finds its event.
func (c *cloud) publish() {
	c.t.Helper()
	_, endpoint, err := c.pending(c.t.Context())
	must(c.t, err)
	now := time.Now().UTC()
	message := `{"eventType":"Delivery","mail":{"timestamp":"` + snssign.Timestamp(now) + `","messageId":"set-up","destination":["ann@acme.test"]},` +
		`"delivery":{"timestamp":"` + snssign.Timestamp(now) + `","recipients":["ann@acme.test"]}}`
	body := c.signer.Notification(cloudTopic, "6ec6af1b-0000-4000-8000-000000000002", message, now)
	req, err := http.NewRequestWithContext(c.t.Context(), http.MethodPost, endpoint, bytes.NewReader(body))
	must(c.t, err)
	req.Header.Set("Content-Type", "text/plain; charset=UTF-8")
	res, err := c.server.http.Do(req)
	must(c.t, err)
	_ = res.Body.Close()
	var page struct{ Events []struct{ Name string } }
	ask(c.t, &page, "events", "--db", c.server.db)
	if res.StatusCode != http.StatusOK || len(page.Events) != 1 {
		c.t.Errorf("status %d, %d events", res.StatusCode, len(page.Events))
	}
}

// made runs the whole set-up, and confirms meanwhile.
func (c *cloud) made(args ...string) result {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), 3*patience)
	defer cancel()
	confirmed := make(chan error, 1)
	go func() { confirmed <- c.confirm(ctx) }()
	r := c.setup(args...)
	cancel()
	if err := <-confirmed; err != nil {
		c.t.Errorf("confirm: %v", err)
	}
	if r.code != 0 {
		c.t.Fatalf("tidings setup ses %q: exit code %d\n%s%s\n%s", args, r.code, r.out, r.errOut, c.server.log())
	}
	return r
}

func TestSESIsSetUpInOneCommandAndASecondRunChangesNothing(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	args := []string{"--identity", "acme.test", "--tracking-domain", "links.acme.test"}

	plan := c.setup(append(args, "--plan")...)
	if plan.code != 0 || !strings.Contains(plan.out, "sns CreateTopic") || len(c.ses.Changes) > 0 {
		t.Fatalf("plan: exit code %d, changes %q\n%s%s", plan.code, c.ses.Changes, plan.out, plan.errOut)
	}
	if r := c.setup(append(args, "--check")...); r.code != 4 || !strings.Contains(r.out, "missing") {
		t.Errorf("check of nothing: exit code %d\n%s%s", r.code, r.out, r.errOut)
	}

	made := c.made(args...)
	if !strings.Contains(made.out, "Amazon SES is set up") {
		t.Errorf("the run says\n%s%s", made.out, made.errOut)
	}
	want := []string{
		"CreateConfigurationSet", "PutConfigurationSetTrackingOptions", "CreateConfigurationSetEventDestination",
		"PutEmailIdentityConfigurationSetAttributes",
	}
	if !slices.Equal(c.ses.Changes, want) {
		t.Errorf("changes %q, want %q", c.ses.Changes, want)
	}
	c.publish()
	if r := c.setup(append(args, "--check")...); r.code != 0 || !strings.Contains(r.out, "OK") {
		t.Errorf("check: exit code %d\n%s%s", r.code, r.out, r.errOut)
	}
	again := c.setup(append(args, "--json")...)
	var report struct {
		OK    bool
		Steps []struct{ ID, State string }
		Test  struct{ OK bool }
	}
	must(t, json.Unmarshal([]byte(again.out), &report))
	for _, s := range report.Steps {
		if s.State != "same" {
			t.Errorf("the second run's step %s is %s", s.ID, s.State)
		}
	}
	if again.code != 0 || !report.OK || !report.Test.OK || !slices.Equal(c.ses.Changes, want) {
		t.Errorf("second run: exit code %d, changes %q\n%s%s", again.code, c.ses.Changes, again.out, again.errOut)
	}
}

func TestSetUpStopsAtAMissingPermissionAndGoesOnWhereItStopped(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	c.ses.Lock()
	c.ses.Failures["CreateConfigurationSetEventDestination"] = fakeses.Failure{
		Status: http.StatusForbidden, Code: "AccessDeniedException",
		Message: "User: arn:aws:iam::000000000000:user/ann is not authorized to perform: ses:CreateConfigurationSetEventDestination on resource: x",
	}
	c.ses.Unlock()
	ctx, cancel := context.WithTimeout(t.Context(), 3*patience)
	defer cancel()
	confirmed := make(chan error, 1)
	go func() { confirmed <- c.confirm(ctx) }()
	r := c.setup()
	must(t, <-confirmed)
	for _, says := range []string{
		"may not ses:CreateConfigurationSetEventDestination", "step 6 of 6, event destination",
		"done before: source, dead-letter queue, topic, subscription, configuration set", "Run the same command again", "add ses:",
	} {
		if r.code != 1 || !strings.Contains(r.errOut, says) {
			t.Errorf("exit code %d, and does not say %q:\n%s%s", r.code, says, r.out, r.errOut)
		}
	}
	c.ses.Lock()
	clear(c.ses.Failures)
	c.ses.Unlock()
	if r := c.setup(); r.code != 0 || strings.Count(r.out, "  done ") != 1 {
		t.Errorf("the second run: exit code %d\n%s%s", r.code, r.out, r.errOut)
	}
}

func TestSetUpFindsDriftSaysWhatToDoAndMendsIt(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	c.made("--identity", "acme.test")
	_, err := c.sns.SetTopicAttributes(t.Context(), &sns.SetTopicAttributesInput{
		TopicArn: aws.String(cloudTopic), AttributeName: aws.String("SignatureVersion"), AttributeValue: aws.String("1"),
	})
	must(t, err)
	c.ses.Lock()
	c.ses.Sets["tidings"].Destinations[0].Enabled = false
	c.ses.Sets["tidings"].Destinations[0].MatchingEventTypes = []string{"BOUNCE"}
	c.ses.Identities["acme.test"].ConfigurationSet = ""
	c.ses.Unlock()
	var list []struct{ ID string }
	ask(t, &list, "source", "list", "--db", c.server.db)
	if r := command(t, "source", "disable", "--db", c.server.db, list[0].ID); r.code != 0 {
		t.Fatal(r.errOut)
	}
	r := c.setup("--identity", "acme.test", "--check")
	for _, says := range []string{
		"source is disabled, should be enabled", "signature version is 1 (SHA-1), should be 2 (SHA-256)",
		"event destination is disabled", "list of kinds is BOUNCE", "default configuration set is none", "Differences: 5",
		"-> run tidings setup ses without --check",
	} {
		if r.code != 4 || !strings.Contains(r.out, says) {
			t.Errorf("exit code %d, and does not say %q:\n%s%s", r.code, says, r.out, r.errOut)
		}
	}
	if r := c.setup("--identity", "acme.test"); r.code != 0 {
		t.Errorf("mend: exit code %d\n%s%s", r.code, r.out, r.errOut)
	}
	if r := c.setup("--identity", "acme.test", "--check"); r.code != 0 {
		t.Errorf("check: exit code %d\n%s%s", r.code, r.out, r.errOut)
	}
}

func TestSetUpSaysWhyNobodyConfirmsTheSubscription(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	c.server.kill()
	r := c.setup("--wait", "1s")
	for _, says := range []string{"not confirmed within 1s", "no request of SNS has come", "done before: source, dead-letter queue, topic"} {
		if r.code != 5 || !strings.Contains(r.errOut, says) {
			t.Errorf("exit code %d, and does not say %q:\n%s%s", r.code, says, r.out, r.errOut)
		}
	}
	if !strings.Contains(r.out, "Test of the source: FAILED") {
		t.Errorf("the source was not tested:\n%s", r.out)
	}
}

func TestWithoutCredentialsThereIsAPlanAndNothingElse(t *testing.T) {
	t.Parallel()
	db := filepath.Join(t.TempDir(), "tidings.db")
	if r := command(t, "migrate", "--db", db); r.code != 0 {
		t.Fatal(r.errOut)
	}
	args := []string{"setup", "ses", "--db", db, "--region", "cn-north-1", "--url", "https://tidings.example.test", "--identity", "acme.test"}
	for _, tt := range []struct {
		mode      string
		code      int
		out, errs string
	}{
		{"--plan", 0, "arn:aws-cn:sns:cn-north-1:ACCOUNT:tidings", ""},
		{"--check", 1, "", "there are no credentials of AWS"},
		{"--json", 1, "", "set AWS_PROFILE"},
	} {
		r := command(t, append(slices.Clone(args), tt.mode)...)
		if r.code != tt.code || !strings.Contains(r.out, tt.out) || !strings.Contains(r.errOut, tt.errs) {
			t.Errorf("%s: exit code %d\n%s%s", tt.mode, r.code, r.out, r.errOut)
		}
	}
	var list []struct{ ID string }
	if ask(t, &list, "source", "list", "--db", db); len(list) > 0 {
		t.Errorf("sources: %v", list)
	}
}

func TestSetUpShowsWhatTheServerRefusedMeanwhile(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	ctx, cancel := context.WithTimeout(t.Context(), 3*patience)
	defer cancel()
	posted := make(chan error, 1)
	go func() {
		_, endpoint, err := c.pending(ctx)
		if err == nil {
			err = c.post(ctx, endpoint, strings.Replace(cloudTopic, "tidings", "stranger", 1), http.StatusForbidden)
		}
		posted <- err
	}()
	r := c.setup("--wait", "6s", "--json")
	must(t, <-posted)
	var report struct {
		OK    bool
		Error string
		Steps []struct{ ID, State string }
		Test  struct{ OK bool }
	}
	must(t, json.Unmarshal([]byte(r.out), &report))
	if r.code != 5 || report.OK || !report.Test.OK || report.Steps[3].State != "failed" || report.Steps[4].State != "differs" ||
		!strings.Contains(report.Error, "a request to the source was refused: unknown_topic") {
		t.Errorf("exit code %d\n%s%s", r.code, r.out, r.errOut)
	}
}

func TestSetUpRefusesWhatCanNotBeBeforeItChangesAnything(t *testing.T) {
	t.Parallel()
	c := newCloud(t)
	c.ses.Lock()
	c.ses.Sets["other"] = &fakeses.Set{}
	c.ses.Identities["beta.test"].ConfigurationSet = "other"
	c.ses.Unlock()
	for _, tt := range []struct {
		name string
		args []string
		code int
		says string
	}{
		{"an unknown kind", []string{"--events", "bounce,boing"}, 2, "want any of send, reject, bounce"},
		{"an identity that uses another set", []string{"--identity", "beta.test"}, 1, "give --configuration-set other"},
		{"an unknown identity", []string{"--identity", "ghost.test"}, 1, "choose one of those in eu-west-1: acme.test, beta.test, news@other.test"},
		{"an unknown source", []string{"--source", "src_ghost"}, 3, "there is no source"},
	} {
		r := c.setup(tt.args...)
		if r.code != tt.code || !strings.Contains(r.errOut, tt.says) {
			t.Errorf("%s: exit code %d, want %d, and %q:\n%s%s", tt.name, r.code, tt.code, tt.says, r.out, r.errOut)
		}
	}
	if len(c.ses.Changes) > 0 {
		t.Errorf("changes: %q", c.ses.Changes)
	}
	if _, err := c.sns.GetTopicAttributes(t.Context(), &sns.GetTopicAttributesInput{TopicArn: aws.String(cloudTopic)}); err == nil {
		t.Error("there is a topic")
	}
}
