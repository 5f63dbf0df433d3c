package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"tidings/internal/spelling"
)

// Prefix begins the name of every environment variable that is a setting.
const Prefix = "TIDINGS_"

// testPrefix begins variables of the test suite, which a program under test may see.
const testPrefix = Prefix + "TEST_"

// EnvName is the environment variable of a flag: "base-path" is TIDINGS_BASE_PATH.
func EnvName(flag string) string {
	return Prefix + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

// CheckEnvironment reports every TIDINGS_ variable of environ ("NAME=value") that is not known, and the known one that
// it may be a misspelling of: a setting that is silently not read is worse than a server that does not start.
func CheckEnvironment(environ, known []string) error {
	var problems []error
	for _, pair := range environ {
		name, _, _ := strings.Cut(pair, "=")
		if !strings.HasPrefix(name, Prefix) || strings.HasPrefix(name, testPrefix) || slices.Contains(known, name) {
			continue
		}
		problem := fmt.Errorf("environment variable %s is not known", name)
		if near := nearest(name, known); near != "" {
			problem = fmt.Errorf("environment variable %s is not known: did you mean %s?", name, near)
		}
		problems = append(problems, problem)
	}
	return errors.Join(problems...)
}

// nearest returns the known name within a third of the word's length in edits, or "".
func nearest(name string, known []string) string {
	best, bestDistance := "", max(2, (len(name)-len(Prefix))/3)+1
	for _, k := range known {
		if d := spelling.Distance(name, k); d < bestDistance {
			best, bestDistance = k, d
		}
	}
	return best
}
