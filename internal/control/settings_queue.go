package control

import (
	"tidings/internal/pull"
	"tidings/internal/source"
)

// queue checks the queue of a source. Where to find AWS and who we are there is never said by a source: the environment
// of the server says it, so that nobody with a key of the API can send the server elsewhere.
func (p *problems) queue(s *source.Source, byQueues bool) {
	const field, regionField = "settings.queue", "settings.queueRegion"
	set := s.Settings
	switch {
	case set.Queue == "" && set.QueueRegion != "":
		p.add(regionField, "is of a queue, and the source has none: set queue, or remove this")
		return
	case set.Queue == "":
		return
	case !byQueues:
		p.add(field, "can't be used with %s, whose events do not come by SQS: remove it", s.Provider)
		return
	}
	if err := pull.CheckQueue(set.Queue); err != nil {
		p.add(field, "%v", err)
		return
	}
	told := pull.QueueRegion(set.Queue)
	if set.QueueRegion == "" {
		return
	}
	if err := pull.CheckRegion(set.QueueRegion); err != nil {
		p.add(regionField, "%v", err)
	} else if told != "" && told != set.QueueRegion {
		p.add(regionField, "is %s, but the queue's URL says %s: remove it, the URL's is taken", set.QueueRegion, told)
	}
}
