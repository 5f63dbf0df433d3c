package api_test

import (
	"net/http"
	"testing"

	"tidings/internal/control"
)

func TestEveryOperationHasItsRouteInTheServedDocument(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	var doc struct {
		OpenAPI string
		Paths   map[string]map[string]struct {
			OperationID, Summary string
			Security             []map[string][]string
		}
	}
	s.call(http.MethodGet, "/openapi.json", nil).want(http.StatusOK).into(&doc)
	if doc.OpenAPI != "3.1.0" {
		t.Errorf("OpenAPI %q, want 3.1.0", doc.OpenAPI)
	}
	served := make(map[string]bool)
	for path, methods := range doc.Paths {
		for method, op := range methods {
			if served[op.OperationID] {
				t.Errorf("%s %s: operation %s is served twice", method, path, op.OperationID)
			}
			served[op.OperationID] = true
		}
	}
	for _, o := range control.Operations() {
		if served[o.Name] == o.Local {
			t.Errorf("operation %s: served %t, want %t", o.Name, served[o.Name], !o.Local)
		}
		delete(served, o.Name)
	}
	for name := range served {
		t.Errorf("operation %s is served and not in the table", name)
	}
}
