package e2e_test

import (
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	snstypes "github.com/aws/aws-sdk-go-v2/service/sns/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"tidings/provider/ses/snssign"
	"tidings/test/fauxqs"
)

const (
	emulatorRegion = "us-east-1"
	queueFacts     = 3000
	sendSize       = 10
)

// atAWS makes a server find AWS at an endpoint, as any program of AWS does.
func atAWS(endpoint string) func(*exec.Cmd) {
	return func(cmd *exec.Cmd) {
		cmd.Env = append(cmd.Env, "AWS_ENDPOINT_URL="+endpoint, "AWS_ACCESS_KEY_ID=id", "AWS_SECRET_ACCESS_KEY=secret",
			"AWS_EC2_METADATA_DISABLED=true")
	}
}

// hiddenFor makes messages come again soon after the server that had them was killed.
func hiddenFor(seconds int) func(*exec.Cmd) {
	return func(cmd *exec.Cmd) { cmd.Args = append(cmd.Args, "--sqs-visibility", strconv.Itoa(seconds)+"s") }
}

// emulator is SQS and SNS as a process of its own, with clients.
type emulator struct {
	*fauxqs.Emulator
	t   testing.TB
	sqs *sqs.Client
	sns *sns.Client
}

func startEmulator(t testing.TB) *emulator {
	t.Helper()
	e := &emulator{t: t, Emulator: fauxqs.Start(t)}
	keys := credentials.NewStaticCredentialsProvider("id", "secret", "")
	e.sqs = sqs.New(sqs.Options{Region: emulatorRegion, BaseEndpoint: &e.URL, Credentials: keys})
	e.sns = sns.New(sns.Options{Region: emulatorRegion, BaseEndpoint: &e.URL, Credentials: keys})
	return e
}

func (e *emulator) createQueue(name string) (url string) {
	e.t.Helper()
	out, err := e.sqs.CreateQueue(e.t.Context(), &sqs.CreateQueueInput{QueueName: &name})
	must(e.t, err)
	return aws.ToString(out.QueueUrl)
}

// createTopic makes a topic that delivers raw to a queue.
func (e *emulator) createTopic(name, queue string) (arn string) {
	e.t.Helper()
	out, err := e.sns.CreateTopic(e.t.Context(), &sns.CreateTopicInput{Name: &name})
	must(e.t, err)
	attributes, err := e.sqs.GetQueueAttributes(e.t.Context(), &sqs.GetQueueAttributesInput{
		QueueUrl: &queue, AttributeNames: []sqstypes.QueueAttributeName{"QueueArn"},
	})
	must(e.t, err)
	_, err = e.sns.Subscribe(e.t.Context(), &sns.SubscribeInput{
		TopicArn: out.TopicArn, Protocol: aws.String("sqs"), Endpoint: aws.String(attributes.Attributes["QueueArn"]),
		Attributes: map[string]string{"RawMessageDelivery": "true"},
	})
	must(e.t, err)
	return aws.ToString(out.TopicArn)
}

func (e *emulator) send(queue string, bodies []string) {
	e.t.Helper()
	entries := make([]sqstypes.SendMessageBatchRequestEntry, len(bodies))
	for i := range bodies {
		entries[i] = sqstypes.SendMessageBatchRequestEntry{Id: aws.String(strconv.Itoa(i)), MessageBody: &bodies[i]}
	}
	out, err := e.sqs.SendMessageBatch(e.t.Context(), &sqs.SendMessageBatchInput{QueueUrl: &queue, Entries: entries})
	if err != nil || len(out.Failed) > 0 {
		e.t.Errorf("send: %v, %v", err, out)
	}
}

func (e *emulator) publish(topic string, bodies []string) {
	e.t.Helper()
	entries := make([]snstypes.PublishBatchRequestEntry, len(bodies))
	for i := range bodies {
		entries[i] = snstypes.PublishBatchRequestEntry{Id: aws.String(strconv.Itoa(i)), Message: &bodies[i]}
	}
	out, err := e.sns.PublishBatch(e.t.Context(), &sns.PublishBatchInput{TopicArn: &topic, PublishBatchRequestEntries: entries})
	if err != nil || len(out.Failed) > 0 {
		e.t.Errorf("publish: %v, %v", err, out)
	}
}

// left is how many messages are in a queue, hidden ones too.
func (e *emulator) left(queue string) int {
	e.t.Helper()
	out, err := e.sqs.GetQueueAttributes(e.t.Context(), &sqs.GetQueueAttributesInput{
		QueueUrl: &queue, AttributeNames: []sqstypes.QueueAttributeName{"All"},
	})
	if err != nil {
		return -1
	}
	n := 0
	for _, name := range []string{"ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"} {
		more, err := strconv.Atoi(out.Attributes[name])
		must(e.t, err)
		n += more
	}
	return n
}

// queueFact is a record; n makes it another one.
func queueFact(n int) string {
	return fmt.Sprintf(`{"eventType":"Bounce","mail":{"timestamp":"2026-05-04T10:12:00.120Z","messageId":"queue-%d",`+
		`"source":"app@send.test","destination":["ghost%d@acme.test"]},"bounce":{"bounceType":"Permanent","bounceSubType":"General",`+
		`"bouncedRecipients":[{"emailAddress":"ghost%d@acme.test"}],"timestamp":"2026-05-04T10:12:02.000Z","feedbackId":"f%d"}}`, n, n, n, n)
}

