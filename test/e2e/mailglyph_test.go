package e2e_test

import (
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	openapi_types "github.com/oapi-codegen/runtime/types"

	"tidings/test/mailglyph"
)

// glyph is a program that was written for MailGlyph, its client generated from their document.
type glyph struct {
	*mailglyph.ClientWithResponses
	t     *testing.T
	check *mailglyph.Checked
}

func newGlyph(t *testing.T, s *server, key string, check *mailglyph.Checked) *glyph {
	t.Helper()
	client, err := mailglyph.NewClientWithResponses(s.base,
		mailglyph.WithHTTPClient(&http.Client{Transport: check, Timeout: patience}),
		mailglyph.WithRequestEditorFn(func(_ context.Context, r *http.Request) error {
			r.Header.Set("Authorization", "Bearer "+key)
			return nil
		}))
	must(t, err)
	return &glyph{client, t, check}
}

// is fails unless a call came to this status.
func is[R interface {
	StatusCode() int
	GetBody() []byte
}](t *testing.T, status int) func(R, error) R {
	return func(r R, err error) R {
		t.Helper()
		must(t, err)
		if r.StatusCode() != status {
			t.Fatalf("%T: status %d, want %d: %s", r, r.StatusCode(), status, r.GetBody())
		}
		return r
	}
}

func TestAClientGeneratedFromMailGlyphsDocumentCallsEveryOperationOfContactsEventsSegmentsTemplatesAndWorkflows(t *testing.T) {
	onBoth(t, func(t *testing.T, db string) {
		s := serve(t, db)
		var public, secret struct{ Key string }
		ask(t, &public, "key", "create", "--kind", "public", "--name", "page", "--db", db)
		ask(t, &secret, "key", "create", "--kind", "secret", "--name", "app", "--db", db)
		check, err := mailglyph.NewCheck(t.Context(), []byte(s.document()))
		must(t, err)
		page, app := newGlyph(t, s, public.Key, check), newGlyph(t, s, secret.Key, check)

		ann := app.contacts()
		page.track(ann)
		app.events(ann)
		app.dynamicSegments(ann)
		app.staticSegments()
		app.templates()
		app.workflows(ann, db)
		app.removed(ann)
		page.mayOnlyTrack()

		for _, err := range check.Wrong() {
			t.Error(err)
		}
		if missing := check.Missing(); len(missing) != 0 {
			t.Errorf("never answered: %q", missing)
		}
	})
}

// document is the OpenAPI document of a server.
func (s *server) document() string {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, s.base+"/openapi.json", http.NoBody)
	must(s.t, err)
	response, err := s.http.Do(request)
	must(s.t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	must(s.t, err)
	return string(text)
}

// contacts makes Ann, looks at her in every way, and returns her id.
func (g *glyph) contacts() (id string) {
	t, ctx := g.t, g.t.Context()
	t.Helper()
	create := func(status int, plan string) *mailglyph.CreateContactResponse {
		body := mailglyph.CreateContactJSONRequestBody{Email: "Ann@acme.test"}
		data := &mailglyph.CreateContactJSONBody_Data{}
		must(t, data.FromCreateContactJSONBodyData1(map[string]any{"plan": plan, "seats": 5}))
		body.Data = data
		return is[*mailglyph.CreateContactResponse](t, status)(g.CreateContactWithResponse(ctx, body))
	}
	made := create(http.StatusCreated, "free").JSON201
	if *made.Email != "ann@acme.test" || !*made.Subscribed || !*made.UnderscoreMeta.IsNew || string(*made.Status) != "ACTIVE" {
		t.Errorf("made %+v", made)
	}
	again := create(http.StatusOK, "team").JSON200
	if *again.Id != *made.Id || !*again.UnderscoreMeta.IsUpdate || (*again.Data)["plan"] != "team" {
		t.Errorf("made again %+v", again)
	}
	id = *made.Id

	body := mailglyph.UpdateContactJSONRequestBody{Subscribed: new(bool)}
	updated := is[*mailglyph.UpdateContactResponse](t, http.StatusOK)(g.UpdateContactWithResponse(ctx, id, body)).JSON200
	if *updated.Subscribed || (*updated.Data)["plan"] != "team" {
		t.Errorf("after unsubscribing %+v", updated)
	}
	*body.Subscribed = true
	is[*mailglyph.UpdateContactResponse](t, http.StatusOK)(g.UpdateContactWithResponse(ctx, id, body))

	got := is[*mailglyph.GetContactResponse](t, http.StatusOK)(g.GetContactWithResponse(ctx, id)).JSON200
	if !*got.Subscribed || (*got.Data)["seats"] != 5.0 {
		t.Errorf("contact %+v", got)
	}
	g.pages(id)
	return id
}

