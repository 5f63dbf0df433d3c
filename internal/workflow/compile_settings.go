package workflow

import "strings"

func (c *compiler) exits() {
	list := c.g.ExitOn
	if len(list) > maxExits {
		c.wrong("exitOn", "must have at most %d entries", maxExits)
		return
	}
	for i, x := range list {
		at := place("exitOn", i)
		c.g.exits = append(c.g.exits, c.entry(x.On, x.Mapping, at+".on", at+".mapping"))
	}
}

func (c *compiler) schedule(at string, s *Schedule) {
	if s.Segment == "" {
		c.wrong(at+".segment", "is required: the id or the slug of the segment whose contacts enter")
	}
	c.refer(OfSegment, s.Segment, at+".segment")
	c.clock(at+".at", s.At)
	c.days(at+".days", s.Days)
	for i, n := range s.Dates {
		if n != -1 && (n < 1 || n > 31) {
			c.wrong(place(at+".dates", i), "must be a day of the month, 1 to 31, or -1 for its last, not %d", n)
		}
	}
	if c.zone(at+".zone", s.Zone); s.Zone == contactZone {
		c.wrong(at+".zone", "must be a time zone such as Europe/Vienna: contacts of all zones enter at once")
	}
}

func (c *compiler) days(at string, days []string) {
	for i, day := range days {
		if _, known := weekdays[strings.ToLower(day)]; !known {
			c.wrong(place(at, i), "must be one of mon, tue, wed, thu, fri, sat, sun, not %.60q", day)
		}
	}
}

// settings checks what holds for all of the workflow.
func (c *compiler) settings() {
	d := &c.g.Definition
	c.one("reentry.mode", d.Reentry.Mode, "", Once, Replace, Parallel, After)
	c.maySpan("reentry.cooldown", d.Reentry.Cooldown, 0)
	if d.Reentry.Cooldown != "" && (d.Reentry.Mode == "" || d.Reentry.Mode == Once) {
		c.wrong("reentry.cooldown", "does not go with the mode once: nobody enters again")
	}
	c.maySpan("timeout", d.Timeout, 0)
	c.one("late.then", d.Late.Then, "", LateRun, LateSkip)
	c.maySpan("late.after", d.Late.After, 0)
	if d.Late.Then == LateSkip && d.Late.After == "" {
		c.wrong("late.after", "is required: from when on a run is late, such as 1d")
	}
	c.address("from", d.From)
	c.address("replyTo", d.ReplyTo)
	c.refer(OfSender, d.Sender, "sender")
	c.refer(OfTopic, d.Topic, "topic")
	c.cap()
	if q := d.Quiet; q != nil {
		c.clock("quiet.from", q.From)
		c.clock("quiet.to", q.To)
		c.zone("quiet.zone", q.Zone)
		if q.From == q.To {
			c.wrong("quiet.to", "must be another time than quiet.from")
		}
	}
}

func (c *compiler) cap() {
	x := c.g.Cap
	if x == nil {
		return
	}
	if x.Mails < 1 || x.Mails > maxMails {
		c.wrong("cap.mails", "must be 1 to %d", maxMails)
	}
	c.span("cap.in", x.In, maxWait)
	c.one("cap.then", x.Then, "", CapWait, CapSkip)
}
