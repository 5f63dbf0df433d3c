package control

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"tidings/internal/contact"
	"tidings/internal/store"
	"tidings/internal/workflow"
)

// originSchedule begins what a run was begun by that a schedule began; when it was due follows, in Unix seconds.
const originSchedule = "schedule:"

// scheduleOf is when a workflow's schedule is due next, as the workflow becomes what it says now. A turn that is due already
// is not forgotten where the schedule stays the same.
func scheduleOf(was *store.Workflow, d *workflow.Definition, enabled bool, now time.Time) time.Time {
	next := workflow.NextAt(d, enabled, now)
	if was.NextAt.IsZero() || next.IsZero() || !was.Definition.Trigger.Schedule.Same(d.Trigger.Schedule) {
		return next
	}
	return was.NextAt
}

// RunSchedules lets the members of segments enter workflows whose schedule is due. It may be run again: who entered does not
// enter twice by one turn.
func (c *Control) RunSchedules(ctx context.Context) error {
	due, err := c.Store.DueSchedules(ctx, c.Now().UTC())
	if err != nil {
		return fmt.Errorf("list due schedules: %w", err)
	}
	var failed []error // one that can't go on is in nobody's way
	for i := range due {
		if err := c.runSchedule(ctx, &due[i]); err != nil {
			failed = append(failed, fmt.Errorf("schedule of workflow %s: %w", due[i].ID, err))
		}
	}
	return errors.Join(failed...)
}

// runSchedule takes one turn, in pages, or leaves it out where it was missed. One that began goes on, however late.
func (c *Control) runSchedule(ctx context.Context, w *store.Workflow) error {
	now := c.Now().UTC()
	next := workflow.NextAt(&w.Definition, true, now)
	if w.After == 0 && w.Definition.Missed(w.NextAt, now) {
		return c.Store.ScheduleNext(ctx, w, next)
	}
	for {
		page, err := c.Store.SegmentPage(ctx, w.Project, w.Definition.Trigger.Schedule.Segment, w.After, runsAtOnce, now)
		if isOfRule(err) {
			return c.Store.ScheduleNext(ctx, w, next) // the segment is gone, or can't be read: nobody is in it
		}
		if err != nil {
			return err
		}
		if err := c.takeTurn(ctx, w, page.Contacts); err != nil {
			return err
		}
		if page.Done {
			return c.Store.ScheduleNext(ctx, w, next)
		}
		w.After = page.After
		going, err := c.Store.ScheduleTaken(ctx, w, w.After)
		if err != nil || !going {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
}

// takeTurn lets members enter.
func (c *Control) takeTurn(ctx context.Context, w *store.Workflow, members []store.Contact) error {
	b, err := c.newRunBatch(ctx, w.Project)
	if err != nil {
		return err
	}
	live := b.book.entered(w.ID)
	if live == nil {
		return nil // it was disabled meanwhile
	}
	for i := range members {
		k := &members[i]
		holds, err := c.holds(ctx, w.Project, live.TriggerIf(), k.Address, true, nil)
		if err != nil {
			return err
		}
		if !holds {
			continue
		}
		start := store.RunStart{
			Workflow: live.stored.Ref, Version: live.stored.Live, Reentry: live.Reentry,
			BegunBy: originSchedule + strconv.FormatInt(w.NextAt.Unix(), 10),
			Change: contact.Change{
				Address: k.Address, Update: true, At: b.now.UnixMilli(), Origin: "workflow", By: w.ID,
			},
		}
		if live.snapshot {
			if start.Vars.Subscriber, err = subscriberOf(k.Address, k, true, nil); err != nil {
				return err
			}
		}
		b.asked.Starts = append(b.asked.Starts, start)
	}
	return b.save(ctx)
}
