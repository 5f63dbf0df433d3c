package api

import (
	"bytes"
	"embed"
	"html/template"
	"net/http"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"

	"tidings/internal/fault"
)

//go:embed docs/page.html docs/page.css
var pageFiles embed.FS

const (
	docsPath  = "/docs"
	stylePath = "/docs/page.css"
	// docsPolicy lets the page load its style from here, and nothing else from anywhere.
	docsPolicy = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

// serveDocs adds the pages that show the document to people. They hold no script and load nothing from elsewhere.
func (a *api) serveDocs(mux *http.ServeMux, doc *huma.OpenAPI) error {
	t, err := template.New("page.html").Funcs(template.FuncMap{"prose": prose}).ParseFS(pageFiles, "docs/page.html")
	if err != nil {
		return err
	}
	// It is made for the first who asks: most servers are never asked.
	page := sync.OnceValues(func() ([]byte, error) {
		var page bytes.Buffer
		err := t.Execute(&page, manualOf(doc))
		return page.Bytes(), err
	})
	style, err := pageFiles.ReadFile("docs/page.css")
	if err != nil {
		return err
	}
	mux.Handle("GET "+docsPath, a.document("text/html; charset=utf-8", page))
	mux.Handle("GET "+stylePath, a.document("text/css; charset=utf-8", func() ([]byte, error) { return style, nil }))
	mux.HandleFunc("GET /{$}", a.root)
	return nil
}

// root shows a browser the way; a program asked for something that is not there.
func (a *api) root(w http.ResponseWriter, r *http.Request) {
	if !strings.Contains(r.Header.Get("Accept"), "text/html") {
		a.write(w, a.newProblem(http.StatusNotFound, "no_route", "there is nothing at this path"))
		return
	}
	http.Redirect(w, r, docsPath, http.StatusSeeOther)
}

func (a *api) document(kind string, made func() ([]byte, error)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, err := made()
		if err != nil {
			a.Logger.ErrorContext(r.Context(), "the pages of the API could not be made", "error", err)
			a.write(w, a.newProblem(http.StatusInternalServerError, fault.Internal.String(), "this page could not be made"))
			return
		}
		h := w.Header()
		h.Set("Content-Type", kind)
		h.Set("Content-Security-Policy", docsPolicy)
		_, _ = w.Write(b)
	})
}

// prose turns a text of the document into HTML: paragraphs at empty lines, code between backquotes.
func prose(text string) template.HTML {
	var b strings.Builder
	for paragraph := range strings.SplitSeq(strings.TrimSpace(text), "\n\n") {
		b.WriteString("<p>")
		for i, part := range strings.Split(paragraph, "`") {
			escaped := template.HTMLEscapeString(part)
			if i%2 == 1 {
				escaped = "<code>" + escaped + "</code>"
			}
			b.WriteString(escaped)
		}
		b.WriteString("</p>")
	}
	return template.HTML(b.String()) //nolint:gosec // every part was escaped above
}
