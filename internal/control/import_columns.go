package control

import (
	"bytes"
	"slices"
	"strings"

	"tidings/internal/contact"
	"tidings/internal/fault"
)

// column is what a column of a list means.
type column int

const (
	noColumn column = iota // passed over
	addressColumn
	reasonColumn
	sinceColumn
	untilColumn
	noteColumn
	ownColumn      // what our exports tell beside: who suppressed is now who imports; passed over
	providerColumn // says by being there that the list is a provider's; its cells are passed over
)

// columnNames are ours and those of providers, without case, blanks, hyphens and underscores.
//
//	Amazon SES  EmailAddress, Reason (BOUNCE, COMPLAINT), LastUpdateTime
//	SendGrid    email, created, and of bounces and blocks status and reason, which is the remote server's text
//	Mailgun     address, created_at, and of bounces code and error, of unsubscribes tags
//
// Of Mailgun they are what its own import takes, of SendGrid what programs that read its exports expect, and the fields of
// its API: neither documents its export.
// https://documentation.mailgun.com/docs/mailgun/api-reference/send/mailgun/bounces/post-v3--domainid--bounces-import
var columnNames = map[string]column{
	"address": addressColumn, "email": addressColumn, "recipient": addressColumn, "emailaddress": addressColumn,
	"reason": reasonColumn,
	"since":  sinceColumn, "lastupdatetime": sinceColumn, "created": sinceColumn, "createdat": sinceColumn,
	"until": untilColumn,
	"note":  noteColumn, "error": noteColumn,
	"event": ownColumn, "by": ownColumn,
	"status": providerColumn, "code": providerColumn, "tags": providerColumn, "ip": providerColumn,
}

// reasonNames are ours and those of SES, in lower case.
var reasonNames = map[string]contact.Reason{
	"hard_bounce": contact.HardBounce, "bounce": contact.HardBounce,
	"soft_bounce": contact.SoftBounceLimit, "complaint": contact.ComplaintReason,
	"provider": contact.ProviderList, "manual": contact.Manual,
}

// layout says which column of a list means what.
type layout struct {
	comma   byte
	header  bool
	columns []column
	ignored []string // names of columns that mean nothing to us
}

var columnName = strings.NewReplacer(" ", "", "-", "", "_", "")

// layoutOf reads the first line of a list: a header, or an address of a list that has none.
func layoutOf(first []byte) (layout, error) {
	c := csvReader{}
	for _, comma := range []byte{',', ';', '\t'} {
		c.record, c.comma = first, comma
		if err := c.split(); err != nil {
			continue
		}
		if slices.ContainsFunc(c.fields, func(f []byte) bool { return columnOf(f) == addressColumn }) {
			return headerOf(c.fields, comma)
		}
	}
	if bytes.IndexByte(first, '@') < 0 {
		return layout{}, fault.BadField("header", "%.100q is neither a header with a column address nor an address", first).
			WithHint("begin the list with a line such as address,reason,since,until,note, or write one address a line")
	}
	l := layout{comma: ',', columns: []column{addressColumn}}
	if bytes.IndexByte(first, ',') < 0 && bytes.IndexByte(first, ';') >= 0 {
		l.comma = ';'
	}
	return l, nil
}

func columnOf(cell []byte) column {
	return columnNames[strings.ToLower(columnName.Replace(strings.TrimSpace(string(cell))))]
}

func headerOf(fields [][]byte, comma byte) (layout, error) {
	l := layout{comma: comma, header: true, columns: make([]column, len(fields))}
	seen := map[column]string{}
	var p problems
	for i, f := range fields {
		name := strings.TrimSpace(string(f))
		x := columnOf(f)
		if x == noColumn && name != "" {
			l.ignored = append(l.ignored, cleanNote(f))
		}
		if before, twice := seen[x]; twice && x != noColumn && x != ownColumn && x != providerColumn {
			p.add("header", "the columns %.60q and %.60q mean the same", before, name)
		}
		seen[x], l.columns[i] = name, x
	}
	// Beside a status, and beside SendGrid's time, the reason is the remote server's text.
	_, status := seen[providerColumn]
	if status || strings.EqualFold(seen[sinceColumn], "created") {
		for i, x := range l.columns {
			if x == reasonColumn && seen[noteColumn] == "" {
				l.columns[i] = noteColumn
			}
		}
	}
	return l, p.err()
}
