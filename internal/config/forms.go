package config

// Forms says what strangers may do with forms, and by the links of emails.
type Forms struct {
	FormClientRate Rate     `default:"10/1m" placeholder:"COUNT/TIME" help:"How often one network address may send one form, or ask of links to confirm, within a time; 0 is no limit."`
	FormRate       Rate     `default:"600/1m" placeholder:"COUNT/TIME" help:"How often each form may be sent within a time; 0 is no limit."`
	LinkRate       Rate     `default:"60/1m" placeholder:"COUNT/TIME" help:"How often each link of an email acts or is counted within a time; 0 is no limit."`
	ConfirmFor     Duration `default:"7d" placeholder:"TIME" help:"How long people may take to confirm that they want to be subscribed."`
}
