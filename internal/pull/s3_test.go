package pull_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/google/go-cmp/cmp"

	"tidings/internal/fault"
	"tidings/internal/pull"
	"tidings/test/bucket"
)

// connected is a client of a server that takes no time between retries.
func connected(t *testing.T, endpoint string) *pull.S3 {
	t.Helper()
	x, err := pull.OpenS3(t.Context(), config.WithRegion("eu-west-1"), config.WithBaseEndpoint(endpoint),
		config.WithCredentialsProvider(credentials.NewStaticCredentialsProvider("key", "secret", "")),
		config.WithRetryer(func() aws.Retryer { return retry.AddWithMaxAttempts(retry.NewStandard(), 1) }))
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func keysOf(files []pull.File) (keys []string) {
	for _, f := range files {
		keys = append(keys, strings.TrimPrefix(f.Name, "s3://"+bucket.Name+"/"))
	}
	return keys
}

// contents reads a file to its end.
func contents(f pull.File) (string, error) {
	r, err := f.Open()
	if err != nil {
		return "", err
	}
	text, err := io.ReadAll(r)
	return string(text), errors.Join(err, r.Close())
}

func TestObjectsAreFoundByPrefixAndPattern(t *testing.T) {
	t.Parallel()
	s := bucket.Serve(t)
	for _, key := range []string{
		"ses/2026/05/04/10/a", "ses/2026/05/04/11/b.gz", "ses/2026/05/05/00/c", "ses/2026/05/05/.tmp/d", "ses/2026/05/.e", "ses/2026/06/f",
		"odd/a?b#c %d+e", "other",
	} {
		s.Put(t, key, "12345", nil)
	}
	s.Put(t, "ses/2026/05/", "", nil) // a folder, as the console makes them
	x := connected(t, s.URL)
	for _, c := range []struct {
		path  string
		want  []string
		fails fault.Kind
	}{
		{path: "ses/2026/05/", want: []string{"ses/2026/05/04/10/a", "ses/2026/05/04/11/b.gz", "ses/2026/05/05/00/c"}},
		{path: "ses/2026/05/04/1", want: []string{"ses/2026/05/04/10/a", "ses/2026/05/04/11/b.gz"}},
		{path: "ses/*/05/*/*/[ac]", want: []string{"ses/2026/05/04/10/a", "ses/2026/05/05/00/c"}},
		{path: "ses/2026/*", fails: fault.NotFound}, // * ends at a slash, as in patterns of files
		{path: `odd/a\?b*`, want: []string{"odd/a?b#c %d+e"}},
		{path: "other", want: []string{"other"}},
		{path: "none/", fails: fault.NotFound},
		{path: "ses/[a", fails: fault.Invalid},
	} {
		files, size, err := x.Files(t.Context(), "s3://"+bucket.Name+"/"+c.path)
		if diff := cmp.Diff(c.want, keysOf(files)); diff != "" || size != int64(5*len(files)) {
			t.Errorf("%s: %d bytes %s", c.path, size, diff)
		}
		if c.fails != 0 && fault.KindOf(err) != c.fails || c.fails == 0 && err != nil {
			t.Errorf("%s: %v, want %v", c.path, err, c.fails)
		}
		for _, f := range files {
			if text, err := contents(f); text != "12345" || err != nil {
				t.Errorf("%s: %q, %v", f.Name, text, err)
			}
		}
	}
	for _, url := range []string{"s3://", "s3:///key", "S3://archive/key"} {
		if _, _, err := x.Files(t.Context(), url); !fault.Is(err, fault.Invalid) {
			t.Errorf("%s: %v", url, err)
		}
	}
}

func TestAListOfManyPagesIsReadWholeAndInOrder(t *testing.T) {
	t.Parallel()
	s := bucket.Serve(t)
	var want []string
	for i := range 2300 {
		want = append(want, fmt.Sprintf("ses/%05d", i))
		s.Put(t, want[i], "x", nil)
	}
	files, size, err := connected(t, s.URL).Files(t.Context(), "s3://"+bucket.Name+"/ses/")
	if err != nil || size != 2300 || s.Lists() != 3 || !cmp.Equal(keysOf(files), want) {
		t.Errorf("%d files of %d bytes on %d pages: %v", len(files), size, s.Lists(), err)
	}
}

func TestABrokenStreamGoesOnWhereItBroke(t *testing.T) {
	t.Parallel()
	s := bucket.Serve(t)
	text := strings.Repeat("0123456789", 1000)
	s.Put(t, "a", text, nil)
	files, _, err := connected(t, s.URL).Files(t.Context(), "s3://"+bucket.Name+"/a")
	if err != nil {
		t.Fatal(err)
	}
	s.Break(func(_ string, get int) int64 { return []int64{4000, 0, 2500, -1}[min(get, 3)] })
	if got, err := contents(files[0]); got != text || err != nil {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	if want := []string{"", "bytes=4000-", "bytes=4000-", "bytes=6500-"}; !cmp.Equal(s.Gets(), want) {
		t.Errorf("asked for %q", s.Gets())
	}
}

func TestAStreamThatNeverComesIsGivenUp(t *testing.T) {
	t.Parallel()
	s := bucket.Serve(t)
	s.Put(t, "a", "0123456789", nil)
	files, _, err := connected(t, s.URL).Files(t.Context(), "s3://"+bucket.Name+"/a")
	if err != nil {
		t.Fatal(err)
	}
	s.Break(func(string, int) int64 { return 0 })
	if got, err := contents(files[0]); got != "" || err == nil || !strings.Contains(err.Error(), "broke 5 times at byte 0 of 10") ||
		errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("%q, %v", got, err)
	}
	if n := len(s.Gets()); n != 5 {
		t.Errorf("asked %d times", n)
	}
}

func TestAnObjectThatChangedIsNeverMixedWithWhatItWas(t *testing.T) {
	t.Parallel()
	s := bucket.Serve(t)
	s.Put(t, "a", "0123456789", nil)
	files, _, err := connected(t, s.URL).Files(t.Context(), "s3://"+bucket.Name+"/a")
	if err != nil {
		t.Fatal(err)
	}
	s.Break(func(_ string, get int) int64 {
		if get > 0 {
			return -1
		}
		return 4
	})
	r, err := files[0].Open()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	got := make([]byte, 4)
	if _, err := io.ReadFull(r, got); err != nil {
		t.Fatal(err)
	}
	s.Put(t, "a", "abcdefghij", nil)
	if rest, err := io.ReadAll(r); len(rest) > 0 || err == nil || !strings.Contains(err.Error(), "changed since it was listed") {
		t.Errorf("%q and %q, %v", got, rest, err)
	}
}

func TestAPackedObjectComesAsItLies(t *testing.T) {
	t.Parallel()
	s := bucket.Serve(t)
	s.Put(t, "a", "\x1f\x8b not unpacked by the way", map[string]string{"Content-Encoding": "gzip"})
	files, _, err := connected(t, s.URL).Files(t.Context(), "s3://"+bucket.Name+"/a")
	if err != nil {
		t.Fatal(err)
	}
	if got, err := contents(files[0]); got != "\x1f\x8b not unpacked by the way" || err != nil {
		t.Errorf("%q, %v", got, err)
	}
}

func TestWhatS3RefusesIsSaidWithItsRemedy(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		answer bucket.Answer
		kind   fault.Kind
		says   string // message and hint
	}{
		{
			bucket.Answer{Status: 403, Code: "AccessDenied"},
			fault.Forbidden,
			"allow s3:ListBucket on arn:aws:s3:::archive and s3:GetObject on arn:aws:s3:::archive/*",
		},
		{bucket.Answer{Status: 404, Code: "NoSuchBucket"}, fault.NotFound, "there is no bucket archive"},
		{bucket.Answer{Status: 403, Code: "InvalidAccessKeyId"}, fault.Unauthenticated, "S3 does not take the credentials"},
		{
			bucket.Answer{Status: 301, Code: "PermanentRedirect", Header: map[string]string{"X-Amz-Bucket-Region": "eu-north-1"}},
			fault.Invalid, "is in eu-north-1, not in the region that was asked / set AWS_REGION",
		},
		{bucket.Answer{Status: 400, Code: "SomethingNew"}, fault.Unavailable, "with SomethingNew"},
	} {
		t.Run(c.answer.Code, func(t *testing.T) {
			t.Parallel()
			s := bucket.Serve(t)
			s.Answer(func(*http.Request) (bucket.Answer, bool) { return c.answer, true })
			_, _, err := connected(t, s.URL).Files(t.Context(), "s3://"+bucket.Name+"/a")
			f, ok := errors.AsType[*fault.Error](err)
			if !ok || f.Kind != c.kind || !strings.Contains(f.Message+" / "+f.Hint, c.says) {
				t.Errorf("%+v", err)
			}
		})
	}
	_, _, err := connected(t, "http://127.0.0.1:1").Files(t.Context(), "s3://"+bucket.Name+"/a")
	if !fault.Is(err, fault.Unavailable) || !strings.Contains(err.Error(), "connection refused") {
		t.Errorf("nobody there: %v", err)
	}
}

func TestASingleObjectThatIsRefusedIsToldInWords(t *testing.T) {
	t.Parallel()
	s := bucket.Serve(t)
	s.Put(t, "a", "x", nil)
	files, _, err := connected(t, s.URL).Files(t.Context(), "s3://"+bucket.Name+"/a")
	if err != nil {
		t.Fatal(err)
	}
	s.Answer(func(*http.Request) (bucket.Answer, bool) {
		return bucket.Answer{Status: 403, Code: "AccessDenied"}, true
	})
	if _, err := contents(files[0]); err == nil || !strings.Contains(err.Error(), "s3:GetObject") || strings.Contains(err.Error(), "RequestID") {
		t.Errorf("%v", err)
	}
}

func TestWithoutCredentialsNothingIsAsked(t *testing.T) {
	t.Parallel()
	none := aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
		return aws.Credentials{}, errors.New("no role here")
	})
	_, err := pull.OpenS3(t.Context(), config.WithRegion("eu-west-1"), config.WithCredentialsProvider(none))
	if f, ok := errors.AsType[*fault.Error](err); !ok || f.Kind != fault.Unauthenticated || !strings.Contains(f.Hint, "AWS_PROFILE") {
		t.Errorf("%+v", err)
	}
}
