package pull

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
)

var (
	// https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-queue-message-identifiers.html
	queuePath = regexp.MustCompile(`^/[0-9]{12}/[A-Za-z0-9_-]{1,80}(\.fifo)?$`)
	// The three hosts that AWS gives queues, of which the last two are of old.
	queueHosts = []*regexp.Regexp{
		regexp.MustCompile(`^sqs(?:-fips)?\.([a-z0-9-]+)\.(?:amazonaws\.com(?:\.cn)?|api\.aws|api\.amazonwebservices\.com\.cn)$`),
		regexp.MustCompile(`^([a-z0-9-]+)\.queue\.amazonaws\.com(?:\.cn)?$`),
	}
	region = regexp.MustCompile(`^[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}$`)
)

const legacyHost, legacyRegion = "queue.amazonaws.com", "us-east-1"

// CheckQueue tells what is wrong with the URL of a queue, for people; nil where nothing is.
func CheckQueue(text string) error {
	const maxURL = 500
	u, err := url.Parse(text)
	switch {
	case err != nil, len(text) > maxURL, u.Scheme != "https" && u.Scheme != "http", u.Host == "", u.User != nil,
		u.RawQuery != "", u.Fragment != "":
		return fmt.Errorf("%.300q is not the URL of an SQS queue: want https://sqs.REGION.amazonaws.com/ACCOUNT/NAME", text)
	case !queuePath.MatchString(u.Path):
		return fmt.Errorf("%.300q has no account of 12 digits and name of a queue at its end: want "+
			"https://sqs.REGION.amazonaws.com/ACCOUNT/NAME, as aws sqs get-queue-url prints it", text)
	}
	return nil
}

// CheckRegion tells what is wrong with the name of an AWS region, for people; nil where nothing is.
func CheckRegion(text string) error {
	if !region.MatchString(text) {
		return errors.New("is not the name of an AWS region: want one like eu-west-1")
	}
	return nil
}

// QueueRegion is the AWS region that the URL of a queue tells; empty where it is not at AWS.
func QueueRegion(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return ""
	}
	if u.Hostname() == legacyHost {
		return legacyRegion
	}
	for _, h := range queueHosts {
		if m := h.FindStringSubmatch(u.Hostname()); len(m) == 2 && region.MatchString(m[1]) {
			return m[1]
		}
	}
	return ""
}
