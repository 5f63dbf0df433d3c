package control

import (
	"fmt"

	"tidings/internal/pull"
)

// queueRemedies say what to do about trouble with a queue.
var queueRemedies = map[string]string{
	pull.CodeQueueMissing: "the queue does not exist: correct the source's queue (tidings source change --queue), or make the " +
		"queue; look at the account and the region in its URL",
	pull.CodeQueueDenied: "access is denied: allow the server's role or user sqs:ReceiveMessage, sqs:DeleteMessage and " +
		"sqs:ChangeMessageVisibility on this queue",
	pull.CodeQueueCredentials: "give the server credentials of AWS as any program of AWS has them: a role, AWS_PROFILE, or " +
		"AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; look at this machine's clock, too",
	pull.CodeQueueKey: "the queue is encrypted with a key of KMS: allow the server's role or user kms:Decrypt on it, and see " +
		"that the key is enabled",
	pull.CodeQueueThrottled:   "AWS slows us down; this passes, else lower --sqs-workers",
	pull.CodeQueueUnreachable: "let this machine reach SQS over HTTPS; look at AWS_ENDPOINT_URL, proxies and firewalls",
	pull.CodeQueueStore:       "messages stay in the queue until they can be stored: look at the log, the disk and the database",
	pull.CodeQueueRegion:      "set the source's queueRegion, or AWS_REGION in the environment of the server",
}

// queue tells of each node that can't do what it should with the queue, and where no node reads it.
func (d *diagnosis) queue() []Finding {
	if d.source.Settings.Queue == "" || !d.source.DisabledAt.IsZero() {
		return nil
	}
	if len(d.health.Queues) == 0 {
		return []Finding{{
			Code: foundUnread, Severity: Warning, Message: "no server has read the queue in the last two minutes",
			Remedy: "start one: tidings serve; messages wait in the queue for as long as its retention says",
		}}
	}
	var list []Finding
	for _, n := range d.health.Queues {
		if n.Code == "" {
			continue
		}
		list = append(list, Finding{
			Code: foundQueue, Cause: n.Code, Severity: Critical,
			Message: fmt.Sprintf("the queue does not work on node %s, last at %s: %s", n.Node, day(n.FailedAt), n.Message),
			Remedy:  queueRemedies[n.Code],
		})
	}
	return list
}
