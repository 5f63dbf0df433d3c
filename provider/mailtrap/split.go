package mailtrap

import (
	"bytes"
	"errors"
	"io"

	"github.com/go-json-experiment/json/jsontext"

	"tidings/provider"
)

// decoder reads what may be wrong within one element: that shows when the element is read by itself.
func decoder(text []byte) *jsontext.Decoder {
	return jsontext.NewDecoder(bytes.NewBuffer(text), jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true))
}

// split takes a body apart: an object whose events are an array, or an event on each line.
func split(body []byte) ([]jsontext.Value, error) {
	d := decoder(body)
	value, err := d.ReadValue()
	if err == nil {
		_, err = d.ReadToken()
	}
	if errors.Is(err, io.EOF) && len(value) > 0 {
		return eventsOf(bytes.TrimSpace(body))
	}
	if list := lines(body); len(list) > 1 {
		return list, nil
	}
	if err == nil {
		err = errors.New("JSON goes on after its object")
	}
	return nil, err
}

// lines are the lines that hold anything.
func lines(body []byte) []jsontext.Value {
	var list []jsontext.Value
	for line := range bytes.Lines(body) {
		if line = bytes.TrimSpace(line); len(line) > 0 {
			list = append(list, line)
		}
	}
	return list
}

// eventsOf returns the elements of the array in a body that is one value; the value itself where it has none.
func eventsOf(body []byte) ([]jsontext.Value, error) {
	d := decoder(body)
	if start, err := d.ReadToken(); err != nil || start.Kind() != jsontext.KindBeginObject {
		return []jsontext.Value{body}, err
	}
	seen := map[string]bool{}
	list := []jsontext.Value{body}
	for d.PeekKind() != jsontext.KindEndObject {
		token, err := d.ReadToken()
		if err != nil {
			return nil, err
		}
		name := token.String()
		if seen[name] {
			return nil, jsontext.ErrDuplicateName
		}
		seen[name] = true
		value, err := d.ReadValue()
		if err != nil {
			return nil, err
		}
		if end := int(d.InputOffset()); name == "events" && value.Kind() == jsontext.KindBeginArray {
			if list, err = provider.Elements(body[end-len(value) : end]); err != nil {
				return nil, err
			}
		}
	}
	return list, nil
}
