package api_test

import (
	"net/http"
	"strings"
	"testing"

	"tidings/internal/api"
	"tidings/internal/control"
)

func TestADryRunIsAskedOfADraftAndOfAWorkflowThatIsStored(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	id := s.newWorkflow("old")
	_, _, err := s.control.Track(t.Context(), operator, control.TrackRequest{
		Items: []control.TrackItem{{Email: "ann@acme.test", Event: "account.created"}},
	})
	must(t, err)
	var draft, stored api.WorkflowTrial
	s.call(http.MethodPost, "/workflows/dry-run", map[string]any{
		"workflow": map[string]any{"text": aWorkflow("draft")}, "days": 2,
	}).want(200).into(&draft)
	s.call(http.MethodPost, "/workflows/"+id+"/dry-run", map[string]any{}).want(200).into(&stored)
	for _, x := range []api.WorkflowTrial{draft, stored} {
		if x.Looked != 1 || x.Entered != 1 || len(x.Days) != 1 || len(x.Sample) != 1 || x.Sample[0].Email != "ann@acme.test" ||
			x.Sample[0].Status != "WAITING" || x.Sample[0].Step != "wait-1d" || x.Sample[0].DueAt.IsZero() {
			t.Errorf("it says %+v", x)
		}
	}
	bad := s.call(http.MethodPost, "/workflows/dry-run", map[string]any{"workflow": map[string]any{"text": "steps: 5"}, "days": 900}).want(422)
	if !strings.Contains(string(bad.body), "days") {
		t.Errorf("it says %s", bad.body)
	}
	s.call(http.MethodPost, "/workflows/gone/dry-run", map[string]any{}).want(404)
}
