package pull

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"tidings/internal/receipt"
	"tidings/provider"
)

// KindImport is the receipt's kind of records that came from a file.
const KindImport = "import"

// Format is what the records of a file are.
type Format string

// The formats.
const (
	FormatSES    Format = "ses"    // records of Amazon SES, bare, in SNS envelopes or in EventBridge's
	FormatEvents Format = "events" // our own public events
	FormatEngage Format = "engage" // lines of Engage's hourly CSV
)

// Formats lists the formats.
func Formats() []string {
	return []string{string(FormatSES), string(FormatEvents), string(FormatEngage)}
}

// keepMark begins what is kept of imported records: a line that says their format, then a line for each.
const keepMark = `{"tidings":"import","format":"`

func keepHeader(f Format) []byte { return []byte(keepMark + string(f) + `"}`) }

// IsImport reports whether the kept body of a receipt holds imported records. Then Reparse and Element read it, and not
// the adapter.
func IsImport(keep []byte) bool { return bytes.HasPrefix(keep, []byte(keepMark)) }

// formatOf reads the header of kept records.
func formatOf(header []byte) Format {
	rest := bytes.TrimPrefix(header, []byte(keepMark))
	return Format(bytes.TrimSuffix(rest, []byte(`"}`)))
}

// unreadable is a line for what is no record.
type unreadable struct {
	Text string `json:"unreadable"`
	Code string `json:"code"`
	Why  string `json:"why"`
}

const unreadableMark = `{"unreadable":`

// secrets are words beside which an SNS envelope has what must never be kept.
var secrets = [][]byte{[]byte("UnsubscribeU"), []byte("Signature")}

// holdsSecret tells whether a kept record still has a secret as a member, because what is around it can't be read.
func holdsSecret(keep []byte) bool {
	return bytes.Contains(keep, []byte(`"UnsubscribeU`)) || bytes.Contains(keep, []byte(`"Signature"`))
}

// keepUnreadable writes what is no record as one line, without its text where that may hold a secret: nothing can be
// taken out of what can't be read.
func keepUnreadable(p *piece) []byte {
	text := string(p.bytes)
	if slices.ContainsFunc(secrets, func(s []byte) bool { return bytes.Contains(p.bytes, s) }) {
		text = ""
	}
	// Texts always encode.
	line, _ := json.Marshal(unreadable{text, p.code, p.detail}, jsontext.AllowInvalidUTF8(true))
	return line
}

// keepRecord writes a record as one line. It begins with '{' and only white space of JSON can hold a line's end.
func keepRecord(record []byte) []byte {
	if bytes.IndexByte(record, '\n') < 0 {
		return record
	}
	v := jsontext.Value(bytes.Clone(record))
	if err := v.Compact(jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)); err != nil {
		return bytes.ReplaceAll(record, newline, []byte(" "))
	}
	return v
}

// lines returns the header of kept records and their lines.
func lines(keep []byte) (header []byte, records [][]byte) {
	all := bytes.Split(bytes.TrimSuffix(keep, newline), newline)
	return all[0], all[1:]
}

// Element returns line i of kept records, from 0: what an event was made from.
func Element(keep []byte, i int) ([]byte, error) {
	_, records := lines(keep)
	if i < 0 || i >= len(records) {
		return nil, fmt.Errorf("element %d: the receipt holds %d records", i, len(records))
	}
	return records[i], nil
}

// Rebuild makes an entry of kept records with today's adapter, as the import did. It keeps what was kept.
func Rebuild(b receipt.Builder, a provider.Adapter, x receipt.Entry, keep []byte) *receipt.Entry {
	header, records := lines(keep)
	r := &reader{builder: b, adapter: a, source: x.Source, format: formatOf(header)}
	pieces := make([]piece, len(records))
	for i, line := range records {
		pieces[i].bytes = line
		var bad unreadable
		if bytes.HasPrefix(line, []byte(unreadableMark)) && json.Unmarshal(line, &bad) == nil {
			pieces[i] = piece{bytes: []byte(bad.Text), code: bad.Code, detail: bad.Why}
		}
	}
	e := r.read(pieces, x.SHA256, x.ReceivedAt)
	e.Key, e.Keep, e.Replay = x.Key, keep, x.Replay
	return e
}

// keyOf is how records of a file are known, by what they say alone: the same records in another file are the same.
func keyOf(sum [32]byte) receipt.Key { return receipt.KeyOf(provider.Transport{}, sum) }
