package netguard

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"

	"tidings/internal/fault"
)

// Client makes guarded requests. HTTP is for callers that need more than Get.
type Client struct {
	HTTP *http.Client
}

// Response is an answer that was read whole.
type Response struct {
	Status int
	Body   []byte
}

// Get fetches a https URL and reads at most maxBytes of the answer, whatever its status. Its errors never repeat the
// URL, which may hold a token: Forbidden where the guard refused, TooLarge over maxBytes, Invalid for a URL that is
// not https or holds credentials, else Unavailable.
func (c *Client) Get(ctx context.Context, address string, maxBytes int64) (Response, error) {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" || u.User != nil || u.Host == "" {
		return Response{}, fault.New(fault.Invalid, "bad_url", "want a https URL without credentials")
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), http.NoBody)
	if err != nil {
		return Response{}, fault.New(fault.Invalid, "bad_url", "want a https URL without credentials")
	}
	req.Header.Set("User-Agent", "tidings")
	resp, err := c.HTTP.Do(req)
	if err != nil {
		return Response{}, fetchFault(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxBytes+1))
	if err != nil {
		return Response{}, fetchFault(err)
	}
	if int64(len(body)) > maxBytes {
		return Response{}, fault.New(fault.TooLarge, "answer_too_large", "%s answered more than %d bytes", u.Host, maxBytes)
	}
	return Response{Status: resp.StatusCode, Body: body}, nil
}

func fetchFault(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		err = e.Err
	}
	if fault.KindOf(err) != fault.Internal {
		return err
	}
	return fault.Wrap(fault.Unavailable, "fetch", err, "the other side could not be reached")
}
