package api

import (
	"context"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"tidings/internal/control"
)

const bearer = "bearer"

// route says where an operation of control is found. What it is and who may use it stands with the operation.
type route struct {
	operation string
	method    string
	path      string
	status    int // of success
	serve     func(*api, huma.API, huma.Operation)
}

func routes() []route {
	const get, post, patch, del = http.MethodGet, http.MethodPost, http.MethodPatch, http.MethodDelete
	const put = http.MethodPut
	return []route{
		{"listEvents", get, "/events", 200, on((*api).listEvents)},
		{"listEventNames", get, "/events/names", 200, on((*api).listEventNames)},
		{"watchEvents", get, "/feed", 200, onFeed},
		{"exportEvents", get, "/export/events", 200, onEventExport((*api).exportEvents)},
		{"getEvent", get, "/events/{id}", 200, on((*api).getEvent)},
		{"getEventRaw", get, "/events/{id}/raw", 200, onRaw((*api).getEventRaw)},

		{"trackEvent", post, "/v1/track", 200, onTrack((*api).trackEvent)},
		{"trackEvents", post, "/v1/track/batch", 200, onTrack((*api).trackEvents)},

		{"sendEmail", post, "/v1/send", 200, onSend((*api).sendEmail)},
		{"listSends", get, "/sends", 200, on((*api).listSends)},
		{"getSend", get, "/sends/{id}", 200, on((*api).getSend)},
		{"decideSend", post, "/sends/{id}/decision", 200, on((*api).decideSend)},

		{"listBroadcasts", get, "/campaigns", 200, on((*api).listBroadcasts)},
		{"createBroadcast", post, "/campaigns", 201, on((*api).createBroadcast)},
		{"getBroadcast", get, "/campaigns/{id}", 200, on((*api).getBroadcast)},
		{"updateBroadcast", put, "/campaigns/{id}", 200, on((*api).updateBroadcast)},
		{"deleteBroadcast", del, "/campaigns/{id}", 204, on((*api).deleteBroadcast)},
		{"measureBroadcast", post, "/campaigns/{id}/audience", 200, on((*api).measureBroadcast)},
		{"sendBroadcast", post, "/campaigns/{id}/send", 200, on((*api).sendBroadcast)},
		{"pauseBroadcast", post, "/campaigns/{id}/pause", 200, on((*api).pauseBroadcast)},
		{"resumeBroadcast", post, "/campaigns/{id}/resume", 200, on((*api).resumeBroadcast)},
		{"cancelBroadcast", post, "/campaigns/{id}/cancel", 200, on((*api).cancelBroadcast)},
		{"testBroadcast", post, "/campaigns/{id}/test", 200, on((*api).testBroadcast)},
		{"getBroadcastStats", get, "/campaigns/{id}/stats", 200, on((*api).getBroadcastStats)},

		{"listContacts", get, "/contacts", 200, on((*api).listContacts)},
		{"getContact", get, "/contacts/{id}", 200, on((*api).getContact)},
		{"getContactExplanation", get, "/contacts/{id}/explanation", 200, on((*api).getContactExplanation)},
		{"listContactEvents", get, "/contacts/{id}/events", 200, on((*api).listContactEvents)},
		{"createContact", post, "/contacts", 201, onPut((*api).createContact)},
		{"updateContact", patch, "/contacts/{id}", 200, on((*api).updateContact)},
		{"deleteContact", del, "/contacts/{id}", 204, on((*api).deleteContact)},
		{"mergeContacts", post, "/contacts/{id}/merge", 200, on((*api).mergeContacts)},
		{"listConsents", get, "/contacts/{id}/consents", 200, on((*api).listConsents)},
		{"bulkContacts", post, "/contacts/bulk", 200, on((*api).bulkContacts)},
		{"importContacts", post, "/contacts/import", 200, onContactList((*api).importContacts)},
		{"eraseContact", post, "/erasures", 202, on((*api).eraseContact)},
		{"listErasures", get, "/erasures", 200, on((*api).listErasures)},
		{"getErasure", get, "/erasures/{id}", 200, on((*api).getErasure)},
		{"getContactAccess", get, "/contacts/{id}/access", 200, onContactAccess((*api).getContactAccess)},
		{"exportContacts", get, "/contacts/export", 200, onContactExport((*api).exportContacts)},
		{"getContactLimit", get, "/contacts/limit", 200, on((*api).getContactLimit)},
		{"setContactLimit", http.MethodPut, "/contacts/limit", 200, on((*api).setContactLimit)},
		{"listTags", get, "/tags", 200, on((*api).listTags)},

		{"listTopics", get, "/topics", 200, on((*api).listTopics)},
		{"createTopic", post, "/topics", 201, on((*api).createTopic)},
		{"getTopic", get, "/topics/{id}", 200, on((*api).getTopic)},
		{"updateTopic", patch, "/topics/{id}", 200, on((*api).updateTopic)},
		{"deleteTopic", del, "/topics/{id}", 204, on((*api).deleteTopic)},

		{"listTemplates", get, "/templates", 200, on((*api).listTemplates)},
		{"createTemplate", post, "/templates", 201, on((*api).createTemplate)},
		{"previewTemplate", post, "/templates/preview", 200, on((*api).previewTemplate)},
		{"validateTemplate", post, "/templates/validate", 200, on((*api).validateTemplate)},
		{"getTemplate", get, "/templates/{id}", 200, on((*api).getTemplate)},
		{"updateTemplate", patch, "/templates/{id}", 200, on((*api).updateTemplate)},
		{"deleteTemplate", del, "/templates/{id}", 204, on((*api).deleteTemplate)},
		{"listTemplateVersions", get, "/templates/{id}/versions", 200, on((*api).listTemplateVersions)},
		{"getTemplateVersion", get, "/templates/{id}/versions/{version}", 200, on((*api).getTemplateVersion)},
		{"restoreTemplate", post, "/templates/{id}/versions/{version}/restore", 200, on((*api).restoreTemplate)},
		{"testTemplate", post, "/templates/{id}/test", 200, on((*api).testTemplate)},

		{"listForms", get, "/forms", 200, on((*api).listForms)},
		{"createForm", post, "/forms", 201, on((*api).createForm)},
		{"getForm", get, "/forms/{id}", 200, on((*api).getForm)},
		{"updateForm", patch, "/forms/{id}", 200, on((*api).updateForm)},
		{"deleteForm", del, "/forms/{id}", 204, on((*api).deleteForm)},
		{"createConfirmation", post, "/contacts/{id}/confirmation", 200, on((*api).createConfirmation)},

		{"getBrand", get, "/brand", 200, on((*api).getBrand)},
		{"updateBrand", patch, "/brand", 200, on((*api).updateBrand)},
		{"listSenders", get, "/senders", 200, on((*api).listSenders)},
		{"createSender", post, "/senders", 201, on((*api).createSender)},
		{"getSender", get, "/senders/{id}", 200, on((*api).getSender)},
		{"updateSender", patch, "/senders/{id}", 200, on((*api).updateSender)},
		{"deleteSender", del, "/senders/{id}", 204, on((*api).deleteSender)},
		{"testSender", post, "/senders/{id}/test", 200, on((*api).testSender)},
		{"listEndpoints", get, "/endpoints", 200, on((*api).listEndpoints)},
		{"createEndpoint", post, "/endpoints", 201, on((*api).createEndpoint)},
		{"getEndpoint", get, "/endpoints/{id}", 200, on((*api).getEndpoint)},
		{"updateEndpoint", patch, "/endpoints/{id}", 200, on((*api).updateEndpoint)},
		{"deleteEndpoint", del, "/endpoints/{id}", 204, on((*api).deleteEndpoint)},
		{"rotateEndpointSecret", post, "/endpoints/{id}/secret", 200, on((*api).rotateEndpointSecret)},
		{"enableEndpoint", post, "/endpoints/{id}/enable", 200, on((*api).enableEndpoint)},
		{"disableEndpoint", post, "/endpoints/{id}/disable", 200, on((*api).disableEndpoint)},
		{"testEndpoint", post, "/endpoints/{id}/test", 200, on((*api).testEndpoint)},
		{"getEndpointFigures", get, "/endpoints/{id}/figures", 200, on((*api).getEndpointFigures)},
		{"replayEndpoint", post, "/endpoints/{id}/replays", 202, on((*api).replayEndpoint)},
		{"listEndpointReplays", get, "/endpoints/{id}/replays", 200, on((*api).listEndpointReplays)},
		{"cancelEndpointReplay", post, "/endpoints/{id}/replays/{replay}/cancel", 200, on((*api).cancelEndpointReplay)},
		{"listDispatches", get, "/dispatches", 200, on((*api).listDispatches)},
		{"getDispatch", get, "/dispatches/{id}", 200, on((*api).getDispatch)},
		{"retryDispatch", post, "/dispatches/{id}/retry", 200, on((*api).retryDispatch)},
		{"dropDispatch", post, "/dispatches/{id}/drop", 200, on((*api).dropDispatch)},

		{"listRules", get, "/rules", 200, on((*api).listRules)},
		{"createRule", post, "/rules", 201, on((*api).createRule)},
		{"tryRule", post, "/rules/try", 200, on((*api).tryRule)},
		{"getRule", get, "/rules/{id}", 200, on((*api).getRule)},
		{"updateRule", patch, "/rules/{id}", 200, on((*api).updateRule)},
		{"deleteRule", del, "/rules/{id}", 204, on((*api).deleteRule)},
		{"listRuleActs", get, "/rules/{id}/acts", 200, on((*api).listRuleActs)},
		{"applyFiles", post, "/apply", 200, on((*api).applyFiles)},
		{"listExports", get, "/exports", 200, on((*api).listExports)},
		{"createExport", post, "/exports", 201, on((*api).createExport)},
		{"getExport", get, "/exports/{id}", 200, on((*api).getExport)},
		{"updateExport", put, "/exports/{id}", 200, on((*api).updateExport)},
		{"deleteExport", del, "/exports/{id}", 204, on((*api).deleteExport)},
		{"enableExport", post, "/exports/{id}/enable", 200, on((*api).enableExport)},
		{"disableExport", post, "/exports/{id}/disable", 200, on((*api).disableExport)},
		{"runExport", post, "/exports/{id}/run", 202, on((*api).runExport)},
		{"listExportRuns", get, "/exports/{id}/runs", 200, on((*api).listExportRuns)},
		{"listAlerts", get, "/alerts", 200, on((*api).listAlerts)},
		{"getAlert", get, "/alerts/{id}", 200, on((*api).getAlert)},
		{"acknowledgeAlert", post, "/alerts/{id}/acknowledge", 200, on((*api).acknowledgeAlert)},
		{"muteAlert", post, "/alerts/{id}/mute", 200, on((*api).muteAlert)},
		{"listAlertRules", get, "/alert-rules", 200, on((*api).listAlertRules)},
		{"createAlertRule", post, "/alert-rules", 201, on((*api).createAlertRule)},
		{"tryAlertRule", post, "/alert-rules/try", 200, on((*api).tryAlertRule)},
		{"getAlertRule", get, "/alert-rules/{id}", 200, on((*api).getAlertRule)},
		{"updateAlertRule", patch, "/alert-rules/{id}", 200, on((*api).updateAlertRule)},
		{"deleteAlertRule", del, "/alert-rules/{id}", 204, on((*api).deleteAlertRule)},
		{"listAlertChannels", get, "/alert-channels", 200, on((*api).listAlertChannels)},
		{"createAlertChannel", post, "/alert-channels", 201, on((*api).createAlertChannel)},
		{"getAlertChannel", get, "/alert-channels/{id}", 200, on((*api).getAlertChannel)},
		{"updateAlertChannel", patch, "/alert-channels/{id}", 200, on((*api).updateAlertChannel)},
		{"deleteAlertChannel", del, "/alert-channels/{id}", 204, on((*api).deleteAlertChannel)},
		{"testAlertChannel", post, "/alert-channels/{id}/test", 200, on((*api).testAlertChannel)},

		{"listWorkflows", get, "/workflows", 200, on((*api).listWorkflows)},
		{"createWorkflow", post, "/workflows", 201, on((*api).createWorkflow)},
		{"getWorkflowSettings", get, "/workflows/settings", 200, on((*api).getWorkflowSettings)},
		{"setWorkflowSettings", put, "/workflows/settings", 200, on((*api).setWorkflowSettings)},
		{"getWorkflow", get, "/workflows/{id}", 200, on((*api).getWorkflow)},
		{"updateWorkflow", patch, "/workflows/{id}", 200, on((*api).updateWorkflow)},
		{"defineWorkflow", put, "/workflows/{id}", 200, on((*api).defineWorkflow)},
		{"deleteWorkflow", del, "/workflows/{id}", 204, on((*api).deleteWorkflow)},
		{"duplicateWorkflow", post, "/workflows/{id}/duplicate", 201, on((*api).duplicateWorkflow)},
		{"enableWorkflow", post, "/workflows/{id}/enable", 200, on((*api).enableWorkflow)},
		{"disableWorkflow", post, "/workflows/{id}/disable", 200, on((*api).disableWorkflow)},
		{"listWorkflowVersions", get, "/workflows/{id}/versions", 200, on((*api).listWorkflowVersions)},
		{"getWorkflowDiff", get, "/workflows/{id}/diff", 200, on((*api).getWorkflowDiff)},
		{"getWorkflowFigures", get, "/workflows/{id}/figures", 200, on((*api).getWorkflowFigures)},
		{"getWorkflowDiagram", get, "/workflows/{id}/diagram", 200, on((*api).getWorkflowDiagram)},
		{"validateWorkflow", post, "/workflows/validate", 200, on((*api).validateWorkflow)},
		{"dryRunWorkflow", post, "/workflows/dry-run", 200, on((*api).dryRunWorkflow)},
		{"dryRunStoredWorkflow", post, "/workflows/{id}/dry-run", 200, on((*api).dryRunStoredWorkflow)},
		{"listWorkflowExecutions", get, "/workflows/{id}/executions", 200, on((*api).listWorkflowExecutions)},
		{"startExecution", post, "/workflows/{id}/executions", 201, onPut((*api).startExecution)},
		{"moveExecutions", post, "/workflows/{id}/executions/move", 200, on((*api).moveExecutions)},
		{"listExecutions", get, "/executions", 200, on((*api).listExecutions)},
		{"getExecutionCounts", get, "/executions/counts", 200, on((*api).getExecutionCounts)},
		{"getExecutionByID", get, "/executions/{execution}", 200, on((*api).getExecutionByID)},
		{"getExecution", get, "/workflows/{id}/executions/{execution}", 200, on((*api).getExecution)},
		{"retryExecution", post, "/workflows/{id}/executions/{execution}/retry", 200, on((*api).retryExecution)},
		{"skipExecution", post, "/workflows/{id}/executions/{execution}/skip", 200, on((*api).skipExecution)},
		{"cancelExecution", post, "/workflows/{id}/executions/{execution}/cancel", 200, on((*api).cancelExecution)},
		{"listOutbox", get, "/outbox", 200, on((*api).listOutbox)},
		{"getOutboxMail", get, "/outbox/{id}", 200, on((*api).getOutboxMail)},
		{"getOutboxRaw", get, "/outbox/{id}/raw", 200, onMailFile((*api).getOutboxRaw)},

		{"listSegments", get, "/segments", 200, on((*api).listSegments)},
		{"createSegment", post, "/segments", 201, on((*api).createSegment)},
		{"previewSegment", post, "/segments/preview", 200, on((*api).previewSegment)},
		{"getSegment", get, "/segments/{id}", 200, on((*api).getSegment)},
		{"updateSegment", patch, "/segments/{id}", 200, on((*api).updateSegment)},
		{"deleteSegment", del, "/segments/{id}", 204, on((*api).deleteSegment)},
		{"listSegmentContacts", get, "/segments/{id}/contacts", 200, on((*api).listSegmentContacts)},
		{"addSegmentMembers", post, "/segments/{id}/members", 200, on((*api).addSegmentMembers)},
		{"removeSegmentMembers", del, "/segments/{id}/members", 200, on((*api).removeSegmentMembers)},
		{"explainSegment", get, "/segments/{id}/explanation", 200, on((*api).explainSegment)},
		{"computeSegment", post, "/segments/{id}/compute", 202, on((*api).computeSegment)},

		{"listMessages", get, "/messages", 200, on((*api).listMessages)},
		{"getMessage", get, "/messages/{id}", 200, on((*api).getMessage)},
		{"getMessageExplanation", get, "/messages/{id}/explanation", 200, on((*api).getMessageExplanation)},
		{"listMessageEvents", get, "/messages/{id}/events", 200, on((*api).listMessageEvents)},

		{"listSources", get, "/sources", 200, on((*api).listSources)},
		{"createSource", post, "/sources", 201, on((*api).createSource)},
		{"getSource", get, "/sources/{id}", 200, on((*api).getSource)},
		{"updateSource", patch, "/sources/{id}", 200, on((*api).updateSource)},
		{"rotateSource", post, "/sources/{id}/rotate", 200, on((*api).rotateSource)},
		{"disableSource", post, "/sources/{id}/disable", 200, on((*api).disableSource)},
		{"enableSource", post, "/sources/{id}/enable", 200, on((*api).enableSource)},
		{"getSourceHealth", get, "/sources/{id}/health", 200, on((*api).getSourceHealth)},
		{"testSource", post, "/sources/{id}/test", 200, on((*api).testSource)},
		{"listConfirmations", get, "/sources/{id}/confirmations", 200, on((*api).listConfirmations)},
		{"confirmSubscription", post, "/sources/{id}/confirmations/{confirmation}/confirm", 200, on((*api).confirmSubscription)},

		{"listSuppressions", get, "/suppressions", 200, on((*api).listSuppressions)},
		{"liftSuppression", post, "/suppressions/{contact}/lift", 200, on((*api).liftSuppression)},
		{"addSuppression", post, "/suppressions", 200, on((*api).addSuppression)},
		{"importSuppressions", post, "/suppressions/import", 200, onList((*api).importSuppressions)},
		{"exportSuppressions", get, "/suppressions/export", 200, onExport((*api).exportSuppressions)},
		{"listSuppressionPatterns", get, "/suppressions/patterns", 200, on((*api).listPatterns)},
		{"liftSuppressionPattern", post, "/suppressions/patterns/{id}/lift", 200, on((*api).liftPattern)},

		{"listApprovals", get, "/approvals", 200, on((*api).listApprovals)},
		{"approveAct", post, "/approvals/{code}/approve", 200, on((*api).approveAct)},
		{"refuseAct", post, "/approvals/{code}/refuse", 200, on((*api).refuseAct)},

		{"listReceipts", get, "/receipts", 200, on((*api).listReceipts)},
		{"getReceipt", get, "/receipts/{id}", 200, on((*api).getReceipt)},
		{"getReceiptRaw", get, "/receipts/{id}/raw", 200, onRaw((*api).getReceiptRaw)},
		{"replayReceipt", post, "/receipts/{id}/replay", 200, on((*api).replayReceipt)},

		{"startReplay", post, "/replays", 202, on((*api).startReplay)},
		{"listReplays", get, "/replays", 200, on((*api).listReplays)},
		{"getReplay", get, "/replays/{id}", 200, on((*api).getReplay)},
		{"cancelReplay", post, "/replays/{id}/cancel", 200, on((*api).cancelReplay)},

		{"getOverview", get, "/stats/overview", 200, on((*api).getOverview)},
		{"getDeliverability", get, "/stats/deliverability", 200, on((*api).getDeliverability)},
		{"getStats", get, "/stats", 200, on((*api).getStats)},
		{"getLinks", get, "/stats/links", 200, on((*api).getLinks)},
		{"getFunnel", get, "/stats/funnel", 200, on((*api).getFunnel)},
		{"getDelays", get, "/stats/delays", 200, on((*api).getDelays)},
		{"getReasons", get, "/stats/reasons", 200, on((*api).getReasons)},
		{"getReach", get, "/stats/reach", 200, on((*api).getReach)},

		{"listKeys", get, "/keys", 200, on((*api).listKeys)},
		{"createKey", post, "/keys", 201, on((*api).createKey)},
		{"giveAWSPair", post, "/keys/{id}/aws", 200, on((*api).giveAWSPair)},
		{"revokeKey", del, "/keys/{id}", 200, on((*api).revokeKey)},

		{"listActs", get, "/audit", 200, on((*api).listActs)},
		{"listSettings", get, "/settings", 200, on((*api).listSettings)},

		{"listPeople", get, "/people", 200, on((*api).listPeople)},
		{"createPerson", post, "/people", 201, on((*api).createPerson)},
		{"resetPerson", post, "/people/{id}/reset", 200, on((*api).resetPerson)},
		{"disablePerson", post, "/people/{id}/disable", 200, on((*api).disablePerson)},
		{"enablePerson", post, "/people/{id}/enable", 200, on((*api).enablePerson)},

		{"signIn", post, "/ui/session", 200, on((*api).signIn)},
		{"getSession", get, "/ui/session", 200, on((*api).getSession)},
		{"signOut", del, "/ui/session", 204, on((*api).signOut)},
		{"getInvitation", post, "/ui/invitation", 200, on((*api).getInvitation)},
		{"acceptInvitation", post, "/ui/invitation/accept", 200, on((*api).acceptInvitation)},
		{"changePassword", post, "/ui/password", 200, on((*api).changePassword)},
		{"listSessions", get, "/ui/sessions", 200, on((*api).listSessions)},
		{"endSession", del, "/ui/sessions/{id}", 204, on((*api).endSession)},

		{"getHealth", get, "/healthz", 200, on((*api).getHealth)},
		{"getReadiness", get, "/readyz", 200, onReadiness((*api).getReadiness)},
	}
}

