package provider_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// allowed is what packages event and provider may import besides the standard library, by prefix: they are a library
// for any Go program, and bring nothing else into it.
var allowed = []string{
	"tidings/event", "tidings/provider", "golang.org/x/text", "golang.org/x/net", "github.com/go-json-experiment/json",
}

// allowedIn is what a single folder may import besides: what its adapter truly needs.
var allowedIn = map[string][]string{"dsn": {"github.com/emersion/go-message"}}

func TestTheLibraryImportsLittle(t *testing.T) {
	t.Parallel()
	for _, root := range []string{"../event", "."} {
		seen := 0
		err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			// Package providertest is imported by tests alone.
			if err != nil || d.IsDir() && d.Name() == "providertest" {
				return orSkip(err)
			}
			if d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return nil
			}
			seen++
			return checkImports(t, path)
		})
		if err != nil || seen == 0 {
			t.Errorf("%s: %d files, %v", root, seen, err)
		}
	}
}

// What a program gets with the library is more than what the library's files import themselves.
func TestTheLibraryBringsLittleIntoAProgram(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		packages []string
		more     []string
	}{
		{packages: []string{"tidings/event", "tidings/provider", "tidings/provider/sendgrid", "tidings/provider/ses/awslambda"}},
		{packages: []string{"tidings/provider/all"}, more: allowedIn["dsn"]},
	} {
		args := append([]string{"list", "-deps", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}"}, c.packages...)
		out, err := exec.CommandContext(t.Context(), "go", args...).Output()
		if err != nil {
			t.Fatalf("go %q: %v", args, err)
		}
		list := strings.Fields(string(out))
		for _, name := range list {
			if !mayImport(name, c.more...) {
				t.Errorf("%q bring %s", c.packages, name)
			}
		}
		if len(list) < len(c.packages) {
			t.Errorf("go list named %q only", list)
		}
	}
}

func orSkip(err error) error {
	if err != nil {
		return err
	}
	return fs.SkipDir
}

func checkImports(t *testing.T, path string) error {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
	if err != nil {
		return err
	}
	for _, spec := range file.Imports {
		name, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return err
		}
		if !mayImport(name, allowedIn[filepath.Dir(path)]...) {
			t.Errorf("%s imports %s", path, name)
		}
	}
	return nil
}

func mayImport(name string, more ...string) bool {
	for _, prefix := range slices.Concat(allowed, more) {
		if name == prefix || strings.HasPrefix(name, strings.TrimSuffix(prefix, "/")+"/") {
			return true
		}
	}
	first, _, _ := strings.Cut(name, "/")
	return !strings.Contains(first, ".") && first != "tidings"
}
