// Package config provides the settings of a server: what they are called, what they default to, and what is wrong
// with them. Every setting is a flag and an environment variable, TIDINGS_ and the flag's name in upper snake case;
// a flag wins. It never prints a secret.
package config

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/netip"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"tidings/event"
	"tidings/internal/contact"
)

// Config is everything that `tidings serve` may be told. The tags are what package main reads flags by.
type Config struct {
	Database  `embed:""`
	Address   `embed:""`
	Rules     `embed:""`
	Log       `embed:""`
	Traces    `embed:""`
	Queues    `embed:""`
	Tracking  `embed:""`
	Forms     `embed:""`
	Sending   `embed:""`
	Endpoints `embed:""`
	Exports   `embed:""`

	MaxConnections  int      `default:"2048" placeholder:"N" help:"Connections held at once; more wait."`
	MaxInFlight     int      `default:"1024" placeholder:"N" help:"Provider requests worked on at once; more are told to come again later."`
	FeedReaders     int      `default:"1000" placeholder:"N" help:"Readers of the live feed at once; more are told to come again later."`
	MCPRate         Rate     `name:"mcp-rate" default:"120/1m" placeholder:"COUNT/TIME" help:"Calls of AI assistants that each key may make within a time; more are told when to come back; 0 is no limit."`
	SelftestRate    Rate     `default:"6/1m" placeholder:"COUNT/TIME" help:"Self-tests of each source within a time; 0 is no limit."`
	ShutdownTimeout Duration `default:"25s" placeholder:"TIME" help:"How long a stop may take to finish what was begun."`

	UI bool `name:"ui" default:"true" negatable:"" help:"Serve the web UI under /ui/, and let people sign in to it."`

	ConfigFile string `name:"config" placeholder:"FILE" type:"path" help:"JSON file of what only a file may set: {\"netguard\":{\"allow\":[\"10.0.0.0/8\"]}}."`
}

// Database says which database to use. Commands that work beside a server have it too.
type Database struct {
	DB DatabaseURL `name:"db" default:"data/tidings.db" placeholder:"PATH|URL" help:"Database: a SQLite file, or postgres://…"`
}

// Address says where the server is. Commands that print URLs of sources have it too.
type Address struct {
	Listen    string `default:"127.0.0.1:8080" placeholder:"HOST:PORT" help:"Address to serve HTTP on."`
	BasePath  string `default:"/in" placeholder:"PATH" help:"Path below which providers post: PATH/{provider}/{token}."`
	PublicURL string `placeholder:"URL" help:"How the world reaches this server, for the URLs of sources (https://mail.example.com)."`

	TrackingURL string `placeholder:"URL" help:"How recipients reach this server by the links of emails (https://click.example.com); empty is the public URL."`
}

// Rules say how long things are kept and what events mean. Commands that parse or count events again have them too,
// because they must come to what the server came to.
type Rules struct {
	RetentionReceipts Duration            `default:"30d" placeholder:"TIME" help:"How long requests are kept as they came; 0 is for ever."`
	RetentionEvents   Duration            `default:"365d" placeholder:"TIME" help:"How long events are kept; 0 is for ever."`
	RetentionNames    map[string]Duration `placeholder:"NAME=TIME;…" help:"Other retention for some event names: email.open=90d."`
	SoftBounces       SoftBounces         `default:"5/7d/30d" placeholder:"COUNT/WINDOW/HOLD" help:"Suppress at COUNT soft-bounced messages within WINDOW with no delivery between, for HOLD; 0 is never."`

	AgentsFile   string `placeholder:"FILE" type:"path" help:"User agents of machines, instead of the built-in list."`
	NetworksFile string `placeholder:"FILE" type:"path" help:"Networks of machines, instead of the built-in list."`
}

// Log says what is logged and how.
type Log struct {
	LogLevel  string `default:"info" placeholder:"LEVEL" help:"debug, info, warn or error."`
	LogFormat string `default:"text" placeholder:"FORMAT" help:"text or json."`
}

// Traces says where traces go.
type Traces struct {
	OTLPEndpoint string `name:"otlp-endpoint" env:"TIDINGS_OTLP_ENDPOINT,OTEL_EXPORTER_OTLP_ENDPOINT" placeholder:"URL" help:"OTLP/HTTP collector that traces are sent to (http://127.0.0.1:4318); empty: none are made."`
}

// Validate reports every problem, each with its flag.
func (t Traces) Validate() error {
	if err := validBaseURL(t.OTLPEndpoint, "http://HOST:4318"); err != nil {
		return problem("otlp-endpoint", "%w", err)
	}
	return nil
}

// Level returns the level as slog knows it. Validate reports a wrong one.
func (l Log) Level() slog.Level {
	var level slog.Level
	if level.UnmarshalText([]byte(l.LogLevel)) != nil {
		return slog.LevelInfo
	}
	return level
}

// File is what only a file may set, because it widens what the server may reach.
type File struct {
	Netguard struct {
		// Allow lists networks that outgoing connections may reach although the address guard denies them.
		Allow []netip.Prefix `json:"allow"`
	} `json:"netguard"`
}

// LoadFile reads Config.ConfigFile. Without one it returns the zero value; unknown keys are errors.
func (c *Config) LoadFile() (File, error) {
	var f File
	if c.ConfigFile == "" {
		return f, nil
	}
	b, err := os.ReadFile(c.ConfigFile)
	if err != nil {
		return f, fmt.Errorf("read --config: %w", err)
	}
	if err := json.Unmarshal(b, &f, json.RejectUnknownMembers(true)); err != nil {
		return f, fmt.Errorf("read --config %s: %w", c.ConfigFile, err)
	}
	return f, nil
}

