package dsn

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"strings"
	"time"

	"tidings/event"
	"tidings/provider"
)

// sampleRecipient never was a person's: Amazon's simulator of mailboxes.
const sampleRecipient = "success@simulator.amazonses.com"

// sample is a report that a message was delivered.
func sample(src provider.Source, now time.Time) (provider.Sample, error) {
	header := http.Header{"Content-Type": {"message/rfc822"}}
	note := "whoever knows the URL with the token"
	if len(src.BasicAuth) > 0 {
		user, password, _ := strings.Cut(src.BasicAuth[0], ":")
		r := http.Request{Header: header}
		r.SetBasicAuth(user, password)
		note = "user " + user
	}
	id := rand.Text()
	at := now.UTC().Format(time.RFC1123Z)
	body := fmt.Sprintf(sampleMessage, at, id, at, id, sampleRecipient, id)
	return provider.Sample{
		Header: header, Body: []byte(strings.ReplaceAll(body, "\n", "\r\n")), Note: note,
		Name: event.EmailDelivery, Recipient: sampleRecipient,
	}, nil
}

const sampleMessage = `From: MAILER-DAEMON@self-test.invalid
Date: %s
Message-ID: <%s@self-test.invalid>
Subject: Self-test
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="self-test"

--self-test
Content-Type: message/delivery-status

Reporting-MTA: dns; self-test.invalid
Arrival-Date: %s
Original-Envelope-Id: self-test-%s

Final-Recipient: rfc822; %s
Action: delivered
Status: 2.0.0
Diagnostic-Code: smtp; 250 2.0.0 self-test
Final-Log-Id: %s
--self-test--
`