// queueForms are the forms in which a record lies in a queue.
func queueForms(signer *snssign.Signer) []func(n int) string {
	return []func(int) string{
		func(n int) string {
			return string(signer.Notification(topic, fmt.Sprintf("22b80b92-fdea-4c2c-8f9d-%012x", n), queueFact(n), time.Now()))
		},
		queueFact,
		func(n int) string {
			return fmt.Sprintf(`{"version":"0","id":"33b80b92-fdea-4c2c-8f9d-%012x","detail-type":"Email Bounced","source":"aws.ses",`+
				`"time":"2026-05-04T10:12:03Z","detail":%s}`, n, queueFact(n))
		},
	}
}

// sendFacts sends facts of every form, some of them twice, and some through the emulator's own SNS.
func (e *emulator) sendFacts(queue, topic string, signer *snssign.Signer, from, to int) {
	forms := queueForms(signer)
	for first := from; first < to; first += sendSize {
		var bodies, raw []string
		for n := first; n < min(to, first+sendSize); n++ {
			if kind := n % (len(forms) + 1); kind < len(forms) {
				bodies = append(bodies, forms[kind](n))
			} else {
				raw = append(raw, queueFact(n))
			}
		}
		e.send(queue, bodies)
		e.publish(topic, raw)
		if first%100 == 0 {
			e.send(queue, bodies)
		}
	}
}

func TestAQueueIsReadThroughKillsAndStandstillsAndEveryFactIsThereOnce(t *testing.T) {
	t.Parallel()
	signer, err := snssign.NewSigner(snssign.Config{})
	must(t, err)
	e := startEmulator(t)
	var still sync.Mutex // one engine at a time stops the emulator
	onBoth(t, func(t *testing.T, db string) {
		engine, _, _ := strings.Cut(t.Name()[strings.LastIndex(t.Name(), "/")+1:], "#")
		queue := e.createQueue(engine)
		snsTopic := e.createTopic(engine, queue)
		serveIt := func() *server { return serve(t, db, atAWS(e.URL), hiddenFor(3)) }
		s := serveIt()
		s.source("queue", signer.PEM(), "--topic", topic, "--allow-raw", "--queue", queue, "--queue-region", emulatorRegion)
		e.sendFacts(queue, snsTopic, signer, 0, queueFacts/3)
		var sending sync.WaitGroup
		sending.Go(func() { e.sendFacts(queue, snsTopic, signer, queueFacts/3, queueFacts) })
		for round := range 3 {
			s.until("more is stored", func() bool { return len(s.facts()) > round*queueFacts/6 })
			s.kill()
			s = serveIt()
		}
		still.Lock()
		e.Signal(syscall.SIGSTOP)
		<-time.After(2 * time.Second)
		e.Signal(syscall.SIGCONT)
		still.Unlock()
		s.until("more is stored", func() bool { return len(s.facts()) > queueFacts*2/3 })
		if code := s.stop(); code != 0 {
			t.Errorf("exit code %d\n%s", code, s.log())
		}
		s = serveIt()
		sending.Wait()
		s.until("the queue is empty", func() bool { return e.left(queue) == 0 })
		seen := map[string]bool{}
		for _, event := range s.facts() {
			if seen[event.Message.ID] {
				t.Errorf("%s has two events", event.Message.ID)
			}
			seen[event.Message.ID] = true
		}
		for n := range queueFacts {
			if !seen["queue-"+strconv.Itoa(n)] {
				t.Errorf("fact %d is lost", n)
			}
		}
		if v := verify(t, db); len(seen) != queueFacts || v.Events != queueFacts {
			t.Errorf("%d facts are stored, verify counts %d events, %d were sent", len(seen), v.Events, queueFacts)
		}
		if strings.Contains(s.log(), `"level":"ERROR"`) {
			t.Errorf("the server met an error:\n%s", s.log())
		}
	})
}

func TestAnEmulatorThatIsKilledAndStartedAgainIsReadAgain(t *testing.T) {
	t.Parallel()
	signer, err := snssign.NewSigner(snssign.Config{})
	must(t, err)
	onBoth(t, func(t *testing.T, db string) {
		e := startEmulator(t)
		queue := e.createQueue("events")
		s := serve(t, db, atAWS(e.URL), hiddenFor(3))
		source := s.source("queue", signer.PEM(), "--topic", topic, "--queue", queue, "--queue-region", emulatorRegion)
		forms := queueForms(signer)
		e.send(queue, []string{forms[0](1)})
		s.until("the first fact is stored", func() bool { return len(s.facts()) == 1 })
		e.Kill()
		s.until("health says that SQS is away", func() bool { return s.queueCode(source.ID) == "queue_unreachable" })
		e.Again()
		s.until("health says that the queue is gone", func() bool { return s.queueCode(source.ID) == "queue_missing" })
		if again := e.createQueue("events"); again != queue {
			t.Fatalf("the queue has another URL: %s", again)
		}
		e.send(queue, []string{forms[0](1), forms[0](2)})
		s.until("the queue is empty", func() bool { return e.left(queue) == 0 })
		if n := len(s.facts()); n != 2 {
			t.Errorf("%d events", n)
		}
		s.until("health says that all is well", func() bool { return s.queueCode(source.ID) == "" })
	})
}

// queueCode is what the health of a source says is wrong with its queue.
func (s *server) queueCode(id string) string {
	s.t.Helper()
	var health struct{ Queue []struct{ Code string } }
	s.get("/sources/"+id+"/health", &health)
	if len(health.Queue) == 0 {
		return "unread"
	}
	return health.Queue[0].Code
}
