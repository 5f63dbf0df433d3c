package awsbus_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/google/go-cmp/cmp"

	"tidings/event"
	"tidings/internal/control"
	"tidings/internal/store"
)

func TestTheSDKPutsEventsWithItsEndpointChanged(t *testing.T) {
	t.Parallel()
	onBoth(t, func(w *world) {
		c := w.client(w.pair(control.NewKey{}))
		when := time.Now().Add(-time.Hour).UTC().Truncate(time.Millisecond)
		paid := entry("invoice.paid", "{\n \"email\": \"Lea <LEA@acme.test>\", \"id\": 7, \"amount\": 49}")
		paid.Time, paid.Resources = &when, []string{"arn:aws:s3:::invoices", "arn:aws:s3:::archive"}
		paid.EventBusName = aws.String("arn:aws:events:eu-west-1:111122223333:event-bus/orders")
		paid.TraceHeader = aws.String("Root=1-5759e988-bd862e3fe1be46a994272793")
		out := put(w, c, paid, entry("subscriber.subscribed", `{"email":"tom@acme.test","firstName":"Tom"}`))
		if out.FailedEntryCount != 0 || len(out.Entries) != 2 {
			w.Fatalf("%+v", out)
		}
		list := w.events(control.EventFilter{Bus: "orders", App: "com.acme.shop"})
		if len(list) != 1 || list[0].ID.String() != aws.ToString(out.Entries[0].EventId) {
			w.Fatalf("%+v", list)
		}
		e := list[0]
		want := &event.Bus{
			Name: "orders", App: "com.acme.shop", ARN: "arn:aws:events:eu-west-1:111122223333:event-bus/orders",
			Resources: []string{"arn:aws:s3:::invoices", "arn:aws:s3:::archive"}, Trace: "Root=1-5759e988-bd862e3fe1be46a994272793",
		}
		if diff := cmp.Diff(want, e.Bus); diff != "" {
			w.Error(diff)
		}
		if e.Name != "invoice.paid" || e.Recipient != "lea@acme.test" || !e.OccurredAt.Equal(when) || e.ContactID == "" ||
			string(e.Data) != `{"email":"Lea <LEA@acme.test>","id":7,"amount":49}` {
			w.Errorf("%+v %s", e, e.Data)
		}
		for f, n := range map[*control.EventFilter]int{
			{Bus: "default"}: 1, {App: "com.acme.shop"}: 2, {App: "com.acme"}: 0, {Bus: aws.ToString(paid.EventBusName)}: 1,
			{Bus: "orders", Names: []string{"subscriber.subscribed"}}: 0, {App: "com.acme.shop", Names: []string{"invoice.paid"}}: 1,
		} {
			if got := w.events(*f); len(got) != n {
				w.Errorf("%+v finds %d, want %d", f, len(got), n)
			}
		}
		receipts, err := w.control.ListReceipts(w.Context(), operator, control.ReceiptFilter{Kind: "bus"})
		must(w, err)
		if len(receipts.Receipts) != 1 || len(receipts.Receipts[0].Problems) != 0 {
			w.Errorf("%+v", receipts)
		}
	})
}

