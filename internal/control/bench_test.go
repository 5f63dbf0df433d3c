package control_test

import (
	"fmt"
	"testing"
	"time"

	"tidings/internal/control"
	"tidings/test/imagined"
)

// BenchmarkStatistics asks the questions of the morning.
func BenchmarkStatistics(b *testing.B) {
	c := imagined.Control(b)
	for _, x := range []struct {
		name string
		ask  func() error
	}{
		{"30 days by day and template", func() error {
			r, err := c.Stats(b.Context(), operator, control.StatsFilter{By: "template", Unit: "day", Limit: 100})
			return some(len(r.Rows), err)
		}},
		{"30 days by template", func() error {
			r, err := c.Stats(b.Context(), operator, control.StatsFilter{By: "template"})
			return some(len(r.Rows), err)
		}},
		{"30 days by hour", func() error {
			r, err := c.Stats(b.Context(), operator, control.StatsFilter{Unit: "hour"})
			return some(len(r.Rows), err)
		}},
		{"30 days by domain", func() error {
			r, err := c.Stats(b.Context(), operator, control.StatsFilter{By: "domain"})
			return some(len(r.Rows), err)
		}},
		{"overview", func() error {
			o, err := c.Overview(b.Context(), operator, control.OverviewFilter{})
			return some(len(o.Days), err)
		}},
		{"top links", func() error {
			l, err := c.Links(b.Context(), operator, control.TemplateFilter{})
			return some(len(l.Rows), err)
		}},
		{"top links of a template", func() error {
			l, err := c.Links(b.Context(), operator, control.TemplateFilter{Template: "group-1/template-1"})
			return some(len(l.Rows), err)
		}},
		{"funnel", func() error {
			f, err := c.Funnel(b.Context(), operator, control.TemplateFilter{})
			return some(len(f.Stages), err)
		}},
		{"delays", func() error {
			d, err := c.Delays(b.Context(), operator, control.TemplateFilter{})
			return some(len(d.Rows), err)
		}},
		{"reach of a template in a week", func() error {
			r, err := c.Reach(b.Context(), operator, control.ReachFilter{
				Template: "group-1/template-1", Names: []string{"email.sent"}, From: time.Now().AddDate(0, 0, -7).Format(time.DateOnly),
			})
			return some(int(r.Contacts), err)
		}},
	} {
		b.Run(x.name, func(b *testing.B) {
			for b.Loop() {
				must(b, x.ask())
			}
		})
	}
}

// some is an error where an answer is empty: a question to nothing is fast.
func some(n int, err error) error {
	if err == nil && n == 0 {
		err = fmt.Errorf("the answer is empty")
	}
	return err
}