// handler is the shape of every handler: plain, so that the framework can be replaced.
type handler[I, O any] func(*api, context.Context, *I) (*O, error)

// on serves a handler.
func on[I, O any](h handler[I, O]) func(*api, huma.API, huma.Operation) {
	return func(a *api, framework huma.API, op huma.Operation) {
		huma.Register(framework, op, func(ctx context.Context, in *I) (*O, error) {
			out, err := h(a, ctx, in)
			if err != nil {
				return nil, a.problem(ctx, err)
			}
			return out, nil
		})
	}
}

// onRaw serves a handler that answers with bytes as they came.
func onRaw[I, O any](h handler[I, O]) func(*api, huma.API, huma.Operation) {
	return func(a *api, framework huma.API, op huma.Operation) {
		op.Responses["200"] = &huma.Response{
			Description: "The bytes",
			Content: map[string]*huma.MediaType{
				"application/json":         {Schema: &huma.Schema{Description: "What the provider sent, where it is JSON"}},
				"application/octet-stream": {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}},
			},
		}
		on(h)(a, framework, op)
	}
}

// onReadiness serves a handler that has the same answer under 200 and 503.
func onReadiness[I, O any](h handler[I, O]) func(*api, huma.API, huma.Operation) {
	return func(a *api, framework huma.API, op huma.Operation) {
		delete(op.Responses, strconv.Itoa(http.StatusServiceUnavailable))
		on(h)(a, framework, op)
		op.Responses[strconv.Itoa(http.StatusServiceUnavailable)] = &huma.Response{
			Description: "Not ready", Content: op.Responses["200"].Content,
		}
	}
}

