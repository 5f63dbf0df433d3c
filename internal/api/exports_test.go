package api_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidings/internal/api"
	"tidings/internal/archive"
	"tidings/internal/control"
	"tidings/internal/export"
)

// newExport makes an export into a folder of its own.
func (s *server) newExport(name string) string {
	s.t.Helper()
	x, err := s.control.CreateExport(s.t.Context(), operator, control.ExportText{Definition: export.Definition{Name: name, Folder: name}})
	must(s.t, err)
	return x.ID
}

// exportDeeds are calls of every operation on exports that changes something.
func exportDeeds() map[string]deed {
	verb := func(method, rest string, body any, status int) func(*server, string) string {
		return func(s *server, _ string) string {
			id := s.newExport("old")
			s.call(method, "/exports/"+id+rest, body).want(status)
			return id
		}
	}
	return map[string]deed{
		"createExport": {
			made("/exports", map[string]any{"name": "all", "folder": "all", "format": "parquet"}),
			"name →all, folder →all, format →parquet",
		},
		"updateExport": {
			verb(http.MethodPut, "", map[string]any{"name": "new", "folder": "old", "on": map[string]any{"event": "bounced"}}, 200),
			"name old→new, definition →",
		},
		"deleteExport":  {verb(http.MethodDelete, "", nil, 204), "name old→"},
		"disableExport": {verb(http.MethodPost, "/disable", nil, 200), "enabled →false"},
		"enableExport":  {verb(http.MethodPost, "/enable", nil, 200), "enabled →true"},
		"runExport":     {verb(http.MethodPost, "/run", nil, 202), "run →2026-05-05_12-00-00-000"},
	}
}

func badExports() []badRequest {
	const post, put, get = http.MethodPost, http.MethodPut, http.MethodGet
	return []badRequest{
		{name: "export of events in an unknown format", method: get, target: "/export/events?format=xlsx&order=time", status: 422},
		{name: "export of events with what does not go together", method: get, target: "/export/events?columns=engage&raw=true", status: 422},
		{name: "export by seq of a contact", method: get, target: "/export/events?order=seq&contact=a@acme.test", status: 422},
		{name: "export that says nothing", method: post, target: "/exports", body: `{}`, status: 422},
		{
			name: "export with everything wrong", method: post, target: "/exports", status: 422,
			body: `{"name":" ","every":"hour","on":{"event":["email.opend x","*"],"class":"rubber","within":"1h","source":"none"},` +
				`"format":"csv","gzip":true,"folder":"../up"}`,
		},
		{name: "export of fields that are none", method: post, target: "/exports", body: `{"name":"x","folder":"x","on":{"names":["a"]}}`, status: 422},
		{name: "export to a folder and a bucket", method: post, target: "/exports", body: `{"name":"x","folder":"x","s3":{"bucket":"archive"}}`, status: 422},
		{name: "export to a bucket that is not allowed", method: post, target: "/exports", body: `{"name":"x","s3":{"bucket":"other"}}`, status: 422},
		{
			name: "export to another server", method: post, target: "/exports", status: 422,
			body: `{"name":"x","s3":{"bucket":"archive","endpoint":"http://169.254.169.254","prefix":"../x","region":"EU 1"}}`,
		},
		{name: "export with hidden folders", method: post, target: "/exports", body: `{"name":"x","folder":"a/.ssh"}`, status: 422},
		{name: "export from the root", method: post, target: "/exports", body: `{"name":"x","folder":"/etc"}`, status: 422},
		{name: "export that is not there", method: put, target: "/exports/exp_zz", body: `{"name":"x","folder":"x"}`, status: 404},
		{name: "runs of an export with a wrong limit", method: get, target: "/exports/exp_1/runs?limit=500&cursor=x", status: 422},
	}
}

func TestAnExportRunsAndTellsOfIt(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.take(s.newSource(), life(t)...)
	var x api.Export
	s.call(http.MethodPost, "/exports", map[string]any{
		"name": "Warehouse", "folder": "warehouse", "all": true, "on": map[string]any{"event": []string{"bounced", "opened"}},
	}).want(http.StatusCreated).into(&x)
	if !x.Enabled || x.LastRun != nil || !x.DueAt.Equal(time.Date(2026, 5, 5, 12, 0, 15, 0, time.UTC)) {
		t.Errorf("%+v", x)
	}
	var run api.ExportRun
	s.call(http.MethodPost, "/exports/Warehouse/run", nil).want(http.StatusAccepted).into(&run)
	if run.Done || !run.ByHand || run.Tries != 0 {
		t.Errorf("%+v", run)
	}
	must(t, s.control.RunExport(t.Context(), x.ID, s.logger))
	s.call(http.MethodGet, "/exports/"+x.ID, nil).want(http.StatusOK).into(&x)
	if x.LastRun == nil || !x.LastRun.Done || x.LastRun.Events != 3 || x.LastRun.Files != 1 || x.LastRun.Tries != 1 {
		t.Fatalf("%+v", x.LastRun)
	}
	var page api.ExportRunList
	s.call(http.MethodGet, "/exports/"+x.ID+"/runs", nil).want(http.StatusOK).into(&page)
	if diff := cmp.Diff([]api.ExportRun{*x.LastRun}, page.Runs); diff != "" {
		t.Error(diff)
	}
	b, err := os.ReadFile(filepath.Join(s.exports, "warehouse", x.LastRun.Manifest))
	must(t, err)
	var m export.Manifest
	must(t, json.Unmarshal(b, &m))
	if m.Events != 3 || len(m.Files) != 1 || m.Files[0].Name != "2026-05-05_12-00-00-000.jsonl" || m.Files[0].Rows != 3 {
		t.Errorf("%s", b)
	}
}

func TestTwoExportsHaveNoPlaceInCommon(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	s.newExport("one")
	for body, field := range map[string]string{
		`{"name":"one","folder":"two"}`: "name", `{"name":"two","folder":"ONE"}`: "folder",
	} {
		if p := s.call(http.MethodPost, "/exports", body).want(http.StatusConflict).problem(); len(p.Errors) != 1 || p.Errors[0].Field != field {
			t.Errorf("%s: %+v", body, p)
		}
	}
	s.newExport("two")
	s.call(http.MethodPut, "/exports/two", `{"name":"two","folder":"one"}`).want(http.StatusConflict)
	s.call(http.MethodPut, "/exports/two", `{"name":"two","folder":"two","version":7}`).want(http.StatusConflict)
	s.call(http.MethodPut, "/exports/two", `{"name":"two","folder":"three","version":1}`).want(http.StatusOK)
}

// places lets a server's exports write below a folder of the test.
func (s *server) places() {
	s.exports = s.t.TempDir()
	s.control.Archive = &archive.Places{Folder: s.exports, Buckets: []string{"archive"}}
}
