package yamlfile

import (
	"fmt"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/goccy/go-yaml"
)

// appendJSON writes what a file of YAML holds as JSON. The library's own way writes characters that can't be seen in Go's
// escapes.
func appendJSON(b []byte, v any) ([]byte, error) {
	var err error
	switch v := v.(type) {
	case yaml.MapSlice:
		b = append(b, '{')
		for i, item := range v {
			if i > 0 {
				b = append(b, ',')
			}
			if b, err = jsontext.AppendQuote(b, keyOf(item.Key)); err != nil {
				return nil, fmt.Errorf("key %q: %w", keyOf(item.Key), err)
			}
			if b, err = appendJSON(append(b, ':'), item.Value); err != nil {
				return nil, err
			}
		}
		return append(b, '}'), nil
	case []any:
		b = append(b, '[')
		for i, x := range v {
			if i > 0 {
				b = append(b, ',')
			}
			if b, err = appendJSON(b, x); err != nil {
				return nil, err
			}
		}
		return append(b, ']'), nil
	case string:
		return jsontext.AppendQuote(b, v)
	}
	one, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("%v: %w", v, err)
	}
	return append(b, one...), nil
}

// keyOf is a key as a text: those of YAML may be numbers, truths and nothing.
func keyOf(key any) string {
	if key == nil {
		return "null"
	}
	return fmt.Sprint(key)
}
