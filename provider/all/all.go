// Package all lists the adapters that come with Tidings. The list is written out, so that what is supported is what
// can be read here; its test fails if a folder of package provider has an adapter that is not in it.
package all

import (
	"tidings/provider"
	"tidings/provider/brevo"
	"tidings/provider/dsn"
	"tidings/provider/generic"
	"tidings/provider/inbound"
	"tidings/provider/mailersend"
	"tidings/provider/mailgun"
	"tidings/provider/mailjet"
	"tidings/provider/mailtrap"
	"tidings/provider/mandrill"
	"tidings/provider/postal"
	"tidings/provider/postmark"
	"tidings/provider/resend"
	"tidings/provider/sendgrid"
	"tidings/provider/ses"
	"tidings/provider/sparkpost"
)

// Adapters returns all adapters, sorted by Slug. The slice is the caller's own.
func Adapters() []provider.Adapter {
	return []provider.Adapter{
		brevo.Adapter,
		dsn.Adapter,
		generic.Adapter,
		inbound.Adapter,
		mailersend.Adapter,
		mailgun.Adapter,
		mailjet.Adapter,
		mailtrap.Adapter,
		mandrill.Adapter,
		postal.Adapter,
		postmark.Adapter,
		resend.Adapter,
		sendgrid.Adapter,
		ses.Adapter,
		sparkpost.Adapter,
	}
}