// register makes the routes out of the table of operations. A route without an operation, or an operation without a
// route, is a mistake that a test finds.
func (a *api) register(framework huma.API) {
	operations := make(map[string]control.Operation)
	for _, o := range control.Operations() {
		operations[o.Name] = o
	}
	for _, r := range routes() {
		o, ok := operations[r.operation]
		if !ok {
			panic(fmt.Sprintf("route %s %s is of no operation", r.method, r.path))
		}
		if a.People || o.Group != "People" {
			r.serve(a, framework, a.operation(framework, r, o))
		}
	}
	// huma registers its own form of errors; ours replaces it.
	schemas := framework.OpenAPI().Components.Schemas.Map()
	delete(schemas, "ErrorModel")
	delete(schemas, "ErrorDetail")
}

func (a *api) operation(framework huma.API, r route, o control.Operation) huma.Operation {
	op := huma.Operation{
		OperationID: o.Name, Method: r.method, Path: r.path, DefaultStatus: r.status,
		Summary: o.Summary, Description: strings.TrimSpace(o.Details), Tags: []string{o.Group},
		// control checks parameters, so that one answer tells all that is wrong with them.
		SkipValidateParams: true,
		MaxBodyBytes:       maxBody, Responses: make(map[string]*huma.Response),
		Middlewares: huma.Middlewares{a.observed(o.Name), a.guard(o)},
	}
	statuses := []int{http.StatusUnprocessableEntity, http.StatusInternalServerError, http.StatusServiceUnavailable}
	op.Security = a.security(o)
	if len(op.Security) > 0 || strings.HasPrefix(r.path, pathsOfPeople) {
		statuses = append(statuses, http.StatusUnauthorized, http.StatusForbidden)
	}
	if o.Name == "signIn" || o.Name == "changePassword" || o.Name == "testSource" || o.Name == "testSender" {
		statuses = append(statuses, http.StatusTooManyRequests)
	}
	if o.Frequent {
		statuses = append(statuses, http.StatusTooManyRequests)
	}
	repeatAndScope(&op, o)
	if strings.Contains(r.path, "{") || strings.Contains(r.path, "invitation") {
		statuses = append(statuses, http.StatusNotFound)
	}
	if strings.Contains(r.path, "invitation") {
		statuses = append(statuses, http.StatusGone)
	}
	if r.method == http.MethodPost || r.method == http.MethodPatch || r.method == http.MethodPut {
		statuses = append(statuses, http.StatusBadRequest, http.StatusConflict, http.StatusRequestEntityTooLarge,
			http.StatusUnsupportedMediaType)
	}
	schema := framework.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[Problem](), true, "Problem")
	for _, s := range statuses {
		op.Responses[strconv.Itoa(s)] = problemResponse(http.StatusText(s), schema)
	}
	op.Responses["default"] = problemResponse("Any other error", schema)
	return op
}

// security says what proves that somebody may use an operation: any one of the list; empty: nothing is needed.
func (a *api) security(o control.Operation) (ways []map[string][]string) {
	ways = []map[string][]string{}
	if o.Scope == control.Open {
		return ways
	}
	if o.Scope != control.Person {
		scopes := []string{}
		if word := o.Needs(); word != "" {
			scopes = append(scopes, word)
		}
		ways = append(ways, map[string][]string{bearer: scopes})
	}
	if a.People {
		ways = append(ways, map[string][]string{session: {}})
	}
	return ways
}

// repeatAndScope adds what goes before the guard and into the description: ETags, and the scope that a key needs.
func repeatAndScope(op *huma.Operation, o control.Operation) {
	if repeats(o, op.Method) {
		op.Middlewares = slices.Insert(op.Middlewares, 1, repeated)
		describeRepeats(op)
	}
	if word := o.Needs(); word != "" {
		op.Description = strings.TrimSpace(op.Description + "\n\nA key needs the scope `" + word + "`.")
	}
}

func problemResponse(text string, schema *huma.Schema) *huma.Response {
	return &huma.Response{
		Description: text, Content: map[string]*huma.MediaType{problemType: {Schema: schema}},
	}
}
