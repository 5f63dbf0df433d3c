package pull

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

const (
	maxBreaks  = 5           // of a stream, one after another without a byte between
	breakPause = time.Second // before a broken stream is asked for again
)

// object reads one object as a stream. Where the stream breaks it goes on from the byte that it came to, of the very same
// object: the ETag says so.
type object struct {
	ctx    context.Context //nolint:containedctx // a reader has no other way to be given one
	client *s3.Client
	bucket string
	key    string
	etag   string
	size   int64

	body   io.ReadCloser // nil: the stream broke
	at     int64         // bytes read
	breaks int           // since the last byte
}

// open asks for what was not read yet.
func (o *object) open() error {
	in := &s3.GetObjectInput{Bucket: &o.bucket, Key: &o.key}
	if o.etag != "" {
		in.IfMatch = &o.etag
	}
	if o.at > 0 {
		in.Range = aws.String(fmt.Sprintf("bytes=%d-", o.at))
	}
	out, err := o.client.GetObject(o.ctx, in)
	if err != nil {
		return inWords(s3Fault(o.ctx, err, o.bucket, o.key))
	}
	if got := aws.ToInt64(out.ContentLength); out.ContentLength != nil && got != o.size-o.at {
		_ = out.Body.Close()
		return fmt.Errorf("the object has %d bytes from byte %d on, but was listed with %d", got, o.at, o.size)
	}
	o.body = out.Body
	return nil
}

// Read reads on, over breaks of the stream.
func (o *object) Read(p []byte) (int, error) {
	for {
		if o.at == o.size {
			return 0, io.EOF
		}
		if o.body == nil {
			if err := o.resume(); err != nil {
				return 0, err
			}
		}
		n, err := o.body.Read(p)
		if n = int(min(int64(n), o.size-o.at)); n > 0 {
			o.at, o.breaks = o.at+int64(n), 0
		}
		if err != nil && o.at < o.size {
			_ = o.body.Close()
			o.body = nil
			if o.breaks++; o.breaks >= maxBreaks {
				// Not the error itself, which may say that the file ends: it is the connection that ended.
				return n, fmt.Errorf("the stream broke %d times at byte %d of %d, the last time by: %w",
					o.breaks, o.at, o.size, causeOf(err))
			}
		}
		if n > 0 {
			return n, nil
		}
	}
}

// resume asks again, at once after the first break and after a pause that grows then.
func (o *object) resume() error {
	if o.breaks > 1 {
		pause, _ := retry.NewExponentialJitterBackoff(breakPause).BackoffDelay(o.breaks-1, nil) // it never fails
		timer := time.NewTimer(pause)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-o.ctx.Done():
			return context.Cause(o.ctx)
		}
	}
	return o.open()
}

// Close ends the stream.
func (o *object) Close() error {
	if o.body == nil {
		return nil
	}
	err := o.body.Close()
	if errors.Is(err, context.Canceled) {
		return nil // it was stopped
	}
	return err
}
