// Package e2e_test runs the program as it is built, as a process of its own, and looks at it from outside: through its
// URLs, its commands, its exit codes and its log. It knows nothing of what is inside.
package e2e_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
)

const (
	binaryVariable = "TIDINGS_TEST_BINARY" // the program to test; it is built where this is not set
	roundsVariable = "TIDINGS_E2E_ROUNDS"  // how often the program is killed on each engine
	factsVariable  = "TIDINGS_E2E_FACTS"   // how many facts are simulated on each engine
)

func TestMain(m *testing.M) { os.Exit(run(m)) }

// run builds the program once, where nobody did before.
func run(m *testing.M) int {
	if os.Getenv(binaryVariable) != "" {
		return m.Run()
	}
	dir, err := os.MkdirTemp("", "tidings-e2e-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	binary := filepath.Join(dir, "tidings")
	build := exec.Command("go", "build", "-trimpath", "-o", binary, "../../cmd/tidings")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build the program: %v\n%s", err, out)
		return 1
	}
	if err := os.Setenv(binaryVariable, binary); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// setting reads how much of something is wanted.
func setting(t testing.TB, variable string, otherwise int) int {
	t.Helper()
	text := os.Getenv(variable)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("%s is %q, want a number from 1", variable, text)
	}
	return n
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
