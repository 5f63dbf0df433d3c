// Command tidings-lambda is an AWS Lambda function that forwards events of Amazon SES from SNS, SQS or EventBridge to the
// URL of a source. It runs on provided.al2023, built as "bootstrap", and needs nothing but the standard library.
package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"syscall"
	"time"
)

const help = `tidings-lambda forwards what AWS Lambda invokes it with to a source of Tidings. Lambda sets AWS_LAMBDA_RUNTIME_API;
set in the function's environment:

  TIDINGS_URL      the URL of the source, with its token
  TIDINGS_API_KEY  one of the source's secrets (tidings source create --secret)

An invocation from SQS is answered with the messages that were not stored; its event source mapping must have
ReportBatchItemFailures.

  GOOS=linux GOARCH=arm64 CGO_ENABLED=0 go build -o bootstrap ./cmd/tidings-lambda && zip function.zip bootstrap
`

func main() { os.Exit(serve()) }

// serve runs the function until it is told to end, and returns the exit code.
func serve() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	log := slog.New(slog.NewJSONHandler(os.Stderr, nil))
	f, r, err := configure(os.Getenv, log)
	if err != nil {
		fmt.Fprintf(os.Stderr, "tidings-lambda: %v\n\n%s", err, help)
		return 2
	}
	if err := r.run(ctx, f.invoke); err != nil && ctx.Err() == nil {
		log.Error("runtime ended", "error", err)
		return 1
	}
	return 0
}

// configure makes the two sides of the function of its environment.
func configure(env func(string) string, log *slog.Logger) (forwarder, runtime, error) {
	target, key, api := env("TIDINGS_URL"), env("TIDINGS_API_KEY"), env("AWS_LAMBDA_RUNTIME_API")
	u, err := url.Parse(target)
	switch {
	case target == "" || key == "":
		return forwarder{}, runtime{}, errors.New("TIDINGS_URL and TIDINGS_API_KEY must be set")
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		return forwarder{}, runtime{}, errors.New("TIDINGS_URL is not the URL of a source") // it may hold the token
	case api == "":
		return forwarder{}, runtime{}, errors.New("AWS_LAMBDA_RUNTIME_API is not set: this program runs in AWS Lambda")
	}
	client := &http.Client{
		Timeout:       postTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return forwarder{url: target, key: key, client: client, log: log},
		runtime{base: "http://" + api + "/2018-06-01/runtime", client: &http.Client{}, now: time.Now, log: log}, nil
}
