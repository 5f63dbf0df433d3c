package pull_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidings/internal/fault"
	"tidings/internal/pull"
	"tidings/internal/source"
	"tidings/internal/store"
	"tidings/test/sqspeer"
)

func TestMessagesOfAQueueAreStoredOnceEachAndDeleted(t *testing.T) {
	t.Parallel()
	onBoth(t, func(s *station) {
		s.sendSigned(0, 300)
		s.run("a")
		s.empty()
		s.expectEvents(300)
		s.until("nothing is in flight", func() bool { return s.meter.of("held") == 0 })
		s.until("all are counted", func() bool { return s.meter.of(pull.QueueDeleted) == 300 })
		for _, what := range []string{pull.QueueReceived, pull.QueueCommitted, pull.QueueDeleted, "lag"} {
			if n := s.meter.of(what); n != 300 {
				s.t.Errorf("%d messages are counted as %s", n, what)
			}
		}
		if n := s.peer.Calls("DeleteMessageBatch"); n > 40 {
			s.t.Errorf("%d calls delete 300 messages", n)
		}
	})
}

func TestAMessageThatIsDeliveredAgainIsOneEvent(t *testing.T) {
	t.Parallel()
	onBoth(t, func(s *station) {
		s.peer.Break(sqspeer.Fault{Twice: true})
		ids := s.sendSigned(0, 40)
		s.peer.Send(s.signed(0), s.signed(1)) // SNS sends twice, too
		s.run("a")
		s.run("b")
		s.empty()
		s.expectEvents(40)
		times := 0
		for _, id := range ids {
			times += s.peer.Received(id)
		}
		if times < 40 {
			s.t.Errorf("40 messages were received %d times", times)
		}
	})
}

func TestNothingIsDeletedOrGivenBackWhileNothingCanBeStored(t *testing.T) {
	t.Parallel()
	onBoth(t, func(s *station) {
		s.hides = 4 * time.Second // a busy machine is late with a renewal
		full := fault.New(fault.Unavailable, "disk_full", "the disk is full")
		err := error(full)
		s.down.Store(&err)
		ids := s.sendSigned(0, 10)
		s.run("a")
		// Four renewals are longer than the messages are hidden by one receive.
		s.until("messages are kept hidden", func() bool { return s.peer.Calls("ChangeMessageVisibilityBatch") >= 4 })
		if s.peer.Len() != 10 || s.peer.Calls("DeleteMessageBatch") != 0 {
			s.t.Errorf("%d messages are left after %d deletions", s.peer.Len(), s.peer.Calls("DeleteMessageBatch"))
		}
		s.until("the trouble is told", func() bool { return s.note().Code == pull.CodeQueueStore })
		s.down.Store(nil)
		s.empty()
		s.expectEvents(10)
		for _, id := range ids {
			if n := s.peer.Received(id); n != 1 {
				s.t.Errorf("message %s was received %d times, which counts towards its end in the dead-letter queue", id, n)
			}
		}
		s.until("the trouble is over", func() bool { return s.note().Code == "" })
	})
}

func TestAStopGivesBackWhatIsNotStoredAndDeletesWhatIs(t *testing.T) {
	t.Parallel()
	onBoth(t, func(s *station) {
		stop := s.run("a")
		s.sendSigned(0, 30)
		s.empty()
		err := error(fault.New(fault.Unavailable, "disk_full", "the disk is full"))
		s.down.Store(&err)
		s.sendSigned(30, 35)
		s.until("messages are received", func() bool { return s.meter.of(pull.QueueReceived) == 35 })
		s.until("the trouble is met", func() bool { return s.meter.of(pull.CodeQueueStore) > 0 })
		stop()
		if n := s.peer.Visible(); n != 5 {
			s.t.Errorf("%d of 5 messages can be received by others", n)
		}
		if n := s.meter.of(pull.QueueReturned); n != 5 || s.meter.of("held") != 0 {
			s.t.Errorf("%d messages were given back, %d are in flight", n, s.meter.of("held"))
		}
		s.down.Store(nil)
		s.run("b")
		s.empty()
		s.expectEvents(35)
	})
}

