package postal

import "tidings/provider"

// record is a request's body. Fields that hold what nobody expects are empty.
type record struct {
	Event     provider.Text `json:"event"`
	Timestamp provider.Text `json:"timestamp"` // when the request was made, the same on every attempt
	UUID      provider.Text `json:"uuid"`
	Payload   payload       `json:"payload"`

	RcptTo provider.Text `json:"rcpt_to"` // of inbound mail
}

type payload struct {
	Message   message       `json:"message"`
	Status    provider.Text `json:"status"`
	Details   provider.Text `json:"details"`
	Output    provider.Text `json:"output"`
	Timestamp provider.Text `json:"timestamp"`

	Original *message `json:"original_message"`
	Bounce   *message `json:"bounce"`

	URL       provider.Text `json:"url"`
	Token     provider.Text `json:"token"`
	IP        provider.Text `json:"ip_address"`
	UserAgent provider.Text `json:"user_agent"`
}

type message struct {
	ID         provider.Text `json:"id"`
	Token      provider.Text `json:"token"`
	Direction  provider.Text `json:"direction"`
	MessageID  provider.Text `json:"message_id"`
	To         provider.Text `json:"to"`
	From       provider.Text `json:"from"`
	Subject    provider.Text `json:"subject"`
	Timestamp  provider.Text `json:"timestamp"`
	Tag        provider.Text `json:"tag"`
	BounceType provider.Text `json:"bounce_type"` // newer versions: hard or soft
}
