package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// maxSecretFile is more than any key has.
const maxSecretFile = 64 << 10

// readSecrets returns what --secret was given: each value as it is or, after @, what the file holds without the blanks
// around it.
func readSecrets(given []string) ([]string, error) {
	var list []string
	for _, value := range given {
		if name, isFile := strings.CutPrefix(value, "@"); isFile {
			text, err := readSecret(name)
			if err != nil {
				return nil, usageError{fmt.Errorf("read --secret: %w", err)}
			}
			value = text
		}
		if value == "" {
			return nil, usageError{errors.New("--secret is empty: an empty secret accepts nobody")}
		}
		list = append(list, value)
	}
	return list, nil
}

// secretFlag is what one --secret was given; nil where it was not.
func secretFlag(given string) (*string, error) {
	if given == "" {
		return nil, nil //nolint:nilnil // nothing was said
	}
	read, err := readSecrets([]string{given})
	if err != nil {
		return nil, err
	}
	return &read[0], nil
}

func readSecret(name string) (string, error) {
	f, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, maxSecretFile+1))
	if err != nil {
		return "", err
	}
	if len(b) > maxSecretFile {
		return "", fmt.Errorf("%s is over %d bytes: that is no secret", name, maxSecretFile)
	}
	return strings.TrimSpace(string(b)), nil
}
