package sender_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sesv2"
	"github.com/google/go-cmp/cmp"

	"tidings/event"
	"tidings/internal/send"
	"tidings/internal/sender"
	"tidings/test/fakeses"
)

func sesWay(t *testing.T, url string, s send.Settings) sender.Sender {
	t.Helper()
	x, err := sender.New(send.KindSES, s, sender.Deps{SES: func(context.Context, *send.Settings) (*sesv2.Client, error) {
		return sesv2.New(sesv2.Options{
			BaseEndpoint: &url, Region: "eu-west-1", Retryer: aws.NopRetryer{},
			Credentials: credentials.NewStaticCredentialsProvider("AKIA", "secret", ""),
			HTTPClient:  &http.Client{Timeout: 5 * time.Second},
		}), nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func TestMailGoesToSESWithOurIDsAsTags(t *testing.T) {
	t.Parallel()
	p := fakeses.Start(t, "send.test")
	p.Sets["main"], p.Sets["quiet"] = &fakeses.Set{}, &fakeses.Set{}
	x := sesWay(t, p.URL, send.Settings{ConfigurationSet: "main", UntrackedSet: "quiet"})
	m := email()
	m.Template, m.Workflow, m.Run, m.Step, m.Broadcast = "onboarding/welcome", "onboarding", "run_1", "2", "brd_1"
	m.Tags, m.Metadata = []string{"may", "great offer!"}, map[string]string{"order": "17", "tidings_send": "snd_forged", "who": "Jürgen"}
	h, err := x.Send(t.Context(), m)
	if err != nil || h.Provider != "ses" || h.MessageID != p.Mails[0].ID {
		t.Fatalf("%+v %v", h, err)
	}
	want := "tidings_send=snd_1 templateKey=onboarding--welcome sequenceId=onboarding tidings_broadcast=brd_1 tidings_run=run_1 " +
		"tidings_step=2 may=true great_offer_=true order=17 who=J_rgen "
	got, tags := p.Mails[0], ""
	for _, x := range got.Tags {
		tags += x.Name + "=" + x.Value + " "
	}
	if d := cmp.Diff(want, tags); d != "" || got.ConfigurationSet != "main" || !strings.Contains(string(got.Raw), "\r\nSubject: Hi\r\n") {
		t.Errorf("set %q, tags %s, mail %s", got.ConfigurationSet, d, got.Raw)
	}
	m.NoClicks = true
	if _, err := x.Send(t.Context(), m); err != nil || p.Mails[1].ConfigurationSet != "quiet" {
		t.Errorf("%v, set %q", err, p.Mails[1].ConfigurationSet)
	}
	x = sesWay(t, p.URL, send.Settings{ConfigurationSet: "main"})
	_, err = x.Send(t.Context(), m)
	if f := failure(t, err); f.Kind != send.Temporary || f.Reason != sender.ReasonUntracked || len(p.Mails) != 2 {
		t.Errorf("watched all the same: %+v", f)
	}
}

func TestAnEmailWithHundredsOfTagsStillGoesToSES(t *testing.T) {
	t.Parallel()
	p := fakeses.Start(t, "send.test")
	m := email()
	m.Metadata = map[string]string{}
	for i := range 300 {
		m.Tags = append(m.Tags, strings.Repeat("ä", 300)+string(rune('a'+i%26)))
		m.Metadata[strings.Repeat("k", i%200)+" "] = strings.Repeat("v", 500)
	}
	if _, err := sesWay(t, p.URL, send.Settings{}).Send(t.Context(), m); err != nil || p.Mails[0].Tags[0].Value != "snd_1" {
		t.Error(err)
	}
}

func TestEachErrorOfSESMeansWhatItSays(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]struct {
		status  int
		message string
		kind    send.FailureKind
		reason  string
		retry   time.Duration
	}{
		"TooManyRequestsException":           {429, "Maximum sending rate exceeded.", send.Throttled, event.ReasonThrottled, 0},
		"LimitExceededException":             {400, "Daily message quota exceeded.", send.Throttled, event.ReasonThrottled, time.Hour},
		"AccountSuspendedException":          {400, "no", send.Unusable, "", 0},
		"SendingPausedException":             {400, "no", send.Unusable, "", 0},
		"MailFromDomainNotVerifiedException": {400, "no", send.Unusable, "", 0},
		"NotFoundException":                  {404, "Configuration set <x> does not exist.", send.Unusable, "", 0},
		"AccessDeniedException":              {403, "no", send.Unusable, "", 0},
		"SignatureDoesNotMatch":              {403, "no", send.Unusable, "", 0},
		"SomethingOf2027":                    {403, "no", send.Unusable, "", 0},
		"MessageRejected":                    {400, "Email address is not verified.", send.Permanent, event.ReasonAuthentication, 0},
		"BadRequestException":                {400, "Message too long", send.Permanent, event.ReasonMessageTooLarge, 0},
		"InternalServiceErrorException":      {500, "oops", send.Temporary, "", 0},
		"SomethingElse":                      {500, "oops", send.Uncertain, "", 0},
		"ServiceUnavailable":                 {503, "later", send.Temporary, "", 0},
		"GatewayTimeout":                     {504, "proxy", send.Uncertain, "", 0},
	} {
		p := fakeses.Start(t, "send.test")
		p.Failures["SendEmail"] = fakeses.Failure{Status: want.status, Code: code, Message: want.message}
		_, err := sesWay(t, p.URL, send.Settings{}).Send(t.Context(), email())
		f := failure(t, err)
		if f.Kind != want.kind || f.Reason != want.reason || f.RetryAfter != want.retry || !strings.Contains(f.Detail, want.message) {
			t.Errorf("%s: %+v", code, f)
		}
	}
}

func TestWhatSESDoesNotAnswerIsUncertainAndNotSentTwice(t *testing.T) {
	t.Parallel()
	p := fakeses.Start(t, "send.test")
	p.Lost = true
	_, err := sesWay(t, p.URL, send.Settings{}).Send(t.Context(), email())
	p.Lock()
	if f := failure(t, err); f.Kind != send.Uncertain || len(p.Mails) != 1 {
		t.Errorf("%+v, sent %d times", f, len(p.Mails))
	}
	p.Unlock()
	_, err = sesWay(t, "http://127.0.0.1:1", send.Settings{}).Send(t.Context(), email())
	if f := failure(t, err); f.Kind != send.Unusable {
		t.Errorf("nobody there: %+v", f)
	}
}

func TestTheTestOfAnSESSenderTellsOfTheAccount(t *testing.T) {
	t.Parallel()
	p := fakeses.Start(t, "send.test")
	x := sesWay(t, p.URL, send.Settings{ConfigurationSet: "main"}).(sender.Tester)
	_, err := x.Test(t.Context())
	if f := failure(t, err); f.Kind != send.Unusable || !strings.Contains(f.Detail, "main") {
		t.Errorf("no such set: %+v", f)
	}
	p.Sets["main"] = &fakeses.Set{}
	if told, err := x.Test(t.Context()); err != nil || !strings.Contains(told, "14 a second, 17 of 50000") || !strings.Contains(told, "sandbox") {
		t.Errorf("%q %v", told, err)
	}
	p.Account.Paused = true
	_, err = x.Test(t.Context())
	if f := failure(t, err); f.Kind != send.Unusable || len(p.Mails) > 0 {
		t.Errorf("paused: %+v", f)
	}
}
