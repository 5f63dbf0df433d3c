package config

import (
	"errors"
	"time"
)

// Queues says how the SQS queues of sources are read. Where AWS is and who the server is there, is said as to any program
// of AWS: by AWS_REGION, AWS_PROFILE, AWS_ENDPOINT_URL and so on, or by the machine's role.
type Queues struct {
	SQSWorkers    int      `name:"sqs-workers" default:"16" placeholder:"N" help:"Receives of 10 messages under way at once for each SQS queue that has much waiting; else there is one."`
	SQSVisibility Duration `name:"sqs-visibility" default:"1m" placeholder:"TIME" help:"How long messages of SQS are hidden from others while they wait to be stored; renewed at a third of it."`
}

const (
	minVisibility = 3 * time.Second
	maxVisibility = 12 * time.Hour
	maxWorkers    = 256
)

// Validate takes zero values, which mean the defaults, and reports every other problem with its flag.
func (q Queues) Validate() error {
	var problems []error
	if q.SQSWorkers < 0 || q.SQSWorkers > maxWorkers {
		problems = append(problems, problem("sqs-workers", "must be between 1 and %d", maxWorkers))
	}
	if v := q.SQSVisibility.Std(); v != 0 && v < minVisibility || v > maxVisibility {
		problems = append(problems, problem("sqs-visibility", "must be between 3s and 12h, which is what SQS allows"))
	}
	return errors.Join(problems...)
}
