package cloud_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tidings/internal/fault"
	"tidings/internal/setup"
	"tidings/test/fakeses"
)

// What SNS answers and the emulator can't show: lists with subscriptions that have no ARN, in pages, and refusals. The
// answers have the form of AWS's API reference.

// answers are what an action answers: status and body.
type answers map[string]func(r *http.Request) (int, string)

func (a answers) start(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer, ok := a[r.FormValue("Action")]
		if !ok {
			// SQS speaks JSON and has its action in a header.
			w.Header().Set("Content-Type", "application/x-amz-json-1.0")
			w.Header().Set("X-Amzn-Query-Error", "AWS.SimpleQueueService.NonExistentQueue;Sender")
			w.WriteHeader(http.StatusBadRequest)
			fmt.Fprint(w, `{"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"The specified queue does not exist."}`)
			return
		}
		status, body := answer(r)
		w.Header().Set("Content-Type", "text/xml")
		w.WriteHeader(status)
		fmt.Fprint(w, body)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func refusal(code, message string) func(*http.Request) (int, string) {
	return func(*http.Request) (int, string) {
		return http.StatusForbidden, `<ErrorResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/"><Error><Type>Sender</Type><Code>` + code +
			`</Code><Message>` + message + `</Message></Error><RequestId>1</RequestId></ErrorResponse>`
	}
}

func topicAttributes(*http.Request) (int, string) {
	return http.StatusOK, `<GetTopicAttributesResponse><GetTopicAttributesResult><Attributes><entry><key>Owner</key>` +
		`<value>000000000000</value></entry></Attributes></GetTopicAttributesResult></GetTopicAttributesResponse>`
}

// subscriptions are two pages: pairs of ARN and endpoint.
func subscriptions(first, second [][2]string) func(*http.Request) (int, string) {
	return func(r *http.Request) (int, string) {
		list, next := first, "<NextToken>more</NextToken>"
		if r.FormValue("NextToken") != "" {
			list, next = second, ""
		}
		var b strings.Builder
		for _, s := range list {
			fmt.Fprintf(&b, "<member><TopicArn>t</TopicArn><Protocol>https</Protocol><SubscriptionArn>%s</SubscriptionArn>"+
				"<Owner>1</Owner><Endpoint>%s</Endpoint></member>", s[0], s[1])
		}
		return http.StatusOK, "<ListSubscriptionsByTopicResponse><ListSubscriptionsByTopicResult><Subscriptions>" + b.String() +
			"</Subscriptions>" + next + "</ListSubscriptionsByTopicResult></ListSubscriptionsByTopicResponse>"
	}
}

func subscriptionAttributes(r *http.Request) (int, string) {
	return http.StatusOK, "<GetSubscriptionAttributesResponse><GetSubscriptionAttributesResult><Attributes>" +
		"<entry><key>PendingConfirmation</key><value>false</value></entry>" +
		"<entry><key>RawMessageDelivery</key><value>true</value></entry>" +
		"</Attributes></GetSubscriptionAttributesResult></GetSubscriptionAttributesResponse>"
}

func TestTheSubscriptionIsFoundInEveryState(t *testing.T) {
	const endpoint = "https://tidings.example.test/in/ses/tidings-eu-west-1"
	const arn = "arn:aws:sns:eu-west-1:000000000000:tidings:9b0c"
	for _, tt := range []struct {
		name          string
		first, second [][2]string
		want          *setup.Subscription
		others        []string
	}{
		{"none", nil, nil, nil, nil},
		{
			"others",
			[][2]string{{arn, endpoint + "x"}, {arn, "https://ann:secret@other.test/in/ses/token"}},
			[][2]string{{"PendingConfirmation", "https://other.test"}, {arn, "ops@acme.test"}, {"Deleted", "https://gone.test"}},
			nil,
			[]string{"https://other.test", "https://tidings.example.test"},
		},
		{"pending", [][2]string{{"PendingConfirmation", endpoint}}, nil, &setup.Subscription{Pending: true}, nil},
		{"ended", [][2]string{{"Deleted", endpoint}}, nil, nil, nil},
		{"confirmed on the second page", [][2]string{{"Deleted", endpoint}}, [][2]string{{arn, endpoint}}, &setup.Subscription{ARN: arn, Raw: true}, nil},
		{"confirmed after another try", [][2]string{{"PendingConfirmation", endpoint}}, [][2]string{{arn, endpoint}}, &setup.Subscription{ARN: arn, Raw: true}, nil},
	} {
		t.Run(tt.name, func(t *testing.T) {
			url := answers{
				"GetTopicAttributes": topicAttributes, "ListSubscriptionsByTopic": subscriptions(tt.first, tt.second),
				"GetSubscriptionAttributes": subscriptionAttributes,
			}.start(t)
			environment(t, url, fakeSES(t))
			w := wish(t, nil)
			f, err := open(t).Find(t.Context(), w, mine(w))
			if err != nil {
				t.Fatal(err)
			}
			if (f.Subscription == nil) != (tt.want == nil) || tt.want != nil && *f.Subscription != *tt.want {
				t.Errorf("found %+v, want %+v", f.Subscription, tt.want)
			}
			if diff := cmp.Diff(tt.others, f.Others); diff != "" {
				t.Errorf("others (-want +got):\n%s", diff)
			}
			if f.Queue != nil {
				t.Errorf("found the queue %+v", f.Queue)
			}
		})
	}
}

func TestARefusalOfSNSNamesThePermission(t *testing.T) {
	for _, tt := range []struct{ action, message, says string }{
		{"GetTopicAttributes", "User: arn:aws:iam::1:user/a is not authorized to perform: SNS:GetTopicAttributes on resource: x", "may not sns:GetTopicAttributes"},
		{"ListSubscriptionsByTopic", "no identity-based policy allows the action", "may not sns:ListSubscriptionsByTopic"},
		{"GetSubscriptionAttributes", "no", "may not sns:GetSubscriptionAttributes"},
	} {
		t.Run(tt.action, func(t *testing.T) {
			w := wish(t, nil)
			a := answers{
				"GetTopicAttributes":        topicAttributes,
				"ListSubscriptionsByTopic":  subscriptions([][2]string{{"arn:aws:sns:x", w.Endpoint(w.SourcePath())}}, nil),
				"GetSubscriptionAttributes": subscriptionAttributes,
			}
			a[tt.action] = refusal("AuthorizationError", tt.message)
			environment(t, a.start(t), fakeSES(t))
			_, err := open(t).Find(t.Context(), w, mine(w))
			if !fault.Is(err, fault.Forbidden) || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("error %v, want %q", err, tt.says)
			}
		})
	}
}

func fakeSES(t *testing.T) string {
	t.Helper()
	return fakeses.Start(t, "acme.test").URL
}
