package main

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strconv"
	"time"

	"tidings/internal/config"
	"tidings/internal/simulate"
)

type simulateCommand struct {
	printing
	URL            string          `placeholder:"URL" help:"URL of the source to post to."`
	Key            string          `name:"key-file" default:"data/demo-key.pem" placeholder:"FILE" type:"path" help:"The simulation's key and certificate; made where it is missing."`
	CertificateOut string          `placeholder:"FILE" type:"path" help:"Write the certificate that a source has to pin."`
	Topic          string          `default:"arn:aws:sns:eu-west-1:123456789012:simulated-mail" placeholder:"ARN" help:"Topic that the notifications come from."`
	Events         int64           `default:"1000" placeholder:"N" help:"Distinct facts to post; 0 goes on until it is stopped."`
	Duration       config.Duration `placeholder:"TIME" help:"Stop after this time."`
	Rate           float64         `placeholder:"N" help:"Facts a second; 0 is as fast as the server answers."`
	Seed           uint64          `default:"1" placeholder:"N" help:"The same seed and start make the same notifications."`
	Start          string          `placeholder:"TIME" help:"When the first imagined mail was sent (RFC 3339). Default: ten days before today."`
	Span           config.Duration `default:"7d" placeholder:"TIME" help:"Over how long the imagined mail is spread."`
	Recipients     int             `default:"20000" placeholder:"N" help:"How many people there are."`
	Noise          float64         `default:"0.03" placeholder:"SHARE" help:"Share of notifications that come twice; 0 is none."`
	Window         int             `default:"50" placeholder:"N" help:"Notifications within which the order is lost; 0 keeps it."`
	Live           bool            `help:"Let everything happen now, at --rate."`
	Workers        int             `default:"8" placeholder:"N" help:"Connections."`
}

// Help is the long help.
func (*simulateCommand) Help() string {
	return `Makes up people, mail and what became of it, signs it like Amazon SNS with a certificate of its own, posts it, and
says what a server that was empty before should now contain.

  tidings simulate --certificate-out demo.pem
  tidings source create --provider ses --name demo --signing-certificate demo.pem \
    --topic arn:aws:sns:eu-west-1:123456789012:simulated-mail
  tidings simulate --url http://127.0.0.1:8080/in/ses/TOKEN --events 10000 --seed 7`
}

// Run writes the certificate, or simulates, or both.
func (s *simulateCommand) Run(c *console) error {
	if s.URL == "" && s.CertificateOut == "" {
		return usageError{errors.New("--url is missing: the URL of a source, see tidings simulate --help")}
	}
	options, err := s.options()
	if err != nil {
		return err
	}
	id, err := simulate.LoadIdentity(s.Key)
	if err != nil {
		return err
	}
	if s.CertificateOut != "" {
		if err := os.WriteFile(s.CertificateOut, id.CertificatePEM(), 0o644); err != nil { //nolint:gosec // a certificate is public
			return fmt.Errorf("write --certificate-out: %w", err)
		}
	}
	if s.URL == "" {
		return nil
	}
	show, hide := c.progress("simulate")
	summary, err := simulate.Run(c.ctx, options, id, func(facts int64) { show(facts, s.Events) })
	hide()
	if err != nil {
		return err
	}
	return s.print(c, summary, func(w io.Writer) { printSummary(w, summary) })
}

func (s *simulateCommand) options() (simulate.Options, error) {
	o := simulate.Options{
		URL: s.URL, Topic: s.Topic, Seed: s.Seed, Span: s.Span.Std(), Events: s.Events, Duration: s.Duration.Std(),
		Rate: s.Rate, Recipients: s.Recipients, Noise: s.Noise, Window: s.Window, Live: s.Live, Workers: s.Workers,
	}
	if s.Noise == 0 {
		o.Noise = -1
	}
	if s.Window == 0 {
		o.Window = -1
	}
	if s.Start != "" {
		start, err := time.Parse(time.RFC3339, s.Start)
		if err != nil {
			return o, usageError{fmt.Errorf("--start: %q is no time: write 2026-05-04T00:00:00Z", s.Start)}
		}
		o.Start = start
	}
	if s.Events < 0 || s.Rate < 0 || s.Recipients < 1 || s.Workers < 1 || s.Noise < 0 || s.Noise > 1 || s.Window < 0 {
		return o, usageError{errors.New("--events, --rate, --window, --noise, --recipients or --workers is out of range")}
	}
	return o, nil
}

func printSummary(w io.Writer, s simulate.Summary) {
	fmt.Fprintf(w, "Posted %d notifications in %d requests (%d retries), seed %d, first mail %s.\n",
		s.Notifications, s.Posts, s.Retries, s.Seed, when(s.Start))
	fmt.Fprintln(w, "A server that was empty before should now contain:")
	rows := [][]string{
		{"events", strconv.FormatInt(s.Events, 10)},
		{"contacts", strconv.FormatInt(s.Contacts, 10)},
		{"messages", strconv.FormatInt(s.Messages, 10)},
	}
	for _, name := range slices.Sorted(maps.Keys(s.ByName)) {
		rows = append(rows, []string{string(name), strconv.FormatInt(s.ByName[name], 10)})
	}
	for _, reason := range slices.Sorted(maps.Keys(s.Suppressed)) {
		rows = append(rows, []string{"contacts suppressed for " + reason, strconv.FormatInt(s.Suppressed[reason], 10)})
	}
	table(w, []string{"what", "count"}, rows)
}
