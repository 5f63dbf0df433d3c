package awsbus_test

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge/types"

	"tidings/internal/control"
)

func publish(ctx context.Context, endpoint, accessKey, secret string) (string, error) {
	bus := eventbridge.New(eventbridge.Options{
		BaseEndpoint: aws.String(endpoint), // https://tidings.example.com/aws/
		Region:       "eu-west-1",
		Credentials:  credentials.NewStaticCredentialsProvider(accessKey, secret, ""),
	})
	answer, err := bus.PutEvents(ctx, &eventbridge.PutEventsInput{
		Entries: []types.PutEventsRequestEntry{{
			Source:       aws.String("com.acme.shop"),
			DetailType:   aws.String("invoice.paid"),
			Detail:       aws.String(`{"email":"lea@acme.test","amount":49}`),
			EventBusName: aws.String("orders"),
		}},
	})
	if err != nil {
		return "", err
	}
	if answer.FailedEntryCount > 0 {
		return "", errors.New(*answer.Entries[0].ErrorMessage)
	}
	return *answer.Entries[0].EventId, nil
}

func TestTheProgramOfThePagePublishes(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/bus.md")
	must(t, err)
	ours, err := os.ReadFile("example_test.go")
	must(t, err)
	_, after, _ := strings.Cut(string(page), "```go\n")
	program, _, found := strings.Cut(after, "```")
	if !found || !strings.Contains(string(ours), "\n"+program) {
		t.Errorf("the program of docs/bus.md is not the one here:\n%s", program)
	}
	w := newWorld(t, "sqlite")
	pair := w.pair(control.NewKey{})
	id, err := publish(t.Context(), w.url, pair.AccessKeyID, pair.SecretAccessKey)
	must(t, err)
	list := w.events(control.EventFilter{Bus: "orders"})
	if len(list) != 1 || list[0].ID.String() != id {
		t.Errorf("%s %+v", id, list)
	}
}
