// Package all lists the adapters that come with Tidings. The list is written out, so that what is supported is what
// can be read here; its test fails if a folder of package provider has an adapter that is not in it.
package all

import (
	"tidings/provider"
	"tidings/provider/mailersend"
	"tidings/provider/mailgun"
	"tidings/provider/mailjet"
	"tidings/provider/mandrill"
	"tidings/provider/ses"
)

// Adapters returns all adapters, sorted by Slug. The slice is the caller's own.
func Adapters() []provider.Adapter {
	return []provider.Adapter{
		mailersend.Adapter,
		mailgun.Adapter,
		mailjet.Adapter,
		mandrill.Adapter,
		ses.Adapter,
	}
}