func TestAnEntryThatCanNotBeTakenCostsOnlyItself(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "sqlite")
	c := w.client(w.pair(control.NewKey{Bounds: store.KeyBounds{Events: []string{"a", "b"}}}))
	good := entry("a", `{"email":"lea@acme.test"}`)
	change := func(do func(*types.PutEventsRequestEntry)) types.PutEventsRequestEntry {
		e := good
		do(&e)
		return e
	}
	text, late := func(s string) *string { return &s }, time.Now().Add(time.Hour)
	cases := []struct {
		entry      types.PutEventsRequestEntry
		code, says string
	}{
		{good, "", ""},
		{change(func(e *types.PutEventsRequestEntry) { e.Detail = text(`{"email":`) }), "MalformedDetail", "Parameter Detail is not valid"},
		{change(func(e *types.PutEventsRequestEntry) { e.Detail = text(`["email"]`) }), "MalformedDetail", "JSON object"},
		{change(func(e *types.PutEventsRequestEntry) { e.Detail = text(`{"a":1,"a":2}`) }), "MalformedDetail", "duplicate"},
		{change(func(e *types.PutEventsRequestEntry) { e.Detail = nil }), "InvalidArgument", "Parameter Detail is not valid. Reason: Detail is required."},
		{change(func(e *types.PutEventsRequestEntry) { e.Source = nil }), "InvalidArgument", "Source is required"},
		{change(func(e *types.PutEventsRequestEntry) { e.DetailType = nil }), "InvalidArgument", "DetailType is required"},
		{change(func(e *types.PutEventsRequestEntry) { e.Source = text("aws.ses") }), "NotAuthorizedForSourceException", "AWS alone"},
		{change(func(e *types.PutEventsRequestEntry) { e.DetailType = text("email.bounce") }), "InvalidArgument", "built-in"},
		{change(func(e *types.PutEventsRequestEntry) { e.EventBusName = text("a bus") }), "InvalidArgument", "EventBusName"},
	}
	var list []types.PutEventsRequestEntry
	for _, x := range cases {
		list = append(list, x.entry)
	}
	out := put(w, c, list...)
	if out.FailedEntryCount != int32(len(cases)-1) {
		t.Errorf("%d failed", out.FailedEntryCount)
	}
	for i, x := range cases {
		got := out.Entries[i]
		if aws.ToString(got.ErrorCode) != x.code || !strings.Contains(aws.ToString(got.ErrorMessage), x.says) || (got.EventId == nil) != (x.code != "") {
			t.Errorf("%d: %s %s %s, want %s %q", i, aws.ToString(got.EventId), aws.ToString(got.ErrorCode), aws.ToString(got.ErrorMessage), x.code, x.says)
		}
	}
	out = put(w, c, change(func(e *types.PutEventsRequestEntry) { e.Time = &late }), change(func(e *types.PutEventsRequestEntry) { e.DetailType = text("c") }))
	if out.FailedEntryCount != 2 || !strings.Contains(*out.Entries[0].ErrorMessage, "future") || !strings.Contains(*out.Entries[1].ErrorMessage, "may not track") {
		t.Errorf("%v %v", *out.Entries[0].ErrorMessage, *out.Entries[1].ErrorMessage)
	}
	if n := len(w.events(control.EventFilter{})); n != 1 {
		t.Errorf("%d events", n)
	}
}

func TestWhatIsOverTheLimitsOfEventBridgeIsRefusedAsAWhole(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "sqlite")
	c := w.client(w.pair(control.NewKey{}))
	detail := func(n int) string { // an entry of n bytes with the source and the detail-type
		e := entry("big", `{"email":"lea@acme.test","text":""}`)
		return `{"email":"lea@acme.test","text":"` + strings.Repeat("x", n-len(*e.Source)-len(*e.DetailType)-len(*e.Detail)) + `"}`
	}
	for name, x := range map[string]struct {
		list []types.PutEventsRequestEntry
		code string
	}{
		"eleven entries":             {slicesOf(11, entry("a", `{"email":"lea@acme.test"}`)), "ValidationException"},
		"257 KiB":                    {[]types.PutEventsRequestEntry{entry("big", detail(257<<10))}, "ValidationException"},
		"a byte too many":            {[]types.PutEventsRequestEntry{entry("big", detail(256<<10))}, "ValidationException"},
		"a body of more than 2 MiB":  {[]types.PutEventsRequestEntry{entry("big", detail(3<<20))}, "RequestEntityTooLargeException"},
		"as large as entries may be": {[]types.PutEventsRequestEntry{entry("big", detail(256<<10-1))}, ""},
		"ten entries":                {slicesOf(10, entry("a", `{"email":"lea@acme.test"}`)), ""},
	} {
		out, err := c.PutEvents(w.Context(), &eventbridge.PutEventsInput{Entries: x.list})
		if codeOf(err) != x.code || err == nil && out.FailedEntryCount > 0 {
			t.Errorf("%s: %+v %v", name, out, err)
		}
	}
	if got := w.problems(); got["data_too_large"] != 1 {
		t.Errorf("problems %v", got)
	}
	if n := len(w.events(control.EventFilter{})); n != 11 {
		t.Errorf("%d events", n)
	}
}

