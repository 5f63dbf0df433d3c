package fakeses

import (
	"fmt"
	"net/http"
	"regexp"
)

// Mail is an email that was sent.
type Mail struct {
	ID               string
	To               []string
	Raw              []byte
	ConfigurationSet string
	Tags             []Tag
}

// Tag is a message tag.
type Tag struct{ Name, Value string }

// Account is what SES says of the account. The zero value may send, and is in the sandbox.
type Account struct {
	Paused, Production bool
}

// cut is the status of an answer that never comes.
const cut = 0

var (
	tagWord = regexp.MustCompile(`^[A-Za-z0-9_-]{1,256}$`)
	mostTo  = 50
)

func (p *Peer) send(_ *http.Request, in request) answer {
	switch {
	case len(in.Content.Raw.Data) == 0:
		return wrong(http.StatusBadRequest, "BadRequestException", "Content is empty.")
	case len(in.Destination.ToAddresses) == 0 || len(in.Destination.ToAddresses) > mostTo:
		return wrong(http.StatusBadRequest, "BadRequestException", "Missing or too many destinations.")
	case len(in.EmailTags) > 50:
		return wrong(http.StatusBadRequest, "BadRequestException", "Too many tags.")
	}
	seen := map[string]bool{}
	for _, t := range in.EmailTags {
		if !tagWord.MatchString(t.Name) || !tagWord.MatchString(t.Value) || seen[t.Name] {
			return wrong(http.StatusBadRequest, "BadRequestException", "Invalid tag <"+t.Name+">.")
		}
		seen[t.Name] = true
	}
	if set := in.ConfigurationSetName; set != "" && p.Sets[set] == nil {
		return gone("Configuration set <" + set + ">")
	}
	id := fmt.Sprintf("0102019a1f6e8d2f-%08x-6f0c-2a7d-5e11-6f0c2a7d5e11-000000", len(p.Mails)+1)
	p.Mails = append(p.Mails, Mail{
		ID: id, To: in.Destination.ToAddresses, Raw: in.Content.Raw.Data, ConfigurationSet: in.ConfigurationSetName,
		Tags: in.EmailTags,
	})
	if p.Lost {
		return answer{status: cut}
	}
	return answer{http.StatusOK, map[string]string{"MessageId": id}}
}

func (p *Peer) account(*http.Request, request) answer {
	return answer{http.StatusOK, map[string]any{
		"SendingEnabled": !p.Account.Paused, "ProductionAccessEnabled": p.Account.Production,
		"SendQuota": map[string]float64{"Max24HourSend": 50000, "MaxSendRate": 14, "SentLast24Hours": 17},
	}}
}
