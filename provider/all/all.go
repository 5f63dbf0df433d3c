// Package all lists the adapters that come with Tidings. The list is written out, so that what is supported is what
// can be read here; its test fails if a folder of package provider has an adapter that is not in it.
package all

import (
	"tidings/provider"
	"tidings/provider/dsn"
	"tidings/provider/ses"
)

// Adapters returns all adapters, sorted by Slug. The slice is the caller's own.
func Adapters() []provider.Adapter {
	return []provider.Adapter{
		dsn.Adapter,
		ses.Adapter,
	}
}