func slicesOf(n int, e types.PutEventsRequestEntry) (list []types.PutEventsRequestEntry) {
	for range n {
		list = append(list, e)
	}
	return list
}

// problems counts the problems of all receipts.
func (w *world) problems() map[string]int {
	w.Helper()
	page, err := w.control.ListReceipts(w.Context(), operator, control.ReceiptFilter{})
	must(w, err)
	found := make(map[string]int)
	for _, r := range page.Receipts {
		for _, p := range r.Problems {
			found[p.Code]++
		}
	}
	return found
}

func TestWhoeverIsNotTheKeyIsRefused(t *testing.T) {
	t.Parallel()
	onBoth(t, func(w *world) {
		pair, other := w.pair(control.NewKey{}), w.pair(control.NewKey{})
		change := func(do func(*control.AWSPair)) control.AWSPair {
			p := pair
			do(&p)
			return p
		}
		rotated := w.pair(control.NewKey{})
		_, err := w.control.GiveAWSPair(w.Context(), operator, rotated.Key.ID)
		must(w, err)
		revoked := w.pair(control.NewKey{})
		_, err = w.control.RevokeKey(w.Context(), operator, revoked.Key.ID)
		must(w, err)
		for name, x := range map[string]struct {
			pair control.AWSPair
			code string
		}{
			"another secret":        {change(func(p *control.AWSPair) { p.SecretAccessKey += "x" }), "InvalidSignatureException"},
			"another key's secret":  {change(func(p *control.AWSPair) { p.SecretAccessKey = other.SecretAccessKey }), "InvalidSignatureException"},
			"a secret from before":  {rotated, "InvalidSignatureException"},
			"nobody's access key":   {change(func(p *control.AWSPair) { p.AccessKeyID = "AKIAIOSFODNN7EXAMPLE" }), "UnrecognizedClientException"},
			"an unknown access key": {change(func(p *control.AWSPair) { p.AccessKeyID = "TIDI0000000000000000" }), "UnrecognizedClientException"},
			"a revoked key":         {revoked, "UnrecognizedClientException"},
		} {
			_, err := w.client(x.pair, once).PutEvents(w.Context(), &eventbridge.PutEventsInput{
				Entries: []types.PutEventsRequestEntry{entry("a", `{"email":"lea@acme.test"}`)},
			})
			if codeOf(err) != x.code {
				w.Errorf("%s: %v", name, err)
			}
		}
		if n := len(w.events(control.EventFilter{})); n != 0 {
			w.Errorf("%d events", n)
		}
	})
}

func TestAKeyThatMayNotTrackGetsNoPair(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "sqlite")
	for name, in := range map[string]control.NewKey{
		"public":   {Kind: store.PublicKey},
		"a reader": {Scopes: []string{"read"}},
	} {
		key, _, err := w.control.CreateLimitedKey(t.Context(), operator, in)
		must(t, err)
		if _, err := w.control.GiveAWSPair(t.Context(), operator, key.ID); err == nil {
			t.Errorf("a key that is %s got a pair", name)
		}
	}
	strong, _, err := w.control.CreateLimitedKey(t.Context(), operator, control.NewKey{Kind: store.SecretKey})
	must(t, err)
	weak := operator
	weak.Scopes = store.ScopesOf([]string{"keys:write", "events:write"})
	if _, err := w.control.GiveAWSPair(t.Context(), weak, strong.ID); err == nil {
		t.Error("a key gave itself the power of a stronger one")
	}
	stranger := operator
	stranger.Project = "prj_other"
	if _, err := w.control.GiveAWSPair(t.Context(), stranger, strong.ID); err == nil {
		t.Error("another project's key got a pair")
	}
}

