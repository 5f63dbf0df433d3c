package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"tidings/internal/config"
	"tidings/internal/contact"
	"tidings/internal/control"
	"tidings/internal/ingest"
	"tidings/internal/netguard"
	"tidings/internal/receipt"
	"tidings/internal/sender"
	"tidings/internal/stats"
	"tidings/internal/store"
	"tidings/internal/template"
	"tidings/provider/all"
)

// Operations opens a database for the command line, beside a running server or without one. The caller calls closeStore
// when it is done.
func Operations(ctx context.Context, o Options) (c *control.Control, closeStore func() error, err error) {
	file, err := o.Config.LoadFile()
	if err != nil {
		return nil, nil, err
	}
	rules, err := readRules(o.Config.Rules)
	if err != nil {
		return nil, nil, err
	}
	codec, err := receipt.NewCodec()
	if err != nil {
		return nil, nil, err
	}
	s, err := openStore(ctx, o, nil)
	if err != nil {
		return nil, nil, err
	}
	book := control.NewRuleBook(s, time.Now)
	c = operations(s, o.Config.Address, receipt.Builder{Codec: codec, Judge: rules.Mark, Whom: book.Whom}, book)
	guard := &netguard.Guard{Allow: file.Netguard.Allow}
	confirmer := ingest.NewConfirmer(guard.Client(outgoingTimeout), s, time.Now, o.Logger)
	c.Confirm = confirmer.Fetch
	c.Send = road(c.PublicURL)
	sending(c, o.Config, guard)
	endpoints(c, o.Config, guard, o.Version)
	c.Outgoing = sender.NewRegistry(s, c.Ways)
	return c, func() error {
		c.Outgoing.Close()
		confirmer.Close(ctx)
		return s.Close()
	}, nil
}

// compiledTemplates is how many templates are kept compiled.
const compiledTemplates = 500

func operations(s *store.Store, a config.Address, builder receipt.Builder, book *control.RuleBook) *control.Control {
	c := &control.Control{
		Store: s, Adapters: all.Adapters(), Now: time.Now, PublicURL: a.Base(), TrackingURL: a.TrackingURL, BasePath: a.BasePath,
		Gate: control.NewGate(), Builder: builder, Commit: s.Commit, Compiled: template.NewCache(compiledTemplates),
		Mailing: control.Mailing{SentKey: sentKey}, Rulebook: book,
		Workflowbook: control.NewWorkflowBook(s),
	}
	s.UseEraseTools(c.EraseTools())
	return c
}

func retention(r config.Rules) store.Retention {
	return store.Retention{
		Receipts: r.RetentionReceipts.Std(), Events: r.RetentionEvents.Std(), PerName: r.RetentionPerName(),
	}
}

func soft(r config.Rules) contact.SoftPolicy { return contact.SoftPolicy(r.SoftBounces) }

// readRules reads what tells machines from people: the operator's files, else those that come with the program.
func readRules(r config.Rules) (*stats.Rules, error) {
	agents, closeAgents, err := open(r.AgentsFile)
	if err != nil {
		return nil, fmt.Errorf("--agents-file: %w", err)
	}
	defer closeAgents()
	networks, closeNetworks, err := open(r.NetworksFile)
	if err != nil {
		return nil, fmt.Errorf("--networks-file: %w", err)
	}
	defer closeNetworks()
	rules, err := stats.ParseRules(agents, networks)
	if err != nil {
		return nil, errors.Join(errors.New("read what tells machines from people"), err)
	}
	return rules, nil
}

// open opens a file that may not be set; then the reader is nil.
func open(path string) (io.Reader, func(), error) {
	if path == "" {
		return nil, func() {}, nil
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	return f, func() { f.Close() }, nil
}
