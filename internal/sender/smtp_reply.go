package sender

import (
	"errors"
	"fmt"
	"net/textproto"
	"slices"
	"strings"
	"time"

	"tidings/event"
	"tidings/internal/send"
)

// stage is how far a hand-over came.
type stage uint8

const (
	stageGreeting stage = iota // before the server knows who we are
	stageAuth
	stageMail
	stageRcpt
	stageData
	stageBody // the email is on its way, the dot that ends it is not
	stageEnd  // the dot is on its way
)

// barred are codes that say the sender itself may not, at any stage: no or a wrong password, no encryption.
var barred = []int{530, 534, 535, 538}

// slowing are the codes that tell of too much, with an enhanced code 4.7.x.
var slowing = []int{421, 450, 451, 454}

// tooMuch are the words of servers that tell of too much by whichever 4xx.
var tooMuch = []string{
	"throttl", "rate limit", "ratelimit", "rate exceeded", "sending rate", "too many", "too much", "too fast", "quota exceeded",
	"limit exceeded", "slow down",
}

// notYet are the words of servers that put strangers off once for each recipient: no reason for others to wait.
var notYet = []string{"greylist", "graylist", "grey-list", "gray-list", "postgrey"}

const (
	greylistWait = 5 * time.Minute
	dailyWait    = time.Hour
)

// failureOf sorts what went wrong: by the server's answer, else by what can have happened to the email.
func failureOf(err error, at stage) *send.Failure {
	if f, ok := errors.AsType[*send.Failure](err); ok {
		return f
	}
	reply, answered := errors.AsType[*textproto.Error](err)
	switch {
	case answered:
		return replied(reply.Code, reply.Msg, at)
	case at <= stageAuth:
		return unusable("", "the connection failed before mail could be sent: %v", err)
	case at == stageEnd:
		return &send.Failure{
			Kind: send.Uncertain, Detail: fmt.Sprintf("the email was handed over, but no answer came: %v", err),
		}
	}
	return temporary("", "the connection was lost before the email was handed over: %v", err)
}

func replied(code int, text string, at stage) *send.Failure {
	_, enhanced := event.ParseSMTP(fmt.Sprintf("%d %s", code, text))
	f := &send.Failure{SMTPCode: code, EnhancedCode: enhanced, Detail: shortened(fmt.Sprintf("%d %s", code, text))}
	lower := strings.ToLower(text)
	has := func(words []string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return strings.Contains(lower, w) })
	}
	late := code/100 == 4 && at >= stageMail
	switch {
	case slices.Contains(barred, code):
		f.Kind = send.Unusable
	case late && has(notYet):
		f.Kind, f.RetryAfter = send.Temporary, greylistWait
	case code/100 == 4 && (has(tooMuch) || slows(code, enhanced) && at != stageAuth):
		f.Kind, f.Reason = send.Throttled, event.ReasonThrottled
		if strings.Contains(lower, "daily") {
			f.RetryAfter = dailyWait
		}
		return f
	case at <= stageAuth:
		f.Kind = send.Unusable
	case code == 503, code/100 == 4: // 503: we came out of step
		f.Kind = send.Temporary
	case code/100 == 5:
		f.Kind = send.Permanent
	case at == stageEnd: // no answer that there may be
		f.Kind = send.Uncertain
	default:
		f.Kind = send.Temporary
	}
	f.Reason = event.ReasonOfSMTP(code, enhanced)
	return f
}

// slows reports whether codes alone tell of too much.
func slows(code int, enhanced string) bool {
	return slices.Contains(slowing, code) && strings.HasPrefix(enhanced, "4.7.")
}

func tooLarge(size, most int) *send.Failure {
	return &send.Failure{
		Kind: send.Permanent, Reason: event.ReasonMessageTooLarge,
		Detail: fmt.Sprintf("the email has %d bytes, and the server takes %d", size, most),
	}
}