func TestARequestIsRefusedForWhatWasChangedOnItsWay(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "sqlite")
	pair := w.pair(control.NewKey{})
	for name, x := range map[string]struct {
		change func(*http.Request)
		code   string
	}{
		"nothing": {func(*http.Request) {}, ""},
		"the body": {func(r *http.Request) {
			body, _ := io.ReadAll(r.Body)
			r.Body = io.NopCloser(bytes.NewReader(bytes.Replace(body, []byte("lea@"), []byte("eve@"), 1)))
		}, "InvalidSignatureException"},
		"the target": {func(r *http.Request) { r.Header.Set("X-Amz-Target", "AWSEvents.DeleteRule") }, "InvalidSignatureException"},
		"the time": {func(r *http.Request) {
			r.Header.Set("X-Amz-Date", time.Now().Add(time.Minute).UTC().Format("20060102T150405Z"))
		}, "InvalidSignatureException"},
		"the query":        {func(r *http.Request) { r.URL.RawQuery = "a=b" }, "InvalidSignatureException"},
		"the host":         {func(r *http.Request) { r.Host = "evil.test" }, "InvalidSignatureException"},
		"the call":         {func(r *http.Request) { r.Header.Set("Amz-Sdk-Invocation-Id", "again") }, "InvalidSignatureException"},
		"no signature":     {func(r *http.Request) { r.Header.Del("Authorization") }, "MissingAuthenticationTokenException"},
		"a bearer":         {func(r *http.Request) { r.Header.Set("Authorization", "Bearer sk_1") }, "IncompleteSignatureException"},
		"a session":        {func(r *http.Request) { r.Header.Set("X-Amz-Security-Token", "x") }, "UnrecognizedClientException"},
		"an unsigned body": {func(r *http.Request) { r.Header.Set("X-Amz-Content-Sha256", "UNSIGNED-PAYLOAD") }, "InvalidSignatureException"},
		"the path":         {func(r *http.Request) { r.URL.Path = "/aws/service" }, "UnknownOperationException"},
		"the method":       {func(r *http.Request) { r.Method = http.MethodGet }, "UnknownOperationException"},
		"another service": {func(r *http.Request) {
			r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), "/events/", "/sqs/", 1))
		}, "InvalidSignatureException"},
		"another region": {func(r *http.Request) {
			r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), "eu-west-1", "eu-west-2", 1))
		}, "InvalidSignatureException"},
		"yesterday": {func(r *http.Request) {
			day := time.Now().UTC()
			r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), day.Format("20060102"), day.AddDate(0, 0, -1).Format("20060102"), 1))
		}, "InvalidSignatureException"},
		"an unsigned target": {func(r *http.Request) {
			r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), ";x-amz-target", "", 1))
		}, "InvalidSignatureException"},
	} {
		w.before = x.change
		_, err := w.client(pair, once).PutEvents(t.Context(), &eventbridge.PutEventsInput{
			Entries: []types.PutEventsRequestEntry{entry("a", `{"email":"lea@acme.test"}`)},
		})
		if codeOf(err) != x.code {
			t.Errorf("%s: %v, want %s", name, err, x.code)
		}
	}
	if n := len(w.events(control.EventFilter{})); n != 1 {
		t.Errorf("%d events", n)
	}
}

