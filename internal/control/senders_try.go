package control

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"tidings/internal/compose"
	"tidings/internal/send"
	"tidings/internal/sender"
)

// SenderTrial is what came of trying a sender.
type SenderTrial struct {
	OK        bool
	Detail    string        // what was found, or went wrong, for people
	Remedy    string        // what to do about it; empty: nothing, or nobody knows
	MessageID string        // of the mail that was sent; empty: none was
	Provider  string        // whose events will tell of it
	Took      time.Duration // in all
}

const (
	codeTooManySenderTests = "too_many_tests"
	trialTimeout           = 8 * time.Second // less than an answer may take
	// localFrom is whom a test mail is from that leads nowhere.
	localFrom = "tidings@localhost.localdomain"
)

// TestSender connects to where a sender leads and says who it is; with an address to, it sends a test mail there.
func (c *Control) TestSender(ctx context.Context, who Actor, id, to string) (SenderTrial, error) {
	x, err := c.Sender(ctx, who, id)
	if err != nil {
		return SenderTrial{}, err
	}
	from, err := c.testFrom(ctx, who, &x, to)
	if err != nil {
		return SenderTrial{}, err
	}
	if err := c.SelfTests.take(x.ID, c.Now(), codeTooManySenderTests, "this sender was tested too often"); err != nil {
		return SenderTrial{}, err
	}
	if err := c.noteTest(ctx, who, &x, to); err != nil {
		return SenderTrial{}, err
	}
	began := time.Now()
	ctx, cancel := context.WithTimeout(ctx, trialTimeout)
	defer cancel()
	live, err := sender.Open(x, c.Ways)
	if err != nil {
		return SenderTrial{Detail: err.Error()}, nil
	}
	defer live.Close()
	var trial SenderTrial
	if to == "" {
		trial.Detail, err = live.Test(ctx)
	} else {
		var h send.Handed
		h, err = live.Send(ctx, c.testMail(&x, from, to))
		trial.MessageID, trial.Provider = h.MessageID, h.Provider
		trial.Detail = "taken: " + h.Response
	}
	trial.OK, trial.Took = err == nil, time.Since(began)
	if err != nil {
		trial.Detail, trial.Remedy = c.whyNot(err)
	}
	return trial, nil
}

// testFrom checks whom a test mail goes to, and says whom it is from.
func (c *Control) testFrom(ctx context.Context, who Actor, x *send.Sender, to string) (send.Mailbox, error) {
	if to == "" {
		return send.Mailbox{}, nil
	}
	var p problems
	p.says("to", compose.AddressProblem(to))
	from := ownFrom(x)
	if from.Address == "" {
		p.add("to", "can't get mail from nobody: set the sender's from first")
	}
	if err := p.err(); err != nil {
		return from, err
	}
	return from, c.notSuppressed(ctx, who.Project, to)
}

func (c *Control) testMail(x *send.Sender, from send.Mailbox, to string) *send.Mail {
	return ownMail(x, fmt.Sprintf("test_%d", c.Now().UnixNano()), from, to, "A test of the sender "+x.Name,
		"This mail was sent by Tidings to try the sender "+x.Name+". If you can read it, it works.\n\n"+
			"Nothing else will follow.\n")
}

// senderRemedies are what to do about failures, by words of their details.
var senderRemedies = []struct{ word, remedy string }{
	{
		"is not a public address",
		"allow the range of your own network in the server's --config file: {\"netguard\":{\"allow\":[\"10.0.0.0/8\"]}}",
	},
	{"no such host", "look at the spelling of the host"},
	{"certificate", "trust its authority by the setting ca, or take the host's name as the certificate has it"},
	{"535", "look at user and password; many services want an SMTP password or an API key of their own"},
	{"not encrypted", "take the port 465 or 587, or allow it by the setting plaintext where the network is your own"},
	{"offers no encryption", "take the port 465 or 587, or set tls to opportunistic"},
	{"region", "set the sender's region"},
	{"get credentials", "give the server credentials of AWS (AWS_ACCESS_KEY_ID, a role), or the sender an access key"},
	{"connection refused", "look at host and port, and whether a firewall is between"},
	{"timeout", "look at host and port, and whether a firewall is between"},
}

func (c *Control) whyNot(err error) (detail, remedy string) {
	detail = err.Error()
	if f, ok := errors.AsType[*send.Failure](err); ok {
		detail = f.Detail
	}
	for _, x := range senderRemedies {
		if strings.Contains(detail, x.word) {
			return detail, x.remedy
		}
	}
	return detail, ""
}
