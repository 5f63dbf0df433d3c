package bench

import (
	"context"
	"fmt"
	"net/url"
	"time"
)

// questions are what people ask most, as paths of the API; each is asked about sampled contacts and messages.
var questions = []struct {
	name string
	path func(s sample) string
}{
	{"timeline of a contact", func(s sample) string { return "/contacts/" + url.PathEscape(s.contact) + "/events?limit=50" }},
	{"timeline of a message", func(s sample) string { return "/messages/" + url.PathEscape(s.messageID) + "/events?limit=50" }},
	{"state of a message", func(s sample) string { return "/messages/" + url.PathEscape(s.messageID) }},
	{"events by name", func(sample) string { return "/events?name=email.bounce&limit=50" }},
	{"events by template", func(sample) string { return "/events?template=news%2Fmonthly&limit=50" }},
	{"events by contact", func(s sample) string { return "/events?contact=" + url.QueryEscape(s.contact) + "&limit=50" }},
}

// ask asks every question of every sample, one after the other.
func (s *server) ask(ctx context.Context, samples []sample, o Options) ([]Answer, error) {
	key, err := s.createKey(ctx)
	if err != nil {
		return nil, err
	}
	var answers []Answer
	for _, q := range questions {
		var h histogram
		for i, about := range samples {
			began := time.Now()
			if _, err := s.get(ctx, q.path(about), key); err != nil {
				return nil, fmt.Errorf("%s: %w", q.name, err)
			}
			h.add(time.Since(began))
			o.Progress("ask: "+q.name, int64(i+1), int64(len(samples)))
		}
		answers = append(answers, Answer{q.name, h.quantile(0.50), h.quantile(0.99)})
	}
	return answers, nil
}
