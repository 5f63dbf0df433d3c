package web

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"io"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// file is one file in every form that it is sent in.
type file struct {
	kind  string // media type
	cache string
	tag   string // without quotes
	forms []form // the best first; the last is the file as it is
}

// form is a file under a coding of HTTP. It is made when it is first asked for.
type form struct {
	coding string // "gzip"; empty: none
	bytes  func() []byte
}

// kinds are the media types of what a build holds: the system's own table differs from machine to machine.
var kinds = map[string]string{
	".html": "text/html; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8",
	".json": "application/json", ".map": "application/json", ".webmanifest": "application/manifest+json",
	".svg": "image/svg+xml", ".png": "image/png", ".webp": "image/webp", ".ico": "image/x-icon", ".woff2": "font/woff2",
	".txt": "text/plain; charset=utf-8", ".wasm": "application/wasm",
}

// minCompressed is the size below which compressing is not worth a header.
const minCompressed = 512

func newFile(name string, content []byte) *file {
	sum := sha256.Sum256(content)
	f := &file{
		kind: kinds[path.Ext(name)], cache: "no-cache", tag: base64.RawURLEncoding.EncodeToString(sum[:12]),
	}
	if f.kind == "" {
		f.kind = "application/octet-stream"
	}
	if strings.HasPrefix(name, assets) { // its name changes with its content
		f.cache = "public, max-age=31536000, immutable"
	}
	if len(content) >= minCompressed && compressible(f.kind) {
		f.forms = []form{
			{"zstd", sync.OnceValue(func() []byte { return compress(content, newZstd) })},
			{"gzip", sync.OnceValue(func() []byte { return compress(content, newGzip) })},
		}
	}
	f.forms = append(f.forms, form{"", func() []byte { return content }})
	return f
}

func compressible(kind string) bool {
	kind, _, _ = strings.Cut(kind, ";")
	return strings.HasPrefix(kind, "text/") || strings.HasSuffix(kind, "javascript") || strings.HasSuffix(kind, "json") ||
		strings.HasSuffix(kind, "xml")
}

func newGzip(w io.Writer) (io.WriteCloser, error) {
	return gzip.NewWriterLevel(w, gzip.BestCompression)
}

func newZstd(w io.Writer) (io.WriteCloser, error) {
	// Browsers refuse windows above 8 MiB, RFC 9659.
	return zstd.NewWriter(w, zstd.WithEncoderLevel(zstd.SpeedBestCompression), zstd.WithWindowSize(8<<20),
		zstd.WithEncoderConcurrency(1))
}

// compress never fails: it writes to memory, with options that hold.
func compress(content []byte, to func(io.Writer) (io.WriteCloser, error)) []byte {
	var b bytes.Buffer
	w, err := to(&b)
	if err == nil {
		_, err = w.Write(content)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		panic(err)
	}
	return b.Bytes()
}

func (f *file) serve(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		answer(w, http.StatusMethodNotAllowed, "this path takes GET, HEAD")
		return
	}
	h := w.Header()
	for name, value := range headers {
		h.Set(name, value)
	}
	chosen := f.choose(strings.Join(r.Header.Values("Accept-Encoding"), ","))
	content := chosen.bytes()
	h.Set("Content-Type", f.kind)
	h.Set("Cache-Control", f.cache)
	h.Set("ETag", `"`+strings.TrimSuffix(f.tag+"-"+chosen.coding, "-")+`"`)
	if chosen.coding != "" {
		h.Set("Content-Encoding", chosen.coding)
		r.Header.Del("Range") // of a compressed form it helps nobody
		h.Set("Content-Length", strconv.Itoa(len(content)))
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(content))
}

// choose is the best form that the browser takes.
func (f *file) choose(acceptEncoding string) form {
	for _, x := range f.forms {
		if x.coding == "" || accepts(acceptEncoding, x.coding) {
			return x
		}
	}
	return f.forms[len(f.forms)-1]
}

// accepts reports whether a header Accept-Encoding takes a coding, RFC 9110, section 12.5.3.
func accepts(header, coding string) bool {
	others := false
	for part := range strings.SplitSeq(header, ",") {
		name, weight, _ := strings.Cut(part, ";")
		q, given := strings.CutPrefix(strings.ToLower(strings.ReplaceAll(weight, " ", "")), "q=")
		value, err := strconv.ParseFloat(q, 64)
		taken := !given || err == nil && value > 0
		switch strings.ToLower(strings.TrimSpace(name)) {
		case coding:
			return taken
		case "*":
			others = taken
		}
	}
	return others
}
