package send

// Rendered is an email's texts for one person.
type Rendered struct {
	Subject string
	HTML    string
	Text    string
	From    Mailbox // of the template, or the content; zero: neither says
	ReplyTo []Mailbox
	// Warnings are what a person should look at; the email is sent all the same.
	Warnings []string
}
