package api

import (
	"fmt"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"tidings/internal/control"
)

// schemes are the ways to prove who asks.
func (a *api) schemes() map[string]*huma.SecurityScheme {
	schemes := map[string]*huma.SecurityScheme{
		bearer: {Type: "http", Scheme: "bearer", Description: keysInWords()},
	}
	if a.People {
		schemes[session] = &huma.SecurityScheme{
			Type: "apiKey", In: "cookie", Name: cookieName,
			Description: "The cookie of a person who is signed in, for the pages of the web UI; over https its name is " +
				secureCookieName + ". It may do everything. What changes something must come from a page of the server itself.",
		}
	}
	return schemes
}

// keysInWords is what the document says of keys and their scopes.
func keysInWords() string {
	var b strings.Builder
	b.WriteString("An API key: sk_… (secret) or pk_… (public). A secret key that was made with scopes may do what they say:\n")
	for _, s := range control.KeyScopes() {
		fmt.Fprintf(&b, "\n- `%s`: %s", s.Word, s.Means)
	}
	return b.String()
}
