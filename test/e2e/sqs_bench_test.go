package e2e_test

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"tidings/provider/ses/snssign"
)

// BenchmarkQueue measures messages a second that are waiting in the emulator's queue: signed notifications, taken in by a
// server on SQLite, and, to know what the emulator can give at all, received and deleted by loops that do nothing else.
//
//	go test ./test/e2e -run '^$' -bench Queue -benchtime 20000x
func BenchmarkQueue(b *testing.B) {
	signer, err := snssign.NewSigner(snssign.Config{})
	must(b, err)
	for _, workers := range []int{4, 16} {
		b.Run(fmt.Sprintf("bare/workers=%d", workers), func(b *testing.B) {
			e, queue := filledQueue(b, signer)
			b.ResetTimer()
			var group sync.WaitGroup
			for range workers {
				group.Go(func() {
					for e.receiveAndDelete(queue) > 0 {
						continue
					}
				})
			}
			group.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
		})
		b.Run(fmt.Sprintf("tidings/workers=%d", workers), func(b *testing.B) {
			e, queue := filledQueue(b, signer)
			db := filepath.Join(b.TempDir(), "tidings.db")
			s := serve(b, db, atAWS(e.URL), func(cmd *exec.Cmd) {
				cmd.Args = append(cmd.Args, "--sqs-workers", strconv.Itoa(workers))
			})
			s.source("bench", signer.PEM(), "--topic", topic, "--queue", queue, "--queue-region", emulatorRegion)
			tick := time.NewTicker(20 * time.Millisecond)
			defer tick.Stop()
			begun := b.N
			for ; begun == b.N; begun = e.left(queue) { // it takes a second until the server learns of the source
				<-tick.C
			}
			b.ResetTimer()
			for e.left(queue) != 0 {
				<-tick.C
			}
			b.ReportMetric(float64(begun)/b.Elapsed().Seconds(), "messages/s")
			b.StopTimer()
			if v := verify(b, db); v.Events != int64(b.N) {
				b.Errorf("%d events of %d messages", v.Events, b.N)
			}
		})
	}
}

func filledQueue(b *testing.B, signer *snssign.Signer) (*emulator, string) {
	b.Helper()
	e := startEmulator(b)
	queue := e.createQueue("bench")
	form := queueForms(signer)[0]
	for first := 0; first < b.N; first += sendSize {
		var bodies []string
		for n := first; n < min(b.N, first+sendSize); n++ {
			bodies = append(bodies, form(n))
		}
		e.send(queue, bodies)
	}
	return e, queue
}

// receiveAndDelete returns how many messages it deleted.
func (e *emulator) receiveAndDelete(queue string) int {
	out, err := e.sqs.ReceiveMessage(e.t.Context(), &sqs.ReceiveMessageInput{QueueUrl: &queue, MaxNumberOfMessages: sendSize})
	must(e.t, err)
	if len(out.Messages) == 0 {
		return 0
	}
	entries := make([]sqstypes.DeleteMessageBatchRequestEntry, len(out.Messages))
	for i, m := range out.Messages {
		id := strconv.Itoa(i)
		entries[i] = sqstypes.DeleteMessageBatchRequestEntry{Id: &id, ReceiptHandle: m.ReceiptHandle}
	}
	_, err = e.sqs.DeleteMessageBatch(e.t.Context(), &sqs.DeleteMessageBatchInput{QueueUrl: &queue, Entries: entries})
	must(e.t, err)
	return len(out.Messages)
}
