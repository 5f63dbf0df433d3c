package control

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"

	"tidings/internal/contact"
	"tidings/internal/fault"
)

// readers take a cell into a change and say what is wrong with it.
var readers = map[columnKind]func(c *contact.Change, key string, cell []byte) string{
	passedOver: func(*contact.Change, string, []byte) string { return "" },
	emailCells: func(c *contact.Change, _ string, cell []byte) (problem string) {
		c.Address, problem = readAddress(cell)
		return problem
	},
	subscribedCells: func(c *contact.Change, _ string, cell []byte) string {
		yes, problem := readTruth(cell)
		if c.Consent = contact.OptOut; yes {
			c.Consent = contact.OptIn
		}
		return problem
	},
	externalCells: func(c *contact.Change, _ string, cell []byte) string {
		var p problems
		id := string(cell)
		p.text("externalId", id, 1, maxExternal)
		c.ExternalID = &id
		return wrongIn(p)
	},
	tagCells: func(c *contact.Change, _ string, cell []byte) string {
		for tag := range strings.SplitSeq(string(cell), ";") {
			if tag = strings.TrimSpace(tag); tag != "" && !slices.Contains(c.Tags, tag) {
				c.Tags = append(c.Tags, tag)
			}
		}
		var p problems
		p.tags("tags", c.Tags)
		return wrongIn(p)
	},
	snoozeCells: func(c *contact.Change, _ string, cell []byte) string {
		until, err := parseWhen("snoozedUntil", string(cell))
		if err != nil {
			return wrongIn(problems{err})
		}
		ms := until.UnixMilli()
		c.Snooze = &ms
		return ""
	},
	topicCells: func(c *contact.Change, key string, cell []byte) string {
		yes, problem := readTruth(cell)
		if c.Topics == nil {
			c.Topics = make(map[string]bool)
		}
		c.Topics[key] = yes
		return problem
	},
	dataCells: func(c *contact.Change, key string, cell []byte) string {
		value, problem := typedCell(cell)
		if c.Attributes == nil {
			c.Attributes = make(map[string]json.RawMessage)
		}
		c.Attributes[key] = value
		return problem
	},
}

func wrongIn(p problems) string {
	if len(p) == 0 {
		return ""
	}
	if e, ok := errors.AsType[*fault.Error](p[0]); ok {
		return e.Message
	}
	return p[0].Error()
}

var truths = map[string]bool{
	"true": true, "yes": true, "1": true, "y": true, "subscribed": true,
	"false": false, "no": false, "0": false, "n": false, "unsubscribed": false,
}

func readTruth(cell []byte) (bool, string) {
	yes, known := truths[strings.ToLower(string(cell))]
	if !known {
		return false, quoted(cell) + " is neither true nor false"
	}
	return yes, ""
}

// maxDigits is how many digits a number of a list may have: a longer one is an id, and a double would not hold it.
const maxDigits = 15

// typedCell reads a cell as JSON: a number, true or false, an object or a list, a text in JSON's quotes; everything else is
// text, dates too, which are compared as such. What looks like a number but would be another text if it were one (00123, +49,
// 1e5, 12 345) is text.
func typedCell(cell []byte) (json.RawMessage, string) {
	s := string(cell)
	switch {
	case s == "true" || s == "false":
		return json.RawMessage(s), ""
	case isPlainNumber(s):
		return json.RawMessage(s), ""
	case s[0] == '{' || s[0] == '[' || s[0] == '"' && len(s) > 1 && s[len(s)-1] == '"':
		if json.Valid(cell) {
			return bytes.Clone(cell), ""
		}
		if s[0] != '"' {
			return nil, quoted(cell) + " begins like JSON and is none: put it in JSON's quotes where it is text"
		}
	}
	text, err := jsontext.AppendQuote(nil, s)
	if err != nil {
		return nil, "is not valid UTF-8"
	}
	return json.RawMessage(text), ""
}

func isPlainNumber(s string) bool {
	digits := strings.TrimPrefix(s, "-")
	whole, fraction, dotted := strings.Cut(digits, ".")
	if len(whole)+len(fraction) > maxDigits || whole == "" || dotted && fraction == "" || len(whole) > 1 && whole[0] == '0' {
		return false
	}
	for _, r := range whole + fraction {
		if r < '0' || r > '9' {
			return false
		}
	}
	_, err := strconv.ParseFloat(s, 64)
	return err == nil
}

// TypedValue reads a text as the cell of a list: a number, true or false, JSON, else text. Empty is null, which takes away.
func TypedValue(text string) (json.RawMessage, error) {
	if text == "" {
		return json.RawMessage("null"), nil
	}
	value, problem := typedCell([]byte(text))
	if problem != "" {
		return nil, errors.New(problem)
	}
	return value, nil
}
