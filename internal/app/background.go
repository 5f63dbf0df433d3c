package app

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"tidings/internal/control"
	"tidings/internal/job"
	"tidings/internal/store"
)

// retainEvery is the pause between two runs of retention.
const retainEvery = time.Hour

// A version that counts what older ones did not leaves a note with its migration; the work is done beside intake.
const (
	recountKind    = "recount"
	recountEvery   = time.Hour
	recountTimeout = 6 * time.Hour
)

func (a *App) recount(ctx context.Context, _ job.Job) error {
	due, err := a.store.RecountDue(ctx)
	if err != nil || !due {
		return err
	}
	a.log.InfoContext(ctx, "statistics are counted anew after an upgrade; until that is done they are incomplete")
	r, err := a.store.Recount(ctx, control.ByServer(time.Now(), "recount"), nil)
	if err != nil {
		return err
	}
	a.log.InfoContext(ctx, "statistics were counted anew", "events", r.Events, "messages", r.Messages, "counters", r.Counters)
	return nil
}

// What is due to be sent is looked for when something is queued, and at least this often: a run waits for what is due soon.
const (
	sendEvery   = 15 * time.Second
	sendTimeout = time.Hour
)

func (a *App) sendDue(ctx context.Context, _ job.Job) error { return a.control.RunSends(ctx) }

// What rules do for events is tried again for about four hours, where the store is in trouble.
const (
	ruleTries   = 20
	ruleTimeout = 10 * time.Minute
)

func (a *App) ruleOver(ctx context.Context, j job.Job) error {
	return a.control.RunRules(ctx, j.Payload)
}

// Broadcasts are looked at when something happens to one, and at least this often. A run that fails is tried again for hours.
const (
	broadcastsKind   = "broadcasts"
	broadcastsEvery  = 15 * time.Second
	broadcastTries   = 20
	broadcastsAtOnce = 4
)

func (a *App) wakeBroadcasts(ctx context.Context, _ job.Job) error {
	return a.control.WakeBroadcasts(ctx)
}

func (a *App) sendBroadcast(ctx context.Context, j job.Job) error {
	return a.control.RunBroadcast(ctx, string(j.Payload))
}

// Runs of workflows are looked at four times a second, so that a wait is as long as it says.
const (
	workflowEvery   = 250 * time.Millisecond
	workflowTimeout = 10 * time.Minute
)

func (a *App) runWorkflows(ctx context.Context, j job.Job) error {
	shard, err := strconv.ParseInt(string(j.Payload), 10, 64)
	if err != nil {
		return fmt.Errorf("read the shard of workflows: %w", err)
	}
	return a.control.RunWorkflows(ctx, shard)
}

func (a *App) runSchedules(ctx context.Context, _ job.Job) error { return a.control.RunSchedules(ctx) }

// Webhooks are called beside the work on runs, which waits for none. A run calls anew by itself what is tried again; the
// job's own tries are for a store in trouble.
const (
	callsAtOnce = 8
	callTries   = 5
	callTimeout = time.Minute
)

func (a *App) callWebhook(ctx context.Context, j job.Job) error {
	return a.control.CallWebhook(ctx, j.Payload)
}

// Alerts are looked at each minute; a rule with a long window less often. Who is to be told is told for about four hours, where
// that fails.
const (
	alertsKind    = "alerts"
	alertsEvery   = time.Minute
	noticeTries   = 20
	noticeTimeout = 2 * time.Minute
	noticesAtOnce = 4
)

func (a *App) watchAlerts(ctx context.Context, _ job.Job) error { return a.control.WatchAlerts(ctx) }

func (a *App) tellAlerts(ctx context.Context, j job.Job) error {
	return a.control.RunNotice(ctx, j.Payload, j.Attempt >= noticeTries)
}