// note is what the first node told last.
func (s *station) note() source.QueueNote {
	s.t.Helper()
	h, err := s.store.SourceHealth(s.t.Context(), s.src.Ref, time.Now())
	must(s.t, err)
	if len(h.Queues) == 0 {
		return source.QueueNote{}
	}
	return h.Queues[0]
}

func TestWhatIsNotBelievedIsKeptWithItsProblemCountedAndDeleted(t *testing.T) {
	t.Parallel()
	onBoth(t, func(s *station) {
		stranger := "arn:aws:sns:eu-west-1:999999999999:other"
		s.peer.Send(
			strings.Replace(s.signed(1), "Permanent", "Transient", 1),
			string(s.signer.Notification(stranger, uuid(2), bounce(2), time.Now())),
			bounce(3),
			"\x00\x01 no text \ufffd", "{", "[]", "",
			s.signed(4),
		)
		s.run("a")
		s.empty()
		s.expectEvents(1)
		s.refused.Close(s.t.Context())
		h, err := s.store.SourceHealth(s.t.Context(), s.src.Ref, time.Now())
		must(s.t, err)
		counts := map[string]int64{}
		for _, r := range h.Refusals {
			counts[r.Code] = r.Count
		}
		want := map[string]int64{"bad_signature": 1, "unknown_topic": 1, "raw_not_allowed": 1, "not_json": 3, "unexpected_shape": 1}
		if d := cmp.Diff(want, counts); d != "" {
			s.t.Error(d)
		}
		page, err := s.store.ListReceipts(s.t.Context(), store.ReceiptQuery{Project: store.DefaultProject, Problem: "any"})
		must(s.t, err)
		if len(page.Receipts) != 7 || s.meter.of(pull.QueueRefused) != 7 {
			s.t.Errorf("%d receipts with a problem, %d refused, want 7", len(page.Receipts), s.meter.of(pull.QueueRefused))
		}
	})
}

func TestTroubleWithAQueueIsToldOnceAndEndsByItself(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault sqspeer.Fault
		code  string
	}{
		"away":              {sqspeer.Fault{Status: 503}, pull.CodeQueueFailed},
		"cut":               {sqspeer.Fault{Cut: true}, pull.CodeQueueUnreachable},
		"gone":              {sqspeer.Fault{Code: "com.amazonaws.sqs#QueueDoesNotExist"}, pull.CodeQueueMissing},
		"closed":            {sqspeer.Fault{Code: "AccessDeniedException"}, pull.CodeQueueDenied},
		"nobody":            {sqspeer.Fault{Code: "UnrecognizedClientException"}, pull.CodeQueueCredentials},
		"no deletions":      {sqspeer.Fault{Code: "AccessDenied", Only: "DeleteMessageBatch"}, pull.CodeQueueDenied},
		"no deletions, 503": {sqspeer.Fault{Status: 503, Only: "DeleteMessageBatch"}, pull.CodeQueueFailed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStation(t, t.TempDir()+"/tidings.db")
			s.peer.Break(c.fault)
			s.sendSigned(0, 20)
			s.run("a")
			s.until("the trouble is told", func() bool { return s.note().Code == c.code })
			s.until("it is tried again", func() bool { return s.meter.of(c.code) >= 3 })
			if n := s.log.count("does not work"); n != 1 {
				t.Errorf("it is logged %d times", n)
			}
			s.peer.Break(sqspeer.Fault{})
			s.empty()
			s.expectEvents(20)
			s.until("the trouble is over", func() bool { return s.note().Code == "" && !s.note().ReceivedAt.IsZero() })
			if n := s.log.count("works again"); n != 1 {
				t.Errorf("that it is over is logged %d times", n)
			}
		})
	}
}

func TestASlowQueueIsReadSlowlyAndDeletionsThatFailInPartAreRepeated(t *testing.T) {
	t.Parallel()
	onBoth(t, func(s *station) {
		s.peer.Break(sqspeer.Fault{Slow: 50 * time.Millisecond, KeepDeleted: 17})
		ids := s.sendSigned(0, 60)
		s.run("a")
		s.empty()
		s.expectEvents(60)
		s.until("60 messages are counted as deleted", func() bool { return s.meter.of(pull.QueueDeleted) == 60 })
		for _, id := range ids {
			if n := s.peer.Received(id); n != 1 {
				s.t.Errorf("message %s was received %d times", id, n)
			}
		}
	})
}

