package control_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidings/internal/control"
	"tidings/internal/pull"
	"tidings/internal/source"
)

const queueURL = "https://sqs.eu-west-1.amazonaws.com/111122223333/ses-events"

func TestAQueueIsRefusedForWhatIsWrongWithIt(t *testing.T) {
	t.Parallel()
	topics := []string{topic}
	c := newControl(t)
	for _, x := range []struct {
		name, provider string
		set            source.Settings
		want           []string
		says           string // in the message
	}{
		{"a queue", "ses", source.Settings{Topics: topics, Queue: queueURL}, []string{}, ""},
		{"a queue of EventBridge", "ses", source.Settings{Queue: queueURL + "2"}, []string{}, ""},
		{"raw records of a queue", "ses", source.Settings{Queue: queueURL + "3", AllowRaw: true}, []string{}, ""},
		{"the region that the URL tells", "ses", source.Settings{Queue: queueURL + "4", QueueRegion: "eu-west-1"}, []string{}, ""},
		{"an emulator's", "ses", source.Settings{Queue: "http://127.0.0.1:4566/000000000000/q", QueueRegion: "us-east-1"}, []string{}, ""},
		{"an emulator's, where the server's region is taken", "ses", source.Settings{Queue: "http://127.0.0.1:4566/000000000000/r"}, []string{}, ""},
		{"an ARN", "ses", source.Settings{Topics: topics, Queue: "arn:aws:sqs:eu-west-1:111122223333:q"}, []string{"settings.queue"}, "want https://sqs.REGION"},
		{"another provider's", "postmark", source.Settings{Queue: queueURL}, []string{"settings.queue"}, "postmark"},
		{"a region without a queue", "ses", source.Settings{Topics: topics, QueueRegion: "eu-west-1"}, []string{"settings.queueRegion"}, "set queue"},
		{"another region", "ses", source.Settings{Queue: queueURL, QueueRegion: "us-east-1"}, []string{"settings.queueRegion"}, "URL says eu-west-1"},
		{
			"a region that is a host", "ses",
			source.Settings{Queue: "https://x.test/111122223333/q", QueueRegion: "x.test/"},
			[]string{"settings.queueRegion"},
			"eu-west-1",
		},
		{"a queue that another source reads", "ses", source.Settings{Queue: queueURL}, []string{"settings.queue"}, "is read by source"},
	} {
		_, err := c.CreateSource(t.Context(), operator, control.NewSource{Name: "a", Provider: x.provider, Settings: x.set})
		if diff := cmp.Diff(x.want, fields(err)); diff != "" || err != nil && !strings.Contains(err.Error(), x.says) {
			t.Errorf("%s: %v %s", x.name, err, diff)
		}
	}
}

func TestTheHealthOfAQueueSaysWhatToDo(t *testing.T) {
	t.Parallel()
	c := newControl(t)
	made, err := c.CreateSource(t.Context(), operator, control.NewSource{
		Name: "a", Provider: "ses", Settings: source.Settings{Topics: []string{topic}, Queue: queueURL},
	})
	must(t, err)
	expect := func(state control.State, code, cause, remedy string) {
		t.Helper()
		h, err := c.SourceHealth(t.Context(), operator, made.ID)
		must(t, err)
		all, err := c.SourcesHealth(t.Context(), operator, []*source.Source{made.Source})
		must(t, err)
		if h.State != state || all[made.ID].State != state {
			t.Errorf("state %s, in the list %s, want %s", h.State, all[made.ID].State, state)
		}
		for _, f := range h.Findings {
			if f.Code == code && f.Cause == cause && strings.Contains(f.Remedy, remedy) {
				return
			}
		}
		t.Errorf("no finding %s of %s says %q: %+v", code, cause, remedy, h.Findings)
	}
	expect(control.StateNew, "queue_unread", "", "tidings serve")
	note := source.QueueNote{SourceRef: made.Ref, Node: "web-1", NotedAt: now, FailedAt: now, Message: "receive: AccessDenied"}
	for code, remedy := range map[string]string{
		pull.CodeQueueMissing: "does not exist", pull.CodeQueueDenied: "sqs:ReceiveMessage, sqs:DeleteMessage and sqs:ChangeMessageVisibility",
		pull.CodeQueueCredentials: "AWS_PROFILE", pull.CodeQueueKey: "kms:Decrypt", pull.CodeQueueUnreachable: "AWS_ENDPOINT_URL",
		pull.CodeQueueRegion: "AWS_REGION", pull.CodeQueueStore: "database", pull.CodeQueueThrottled: "--sqs-workers",
		pull.CodeQueueFailed: "",
	} {
		note.Code = code
		must(t, c.Store.NoteQueue(t.Context(), note))
		expect(control.StateFailing, "queue_failing", code, remedy)
	}
	note.FailedAt, note.Code, note.Message = time.Time{}, "", ""
	must(t, c.Store.NoteQueue(t.Context(), note))
	h, err := c.SourceHealth(t.Context(), operator, made.ID)
	must(t, err)
	for _, f := range h.Findings {
		if strings.HasPrefix(f.Code, "queue") {
			t.Errorf("%+v", f)
		}
	}
}