// keepTime wakes the work on runs whose time has come. It ends with ctx.
func (a *App) keepTime(ctx context.Context) error {
	tick := time.NewTicker(workflowEvery)
	defer tick.Stop()
	ill := false
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
		err := a.store.WakeWorkflows(ctx)
		if err != nil && ctx.Err() == nil && !ill {
			a.log.ErrorContext(ctx, "look for runs of workflows that are due, and try again", "error", err)
		}
		ill = err != nil
	}
}

// A replay that fails goes on where it was, after pauses that grow: twenty tries are about four hours.
const (
	replayTries   = 20
	replayTimeout = 6 * time.Hour
)

// Members of segments are looked at when something changed, and at least this often, because time alone changes them. A
// computation that fails is tried again for about an hour.
const (
	segmentsEvery  = 15 * time.Second
	computeTries   = 12
	computeTimeout = 2 * time.Hour
)

func (a *App) keepSegments(ctx context.Context, _ job.Job) error { return a.control.KeepSegments(ctx) }

func (a *App) computeSegment(ctx context.Context, j job.Job) error {
	return a.control.RunCompute(ctx, string(j.Payload), j.Attempt >= computeTries)
}

func (a *App) replay(ctx context.Context, j job.Job) error {
	return a.control.RunReplay(ctx, string(j.Payload), j.Attempt >= replayTries)
}

// An erasure that fails goes on where it was, for about four hours. Then it has failed, and asking for it again goes on.
const (
	eraseTries   = 20
	eraseTimeout = 6 * time.Hour
)

func (a *App) erase(ctx context.Context, j job.Job) error {
	return a.control.RunErasure(ctx, string(j.Payload), j.Attempt >= eraseTries)
}

// Contacts that wait for room become active where there is some, and are removed when their time is over. The ends of
// suppressions that time alone ended are told.
const (
	settleKind  = "contacts"
	settleEvery = 5 * time.Minute
)

func (a *App) settleContacts(ctx context.Context, _ job.Job) error {
	for {
		more, err := a.store.SettlePending(ctx, time.Now())
		if err != nil {
			return err
		}
		ended, err := a.store.TellEnded(ctx)
		if err != nil || !more && !ended {
			return err
		}
	}
}

// Exports are looked at twice a minute. One that fails notes when it is due again: the job's own tries are for a store in
// trouble.
const (
	exportsKind   = "exports"
	exportsEvery  = 30 * time.Second
	exportTries   = 20
	exportTimeout = 12 * time.Hour
	exportsAtOnce = 2
	streamsAtOnce = 4
)

func (a *App) wakeExports(ctx context.Context, _ job.Job) error { return a.control.WakeExports(ctx) }

func (a *App) writeExport(ctx context.Context, j job.Job) error {
	return a.control.RunExport(ctx, string(j.Payload), a.log)
}

// background runs the durable and periodic work of a server. It ends with ctx, once what runs then has ended.
func (a *App) background(ctx context.Context) error {
	runner, err := a.runner()
	if err != nil {
		return err
	}
	lasting := context.WithoutCancel(ctx)
	if a.store.Engine() == "sqlite" { // this process alone has it: what was being handed over is in nobody's hands
		if err := a.control.RecoverSends(lasting); err != nil {
			return err
		}
		if err := a.store.FreeJobs(lasting); err != nil {
			return err
		}
	}
	runner.Start(lasting)
	a.jobs.Store(runner)
	<-ctx.Done()
	lasting, cancel := context.WithTimeout(lasting, a.config.ShutdownTimeout.Std())
	defer cancel()
	return runner.Stop(lasting)
}

// hasten has urgent jobs run at once.
func (a *App) hasten() {
	if r := a.jobs.Load(); r != nil {
		r.Wake()
	}
}

