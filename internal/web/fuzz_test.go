package web_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
)

func FuzzEveryRequestHasAnAnswer(f *testing.F) {
	f.Add("/ui/", "gzip;q=0.5, zstd", html)
	f.Add("/ui/assets/main-Ab12.js", ";;q=,=", "*/*")
	f.Add("/ui/assets/../../etc/passwd", "*;q=NaN", "")
	f.Add("//ui//", "gzip;q=1e400", "text/html")
	f.Fuzz(func(t *testing.T, path, encoding, accept string) {
		r := &http.Request{
			Method: http.MethodGet, URL: &url.URL{Path: path}, Body: http.NoBody,
			Header: http.Header{"Accept-Encoding": {encoding}, "Accept": {accept}},
		}
		w := httptest.NewRecorder()
		newPages(t).ServeHTTP(w, r)
		switch w.Code {
		case http.StatusOK, http.StatusSeeOther, http.StatusNotFound:
		default:
			t.Errorf("%q: %d", path, w.Code)
		}
	})
}
