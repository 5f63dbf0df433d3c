// Command tidings takes in the events of email providers, stores each exactly once and answers questions about them.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/alecthomas/kong"

	"tidings/internal/app"
	"tidings/internal/config"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// The first signal asks for a clean stop; a second one is not caught any more.
	context.AfterFunc(ctx, stop)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr, os.Environ())
	stop()
	os.Exit(code)
}

// commands are the subcommands, one file each.
type commands struct {
	Serve        serveCommand        `cmd:"" help:"Take in events and answer questions."`
	Migrate      migrateCommand      `cmd:"" help:"Bring the database to this version's schema."`
	Key          keyCommand          `cmd:"" help:"Create, list and revoke API keys."`
	Person       personCommand       `cmd:"" help:"Make and look after the people who sign in to the web UI."`
	Source       sourceCommand       `cmd:"" help:"Create and look after the sources that providers post to (also: sources)."`
	Endpoint     endpointCommand     `cmd:"" help:"Create, try and look after endpoints: URLs of yours that want events."`
	Sender       senderCommand       `cmd:"" help:"Create, try and look after senders: the ways out for mail."`
	Send         sendCommand         `cmd:"" help:"Send an email, or try what would be sent."`
	Sends        sendsCommand        `cmd:"" help:"Ask what became of emails that were asked for; decide on uncertain ones."`
	Setup        setupCommand        `cmd:"" help:"Set up a provider in one command."`
	Events       eventsCommand       `cmd:"" help:"Ask what came in."`
	Tail         tailCommand         `cmd:"" help:"Print events as they come in."`
	Contacts     contactsCommand     `cmd:"" help:"List and search contacts; tell why one gets no mail."`
	Brand        brandCommand        `cmd:"" help:"How the pages look that contacts see."`
	Form         formCommand         `cmd:"" help:"Make, list and delete forms through which people subscribe themselves."`
	Template     templateCommand     `cmd:"" help:"List, push, preview and validate templates of emails."`
	Workflow     workflowCommand     `cmd:"" help:"List, change and look after workflows and their runs: what happens over days."`
	Rule         ruleCommand         `cmd:"" help:"List, try and look after rules: what happens when an event comes."`
	Alert        alertCommand        `cmd:"" help:"List alerts, and what raises them."`
	Apply        applyCommand        `cmd:"" help:"Make the rules those of a folder, and tell what changes."`
	Broadcast    broadcastCommand    `cmd:"" help:"Make, send, watch, pause and cancel broadcasts: one email to an audience."`
	Erase        eraseCommand        `cmd:"" help:"Erase a person, for good."`
	Messages     messagesCommand     `cmd:"" help:"Ask what became of an email."`
	Receipts     receiptsCommand     `cmd:"" help:"Look at requests as they came."`
	Suppressions suppressionsCommand `cmd:"" help:"List, add, import, export and lift suppressions."`
	Stats        statsCommand        `cmd:"" help:"Ask what was counted: rates, days, templates, links."`
	Audit        auditCommand        `cmd:"" help:"Tell who changed what."`
	Dsn          dsnCommand          `cmd:"" help:"Store a bounce or complaint that came by mail, as a mail server's pipe."`
	Import       importCommand       `cmd:"" help:"Import events from files."`
	Export       exportCommand       `cmd:"" help:"Write events into files."`
	Replay       replayCommand       `cmd:"" help:"Parse kept receipts again with this version."`
	Verify       verifyCommand       `cmd:"" help:"Recount the events and compare with the counters."`
	Recount      recountCommand      `cmd:"" help:"Put the counters right."`
	Simulate     simulateCommand     `cmd:"" help:"Post signed events of an imagined world to a source."`
	Bench        benchCommand        `cmd:"" help:"Measure speed, latency, memory and disk."`
	Backup       backupCommand       `cmd:"" help:"Copy a SQLite database, also while a server writes to it."`
	Restore      restoreCommand      `cmd:"" help:"Put a backup in the place of the database."`
	Mcp          mcpCommand          `cmd:"" help:"Let AI assistants ask, and approve what they ask for."`
	Config       configCommand       `cmd:"" help:"Print and check the settings."`
	Completion   completionCommand   `cmd:"" help:"Print what completes commands and flags in a shell."`
	Man          manCommand          `cmd:"" help:"Print the manual page, or write all of them into a folder."`
	Version      versionCommand      `cmd:"" help:"Print the version."`
}

const description = `Tidings tells what became of every email.

Every flag is also an environment variable: --base-path is TIDINGS_BASE_PATH. A flag wins.

Exit codes: 0 done, 1 failed, 2 wrong use, 3 not found, 4 verify or a check found differences, 5 not now: try again, 6 a list or
a file had bad lines.`

// otherNames are further names of commands. They are not kong's aliases, which would put both names in every page.
var otherNames = map[string]string{"sources": "source"}

// console is where a command's input and output are.
type console struct {
	ctx context.Context //nolint:containedctx // kong passes one value to every command
	out io.Writer
	err io.Writer
}

// run is the whole program but for the process: it returns the exit code.
func run(ctx context.Context, args []string, out, errOut io.Writer, environ []string) int {
	c := &console{ctx: ctx, out: out, err: errOut}
	parser, err := newParser(c)
	if err != nil {
		return c.fail(err)
	}
	return exitOf(args, c.parseAndRun(parser, args, environ))
}

// helped ends a run after help was printed.
type helped struct{ code int }

func newParser(c *console) (*kong.Kong, error) {
	return kong.New(new(commands),
		kong.Name("tidings"),
		kong.Description(description),
		kong.DefaultEnvars("TIDINGS"),
		kong.Writers(c.out, c.err),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true}),
		kong.ValueFormatter(describe),
		kong.Exit(func(code int) { panic(helped{code}) }),
		kong.Bind(c),
		kong.Vars{"providers": strings.Join(app.Providers(), ", ")},
	)
}

// describe writes the help of a flag: what it is, its default and its variable.
func describe(v *kong.Value) string {
	text := strings.TrimSuffix(v.Help, ".")
	if v.HasDefault && v.Default != "" {
		text += " [" + v.Default + "]"
	}
	if v.Flag != nil {
		for _, name := range v.Flag.Envs {
			text += " $" + name
		}
	}
	return text
}

func (c *console) parseAndRun(parser *kong.Kong, args, environ []string) (code int) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case helped:
			code = r.code
		default:
			panic(r)
		}
	}()
	if err := config.CheckEnvironment(environ, environmentNames(parser.Model.Node)); err != nil {
		return c.fail(usageError{err})
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	if name, ok := otherNames[args[0]]; ok {
		args = append([]string{name}, args[1:]...)
	}
	parsed, err := parser.Parse(args)
	if err != nil {
		return c.fail(usageError{fmt.Errorf("%w: see tidings --help", err)})
	}
	return c.fail(parsed.Run(c))
}

// environmentNames are the variables of all flags of all commands.
func environmentNames(n *kong.Node) []string {
	var names []string
	for _, f := range n.Flags {
		names = append(names, f.Envs...)
	}
	for _, child := range n.Children {
		names = append(names, environmentNames(child)...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// usageError is a mistake in how the program was called.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// errDifferences is verify's answer where counters are wrong.
var errDifferences = errors.New("the counters differ from a recount")
