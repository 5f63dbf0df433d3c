package export

import (
	"cmp"
	"fmt"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"

	"tidings/internal/rule"
)

// Definition is a scheduled export, as people write it. Zero fields say nothing, or the default that is named.
type Definition struct {
	Name        string `json:"name"`
	Description string `json:"description,omitempty"`
	Every       Every  `json:"every,omitempty"` // empty: Hour
	// On says which events are written; without names all are. Those of machines are, too, unless it names verdicts.
	On rule.Match `json:"on"`
	Options
	// Exactly one of these says where files go.
	Folder string `json:"folder,omitempty"` // below the folder that the operator allows: "warehouse/mail"
	S3     *S3    `json:"s3,omitempty"`
}

// S3 is a place in Amazon S3, or in what speaks its protocol.
type S3 struct {
	Bucket   string `json:"bucket"`
	Prefix   string `json:"prefix,omitempty"`   // what the names of objects begin with; a slash is put after it
	Region   string `json:"region,omitempty"`   // empty: that of the server's AWS settings
	Endpoint string `json:"endpoint,omitempty"` // of another server than Amazon's: https://s3.acme.test
}

// Problem is one thing that is wrong with a definition, with its place.
type Problem = rule.Problem

// Limits are what the operator lets exports do.
type Limits struct {
	Folder bool // there is a folder for them
	// Buckets may be written to: archive, or https://s3.acme.test/archive of another server than Amazon's.
	Buckets []string
}

// The bounds of an export.
const (
	maxName   = 100
	maxAbout  = 1000
	maxFolder = 200
	maxPrefix = 500
)

// Export is a definition that was checked. It is never changed, and may be used by several goroutines.
type Export struct {
	Definition
	*rule.Matcher // of On
}

// Compile checks a definition. All that is wrong is told at once; with problems there is no export.
func Compile(d Definition, limits Limits) (*Export, []Problem) {
	x := &Export{Definition: d}
	p := &problems{}
	if x.Name = strings.TrimSpace(d.Name); x.Name == "" || len(x.Name) > maxName {
		p.wrong("name", "is required, and has at most %d characters", maxName)
	}
	if len(d.Description) > maxAbout {
		p.wrong("description", "has at most %d characters", maxAbout)
	}
	if !slices.Contains([]Every{"", Hour, Day}, d.Every) {
		p.wrong("every", "must be %s or %s, not %.60q", Hour, Day, string(d.Every))
	}
	p.match(x)
	d.check(p)
	p.place(&x.Definition, limits)
	if len(p.list) > 0 {
		return nil, p.list
	}
	return x, nil
}

// problems are all that is wrong, by its place.
type problems struct{ list []Problem }

func (p *problems) wrong(at, format string, args ...any) {
	p.list = append(p.list, Problem{At: at, Says: fmt.Sprintf(format, args...)})
}

func (p *problems) match(x *Export) {
	on := x.On
	if len(on.Event) == 0 {
		on.Event = rule.Words{"*"}
	}
	if on.Within != "" {
		p.wrong("on.within", "is not of exports: what is old is written, too")
	}
	var wrong []Problem
	x.Matcher, wrong = rule.CompileMatch(on, "on")
	p.list = append(p.list, wrong...)
}

func (p *problems) place(d *Definition, limits Limits) {
	switch {
	case d.Folder != "" && d.S3 != nil:
		p.wrong("s3", "and folder exclude each other: files go to one place")
	case d.S3 != nil:
		p.s3(d.S3, limits)
	case d.Folder == "":
		p.wrong("folder", "is required, or s3: where files go")
	default:
		p.folder(d.Folder, limits)
	}
}

func (p *problems) folder(name string, limits Limits) {
	if !limits.Folder {
		p.wrong("folder", "there is no folder for exports: the operator sets one with --export-folder")
	}
	if len(name) > maxFolder || slices.ContainsFunc(strings.Split(name, "/"), func(part string) bool {
		return part == "" || SafeName(part) != part
	}) {
		p.wrong("folder", "%.100q is no path such as warehouse/mail, of letters, digits, dots, hyphens and underscores: it is "+
			"below the server's folder for exports, and no part of it begins with a dot", name)
	}
}

var (
	bucketName = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)
	regionName = regexp.MustCompile(`^[a-z0-9-]{0,40}$`)
	prefixName = regexp.MustCompile(`^[A-Za-z0-9!_.*'()=/-]*$`)
)

func (p *problems) s3(s *S3, limits Limits) {
	if !bucketName.MatchString(s.Bucket) {
		p.wrong("s3.bucket", "%.100q can't be the name of a bucket", s.Bucket)
		return
	}
	if !regionName.MatchString(s.Region) {
		p.wrong("s3.region", "%.100q is no region such as eu-west-1", s.Region)
	}
	s.Prefix = strings.Trim(s.Prefix, "/")
	if len(s.Prefix) > maxPrefix || !prefixName.MatchString(s.Prefix) || s.Prefix != "" && path.Clean(s.Prefix) != s.Prefix {
		p.wrong("s3.prefix", "%.100q is no prefix such as tidings/mail, of letters, digits and -_.=/!*'()", s.Prefix)
	}
	s.Endpoint = strings.TrimSuffix(s.Endpoint, "/")
	if u, err := url.Parse(s.Endpoint); s.Endpoint != "" && (err != nil || u.Host == "" || u.User != nil || u.Path != "" ||
		u.RawQuery != "" || u.Fragment != "" || u.Scheme != "https" && u.Scheme != "http") {
		p.wrong("s3.endpoint", "%.100q is no URL such as https://s3.acme.test", s.Endpoint)
		return
	}
	if !slices.Contains(limits.Buckets, s.allowedAs()) {
		p.wrong("s3.bucket", "exports may not be written to %s: the operator allows it with --export-buckets", s.allowedAs())
	}
}

// allowedAs is the entry of Limits.Buckets that allows the bucket.
func (s *S3) allowedAs() string {
	if s.Endpoint == "" {
		return s.Bucket
	}
	return s.Endpoint + "/" + s.Bucket
}

// Place is where files go, as one text. Two exports never have the same.
func (d *Definition) Place() string {
	if d.S3 == nil {
		return "folder " + strings.ToLower(d.Folder) // where some file systems take them for the same
	}
	return "s3 " + path.Join(cmp.Or(strings.TrimPrefix(d.S3.Endpoint, "https://"), "amazon"), d.S3.Bucket, d.S3.Prefix)
}