// pages walks through all contacts, one a page, and finds those that it looks for.
func (g *glyph) pages(ann string) {
	t, ctx := g.t, g.t.Context()
	t.Helper()
	for _, email := range []string{"ben@acme.test", "cleo@yonder.test"} {
		is[*mailglyph.CreateContactResponse](t, http.StatusCreated)(
			g.CreateContactWithResponse(ctx, mailglyph.CreateContactJSONRequestBody{Email: addressOf(email)}))
	}
	limit, seen := 1, []string{}
	for params := (&mailglyph.ListContactsParams{Limit: &limit}); ; {
		list := is[*mailglyph.ListContactsResponse](t, http.StatusOK)(g.ListContactsWithResponse(ctx, params)).JSON200
		if params.Cursor == nil && (list.Total == nil || *list.Total != 3) {
			t.Errorf("total of the first page %v", list.Total)
		}
		seen = append(seen, string(*(*list.Data)[0].Email))
		if !*list.HasMore {
			break
		}
		params.Cursor = list.Cursor
	}
	slices.Sort(seen)
	if diff := cmp.Diff([]string{"ann@acme.test", "ben@acme.test", "cleo@yonder.test"}, seen); diff != "" {
		t.Errorf("contacts (-want +got):\n%s", diff)
	}
	search, yes := "ann@", true
	found := is[*mailglyph.ListContactsResponse](t, http.StatusOK)(
		g.ListContactsWithResponse(ctx, &mailglyph.ListContactsParams{Search: &search, Subscribed: &yes})).JSON200
	if len(*found.Data) != 1 || *(*found.Data)[0].Id != ann {
		t.Errorf("found %+v", found)
	}
}

func (g *glyph) track(ann string) {
	t, ctx := g.t, g.t.Context()
	t.Helper()
	data := &mailglyph.TrackEventJSONBody_Data{}
	must(t, data.FromTrackEventJSONBodyData1(map[string]any{"product": "Premium Plan", "amount": 99}))
	body := mailglyph.TrackEventJSONRequestBody{Email: "ann@acme.test", Event: "purchase", Data: data}
	tracked := is[*mailglyph.TrackEventResponse](t, http.StatusOK)(g.TrackEventWithResponse(ctx, body)).JSON200
	if !*tracked.Success || *tracked.Data.Contact != ann || time.Since(*tracked.Data.Timestamp) > patience {
		t.Errorf("tracked %+v", tracked)
	}
}

func (g *glyph) events(ann string) {
	t, ctx := g.t, g.t.Context()
	t.Helper()
	name, limit := "purchase", 10
	list := *is[*mailglyph.ListEventsResponse](t, http.StatusOK)(
		g.ListEventsWithResponse(ctx, &mailglyph.ListEventsParams{EventName: &name, Limit: &limit})).JSON200.Events
	if len(list) != 1 || *list[0].ContactId != ann || (*list[0].Data)["amount"] != 99.0 || *list[0].Name != name {
		t.Errorf("events %+v", list)
	}
	names := *is[*mailglyph.ListEventNamesResponse](t, http.StatusOK)(g.ListEventNamesWithResponse(ctx)).JSON200.EventNames
	if !slices.Contains(names, name) {
		t.Errorf("names %q", names)
	}
}

func condition(field, operator string, value any) mailglyph.FilterCondition {
	return mailglyph.FilterCondition{Logic: "AND", Groups: []mailglyph.FilterGroup{{
		Filters: []mailglyph.SegmentFilter{{Field: field, Operator: mailglyph.SegmentFilterOperator(operator), Value: value}},
	}}}
}

