package ingest

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"time"

	"tidings/internal/fault"
	"tidings/internal/receipt"
	"tidings/internal/source"
	"tidings/provider"
)

// answerWithin is how long an answer may take to be stored: SNS waits 15 seconds, then counts a failure.
const answerWithin = 12 * time.Second

// visit is one request on its way in.
type visit struct {
	h       *Handler
	adapter provider.Adapter
	road    provider.Road
	segment string // of the path: a token or a fixed path
	w       http.ResponseWriter
	r       *http.Request

	source  *source.Source // once it is found
	trial   *trial         // nil: a request of the provider
	outcome receipt.Outcome
}

// run takes a request from its first check to the disk. The body is not read before everything that can be told
// without it is in order.
func (v *visit) run(ctx context.Context) error {
	if v.isTest() {
		return v.try(ctx)
	}
	if err := v.checkHead(); err != nil {
		return err
	}
	f, err := v.h.sources.find(ctx, v.adapter.Slug, v.segment)
	if fault.Is(err, fault.NotFound) {
		return provider.Refuse(provider.Forbidden, CodeUnknownSource, "no source has this URL, or not any more")
	}
	if err != nil {
		return err
	}
	v.source = f.source
	if err := v.checkRoad(f.token); err != nil {
		return err
	}
	return v.receive(func(body []byte) error { return v.store(ctx, f, body) })
}

// receive reads the body, where the source takes any and there is room for it.
func (v *visit) receive(use func(body []byte) error) error {
	if !v.source.DisabledAt.IsZero() {
		return provider.Refuse(provider.Forbidden, CodeDisabled, "source %q is disabled", v.source.Name)
	}
	release, err := v.h.load.admit(v.bodySize())
	if err != nil {
		return err
	}
	defer release()
	body, err := v.read()
	if err != nil {
		return err
	}
	return use(body)
}

// checkHead refuses what method and headers tell.
func (v *visit) checkHead() error {
	if !v.adapter.Takes(v.r.Method) {
		return provider.Refuse(provider.Unacceptable, CodeMethod, "%s does not use the method %s", v.adapter.Title, v.r.Method)
	}
	if refusal := v.road.CheckEncoding(v.r.Header); refusal != nil {
		return refusal
	}
	if v.r.ContentLength > v.road.MaxBody {
		return v.tooLarge()
	}
	return nil
}

// checkRoad refuses what the headers of a road prove wrong, before its body, which may be far larger than others, is
// read.
func (v *visit) checkRoad(token bool) error {
	if v.road.Check == nil {
		return nil
	}
	if refusal := v.road.Check(v.source.ForProvider(token, v.h.Retention)); refusal != nil {
		return refusal
	}
	return nil
}

func (v *visit) tooLarge() error {
	return provider.Refuse(provider.TooLarge, CodeTooLarge, "the body is over the limit of %d bytes", v.road.MaxBody)
}

// batchWeight is how much memory a body of a road of large batches counts for, by its size: the body, what is kept of
// it, and its events.
const batchWeight = 3

// bodySize is about what the body will take at most.
func (v *visit) bodySize() int64 {
	if v.r.ContentLength < 0 || v.road.Packed(v.r.Header) {
		return v.road.MaxBody
	}
	if v.road.MaxBody > v.adapter.Limit() {
		return v.r.ContentLength * batchWeight
	}
	return v.r.ContentLength
}

// read reads the body whole, exactly as it was sent, or unpacked.
func (v *visit) read() ([]byte, error) {
	body, err := v.road.Read(v.r.Header, http.MaxBytesReader(v.w, v.r.Body, v.road.MaxBody), v.r.ContentLength)
	if _, large := errors.AsType[*http.MaxBytesError](err); large {
		return nil, v.tooLarge()
	}
	if refusal, ok := errors.AsType[*provider.Refusal](err); ok {
		return nil, refusal
	}
	if err != nil {
		// Whoever was cut off should send it again, so this is never a status that stops that.
		return nil, fault.Wrap(fault.Unavailable, CodeIncomplete, err, "the body did not arrive whole")
	}
	return body, nil
}

// store proves, reads and commits a request.
func (v *visit) store(ctx context.Context, f found, body []byte) error {
	now := v.h.Now()
	req := provider.Request{Method: v.r.Method, Header: v.r.Header, Body: body}
	proving, end := v.h.traced(ctx, stepProve)
	res, err := v.open(proving, req, v.forAdapter(f.token))
	end(err)
	if err == nil {
		err = v.h.remembered(res.Transport, now)
	}
	if err != nil {
		return err
	}
	_, end = v.h.traced(ctx, stepBuild)
	entry := v.h.Builder.Build(v.source, res, body, now)
	end(nil)
	// Who hangs up is stored all the same, so there is nothing to gain by not waiting for how it ends.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), answerWithin)
	defer cancel()
	committing, end := v.h.traced(ctx, stepCommit)
	err = v.h.Submit(committing, entry)
	end(err)
	if err != nil {
		return fmt.Errorf("store request: %w", err)
	}
	v.outcome = entry.Outcome
	if res.Transport.OneBody && entry.Outcome.Conflict {
		return otherBody(res.Transport)
	}
	for _, w := range res.Wishes {
		if w.Kind == provider.ConfirmSubscription && w.Auto && entry.Confirm != nil {
			v.h.Confirmer.Later(ctx, *entry.Confirm)
			break
		}
	}
	return nil
}

// forAdapter is the source as its adapter sees it: without other URLs, the request's own is the one that was signed.
func (v *visit) forAdapter(tokenProved bool) provider.Source {
	src := v.source.ForProvider(tokenProved, v.h.Retention)
	if len(src.URLs) == 0 {
		src.URLs = []string{v.ownURL()}
	}
	return src
}

// ownURL is the URL that was called, as it is known outside. What proxies did to it does not matter.
func (v *visit) ownURL() string {
	url := v.h.PublicURL + v.h.BasePath + "/" + v.adapter.Slug + "/" + v.segment
	if q := v.r.URL.RawQuery; q != "" {
		url += "?" + q
	}
	return url
}

// open calls the adapter, and again while it asks for certificates.
func (v *visit) open(ctx context.Context, req provider.Request, src provider.Source) (provider.Result, error) {
	return v.h.granting(ctx, func(certificates map[string]*x509.Certificate) (provider.Result, error) {
		req.Certificates = certificates
		return v.adapter.Open(req, src, v.h.Now())
	})
}

// granting calls an adapter, and again while it asks for certificates.
func (h *Handler) granting(
	ctx context.Context, open func(map[string]*x509.Certificate) (provider.Result, error),
) (provider.Result, error) {
	for round := 0; ; round++ {
		res, err := open(h.Certificates.Ready())
		if err != nil {
			return res, err
		}
		granted := 0
		for _, w := range res.Wishes {
			if w.Kind != provider.FetchCertificate {
				continue
			}
			if round == maxRounds {
				return provider.Result{}, fault.New(fault.Internal, CodeInternal, "the adapter asks for %s again and again", w.Key)
			}
			if err := h.Certificates.Fetch(ctx, w); err != nil {
				return provider.Result{}, err
			}
			granted++
		}
		if granted == 0 {
			return res, nil
		}
	}
}