// RetentionPerName is RetentionNames by the names that events have, whatever words were used for them.
func (r Rules) RetentionPerName() map[event.Name]time.Duration {
	perName := make(map[event.Name]time.Duration, len(r.RetentionNames))
	for name, d := range r.RetentionNames {
		perName[event.Canonical(name)] = d.Std()
	}
	return perName
}

// Validate reports every problem, each with its flag.
func (c *Config) Validate() error {
	var problems []error
	report := func(flag, format string, args ...any) {
		problems = append(problems, problem(flag, format, args...))
	}
	if c.DB == "" {
		report("db", "is empty: give a path or a postgres:// URL")
	}
	if c.MaxConnections < 1 {
		report("max-connections", "must be at least 1")
	}
	if c.MaxInFlight < 1 {
		report("max-in-flight", "must be at least 1")
	}
	if c.FeedReaders < 1 {
		report("feed-readers", "must be at least 1")
	}
	if c.ShutdownTimeout <= 0 {
		report("shutdown-timeout", "must be more than 0")
	}
	return errors.Join(append(problems, c.Address.Validate(), c.Rules.Validate(), c.Log.Validate(), c.Traces.Validate(),
		c.Queues.Validate(), c.Sending.Validate(), c.Exports.Validate())...)
}

// Validate reports every problem, each with its flag.
func (a Address) Validate() error {
	var problems []error
	if _, port, err := net.SplitHostPort(a.Listen); err != nil || port == "" {
		problems = append(problems, problem("listen", "%q is no address: write HOST:PORT, as in 127.0.0.1:8080", a.Listen))
	}
	if !strings.HasPrefix(a.BasePath, "/") || strings.HasSuffix(a.BasePath, "/") || strings.ContainsAny(a.BasePath, "{} ?#%") {
		problems = append(problems,
			problem("base-path", "%q must begin with a slash, not end with one, and have no special characters", a.BasePath))
	}
	if err := validBaseURL(a.PublicURL, "https://HOST"); err != nil {
		problems = append(problems, problem("public-url", "%w", err))
	}
	if err := validBaseURL(a.TrackingURL, "https://HOST"); err != nil {
		problems = append(problems, problem("tracking-url", "%w", err))
	}
	return errors.Join(problems...)
}

// Validate reports every problem, each with its flag.
func (r Rules) Validate() error {
	var problems []error
	for _, name := range slices.Sorted(maps.Keys(r.RetentionNames)) {
		if n := event.Canonical(name); strings.HasPrefix(string(n), "email.") && n.Slot() == 0 {
			problems = append(problems, problem("retention-names", "%q is no event name", name))
		}
	}
	return errors.Join(problems...)
}

// problem names the setting by its flag and its variable.
func problem(flag, format string, args ...any) error {
	return fmt.Errorf("--"+flag+" (%s): "+format, append([]any{EnvName(flag)}, args...)...)
}

// Validate reports every problem, each with its flag.
func (l Log) Validate() error {
	var problems []error
	var level slog.Level
	if level.UnmarshalText([]byte(l.LogLevel)) != nil {
		problems = append(problems, problem("log-level", "%q: use debug, info, warn or error", l.LogLevel))
	}
	if l.LogFormat != "text" && l.LogFormat != "json" {
		problems = append(problems, problem("log-format", "%q: use text or json", l.LogFormat))
	}
	return errors.Join(problems...)
}

// validBaseURL refuses what is no base URL, and shows one that is.
func validBaseURL(s, example string) error {
	if s == "" {
		return nil
	}
	u, err := url.Parse(s)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
		return fmt.Errorf("%q is no base URL: write %s", s, example)
	}
	return nil
}

// Base is the server's URL without a slash at its end: the public one, else the address that it listens on.
func (a Address) Base() string {
	if a.PublicURL != "" {
		return strings.TrimSuffix(a.PublicURL, "/")
	}
	return "http://" + reachable(a.Listen)
}

// reachable turns a listen address into one that can be dialled: nobody can connect to "all interfaces".
func reachable(listen string) string {
	host, port, err := net.SplitHostPort(listen)
	if err != nil {
		return listen
	}
	if ip, err := netip.ParseAddr(host); host == "" || err == nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return net.JoinHostPort(host, port)
}

// SoftBounces is a contact.SoftPolicy in its written form, COUNT/WINDOW/HOLD; "0" turns the rule off.
type SoftBounces contact.SoftPolicy

// UnmarshalText reads the written form.
func (s *SoftBounces) UnmarshalText(b []byte) error {
	text := string(b)
	if text == "0" {
		*s = SoftBounces{}
		return nil
	}
	var count int
	parts := strings.Split(text, "/")
	if len(parts) != 3 {
		return fmt.Errorf("%q: write COUNT/WINDOW/HOLD, as in 5/7d/30d, or 0", text)
	}
	if _, err := fmt.Sscanf(parts[0]+"\n", "%d\n", &count); err != nil || count < 1 || count > 100 {
		return fmt.Errorf("%q: the count must be 1 to 100", text)
	}
	window, err := ParseDuration(parts[1])
	if err != nil {
		return err
	}
	hold, err := ParseDuration(parts[2])
	if err != nil {
		return err
	}
	if window <= 0 || hold <= 0 {
		return fmt.Errorf("%q: window and hold must be more than 0", text)
	}
	*s = SoftBounces{Count: count, Window: window, Hold: hold}
	return nil
}
