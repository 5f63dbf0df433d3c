package provider

import (
	"cmp"
	"fmt"
	"slices"

	"tidings/event"
)

// CodeNoAddress is the problem of a custom event of which nobody knows whom it is about.
const CodeNoAddress = "no_address"

// CustomAddress is whom a custom event of a bus is about unless somebody says otherwise: the text of email in its detail, a JSON
// object. It is where apps put the address that Mailshot's sequences read. Empty: there is none.
func CustomAddress(detail []byte) string {
	value, err := MemberOf(detail, "email")
	if err != nil || len(value) == 0 || value[0] != '"' {
		return ""
	}
	text, err := Unquote(value)
	if err != nil || event.ParseAddress(string(text)).Domain == "" {
		return ""
	}
	return string(text)
}

// Nobody reports whether a draft is a custom event of a bus of which nobody knows whom it is about.
func Nobody(d *event.Draft) bool { return d.Bus != nil && event.ParseAddress(d.Recipient).Domain == "" }

// AboutNobody is the problem of such a draft.
func AboutNobody(d *event.Draft) Problem {
	const why = "has no address in detail.email, and no rule says where it is: nobody knows whom it is about"
	return Problem{
		Element: d.Element, Code: CodeNoAddress,
		Message: fmt.Sprintf("the event %.100q of the app %.100q %s", string(d.Name), d.Bus.App, why),
	}
}

// SortProblems puts problems into the order of their elements.
func SortProblems(list []Problem) {
	slices.SortStableFunc(list, func(a, b Problem) int { return cmp.Compare(a.Element, b.Element) })
}

// Addressed is the result without the drafts of which nobody knows whom they are about: each is a problem.
func (r Result) Addressed() Result {
	nobody := func(d event.Draft) bool { return Nobody(&d) }
	if !slices.ContainsFunc(r.Drafts, nobody) {
		return r
	}
	r.Problems = slices.Clone(r.Problems)
	for i := range r.Drafts {
		if Nobody(&r.Drafts[i]) {
			r.Problems = append(r.Problems, AboutNobody(&r.Drafts[i]))
		}
	}
	SortProblems(r.Problems)
	r.Drafts = slices.DeleteFunc(slices.Clone(r.Drafts), nobody)
	return r
}
