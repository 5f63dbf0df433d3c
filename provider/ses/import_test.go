package ses_test

import (
	"bytes"
	"errors"
	"net/http"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tidings/provider"
	"tidings/provider/ses"
)

// bodyOf is the body of a request in testdata.
func bodyOf(t testing.TB, name string) []byte {
	t.Helper()
	text, err := os.ReadFile("testdata/" + name + ".http")
	if err != nil {
		t.Fatal(err)
	}
	_, body, _ := bytes.Cut(bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n")), []byte("\n\n"))
	return body
}

func TestARecordOfAnArchiveIsTheSameFactInEveryEnvelope(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"bounce_no_email", "eventbridge_delivery_delay", "legacy_complaint", "open"} {
		bare := bodyOf(t, name)
		envelope := request(http.Header{}, bare, noon).Body
		want, err := ses.Adapter.Reparse(bare, provider.Source{})
		if err != nil || len(want.Drafts) == 0 {
			t.Fatalf("%s: %v", name, err)
		}
		for _, record := range [][]byte{bare, envelope, []byte(`{"source":"aws.ses","detail":` + string(bytes.TrimSpace(bare)) + `}`)} {
			if name == "eventbridge_delivery_delay" && bytes.HasPrefix(record, []byte(`{"source":"aws.ses","detail":{"`)) {
				continue // it would be wrapped twice
			}
			got, err := ses.Adapter.Import(record, provider.Source{})
			if d := cmp.Diff(want.Drafts, got.Drafts); d != "" || err != nil {
				t.Errorf("%s: %v %s", name, err, d)
			}
			if bytes.Contains(got.Keep, []byte("UnsubscribeURL")) || bytes.Contains(got.Keep, []byte(`"Signature"`)) {
				t.Errorf("%s keeps %s", name, got.Keep)
			}
		}
	}
}

func TestAnArchiveBringsNeitherSubscriptionsNorOtherAccounts(t *testing.T) {
	t.Parallel()
	confirms := http.Header{"X-Amz-Sns-Message-Type": {"SubscriptionConfirmation"}}
	for _, c := range []struct {
		body []byte
		src  provider.Source
		code string
	}{
		{request(confirms, bodyOf(t, "subscription_confirmation"), noon).Body, provider.Source{}, "no_event"},
		{bodyOf(t, "send"), provider.Source{Account: "999999999999"}, "wrong_account"},
		{[]byte(`{"TopicArn":"x","Signature":"y"}`), provider.Source{}, "bad_envelope"},
	} {
		res, err := ses.Adapter.Import(c.body, c.src)
		refused, ok := errors.AsType[*provider.Refusal](err)
		if !ok || refused.Code != c.code || len(res.Drafts)+len(res.Wishes)+len(res.Keep) != 0 {
			t.Errorf("want %s: %v %+v", c.code, err, res)
		}
	}
}