func TestAChangeOfASourceIsFollowedWithoutARestart(t *testing.T) {
	t.Parallel()
	onBoth(t, func(s *station) {
		s.run("a")
		s.sendSigned(0, 1)
		s.empty()
		s.change(func(x *source.Source) { x.DisabledAt = time.Now().UTC() })
		s.until("it is read no longer", func() bool { return s.log.count("read no longer") == 1 })
		s.sendSigned(1, 2)
		s.change(func(x *source.Source) { x.DisabledAt, x.Settings.AllowRaw = time.Time{}, true })
		s.peer.Send(bounce(2))
		s.empty()
		s.expectEvents(3)
		s.change(func(x *source.Source) { x.Settings.Queue = strings.Replace(s.peer.Queue, "events", "gone", 1) })
		s.until("the other queue is asked for", func() bool { return s.note().Code == pull.CodeQueueMissing })
		s.change(func(x *source.Source) { x.Settings.Queue = "" })
		s.until("no queue is read", func() bool { return s.log.count("read no longer") == 3 })
	})
}

func TestManyNodesShareAQueue(t *testing.T) {
	t.Parallel()
	onBoth(t, func(s *station) {
		s.sendSigned(0, 200)
		stops := []func(){s.run("a"), s.run("b"), s.run("c")}
		s.until("some are stored", func() bool { return s.meter.of(pull.QueueCommitted) > 50 })
		stops[0]()
		s.empty()
		s.expectEvents(200)
		h, err := s.store.SourceHealth(s.t.Context(), s.src.Ref, time.Now())
		must(s.t, err)
		if len(h.Queues) != 2 { // the first has said that it stops
			s.t.Errorf("%d nodes are known", len(h.Queues))
		}
	})
}

func TestTheRegionIsToldByTheQueuesURL(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]string{
		"https://sqs.eu-west-1.amazonaws.com/123456789012/q":           "eu-west-1",
		"https://sqs.us-gov-west-1.amazonaws.com/123456789012/q.fifo":  "us-gov-west-1",
		"https://sqs.cn-north-1.amazonaws.com.cn/123456789012/q":       "cn-north-1",
		"https://sqs-fips.us-east-2.amazonaws.com/123456789012/q":      "us-east-2",
		"https://sqs.ap-southeast-4.api.aws/123456789012/q":            "ap-southeast-4",
		"https://eu-central-1.queue.amazonaws.com/123456789012/q":      "eu-central-1",
		"https://queue.amazonaws.com/123456789012/q":                   "us-east-1",
		"https://sqs.eu-west-1.amazonaws.com.evil.test/123456789012/q": "",
		"https://sqs.evil.test/123456789012/q":                         "",
		"https://sqs.not_a_region.amazonaws.com/123456789012/q":        "",
		"http://127.0.0.1:4566/000000000000/q":                         "",
	} {
		if got := pull.QueueRegion(url); got != want {
			t.Errorf("%s: %q, want %q", url, got, want)
		}
		if err := pull.CheckQueue(url); err != nil {
			t.Errorf("%s: %v", url, err)
		}
	}
}

func TestWhatIsNoQueueIsToldSo(t *testing.T) {
	t.Parallel()
	for _, url := range []string{
		"", "q", "arn:aws:sqs:eu-west-1:123456789012:q", "https://sqs.eu-west-1.amazonaws.com/q",
		"https://sqs.eu-west-1.amazonaws.com/123456789012/", "https://u:p@sqs.eu-west-1.amazonaws.com/123456789012/q",
		"https://sqs.eu-west-1.amazonaws.com/123456789012/q?x=1", "file:///123456789012/q",
		"https://sqs.eu-west-1.amazonaws.com/123456789012/" + strings.Repeat("q", 81), "https:///123456789012/q",
		fmt.Sprintf("https://%s/123456789012/q", strings.Repeat("a", 500)),
	} {
		if pull.CheckQueue(url) == nil {
			t.Errorf("%.80s passes for a queue", url)
		}
	}
	for _, region := range []string{"", "eu", "eu-west", "EU-WEST-1", "eu-west-1.evil.test", "../x-y-1"} {
		if pull.CheckRegion(region) == nil {
			t.Errorf("%s passes for a region", region)
		}
	}
}