func (g *glyph) dynamicSegments(ann string) {
	t, ctx := g.t, g.t.Context()
	t.Helper()
	yes := true
	made := is[*mailglyph.CreateSegmentResponse](t, http.StatusCreated)(g.CreateSegmentWithResponse(ctx,
		mailglyph.CreateSegmentJSONRequestBody{
			Name: "Teams", Condition: condition("data.plan", "equals", "team"), TrackMembership: &yes,
		})).JSON201
	if *made.Type != mailglyph.DYNAMIC || *made.MemberCount != 1 || !*made.TrackMembership {
		t.Errorf("made a %s of %d members, kept: %t", *made.Type, *made.MemberCount, *made.TrackMembership)
	}
	members := is[*mailglyph.ListSegmentContactsResponse](t, http.StatusOK)(
		g.ListSegmentContactsWithResponse(ctx, *made.Id, &mailglyph.ListSegmentContactsParams{})).JSON200
	if *members.Total != 1 || *members.Page != 1 || *members.PageSize != 20 || *members.TotalPages != 1 || *(*members.Data)[0].Id != ann {
		t.Errorf("members %+v", members)
	}
	name, other := "Buyers", condition("event.purchase", "triggered", nil)
	changed := is[*mailglyph.UpdateSegmentResponse](t, http.StatusOK)(g.UpdateSegmentWithResponse(ctx, *made.Id,
		mailglyph.UpdateSegmentJSONRequestBody{Name: &name, Condition: &other})).JSON200
	if *changed.Name != name || changed.Condition.Groups[0].Filters[0].Field != "event.purchase" {
		t.Errorf("changed %+v", changed)
	}
	got := is[*mailglyph.GetSegmentResponse](t, http.StatusOK)(g.GetSegmentWithResponse(ctx, *made.Id)).JSON200
	if diff := cmp.Diff(changed.Condition, got.Condition); diff != "" {
		t.Errorf("condition (-changed +got):\n%s", diff)
	}
	list := *is[*mailglyph.ListSegmentsResponse](t, http.StatusOK)(g.ListSegmentsWithResponse(ctx)).JSON200
	if len(list) != 1 || *list[0].Id != *made.Id {
		t.Errorf("segments %+v", list)
	}
	is[*mailglyph.DeleteSegmentResponse](t, http.StatusNoContent)(g.DeleteSegmentWithResponse(ctx, *made.Id))
	g.missing(*made.Id)
}

// missing asks for a segment that is not there, in every way.
func (g *glyph) missing(id string) {
	t, ctx, no := g.t, g.t.Context(), http.StatusNotFound
	t.Helper()
	is[*mailglyph.GetSegmentResponse](t, no)(g.GetSegmentWithResponse(ctx, id))
	is[*mailglyph.UpdateSegmentResponse](t, no)(g.UpdateSegmentWithResponse(ctx, id, mailglyph.UpdateSegmentJSONRequestBody{}))
	is[*mailglyph.DeleteSegmentResponse](t, no)(g.DeleteSegmentWithResponse(ctx, id))
	is[*mailglyph.ListSegmentContactsResponse](t, no)(g.ListSegmentContactsWithResponse(ctx, id, &mailglyph.ListSegmentContactsParams{}))
	emails := addressesOf("ann@acme.test")
	is[*mailglyph.AddStaticSegmentMembersResponse](t, no)(
		g.AddStaticSegmentMembersWithResponse(ctx, id, mailglyph.AddStaticSegmentMembersJSONRequestBody{Emails: emails}))
	is[*mailglyph.RemoveStaticSegmentMembersResponse](t, no)(
		g.RemoveStaticSegmentMembersWithResponse(ctx, id, mailglyph.RemoveStaticSegmentMembersJSONRequestBody{Emails: emails}))
}

// staticSegments puts people into a segment by hand and takes them out. MailGlyph's document has no way to make one, so
// that is said in our words.
func (g *glyph) staticSegments() {
	t, ctx := g.t, g.t.Context()
	t.Helper()
	made := is[*mailglyph.CreateSegmentResponse](t, http.StatusCreated)(g.CreateSegmentWithBodyWithResponse(ctx,
		"application/json", strings.NewReader(`{"name":"Beta","type":"STATIC","description":"who tries it first"}`))).JSON201
	if *made.Type != mailglyph.STATIC || made.Condition != nil || *made.MemberCount != 0 || *made.Description != "who tries it first" {
		t.Errorf("made %+v", made)
	}
	emails := addressesOf("Ann@acme.test", "ben@acme.test", "nobody@acme.test")
	added := is[*mailglyph.AddStaticSegmentMembersResponse](t, http.StatusOK)(
		g.AddStaticSegmentMembersWithResponse(ctx, *made.Id, mailglyph.AddStaticSegmentMembersJSONRequestBody{Emails: emails})).JSON200
	if *added.Added != 2 || !slices.Equal(*added.NotFound, addressesOf("nobody@acme.test")) {
		t.Errorf("added %+v", added)
	}
	page, size := 2, 1
	members := is[*mailglyph.ListSegmentContactsResponse](t, http.StatusOK)(g.ListSegmentContactsWithResponse(ctx, *made.Id,
		&mailglyph.ListSegmentContactsParams{Page: &page, PageSize: &size})).JSON200
	if *members.Total != 2 || *members.TotalPages != 2 || *members.Page != 2 || len(*members.Data) != 1 {
		t.Errorf("members %+v", members)
	}
	removed := is[*mailglyph.RemoveStaticSegmentMembersResponse](t, http.StatusOK)(
		g.RemoveStaticSegmentMembersWithResponse(ctx, *made.Id, mailglyph.RemoveStaticSegmentMembersJSONRequestBody{Emails: emails})).JSON200
	if *removed.Removed != 2 {
		t.Errorf("removed %+v", removed)
	}
	for status, body := range map[int]string{http.StatusBadRequest: `{"emails":`, http.StatusUnprocessableEntity: `{"emails":[]}`} {
		is[*mailglyph.AddStaticSegmentMembersResponse](t, status)(
			g.AddStaticSegmentMembersWithBodyWithResponse(ctx, *made.Id, "application/json", strings.NewReader(body)))
		is[*mailglyph.RemoveStaticSegmentMembersResponse](t, status)(
			g.RemoveStaticSegmentMembersWithBodyWithResponse(ctx, *made.Id, "application/json", strings.NewReader(body)))
	}
}

