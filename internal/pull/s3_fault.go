package pull

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"tidings/internal/fault"
)

// s3Problem is what a person is told of an error code of S3. Words in braces are put into the texts.
type s3Problem struct {
	kind          fault.Kind
	message, hint string
}

var wrongRegion = s3Problem{
	fault.Invalid, "the bucket {bucket} is in {region}, not in the region that was asked",
	"set AWS_REGION to the bucket's and import again",
}

var wrongKeys = s3Problem{
	fault.Unauthenticated, "S3 does not take the credentials",
	"aws sts get-caller-identity shows whose they are; check AWS_PROFILE, AWS_ACCESS_KEY_ID, AWS_SESSION_TOKEN and the clock",
}

// s3Problems are the errors that somebody who imports meets, by their code:
// https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html.
var s3Problems = map[string]s3Problem{
	"AccessDenied": {
		fault.Forbidden, "S3 refuses to read {bucket}/{key} with these credentials",
		"allow s3:ListBucket on arn:aws:s3:::{bucket} and s3:GetObject on arn:aws:s3:::{bucket}/*, " +
			"and kms:Decrypt where its objects are encrypted with a key of yours",
	},
	"NoSuchBucket": {
		fault.NotFound, "there is no bucket {bucket}",
		"aws s3 ls shows your buckets; AWS_ENDPOINT_URL says where they are looked for",
	},
	"NoSuchKey":          {fault.NotFound, "the object {bucket}/{key} is gone since it was listed", "import again"},
	"PreconditionFailed": {fault.Conflict, "the object {bucket}/{key} changed since it was listed", "import again"},
	"InvalidObjectState": {
		fault.Invalid, "the object {bucket}/{key} is archived (Glacier)", "restore it first: aws s3api restore-object",
	},
	"InvalidAccessKeyId":           wrongKeys,
	"SignatureDoesNotMatch":        wrongKeys,
	"ExpiredToken":                 wrongKeys,
	"InvalidToken":                 wrongKeys,
	"RequestTimeTooSkewed":         wrongKeys,
	"PermanentRedirect":            wrongRegion,
	"MovedPermanently":             wrongRegion,
	"AuthorizationHeaderMalformed": wrongRegion,
}

// s3Fault says in words what S3 or the way to it answered.
func s3Fault(ctx context.Context, err error, bucket, key string) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	api, ok := errors.AsType[smithy.APIError](err)
	if !ok {
		return fault.Wrap(fault.Unavailable, "s3_unreachable", causeOf(err), fmt.Sprintf("S3 can't be asked for %s/%s", bucket, key))
	}
	p, ok := s3Problems[api.ErrorCode()]
	if !ok {
		return fault.Wrap(fault.Unavailable, "s3_error", causeOf(err),
			fmt.Sprintf("S3 answers for %s/%s with %s", bucket, key, api.ErrorCode()))
	}
	fill := strings.NewReplacer("{bucket}", bucket, "{key}", key, "{region}", bucketRegion(err))
	f := fault.Wrap(p.kind, "s3_"+api.ErrorCode(), causeOf(err), fill.Replace(p.message))
	return f.WithHint("%s", fill.Replace(p.hint))
}

// inWords leaves of an error what people are told, for a report.
func inWords(err error) error {
	f, ok := errors.AsType[*fault.Error](err)
	if !ok || f.Hint == "" {
		return err
	}
	return errors.New(f.Error() + ": " + f.Hint)
}

// bucketRegion is the region that S3 says a bucket is in; "another one" where it does not.
func bucketRegion(err error) string {
	if r, ok := errors.AsType[*smithyhttp.ResponseError](err); ok && r.Response != nil {
		if region := r.Response.Header.Get("X-Amz-Bucket-Region"); region != "" {
			return region
		}
	}
	return "another one"
}

// causeOf is the one layer of an error that says something: S3's own words, the connection's, else the innermost. The
// layers of the SDK around it repeat each other, and are left out.
func causeOf(err error) error {
	if api, ok := errors.AsType[smithy.APIError](err); ok {
		return errors.New(api.ErrorMessage())
	}
	if op, ok := errors.AsType[*net.OpError](err); ok {
		return errors.New(op.Error())
	}
	for next := errors.Unwrap(err); next != nil; next = errors.Unwrap(err) {
		err = next
	}
	return errors.New(err.Error())
}
