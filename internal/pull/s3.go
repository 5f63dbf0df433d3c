package pull

import (
	"context"
	"io"
	"path"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"tidings/internal/fault"
)

// S3Scheme is how the name of an object of S3 begins: s3://bucket/key.
const S3Scheme = "s3://"

// defaultRegion is asked where none is set: it answers in which region a bucket is.
const defaultRegion = "us-east-1"

// S3 is Amazon S3, or what speaks its protocol, as a place of files. It is safe for concurrent use.
type S3 struct{ client *s3.Client }

// OpenS3 finds region, endpoint and credentials as every program of AWS does: environment, profiles, roles. Options come
// on top. Where an endpoint is set (AWS_ENDPOINT_URL), buckets stand in the path of URLs, as other servers want them.
func OpenS3(ctx context.Context, options ...func(*config.LoadOptions) error) (*S3, error) {
	cfg, err := config.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, "bad_aws_settings", causeOf(err), "the settings of AWS can't be read")
	}
	if cfg.Region == "" {
		cfg.Region = defaultRegion
	}
	if _, err := cfg.Credentials.Retrieve(ctx); err != nil {
		return nil, fault.Wrap(fault.Unauthenticated, "no_aws_credentials", causeOf(err), "there are no credentials for AWS").
			WithHint("set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or run where a role is attached; " +
				"aws sts get-caller-identity shows what is found")
	}
	client := s3.NewFromConfig(cfg, func(o *s3.Options) {
		o.UsePathStyle = o.BaseEndpoint != nil
		o.DisableLogOutputChecksumValidationSkipped = true // ranges and other servers have none
	})
	return &S3{client}, nil
}

// Files lists what a URL names, in the order of the keys, and its size in bytes. s3://bucket/prefix stands for all objects
// whose key begins so; with * ? or [ it is a pattern, as path.Match has them, for whole keys. Empty objects and those
// that are hidden, with a name or folder behind the prefix that begins with a dot, are passed over. A file is read as it
// was when it was listed: one that changed since is an error. The context is that of reading, too.
func (x *S3) Files(ctx context.Context, url string) (files []File, size int64, err error) {
	bucket, pattern, err := cutS3(url)
	if err != nil {
		return nil, 0, err
	}
	prefix, matches := matcherOf(pattern)
	pages := s3.NewListObjectsV2Paginator(x.client, &s3.ListObjectsV2Input{Bucket: &bucket, Prefix: &prefix})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, 0, s3Fault(ctx, err, bucket, prefix)
		}
		for i := range page.Contents {
			key := aws.ToString(page.Contents[i].Key)
			if aws.ToInt64(page.Contents[i].Size) == 0 || !matches(key) {
				continue
			}
			files = append(files, x.file(ctx, bucket, &page.Contents[i]))
			size += *page.Contents[i].Size
		}
	}
	if len(files) == 0 {
		return nil, 0, fault.New(fault.NotFound, "no_objects", "no object in the bucket %s is named like %s", bucket, url).
			WithHint("aws s3 ls %s%s/ --recursive shows what there is; a key begins without a slash", S3Scheme, bucket)
	}
	return files, size, nil
}

// cutS3 parts a URL. Keys may have any character, so that it is not parsed as a URL.
func cutS3(url string) (bucket, key string, err error) {
	rest, ok := strings.CutPrefix(url, S3Scheme)
	bucket, key, _ = strings.Cut(rest, "/")
	if !ok || bucket == "" {
		return "", "", fault.New(fault.Invalid, "bad_s3_url", "%q names no bucket: write s3://bucket/prefix", url)
	}
	if _, err := path.Match(key, ""); err != nil {
		return "", "", fault.Wrap(fault.Invalid, "bad_s3_url", err, "the pattern "+url+" is broken: "+err.Error())
	}
	return bucket, key, nil
}

// matcherOf returns what all matching keys begin with, and which of those match.
func matcherOf(pattern string) (prefix string, matches func(key string) bool) {
	end := strings.IndexAny(pattern, `*?[\`)
	if end < 0 {
		return pattern, func(key string) bool { return !hidden(key[len(pattern):]) }
	}
	return pattern[:end], func(key string) bool {
		ok, _ := path.Match(pattern, key) // it was tried before
		return ok
	}
}

// hidden tells the rest of a key, behind the prefix, that a person would not see in a folder.
func hidden(rest string) bool {
	return strings.HasPrefix(rest, ".") || strings.Contains(rest, "/.")
}

func (x *S3) file(ctx context.Context, bucket string, o *types.Object) File {
	key, etag, size := aws.ToString(o.Key), aws.ToString(o.ETag), aws.ToInt64(o.Size)
	return File{Name: S3Scheme + bucket + "/" + key, Open: func() (io.ReadCloser, error) {
		r := &object{ctx: ctx, client: x.client, bucket: bucket, key: key, etag: etag, size: size}
		if err := r.open(); err != nil {
			return nil, err
		}
		return r, nil
	}}
}
