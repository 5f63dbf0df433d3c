package rule

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml"
)

// Write writes a definition as people do, in YAML: as one of the rules of a file.
func Write(d *Definition) (string, error) {
	raw, err := json.Marshal(d)
	if err != nil {
		return "", fmt.Errorf("write rule: %w", err)
	}
	text, err := yaml.JSONToYAML(raw)
	if err != nil {
		return "", fmt.Errorf("write rule: %w", err)
	}
	// Writers of YAML quote the word for readers of its old version, where it meant true.
	return strings.Replace(string(text), "\n\"on\":\n", "\non:\n", 1), nil
}
