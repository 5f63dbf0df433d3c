package api

import (
	"fmt"
	"strings"

	"tidings/internal/control"
)

// keysInWords is what the document says of keys and their scopes.
func keysInWords() string {
	var b strings.Builder
	b.WriteString("An API key: sk_… (secret) or pk_… (public). A secret key that was made with scopes may do what they say:\n")
	for _, s := range control.KeyScopes() {
		fmt.Fprintf(&b, "\n- `%s`: %s", s.Word, s.Means)
	}
	return b.String()
}
