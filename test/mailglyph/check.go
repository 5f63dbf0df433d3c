// Package mailglyph provides a client that is generated from MailGlyph's own OpenAPI document, and a transport that holds
// what it is answered against that document and against ours.
package mailglyph

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"
)

//go:generate go run github.com/oapi-codegen/oapi-codegen/v2/cmd/oapi-codegen@v2.8.2 -config generate.yaml openapi.json
//go:generate go run mvdan.cc/gofumpt@v0.12.0 -w client.gen.go

// Document is MailGlyph's own OpenAPI document, as they publish it.
//
//go:embed openapi.json
var Document []byte

// Checked is a transport that holds every answer against MailGlyph's document and against another one. It is safe for
// concurrent use.
type Checked struct {
	documents map[string]routers.Router // by whose it is

	mu    sync.Mutex
	seen  map[string]map[int]int // operation of MailGlyph's document → status → how often
	wrong []error
}

// NewCheck makes one that knows MailGlyph's document and ours, the JSON that the server gives at /openapi.json.
// MailGlyph's is made stricter: it requires nothing of an answer, here every field that it names must be there.
func NewCheck(ctx context.Context, ours []byte) (*Checked, error) {
	c := &Checked{documents: map[string]routers.Router{}, seen: map[string]map[int]int{}}
	for name, text := range map[string][]byte{"MailGlyph's": Document, "our": ours} {
		doc, err := openapi3.NewLoader().LoadFromData(text)
		if err != nil {
			return nil, fmt.Errorf("read %s document: %w", name, err)
		}
		doc.Servers = nil
		if name == "MailGlyph's" {
			requireAll(doc)
		}
		// MailGlyph's examples of data match both of its alternatives, which a oneOf does not allow.
		if err := doc.Validate(ctx, openapi3.DisableExamplesValidation()); err != nil {
			return nil, fmt.Errorf("check %s document: %w", name, err)
		}
		if c.documents[name], err = legacy.NewRouter(doc, openapi3.DisableExamplesValidation()); err != nil {
			return nil, fmt.Errorf("read the paths of %s document: %w", name, err)
		}
	}
	return c, nil
}

// optional are the fields that MailGlyph's descriptions say are not always there, and whom a template is from: their request to
// make one has no such field.
var optional = map[string]bool{"total": true, "cursor": true, "from": true}

// requireAll makes every field of every JSON answer a required one.
func requireAll(doc *openapi3.T) {
	for _, path := range doc.Paths.Map() {
		for _, operation := range path.Operations() {
			for _, response := range operation.Responses.Map() {
				if media := response.Value.Content.Get("application/json"); media != nil {
					requireFields(media.Schema)
				}
			}
		}
	}
}

// filters are not looked into: they come back as they were sent, and unit is not for all.
func requireFields(ref *openapi3.SchemaRef) {
	if ref == nil || ref.Ref == "#/components/schemas/FilterCondition" {
		return
	}
	s := ref.Value
	s.Required = nil
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		if !optional[name] {
			s.Required = append(s.Required, name)
		}
		requireFields(s.Properties[name])
	}
	requireFields(s.Items)
	for _, part := range s.AllOf {
		requireFields(part)
	}
}

// RoundTrip makes the call and holds its answer against both documents. What is wrong is told by Wrong, so that the
// client that asked sees the answer as it came.
func (c *Checked) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(response.Body)
	_ = response.Body.Close()
	if err != nil {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	response.Body = io.NopCloser(bytes.NewReader(body))
	for name, router := range c.documents {
		operation, err := holds(r, response, body, router)
		c.note(operation, response.StatusCode, name == "MailGlyph's")
		if err != nil {
			err = fmt.Errorf("%s %s: %d %s is not as %s document says: %w", r.Method, r.URL.Path, response.StatusCode, body, name, err)
			c.mu.Lock()
			c.wrong = append(c.wrong, err)
			c.mu.Unlock()
		}
	}
	return response, nil
}

func holds(r *http.Request, response *http.Response, body []byte, router routers.Router) (operation string, err error) {
	route, params, err := router.FindRoute(r)
	if err != nil {
		return "", fmt.Errorf("find the path: %w", err)
	}
	in := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: r, PathParams: params, Route: route},
		Status:                 response.StatusCode, Header: response.Header,
		Options: &openapi3filter.Options{IncludeResponseStatus: true, MultiError: true},
	}
	in.SetBodyBytes(body)
	operation = route.Operation.OperationID
	if known := route.Operation.Responses; known.Status(response.StatusCode) == nil && known.Default() == nil {
		return operation, isError(route.Spec, body)
	}
	return operation, openapi3filter.ValidateResponse(r.Context(), in)
}

// isError holds an answer that an operation does not document against the schema of errors.
func isError(doc *openapi3.T, body []byte) error {
	schema := *doc.Components.Schemas["Error"].Value
	schema.Required = slices.Sorted(maps.Keys(schema.Properties))
	var value any
	if err := json.Unmarshal(body, &value); err != nil {
		return fmt.Errorf("read the error: %w", err)
	}
	return schema.VisitJSON(value)
}

func (c *Checked) note(operation string, status int, counts bool) {
	if !counts {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.seen[operation] == nil {
		c.seen[operation] = map[int]int{}
	}
	c.seen[operation][status]++
}

// Wrong are the answers that were not as a document says.
func (c *Checked) Wrong() []error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.wrong)
}

// Missing are the operations of the client, and of each the documented status, that were never answered.
func (c *Checked) Missing() (missing []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	doc, err := openapi3.NewLoader().LoadFromData(Document)
	if err != nil {
		return []string{err.Error()}
	}
	client := reflect.TypeFor[*ClientWithResponses]()
	for path, item := range doc.Paths.Map() {
		for verb, operation := range item.Operations() {
			method := strings.ToUpper(operation.OperationID[:1]) + operation.OperationID[1:] + "WithResponse"
			if _, generated := client.MethodByName(method); !generated {
				continue
			}
			for status := range operation.Responses.Map() {
				if !c.answered(operation.OperationID, status) {
					missing = append(missing, fmt.Sprintf("%s %s: %s", verb, path, status))
				}
			}
		}
	}
	slices.Sort(missing)
	return missing
}

func (c *Checked) answered(operation, status string) bool {
	for s := range c.seen[operation] {
		if fmt.Sprint(s) == status {
			return true
		}
	}
	return false
}
