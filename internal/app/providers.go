package app

import "tidings/provider/all"

// Providers are the slugs of the providers that a source can be of, sorted.
func Providers() []string {
	var list []string
	for _, a := range all.Adapters() {
		list = append(list, a.Slug)
	}
	return list
}
