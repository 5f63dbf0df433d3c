package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"time"

	"github.com/go-json-experiment/json"

	"tidings/internal/config"
	"tidings/internal/control"
	"tidings/provider"
	"tidings/provider/dsn"
)

// The exit codes of sysexits.h that a mail server understands. Every other one makes it return the message, and nobody
// is there to return a bounce to.
const (
	exitData  = 65 // EX_DATAERR: never a message
	exitLater = 75 // EX_TEMPFAIL: keep the message, and try again
)

// reportTimeout is how long the server may take to answer.
const reportTimeout = 30 * time.Second

// notAMessage is the code of the refusal of what is no mail at all.
const notAMessage = "not_a_message"

// errNoMessage ends tidings dsn where standard input holds no mail.
var errNoMessage = errors.New("standard input holds no mail: it does not begin with the header of one")

type dsnCommand struct {
	database     `embed:""`
	config.Rules `embed:""`
	URL          string `placeholder:"URL" help:"URL of the source to post to; user and password may be in it."`
	Source       string `placeholder:"ID" help:"Instead: the source (src_…) whose database is on this machine."`
}

// Help is the long help.
func (*dsnCommand) Help() string {
	return `Reads one mail on standard input, as a mail server's pipe gives it: a bounce or another delivery report (RFC 3464), a
complaint (RFC 5965) or an automatic answer. It prints nothing where all is well. Of a mail over 4 MiB the end is left
out: the report comes first in it.

Exit codes: 0 stored, 75 not now (the mail server keeps the mail and tries again; wrong flags too), 65 no mail at all.

  tidings source create --provider dsn --name bounces
  tidings dsn --url http://127.0.0.1:8080/in/dsn/TOKEN < bounce.eml
  tidings dsn --source src_01jq7z9f3v8k2m5n < bounce.eml`
}

// Run stores the mail on standard input.
func (d *dsnCommand) Run(c *console) error {
	if (d.URL == "") == (d.Source == "") {
		return usageError{errors.New("want --url or --source, see tidings dsn --help")}
	}
	message, err := readReport(os.Stdin)
	if err != nil {
		return err
	}
	if d.URL != "" {
		return postReport(c.ctx, d.URL, message)
	}
	return d.with(c, config.Config{Rules: d.Rules}, func(ops *control.Control, who control.Actor) error {
		_, err := ops.TakeReport(c.ctx, who, d.Source, message)
		if r, refused := errors.AsType[*provider.Refusal](err); refused && r.Code == notAMessage {
			return errNoMessage
		}
		return err
	})
}

// readReport reads a mail up to the limit, and takes the rest off the pipe.
func readReport(r io.Reader) ([]byte, error) {
	message, err := io.ReadAll(io.LimitReader(r, dsn.MaxMessage))
	if err == nil {
		_, err = io.Copy(io.Discard, r)
	}
	if err != nil {
		return nil, fmt.Errorf("read standard input: %w", err)
	}
	if len(bytes.TrimSpace(message)) == 0 {
		return nil, errNoMessage
	}
	return message, nil
}

// postReport posts a mail to a source. A redirect is not followed: a GET would lose the mail.
func postReport(ctx context.Context, target string, message []byte) error {
	ctx, cancel := context.WithTimeout(ctx, reportTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, target, bytes.NewReader(message))
	if err != nil {
		return usageError{errors.New("--url is no URL")}
	}
	req.Header.Set("Content-Type", "message/rfc822")
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(req)
	if err != nil {
		return fmt.Errorf("post the mail to %s: %w", req.URL.Host, withoutURL(err))
	}
	defer res.Body.Close()
	if res.StatusCode == http.StatusOK {
		return nil
	}
	var problem struct {
		Code   string `json:"code"`
		Detail string `json:"detail"`
	}
	// An answer that is no problem of ours leaves both empty.
	_ = json.UnmarshalRead(io.LimitReader(res.Body, maxAnswer), &problem)
	if problem.Code == notAMessage {
		return errNoMessage
	}
	return fmt.Errorf("the server at %s answers %s %s", req.URL.Host, res.Status, plain(problem.Detail))
}

// maxAnswer bounds what is read of an answer, in bytes.
const maxAnswer = 64 << 10

// withoutURL takes the URL out of an error: it holds the source's secret, and mail servers log what is printed.
func withoutURL(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		return u.Err
	}
	return err
}

// exitOf is the exit code of a run: tidings dsn has its own, even where its flags are wrong.
func exitOf(args []string, code int) int {
	if len(args) > 0 && args[0] == "dsn" && code != 0 && code != exitData {
		return exitLater
	}
	return code
}
