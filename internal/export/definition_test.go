package export_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tidings/internal/export"
	"tidings/internal/rule"
)

func TestADefinitionIsCheckedWhole(t *testing.T) {
	t.Parallel()
	limits := export.Limits{Folder: true, Buckets: []string{"archive", "https://s3.acme.test/lake"}}
	for name, c := range map[string]struct {
		export.Definition
		want []string
	}{
		"a folder":        {export.Definition{Name: "a", Folder: "a/b-1/c_2.d"}, nil},
		"a bucket":        {export.Definition{Name: "a", S3: &export.S3{Bucket: "archive", Prefix: "/a/b/", Region: "eu-west-1"}}, nil},
		"another server":  {export.Definition{Name: "a", S3: &export.S3{Bucket: "lake", Endpoint: "https://s3.acme.test/"}}, nil},
		"some events":     {export.Definition{Name: "a", Folder: "a", On: rule.Match{Event: rule.Words{"opened", "order.*"}}}, nil},
		"nothing":         {export.Definition{}, []string{"folder", "name"}},
		"two places":      {export.Definition{Name: "a", Folder: "a", S3: &export.S3{Bucket: "archive"}}, []string{"s3"}},
		"a long name":     {export.Definition{Name: strings.Repeat("a", 101), Folder: "a"}, []string{"name"}},
		"every year":      {export.Definition{Name: "a", Folder: "a", Every: "year"}, []string{"every"}},
		"up":              {export.Definition{Name: "a", Folder: "../a"}, []string{"folder"}},
		"up within":       {export.Definition{Name: "a", Folder: "a/../b"}, []string{"folder"}},
		"the root":        {export.Definition{Name: "a", Folder: "/a"}, []string{"folder"}},
		"a backslash":     {export.Definition{Name: "a", Folder: `a\b`}, []string{"folder"}},
		"a line":          {export.Definition{Name: "a", Folder: "a\nb"}, []string{"folder"}},
		"hidden":          {export.Definition{Name: "a", Folder: "a/.b"}, []string{"folder"}},
		"the same server": {export.Definition{Name: "a", S3: &export.S3{Bucket: "lake"}}, []string{"s3.bucket"}},
		"a bucket there":  {export.Definition{Name: "a", S3: &export.S3{Bucket: "archive", Endpoint: "https://s3.acme.test"}}, []string{"s3.bucket"}},
		"metadata":        {export.Definition{Name: "a", S3: &export.S3{Bucket: "archive", Endpoint: "http://169.254.169.254/x"}}, []string{"s3.endpoint"}},
		"a password":      {export.Definition{Name: "a", S3: &export.S3{Bucket: "lake", Endpoint: "https://u:p@s3.acme.test"}}, []string{"s3.endpoint"}},
		"a prefix up":     {export.Definition{Name: "a", S3: &export.S3{Bucket: "archive", Prefix: "a/../b"}}, []string{"s3.prefix"}},
		"no bucket":       {export.Definition{Name: "a", S3: &export.S3{Bucket: "A_b"}}, []string{"s3.bucket"}},
		"old events":      {export.Definition{Name: "a", Folder: "a", On: rule.Match{Within: "1h", Class: rule.Words{"rubber"}}}, []string{"on.class[0]", "on.within"}},
		"engage in lines": {export.Definition{Name: "a", Folder: "a", Options: export.Options{Columns: "engage"}}, []string{"columns"}},
	} {
		x, problems := export.Compile(c.Definition, limits)
		var got []string
		for _, p := range problems {
			got = append(got, p.At)
		}
		slices.Sort(got)
		if diff := cmp.Diff(c.want, got); diff != "" || (x == nil) != (len(c.want) > 0) {
			t.Errorf("%s: %v\n%s", name, problems, diff)
		}
	}
	if _, problems := export.Compile(export.Definition{Name: "a", Folder: "a"}, export.Limits{}); len(problems) != 1 {
		t.Errorf("where the operator allows nothing: %v", problems)
	}
}
