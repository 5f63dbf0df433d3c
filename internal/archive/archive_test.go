package archive_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tidings/internal/archive"
	"tidings/internal/export"
	"tidings/internal/fault"
	"tidings/test/bucket"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, place export.Place, name string, parts ...[]byte) export.Sink {
	t.Helper()
	s, err := place.Create(t.Context(), name)
	must(t, err)
	for _, b := range parts {
		if n, err := s.Write(b); err != nil || n != len(b) {
			t.Fatalf("%d bytes of %d are written: %v", n, len(b), err)
		}
	}
	return s
}

func open(t *testing.T, p *archive.Places, d export.Definition) export.Place {
	t.Helper()
	place, err := p.Open(t.Context(), &d)
	must(t, err)
	t.Cleanup(func() { must(t, place.Close()) })
	return place
}

func TestAFileOfAFolderIsThereWholeOrNotAtAll(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	place := open(t, &archive.Places{Folder: dir}, export.Definition{Folder: "a/b"})
	name := filepath.Join(dir, "a", "b", "day=1", "x.csv")
	s := write(t, place, "day=1/x.csv", []byte("one"))
	if _, err := os.Stat(name); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("it is there before it is whole: %v", err)
	}
	s.Abort()
	if list, err := os.ReadDir(filepath.Dir(name)); err != nil || len(list) != 0 {
		t.Errorf("what was given up left %v, %v", list, err)
	}
	for _, text := range []string{"two", "three"} { // the second takes the place of the first
		s = write(t, place, "day=1/x.csv", []byte(text))
		must(t, s.Commit())
		s.Abort()
		if b, err := os.ReadFile(name); err != nil || string(b) != text {
			t.Errorf("it has %q, %v", b, err)
		}
	}
}

func TestWhoeverLostItsTurnCantEndAFile(t *testing.T) {
	t.Parallel()
	places, d := &archive.Places{Folder: t.TempDir()}, export.Definition{Folder: "a"}
	old := write(t, open(t, places, d), "x.csv", []byte("old"))
	s := write(t, open(t, places, d), "x.csv", []byte("new"))
	if err := old.Commit(); !fault.Is(err, fault.Unavailable) {
		t.Errorf("the one before ends its file: %v", err)
	}
	must(t, s.Commit())
	if b, err := os.ReadFile(filepath.Join(places.Folder, "a", "x.csv")); err != nil || string(b) != "new" {
		t.Errorf("it has %q, %v", b, err)
	}
}

func TestNothingIsWrittenOutsideTheFolder(t *testing.T) {
	t.Parallel()
	dir, outside := t.TempDir(), t.TempDir()
	places := &archive.Places{Folder: dir}
	must(t, os.Mkdir(filepath.Join(dir, "in"), 0o750))
	must(t, os.Symlink(outside, filepath.Join(dir, "link")))
	must(t, os.Symlink(outside, filepath.Join(dir, "in", "day=1")))
	must(t, os.Symlink("/etc/passwd", filepath.Join(dir, "in", "x.csv")))
	for _, folder := range []string{"link", "link/x", "../x", "/etc", "in/../../x"} {
		if _, err := places.Open(t.Context(), &export.Definition{Folder: folder}); err == nil {
			t.Errorf("%s can be opened", folder)
		}
	}
	place := open(t, places, export.Definition{Folder: "in"})
	for _, name := range []string{"day=1/x.csv", "../x.csv", "../../x.csv"} {
		if s, err := place.Create(t.Context(), name); err == nil {
			s.Abort()
			t.Errorf("%s can be written", name)
		}
	}
	must(t, write(t, place, "x.csv", []byte("mine")).Commit()) // it takes the place of the link
	if b, err := os.ReadFile(filepath.Join(dir, "in", "x.csv")); err != nil || string(b) != "mine" {
		t.Errorf("%q, %v", b, err)
	}
	if list, err := os.ReadDir(outside); err != nil || len(list) > 0 {
		t.Errorf("there are %v outside, %v", list, err)
	}
	if _, err := new(archive.Places).Open(t.Context(), &export.Definition{Folder: "a"}); !fault.Is(err, fault.Unavailable) {
		t.Errorf("without a folder: %v", err)
	}
}

// inS3 opens a place in a server that ends with the test.
func inS3(t *testing.T) (*bucket.Server, export.Place) {
	t.Helper()
	s := bucket.Serve(t)
	for _, line := range s.Environment() {
		name, value, _ := strings.Cut(line, "=")
		if name != "AWS_ENDPOINT_URL" {
			t.Setenv(name, value)
		}
	}
	t.Setenv("AWS_MAX_ATTEMPTS", "1")
	return s, open(t, &archive.Places{Buckets: []string{s.URL + "/" + bucket.Name}}, export.Definition{
		S3: &export.S3{Bucket: bucket.Name, Prefix: "tidings/mail", Region: "eu-west-1", Endpoint: s.URL},
	})
}

func TestAnObjectIsThereWholeOrNotAtAll(t *testing.T) {
	s, place := inS3(t)
	large := bytes.Repeat([]byte("0123456789abcdef"), 1<<20+3)
	small := []byte("small")
	for name, parts := range map[string][][]byte{
		"small.csv": {small}, "nothing.csv": nil, "large.csv": {large, small}, "many.csv": {large[:9<<20], large[9<<20:]},
	} {
		w := write(t, place, name, parts...)
		if _, there := s.Object(t, "tidings/mail/"+name); there {
			t.Errorf("%s is there before it is whole", name)
		}
		must(t, w.Commit())
		if b, there := s.Object(t, "tidings/mail/"+name); !there || !bytes.Equal(b, bytes.Join(parts, nil)) {
			t.Errorf("%s has %d bytes, %v", name, len(b), there)
		}
	}
	w := write(t, place, "given-up.csv", large)
	w.Abort()
	if _, there := s.Object(t, "tidings/mail/given-up.csv"); there {
		t.Error("what was given up is there")
	}
}

func TestWhatS3RefusesIsToldInWords(t *testing.T) {
	s, place := inS3(t)
	s.Answer(func(r *http.Request) (bucket.Answer, bool) {
		return bucket.Answer{Status: http.StatusForbidden, Code: "AccessDenied"}, r.Method != http.MethodGet
	})
	err := write(t, place, "x.csv", []byte("x")).Commit()
	if !fault.Is(err, fault.Unavailable) || !strings.Contains(err.Error(), "AccessDenied") || !strings.Contains(err.Error(), "archive/tidings/mail/x.csv") {
		t.Errorf("%v", err)
	}
	s.Answer(nil)
	ctx, cancel := context.WithCancel(t.Context())
	w, err := place.Create(ctx, "y.csv")
	must(t, err)
	cancel()
	if err := w.Commit(); err == nil {
		t.Error("it ends after the server did")
	}
}