// templates makes, changes and removes templates.
func (g *glyph) templates() {
	t, ctx, no := g.t, g.t.Context(), http.StatusNotFound
	made := is[*mailglyph.CreateTemplateResponse](t, http.StatusCreated)(g.CreateTemplateWithResponse(ctx,
		mailglyph.CreateTemplateJSONRequestBody{
			Name: "Welcome", Subject: "Hi {{data.firstName ?? 'there'}}", Body: "<p>{{contact.email}}</p>", Type: "MARKETING",
		})).JSON201
	if *made.Name != "Welcome" || *made.Body != "<p>{{contact.email}}</p>" || *made.Type != "MARKETING" || made.Text != nil {
		t.Errorf("made %+v", made)
	}
	subject := "Hello"
	changed := is[*mailglyph.UpdateTemplateResponse](t, http.StatusOK)(g.UpdateTemplateWithResponse(ctx, *made.Id,
		mailglyph.UpdateTemplateJSONRequestBody{Subject: &subject})).JSON200
	got := is[*mailglyph.GetTemplateResponse](t, http.StatusOK)(g.GetTemplateWithResponse(ctx, *made.Id)).JSON200
	if d := cmp.Diff(changed, got); d != "" || *got.Subject != subject {
		t.Errorf("a changed template (-answer +asked for again):\n%s", d)
	}
	kind, search, limit := mailglyph.ListTemplatesParamsTypeMARKETING, "welc", 1
	list := is[*mailglyph.ListTemplatesResponse](t, http.StatusOK)(g.ListTemplatesWithResponse(ctx,
		&mailglyph.ListTemplatesParams{Type: &kind, Search: &search, Limit: &limit})).JSON200
	if *list.Total != 1 || *list.Page != 1 || *list.PageSize != 1 || *list.TotalPages != 1 || *(*list.Data)[0].Id != *made.Id {
		t.Errorf("templates %+v", list)
	}
	is[*mailglyph.DeleteTemplateResponse](t, http.StatusNoContent)(g.DeleteTemplateWithResponse(ctx, *made.Id))
	is[*mailglyph.GetTemplateResponse](t, no)(g.GetTemplateWithResponse(ctx, *made.Id))
	is[*mailglyph.UpdateTemplateResponse](t, no)(g.UpdateTemplateWithResponse(ctx, *made.Id, mailglyph.UpdateTemplateJSONRequestBody{}))
	is[*mailglyph.DeleteTemplateResponse](t, no)(g.DeleteTemplateWithResponse(ctx, *made.Id))
}

