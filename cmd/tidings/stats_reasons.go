package main

import (
	"fmt"
	"io"
	"strconv"
	"time"

	"tidings/internal/api"
	"tidings/internal/control"
)

type statsReasons struct {
	database     `embed:""`
	printing     `embed:""`
	spanned      `embed:""`
	Domain       string `placeholder:"DOMAIN" help:"Of mail to this domain."`
	SenderDomain string `placeholder:"DOMAIN" help:"Of mail from this domain."`
}

// Help is the long help.
func (*statsReasons) Help() string {
	return `Why mail bounced at one domain, from the newest 100,000 bounces of the span. For everything: stats count --by reason.

    tidings stats reasons --domain acme.test
    tidings stats reasons --sender-domain send.test --from 2026-05-01 --json`
}

// Run prints the reasons.
func (s *statsReasons) Run(c *console) error {
	return s.local(c, func(ops *control.Control, who control.Actor) error {
		r, err := ops.BounceReasons(c.ctx, who, control.ReasonFilter{
			Domain: s.Domain, SenderDomain: s.SenderDomain, From: s.From, To: s.To,
		})
		if err != nil {
			return err
		}
		view := api.ReasonsOf(r)
		return s.printAPI(c, view, func(w io.Writer) { printReasons(w, view) })
	})
}

func printReasons(w io.Writer, r api.Reasons) {
	from := r.From
	if r.Bounded {
		from = r.Since
	}
	fmt.Fprintf(w, "%d bounces, %s to %s\n\n", r.Bounces, when(from), when(r.To.Add(-time.Second)))
	rows := make([][]string, 0, len(r.Reasons))
	for _, x := range r.Reasons {
		rows = append(rows, []string{x.Class, x.Reason, strconv.FormatInt(x.Count, 10), when(x.NewestAt), x.Said})
	}
	table(w, []string{"class", "reason", "bounces", "newest", "the remote server said"}, rows)
	if r.Bounded {
		fmt.Fprintln(w, "\nThere were more bounces before: choose a shorter span to see them.")
	}
}