// A proxy may give the request another host and path; the public URL knows what was signed.
func TestARequestThatWasSignedForThePublicURLIsTaken(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "sqlite")
	c := w.client(w.pair(control.NewKey{}), func(o *eventbridge.Options) {
		o.BaseEndpoint = aws.String("https://public.test/base/aws/")
		o.HTTPClient = proxy{strings.TrimSuffix(w.url, "/aws/")}
	})
	if out := put(w, c, entry("a", `{"email":"lea@acme.test"}`)); out.FailedEntryCount != 0 {
		t.Errorf("%+v", out)
	}
}

// proxy sends what is for the public URL to the server.
type proxy struct{ to string }

func (p proxy) Do(r *http.Request) (*http.Response, error) {
	again, err := http.NewRequestWithContext(r.Context(), r.Method, p.to+strings.TrimPrefix(r.URL.Path, "/base"), r.Body)
	if err != nil {
		return nil, err
	}
	again.Header, again.ContentLength = r.Header, r.ContentLength
	return http.DefaultClient.Do(again)
}

func TestAnSDKWhoseClockIsWrongSetsItByTheAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "sqlite")
	pair := w.pair(control.NewKey{})
	for _, slow := range []time.Duration{4*time.Minute + 50*time.Second, -4*time.Minute - 50*time.Second} {
		w.slow = slow
		put(w, w.client(pair, once), entry("a", `{"email":"lea@acme.test"}`))
	}
	for _, slow := range []time.Duration{10 * time.Minute, -10 * time.Minute} {
		w.slow = slow
		c := w.client(pair, once)
		_, err := c.PutEvents(t.Context(), &eventbridge.PutEventsInput{Entries: slicesOf(1, entry("a", `{"email":"lea@acme.test"}`))})
		if codeOf(err) != "InvalidSignatureException" || !strings.Contains(err.Error(), "5 min.") {
			t.Errorf("%s: %v", slow, err)
		}
		put(w, w.client(pair), entry("b", `{"email":"lea@acme.test"}`)) // tries again with the clock of the answer
	}
}

func TestARequestThatIsRepeatedMakesNoSecondEvent(t *testing.T) {
	t.Parallel()
	onBoth(t, func(w *world) {
		pair := w.pair(control.NewKey{})
		// The server does its work, and the SDK never hears of it: it sends the same again, newly signed.
		c := w.client(pair, func(o *eventbridge.Options) { o.HTTPClient = &deaf{lost: 1} })
		out := put(w, c, entry("a", `{"email":"lea@acme.test"}`), entry("b", `{"order":7}`))
		ids := []string{aws.ToString(out.Entries[0].EventId), aws.ToString(out.Entries[1].EventId)}
		list := w.events(control.EventFilter{})
		if len(list) != 1 || list[0].ID.String() != ids[0] || ids[1] == "" {
			w.Errorf("%v %+v", ids, list)
		}
		// Word for word the same: somebody copied it.
		copied := &recorder{}
		put(w, w.client(pair, func(o *eventbridge.Options) {
			o.HTTPClient = copied
			o.APIOptions = append(o.APIOptions, withoutCall)
		}), entry("c", `{"email":"lea@acme.test"}`))
		res, err := copied.again(w.Context())
		must(w, err)
		if res.StatusCode != http.StatusOK || len(w.events(control.EventFilter{Names: []string{"c"}})) != 1 {
			w.Errorf("%s, and %d events", res.Status, len(w.events(control.EventFilter{Names: []string{"c"}})))
		}
		must(w, res.Body.Close())
		// The same words in another call are another event.
		put(w, w.client(pair), entry("c", `{"email":"lea@acme.test"}`))
		if n := len(w.events(control.EventFilter{Names: []string{"c"}})); n != 2 {
			w.Errorf("%d events", n)
		}
	})
}

// deaf loses answers.
type deaf struct{ lost int }

func (d *deaf) Do(r *http.Request) (*http.Response, error) {
	res, err := http.DefaultClient.Do(r)
	if d.lost--; err == nil && d.lost >= 0 {
		_ = res.Body.Close()
		return nil, &smithyhttp.RequestSendError{Err: io.ErrUnexpectedEOF}
	}
	return res, err
}