// runner knows every kind of job.
func (a *App) runner() (*job.Runner, error) {
	retention := job.Retention{Retain: a.retain, Now: time.Now, Log: a.log}
	r, err := job.NewRunner(job.Options{
		Store: a.store,
		Handlers: map[string]job.Handler{
			job.RetentionKind:  retention.Handler(),
			store.ReplayKind:   {Run: a.replay, MaxAttempts: replayTries, Timeout: replayTimeout, Interruptible: true},
			store.SegmentsKind: {Run: a.keepSegments, Timeout: recountTimeout, Concurrency: 1, Interruptible: true},
			store.ComputeKind: {
				Run: a.computeSegment, MaxAttempts: computeTries, Timeout: computeTimeout, Concurrency: 1, Interruptible: true,
			},
			store.EraseKind: {
				Run: a.erase, MaxAttempts: eraseTries, Timeout: eraseTimeout, Concurrency: 1, Interruptible: true,
			},
			store.SendKind: {
				Run: a.sendDue, Timeout: sendTimeout, Concurrency: 1, Interruptible: true,
			},
			store.RuleKind: {Run: a.ruleOver, MaxAttempts: ruleTries, Timeout: ruleTimeout, Interruptible: true},
			store.BroadcastKind: {
				Run: a.sendBroadcast, MaxAttempts: broadcastTries, Timeout: sendTimeout, Concurrency: broadcastsAtOnce,
				Interruptible: true,
			},
			store.WorkflowKind: {
				Run: a.runWorkflows, Timeout: workflowTimeout, Concurrency: store.WorkflowShards, Interruptible: true,
			},
			store.ScheduleKind: {Run: a.runSchedules, Timeout: sendTimeout, Concurrency: 1, Interruptible: true},
			store.CallKind:     {Run: a.callWebhook, MaxAttempts: callTries, Timeout: callTimeout, Concurrency: callsAtOnce},
			store.EndpointReplayKind: {
				Run: a.replayEndpoint, MaxAttempts: endpointReplayTries, Timeout: endpointReplayTimeout, Concurrency: 4,
				Interruptible: true,
			},
			store.EndpointDisabledKind: {Run: a.endpointDisabled, MaxAttempts: callTries},
			store.ExportKind: {
				Run: a.writeExport, MaxAttempts: exportTries, Timeout: exportTimeout, Concurrency: exportsAtOnce, Interruptible: true,
			},
			exportsKind:    {Run: a.wakeExports, Concurrency: 1, Interruptible: true},
			broadcastsKind: {Run: a.wakeBroadcasts, Concurrency: 1, Interruptible: true},
			alertsKind:     {Run: a.watchAlerts, Concurrency: 1, Interruptible: true},
			store.NoticeKind: {
				Run: a.tellAlerts, MaxAttempts: noticeTries, Timeout: noticeTimeout, Concurrency: noticesAtOnce,
			},
			recountKind: {Run: a.recount, Timeout: recountTimeout, Concurrency: 1, Interruptible: true},
			settleKind:  {Run: a.settleContacts, Concurrency: 1, Interruptible: true},
		},
		Periodic: []job.Every{
			{Kind: job.RetentionKind, Interval: retainEvery},
			{Kind: recountKind, Interval: recountEvery},
			{Kind: store.SegmentsKind, Interval: segmentsEvery},
			{Kind: settleKind, Interval: settleEvery},
			{Kind: store.SendKind, Interval: sendEvery},
			{Kind: broadcastsKind, Interval: broadcastsEvery},
			{Kind: exportsKind, Interval: exportsEvery},
			{Kind: alertsKind, Interval: alertsEvery},
		},
		Log: a.log,
	})
	if err != nil {
		return nil, fmt.Errorf("make the runner of jobs: %w", err)
	}
	return r, nil
}

func (a *App) retain(ctx context.Context, now time.Time) (job.Pass, error) {
	removed, err := a.store.Retain(ctx, now)
	if err != nil {
		return job.Pass(removed), err
	}
	if longest := retention(a.config.Rules).Longest(); longest > 0 && !removed.More && a.control.Outbox != nil {
		_, err = a.control.Outbox.Retain(now.Add(-longest))
	}
	return job.Pass(removed), err
}