// workflows looks at a workflow and its runs, changes and removes it. MailGlyph's document has no way to make one, so that is done at the
// terminal, with the JSON that MailGlyph gives for one.
func (g *glyph) workflows(ann, db string) {
	t, ctx, no := g.t, g.t.Context(), http.StatusNotFound
	t.Helper()
	file := filepath.Join(t.TempDir(), "welcome.json")
	must(t, os.WriteFile(file, []byte(`{"name":"Welcome","description":"For new accounts","triggerType":"EVENT",
		"triggerConfig":{"eventName":"user.signup"},"allowReentry":true,"steps":[
		{"id":"t0","type":"TRIGGER","name":"Signup","position":{"x":0,"y":0},"config":{},"templateId":null,
		 "outgoingTransitions":[{"fromStepId":"t0","toStepId":"d1","condition":null,"priority":0}]},
		{"id":"d1","type":"DELAY","name":"A day","config":{"amount":1,"unit":"days"},"outgoingTransitions":
		 [{"fromStepId":"d1","toStepId":"x1","condition":null,"priority":0}]},
		{"id":"x1","type":"EXIT","name":"Done","config":{"reason":"done"},"outgoingTransitions":[]}]}`), 0o600))
	var made struct{ ID string }
	ask(t, &made, "workflow", "create", file, "--enable", "--db", db)
	var begun struct{ ID string }
	ask(t, &begun, "workflow", "start", made.ID, ann, "--db", db)

	search, size := "WELC", 1
	list := is[*mailglyph.ListWorkflowsResponse](t, http.StatusOK)(g.ListWorkflowsWithResponse(ctx,
		&mailglyph.ListWorkflowsParams{Search: &search, PageSize: &size})).JSON200
	if *list.Total != 1 || *list.Page != 1 || *list.PageSize != 1 || *list.TotalPages != 1 || *(*list.Data)[0].Id != made.ID {
		t.Errorf("workflows %+v", list)
	}
	got := is[*mailglyph.GetWorkflowResponse](t, http.StatusOK)(g.GetWorkflowWithResponse(ctx, made.ID)).JSON200
	if steps := *got.Steps; len(steps) != 3 || *steps[1].Type != "DELAY" || (*steps[1].Config)["unit"] != "days" ||
		*(*steps[2].IncomingTransitions)[0].FromStepId != "d1" || (*got.TriggerConfig)["eventName"] != "user.signup" || !*got.AllowReentry {
		t.Errorf("workflow %+v", got)
	}
	runs := is[*mailglyph.ListWorkflowExecutionsResponse](t, http.StatusOK)(g.ListWorkflowExecutionsWithResponse(ctx, made.ID,
		&mailglyph.ListWorkflowExecutionsParams{})).JSON200
	if *runs.Total != 1 || *(*runs.Executions)[0].Id != begun.ID || *(*runs.Executions)[0].ContactId != ann ||
		(*runs.Executions)[0].CompletedAt != nil {
		t.Errorf("executions %+v", runs)
	}
	name, off, once := "Welcome series v2", false, false
	changed := is[*mailglyph.UpdateWorkflowResponse](t, http.StatusOK)(g.UpdateWorkflowWithResponse(ctx, made.ID,
		mailglyph.UpdateWorkflowJSONRequestBody{Name: &name, Enabled: &off, AllowReentry: &once})).JSON200
	if *changed.Name != name || *changed.Enabled || *changed.AllowReentry || *changed.Description != "For new accounts" {
		t.Errorf("changed %+v", changed)
	}
	is[*mailglyph.DeleteWorkflowResponse](t, http.StatusNoContent)(g.DeleteWorkflowWithResponse(ctx, made.ID))
	is[*mailglyph.DeleteWorkflowResponse](t, no)(g.DeleteWorkflowWithResponse(ctx, made.ID))
	is[*mailglyph.GetWorkflowResponse](t, no)(g.GetWorkflowWithResponse(ctx, made.ID))
	is[*mailglyph.UpdateWorkflowResponse](t, no)(g.UpdateWorkflowWithResponse(ctx, made.ID, mailglyph.UpdateWorkflowJSONRequestBody{}))
	is[*mailglyph.ListWorkflowExecutionsResponse](t, no)(g.ListWorkflowExecutionsWithResponse(ctx, made.ID,
		&mailglyph.ListWorkflowExecutionsParams{}))
}

func (g *glyph) removed(ann string) {
	t, ctx := g.t, g.t.Context()
	t.Helper()
	is[*mailglyph.DeleteContactResponse](t, http.StatusNoContent)(g.DeleteContactWithResponse(ctx, ann))
	is[*mailglyph.DeleteContactResponse](t, http.StatusNotFound)(g.DeleteContactWithResponse(ctx, ann))
	is[*mailglyph.GetContactResponse](t, http.StatusNotFound)(g.GetContactWithResponse(ctx, ann))
}

// mayOnlyTrack holds for a public key.
func (g *glyph) mayOnlyTrack() {
	t, ctx, no := g.t, g.t.Context(), http.StatusForbidden
	t.Helper()
	is[*mailglyph.ListContactsResponse](t, no)(g.ListContactsWithResponse(ctx, &mailglyph.ListContactsParams{}))
	is[*mailglyph.ListEventsResponse](t, no)(g.ListEventsWithResponse(ctx, &mailglyph.ListEventsParams{}))
	is[*mailglyph.ListSegmentsResponse](t, no)(g.ListSegmentsWithResponse(ctx))
}

func addressOf(text string) openapi_types.Email { return openapi_types.Email(text) }

func addressesOf(texts ...string) []openapi_types.Email {
	list := make([]openapi_types.Email, len(texts))
	for i, text := range texts {
		list[i] = addressOf(text)
	}
	return list
}
