package control_test

import (
	"bytes"
	"fmt"
	"testing"

	"tidings/internal/control"
)

// contactList is a list of n contacts in no order, with four attributes, a tag and consent.
func contactList(n int) []byte {
	var b bytes.Buffer
	b.WriteString("email,subscribed,tags,firstName,plan,amount,since\n")
	for i := range n {
		x := uint32(i) * 2654435761
		fmt.Fprintf(&b, "p%08x@acme%d.test,true,t%d,Name %d,%s,%d.5,2026-%02d-%02d\n",
			x, x%1000, x%20, x%5000, []string{"free", "team", "pro"}[x%3], x%900, x%12+1, x%28+1)
	}
	return b.Bytes()
}

func BenchmarkImportOfContacts(b *testing.B) {
	const lines = 100_000
	list := contactList(lines)
	for b.Loop() {
		c := newControl(b)
		sum, err := c.ImportContacts(b.Context(), operator, bytes.NewReader(list), control.ContactImportOptions{}, nil)
		if err != nil || sum.Created != lines {
			b.Fatalf("%+v %v", sum, err)
		}
	}
	b.ReportMetric(float64(lines*b.N)/b.Elapsed().Seconds(), "contacts/s")
}

func BenchmarkSearchOfContactsByPrefix(b *testing.B) {
	const lines = 100_000
	c := newControl(b)
	_, err := c.ImportContacts(b.Context(), operator, bytes.NewReader(contactList(lines)), control.ContactImportOptions{}, nil)
	must(b, err)
	for b.Loop() {
		page, err := c.ListContacts(b.Context(), operator, control.ContactFilter{Search: "p0a", Limit: 100})
		if err != nil || len(page.Contacts) != 100 {
			b.Fatalf("%d contacts: %v", len(page.Contacts), err)
		}
	}
}

func BenchmarkFirstPageOfContacts(b *testing.B) {
	const lines = 100_000
	c := newControl(b)
	_, err := c.ImportContacts(b.Context(), operator, bytes.NewReader(contactList(lines)), control.ContactImportOptions{}, nil)
	must(b, err)
	for b.Loop() {
		page, err := c.ListContacts(b.Context(), operator, control.ContactFilter{})
		if err != nil || page.Total == nil || *page.Total != lines {
			b.Fatalf("%v: %v", page.Total, err)
		}
	}
}
