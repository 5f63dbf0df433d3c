package archive

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"path"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"

	"tidings/internal/export"
	"tidings/internal/fault"
)

const (
	// partBytes is how large the parts are in which a file goes to S3: 10,000 of them are the most that it takes.
	partBytes     = 8 << 20
	defaultRegion = "us-east-1"
)

// bucket is a place in S3. Its connections are not those of the address guard: the operator names the buckets and their
// servers, which may well be in a network of their own.
type bucket struct {
	client *s3.Client
	s3     *export.S3
}

// openBucket finds credentials as every program of AWS does: environment, profiles, roles.
func openBucket(ctx context.Context, x *export.S3) (export.Place, error) {
	cfg, err := config.LoadDefaultConfig(ctx)
	if err != nil {
		return nil, fault.Wrap(fault.Invalid, "bad_aws_settings", err, "the settings of AWS can't be read")
	}
	cfg.Region = cmp.Or(x.Region, cfg.Region, defaultRegion)
	client := s3.NewFromConfig(cfg, func(o *s3.Options) {
		if x.Endpoint != "" {
			o.BaseEndpoint = &x.Endpoint
		}
		o.UsePathStyle = o.BaseEndpoint != nil
		o.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired // other servers know fewer
	})
	return &bucket{client, x}, nil
}

// Close implements export.Place.
func (*bucket) Close() error { return nil }

// Create implements export.Place.
func (b *bucket) Create(ctx context.Context, name string) (export.Sink, error) {
	return &objectSink{ctx: ctx, bucket: b, key: path.Join(b.s3.Prefix, name)}, nil
}

// fault says in words what S3 or the way to it answered.
func (b *bucket) fault(key string, err error) error {
	where := b.s3.Bucket + "/" + key
	api, ok := errors.AsType[smithy.APIError](err)
	if !ok {
		return fault.Wrap(fault.Unavailable, "s3_unreachable", err, "S3 can't be reached to write "+where).
			WithHint("check the network, the region and the server's credentials of AWS")
	}
	return fault.Wrap(fault.Unavailable, "s3_error", errors.New(api.ErrorMessage()),
		fmt.Sprintf("S3 answers %s to writing %s", api.ErrorCode(), where)).
		WithHint("allow s3:PutObject and s3:AbortMultipartUpload on arn:aws:s3:::%s/* to the server's credentials", b.s3.Bucket)
}

// objectSink is an object that is there once it is whole: S3 shows none before.
type objectSink struct {
	ctx    context.Context //nolint:containedctx // a writer has no other way to be given one
	bucket *bucket
	key    string
	buf    bytes.Buffer
	upload string // of parts; empty: none has gone
	parts  []types.CompletedPart
	ended  bool
}

// Write implements export.Sink.
func (s *objectSink) Write(b []byte) (int, error) {
	n, _ := s.buf.Write(b) // it never fails
	for s.buf.Len() >= partBytes {
		if err := s.part(s.buf.Next(partBytes)); err != nil {
			return 0, err
		}
	}
	return n, nil
}

// part sends the next part.
func (s *objectSink) part(b []byte) error {
	if s.upload == "" {
		out, err := s.bucket.client.CreateMultipartUpload(s.ctx, &s3.CreateMultipartUploadInput{
			Bucket: &s.bucket.s3.Bucket, Key: &s.key,
		})
		if err != nil {
			return s.bucket.fault(s.key, err)
		}
		s.upload = aws.ToString(out.UploadId)
	}
	number := int32(len(s.parts) + 1)
	out, err := s.bucket.client.UploadPart(s.ctx, &s3.UploadPartInput{
		Bucket: &s.bucket.s3.Bucket, Key: &s.key, UploadId: &s.upload, PartNumber: &number, Body: bytes.NewReader(b),
	})
	if err != nil {
		return s.bucket.fault(s.key, err)
	}
	s.parts = append(s.parts, types.CompletedPart{ETag: out.ETag, PartNumber: &number})
	return nil
}

// Commit implements export.Sink.
func (s *objectSink) Commit() error {
	if s.upload == "" {
		_, err := s.bucket.client.PutObject(s.ctx, &s3.PutObjectInput{
			Bucket: &s.bucket.s3.Bucket, Key: &s.key, Body: bytes.NewReader(s.buf.Bytes()),
		})
		if err != nil {
			return s.bucket.fault(s.key, err)
		}
		s.ended = true
		return nil
	}
	if s.buf.Len() > 0 {
		if err := s.part(s.buf.Bytes()); err != nil {
			return err
		}
	}
	_, err := s.bucket.client.CompleteMultipartUpload(s.ctx, &s3.CompleteMultipartUploadInput{
		Bucket: &s.bucket.s3.Bucket, Key: &s.key, UploadId: &s.upload,
		MultipartUpload: &types.CompletedMultipartUpload{Parts: s.parts},
	})
	if err != nil {
		return s.bucket.fault(s.key, err)
	}
	s.ended = true
	return nil
}

// Abort implements export.Sink.
func (s *objectSink) Abort() {
	if s.ended || s.upload == "" {
		return
	}
	s.ended = true
	// Where that fails, the bucket's own rule for parts that nobody completed removes them.
	_, _ = s.bucket.client.AbortMultipartUpload(context.WithoutCancel(s.ctx), &s3.AbortMultipartUploadInput{
		Bucket: &s.bucket.s3.Bucket, Key: &s.key, UploadId: &s.upload,
	})
}
