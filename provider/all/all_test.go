package all_test

import (
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"tidings/provider"
	"tidings/provider/all"
)

func TestEveryFolderWithAnAdapterIsListed(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../*/adapter.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("no adapters found: %v", err)
	}
	var folders, listed []string
	for _, f := range files {
		folders = append(folders, filepath.Base(filepath.Dir(f)))
	}
	for _, a := range all.Adapters() {
		listed = append(listed, a.Slug)
	}
	if !slices.Equal(folders, listed) {
		t.Errorf("Adapters lists %v, the folders with an adapter are %v", listed, folders)
	}
}

func TestEveryAdapterValidates(t *testing.T) {
	t.Parallel()
	for _, a := range all.Adapters() {
		if err := provider.Validate(a); err != nil {
			t.Error(err)
		}
		if a.Sample == nil {
			t.Errorf("adapter %s has no Sample, so its sources can't be tested", a.Slug)
		}
		if !strings.HasPrefix(a.Docs, "https://") {
			t.Errorf("adapter %s: Docs %q is no HTTPS URL", a.Slug, a.Docs)
		}
	}
}