// recorder keeps the last request.
type recorder struct {
	request *http.Request
	body    []byte
}

func (k *recorder) Do(r *http.Request) (*http.Response, error) {
	var err error
	if k.body, err = io.ReadAll(r.Body); err != nil {
		return nil, err
	}
	k.request = r
	return k.again(r.Context())
}

func (k *recorder) again(ctx context.Context) (*http.Response, error) {
	r := k.request.Clone(ctx)
	r.Body = io.NopCloser(bytes.NewReader(k.body))
	return http.DefaultClient.Do(r)
}

// withoutCall takes away what names a call, as programs that sign by themselves have none.
func withoutCall(stack *middleware.Stack) error {
	return stack.Finalize.Insert(middleware.FinalizeMiddlewareFunc("withoutCall", func(
		ctx context.Context, in middleware.FinalizeInput, next middleware.FinalizeHandler,
	) (middleware.FinalizeOutput, middleware.Metadata, error) {
		in.Request.(*smithyhttp.Request).Header.Del("Amz-Sdk-Invocation-Id")
		return next.HandleFinalize(ctx, in)
	}), "Signing", middleware.Before)
}

// An event of which nobody knows whom it is about is kept, and made when a rule knows.
func TestAReplayMakesTheEventOnceARuleSaysWhomItIsAbout(t *testing.T) {
	t.Parallel()
	onBoth(t, func(w *world) {
		out := put(w, w.client(w.pair(control.NewKey{})), entry("a", `{"customer":{"mail":"Lea@acme.test"}}`), entry("b", `{"email":"tom@acme.test"}`))
		if out.FailedEntryCount != 0 || w.problems()["no_address"] != 1 || len(w.events(control.EventFilter{})) != 1 {
			w.Errorf("%+v %v", out, w.problems())
		}
		w.control.Builder.Whom = ruled
		sum, err := w.control.Replay(w.Context(), operator, control.ReplayFilter{}, nil)
		must(w, err)
		list := w.events(control.EventFilter{Names: []string{"a"}})
		if sum.New != 1 || sum.Known != 1 || sum.Conflicts != 0 || len(list) != 1 || list[0].Recipient != "lea@acme.test" ||
			list[0].ID.String() != aws.ToString(out.Entries[0].EventId) || len(w.problems()) != 0 {
			w.Errorf("%+v %+v %v", sum, list, w.problems())
		}
		put(w, w.client(w.pair(control.NewKey{})), entry("a", `{"customer":{"mail":"kim@acme.test"}}`))
		kim, err := w.control.Contact(w.Context(), operator, "kim@acme.test")
		must(w, err)
		if string(kim.Attributes) != `{"firstName":"Kim"}` {
			w.Errorf("%s", kim.Attributes)
		}
		v, err := w.control.Verify(w.Context(), nil)
		must(w, err)
		if len(v.Differences) > 0 {
			w.Errorf("%+v", v.Differences)
		}
	})
}

func BenchmarkPutEvents(b *testing.B) {
	w := newWorld(b, "sqlite")
	pair := w.pair(control.NewKey{})
	b.RunParallel(func(pb *testing.PB) {
		c := w.client(pair)
		for n := 0; pb.Next(); n++ {
			var list []types.PutEventsRequestEntry
			for i := range 10 {
				list = append(list, entry("invoice.paid", fmt.Sprintf(`{"email":"p%d@acme.test","amount":49,"plan":"team"}`, n*10+i)))
			}
			if _, err := c.PutEvents(b.Context(), &eventbridge.PutEventsInput{Entries: list}); err != nil {
				b.Error(err)
				return
			}
		}
	})
	b.ReportMetric(float64(b.N*10)/b.Elapsed().Seconds(), "entries/s")
}
