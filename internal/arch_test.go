// Package internal_test holds the architecture: who may import whom, and what documents say of it.
package internal_test

import (
	"go/doc"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const (
	module = "tidings"
	root   = ".."
)

// allowed says which packages of ours each package may import; "x/..." stands for x and everything below. Tests may
// import what they like. A package that is not here may not exist.
var allowed = map[string][]string{
	// The fact and its adapters: importable by any program.
	"event":                  {},
	"provider":               {"event"},
	"provider/ses":           {"event", "provider", "provider/ses/snssign"},
	"provider/ses/snssign":   {},
	"provider/ses/awslambda": {"event", "provider", "provider/ses"},
	"provider/generic":       {"event", "provider"},
	"provider/postmark":      {"event", "provider"},
	"provider/sendgrid":      {"event", "provider"},
	"provider/sparkpost":     {"event", "provider"},
	"provider/brevo":         {"event", "provider"},
	"provider/mailtrap":      {"event", "provider"},
	"provider/postal":        {"event", "provider"},
	"provider/resend":        {"event", "provider"},
	"provider/mailersend":    {"event", "provider"},
	"provider/mailgun":       {"event", "provider"},
	"provider/mailjet":       {"event", "provider"},
	"provider/mandrill":      {"event", "provider"},
	"provider/dsn":           {"event", "provider"},
	"provider/inbound":       {"event", "provider", "provider/ses", "provider/ses/snssign"},
	"provider/all":           {"provider/..."},
	"provider/providertest":  {"event", "provider"},

	// What everybody may know.
	"internal/fault":     {},
	"internal/spelling":  {},
	"internal/yamlfile":  {},
	"internal/attribute": {"event"},
	"internal/source":    {"provider"},
	"internal/receipt":   {"event", "provider", "internal/source", "internal/attribute", "internal/contact"},
	"internal/netguard":  {"internal/fault"},
	"internal/config":    {"event", "internal/contact", "internal/spelling"},

	// The pure rules.
	"internal/stats":   {"event"},
	"internal/feed":    {"event", "internal/fault"},
	"internal/contact": {"event", "internal/stats", "internal/attribute"},
	"internal/erase":   {"event"},
	"internal/segment": {"event", "internal/attribute", "internal/contact", "internal/stats"},
	"internal/message": {"event", "internal/stats"},

	"internal/send":     {"event", "internal/contact"},
	"internal/rule":     {"event", "internal/attribute", "internal/contact", "internal/segment", "internal/yamlfile"},
	"internal/dispatch": {"event", "internal/rule", "internal/segment", "internal/yamlfile", "internal/fault"},
	"internal/workflow": {
		"event", "internal/attribute", "internal/liquid", "internal/rule", "internal/segment", "internal/yamlfile",
	},
	"internal/alert": {"internal/rule", "internal/stats", "internal/workflow"},
	"internal/link":  {},

	"internal/mailglyph": {"event"},
	"internal/export":    {"event", "internal/mailglyph", "internal/rule"},

	// Templates: the language, and the emails that are written in it.
	"internal/liquid":   {"internal/spelling"},
	"internal/template": {"internal/liquid"},
	"internal/compose":  {"internal/send"},

	// Durable work. The store knows what a job is; the runner knows no store.
	"internal/job": {"internal/fault"},

	// Durable state.
	"internal/store": {
		"event", "provider", "internal/contact", "internal/message", "internal/stats", "internal/source", "internal/receipt",
		"internal/fault", "internal/job", "internal/attribute", "internal/segment", "internal/erase", "internal/send",
		"internal/rule", "internal/workflow", "internal/dispatch", "internal/export", "internal/alert",
	},

	// The stages never import the store or each other: they declare the few calls they make.
	"internal/ingest": {
		"event", "provider", "internal/fault", "internal/receipt", "internal/source", "internal/stats", "internal/netguard",
	},
	"internal/pull": {
		"event", "provider", "internal/contact", "internal/fault", "internal/receipt", "internal/source", "internal/erase",
	},
	"internal/archive":   {"internal/export", "internal/fault"},
	"internal/sender":    {"event", "internal/compose", "internal/fault", "internal/send"},
	"internal/telemetry": {"internal/receipt"},

	// The operations, and the doors to them. Doors know the store's types, because operations answer in them; they get
	// hold of a store only through app.
	"internal/auth": {"internal/fault", "internal/store"},
	"internal/control": {
		"event", "provider", "internal/attribute", "internal/auth", "internal/contact", "internal/fault", "internal/receipt",
		"internal/source",
		"internal/stats", "internal/dispatch", "internal/store", "internal/netguard", "internal/pull", "internal/feed", "internal/message",
		"internal/segment", "internal/erase", "internal/job", "internal/link", "internal/send", "internal/template",
		"internal/compose", "internal/sender", "internal/rule", "internal/mailglyph", "internal/liquid", "internal/workflow",
		"internal/yamlfile", "internal/export", "internal/archive", "internal/alert",
	},
	// The pages know nothing of what they show.
	"internal/web": {},
	"web":          {},
	"internal/api": {
		"event", "provider", "internal/auth", "internal/contact", "internal/control", "internal/fault", "internal/source",
		"internal/segment", "internal/send", "internal/stats",
		"internal/store", "internal/template", "internal/sender", "internal/rule", "internal/mailglyph", "internal/workflow",
		"internal/export", "internal/alert",
	},

	"internal/awsbus": {"event", "internal/auth", "internal/control", "internal/fault"},

	"internal/form": {"internal/control", "internal/fault", "internal/link", "internal/store"},
	"internal/hit":  {"internal/control", "internal/fault", "internal/link"},

	"internal/mcp": {
		"internal/template",
		"event", "internal/auth", "internal/contact", "internal/control", "internal/fault", "internal/segment", "internal/stats",
		"internal/store",
	},

	// The other side of the wire: these know nothing of the server.
	"internal/simulate": {"event"},
	"internal/bench":    {"internal/simulate"},

	"test/bucket":    {},
	"test/collector": {},
	"test/mailglyph": {},
	"test/postgres":  {},
	"test/runmodel":  {},
	"test/sqspeer":   {},
	"test/database":  {"internal/store", "test/postgres"},
	"test/fauxqs":    {},
	"test/imagined": {
		"event", "provider", "provider/all", "internal/contact", "internal/control", "internal/receipt", "internal/source",
		"internal/store",
	},
	"test/fakeses":  {},
	"test/smtppeer": {},

	// Setting a provider up: what should be there, and the calls that make it so.
	"internal/setup":       {"internal/fault"},
	"internal/setup/cloud": {"internal/fault", "internal/setup"},

	// The one that knows everyone.
	"internal/app": {"event", "provider/...", "internal/...", "web"},
	// A function in AWS Lambda, which knows nothing but the standard library.
	"cmd/tidings-lambda": {},
	// The command line prints what the API answers, so its --json has the API's types.
	"cmd/tidings": {
		"event", "internal/api", "internal/app", "internal/bench", "internal/config", "internal/control", "internal/export",
		"internal/fault", "internal/mcp", "internal/pull", "internal/send", "internal/setup", "internal/setup/cloud", "internal/simulate", "internal/source", "internal/stats", "internal/store", "internal/telemetry",
		"internal/template", "provider", "provider/dsn",
	},
}

// outside says which modules the importable packages may use beside the standard library.
var outside = []string{"golang.org/x/text/", "golang.org/x/net/", "github.com/go-json-experiment/json"}

// outsideOf says which more a single package may use: what nobody else needs.
var outsideOf = map[string][]string{"provider/dsn": {"github.com/emersion/go-message"}}

func TestPackagesImportOnlyWhatTheyMay(t *testing.T) {
	t.Parallel()
	found := packages(t)
	for _, p := range slices.Sorted(maps.Keys(found)) {
		may, known := allowed[p]
		if !known {
			t.Errorf("package %s is not in the table of who may import whom", p)
			continue
		}
		for _, imported := range found[p].imports {
			own, isOwn := strings.CutPrefix(imported, module+"/")
			if isOwn && !matches(own, may) {
				t.Errorf("%s → %s is not allowed", p, own)
			}
			if !isOwn && importable(p) && isOutside(imported) && !slices.ContainsFunc(slices.Concat(outside, outsideOf[p]), func(m string) bool {
				return strings.HasPrefix(imported+"/", strings.TrimSuffix(m, "/")+"/")
			}) {
				t.Errorf("%s → %s: importable packages may use only %s", p, imported, strings.Join(outside, ", "))
			}
		}
	}
	for p := range allowed {
		if _, exists := found[p]; !exists {
			t.Errorf("the table has package %s, which does not exist", p)
		}
	}
}

func TestTheMapListsEveryPackageInItsOwnWords(t *testing.T) {
	t.Parallel()
	text := read(t, "README.md")
	lines := strings.Split(text, "\n")
	listed := map[string]bool{}
	for _, line := range lines {
		name, rest, ok := strings.Cut(strings.TrimPrefix(line, "| ["), "](")
		if !ok || !strings.HasPrefix(line, "| [") {
			continue
		}
		listed[name] = true
		p, exists := packages(t)["internal/"+name]
		if !exists {
			t.Errorf("the map has %s, which does not exist", name)
			continue
		}
		if want := name + "/) | " + p.synopsis + " |"; rest != want {
			t.Errorf("the map's line of %s ends\n  %s\nand should end\n  %s", name, rest, want)
		}
	}
	for name, p := range packages(t) {
		if short, isInternal := strings.CutPrefix(name, "internal/"); isInternal && !listed[short] {
			t.Errorf("the map does not have this line:\n| [%s](%s/) | %s |", short, short, p.synopsis)
		}
	}
}

func TestEveryDirectDependencyHasItsReason(t *testing.T) {
	t.Parallel()
	direct := map[string]bool{}
	for line := range strings.Lines(read(t, filepath.Join(root, "go.mod"))) {
		fields := strings.Fields(strings.TrimPrefix(line, "require "))
		if len(fields) == 2 && strings.Contains(fields[0], ".") && strings.HasPrefix(fields[1], "v") {
			direct[fields[0]] = true
		}
	}
	if len(direct) == 0 {
		t.Fatal("no direct dependency found in go.mod")
	}
	reasons := map[string]bool{}
	for line := range strings.Lines(read(t, filepath.Join(root, "docs", "decisions", "dependencies.md"))) {
		if name, _, ok := strings.Cut(strings.TrimPrefix(line, "| `"), "` |"); ok && strings.HasPrefix(line, "| `") {
			reasons[name] = true
		}
	}
	for m := range direct {
		if !reasons[m] {
			t.Errorf("docs/decisions/dependencies.md has no row for %s", m)
		}
	}
	for m := range reasons {
		if !direct[m] {
			t.Errorf("docs/decisions/dependencies.md has a row for %s, which go.mod does not require directly", m)
		}
	}
}

type pkg struct {
	imports  []string
	synopsis string // the first sentence of the package comment, as the map has it
}

// packages reads every package of the module, without its tests.
func packages(t *testing.T) map[string]pkg {
	t.Helper()
	found := map[string]pkg{}
	err := filepath.WalkDir(root, func(file string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := d.Name()
		if d.IsDir() && file != root && (strings.HasPrefix(name, ".") || name == "testdata" || name == "node_modules") {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		rel, err := filepath.Rel(root, filepath.Dir(file))
		if err != nil {
			return err
		}
		add(t, found, filepath.ToSlash(rel), file)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func add(t *testing.T, found map[string]pkg, dir, file string) {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.ParseComments|parser.ImportsOnly)
	if err != nil {
		t.Fatal(err)
	}
	p := found[dir]
	for _, i := range parsed.Imports {
		p.imports = append(p.imports, strings.Trim(i.Path.Value, `"`))
	}
	if parsed.Doc != nil {
		p.synopsis = synopsis(parsed.Doc.Text())
	}
	found[dir] = p
}

// synopsis is the first sentence without the words that are the same everywhere: "what one request becomes …".
func synopsis(comment string) string {
	s := new(doc.Package).Synopsis(comment)
	_, s, _ = strings.Cut(s, " provides ")
	return strings.TrimSuffix(s, ".")
}

func matches(p string, may []string) bool {
	return slices.ContainsFunc(may, func(m string) bool {
		below, tree := strings.CutSuffix(m, "/...")
		return p == m || tree && (p == below || strings.HasPrefix(p, below+"/"))
	})
}

// importable reports whether programs may import a package. The suite for adapters is for their tests alone.
func importable(p string) bool {
	return p != "provider/providertest" && (strings.HasPrefix(p, "event") || strings.HasPrefix(p, "provider"))
}

// isOutside reports whether a path is of a module that is not the standard library's.
func isOutside(p string) bool {
	first, _, _ := strings.Cut(path.Clean(p), "/")
	return strings.Contains(first, ".")
}

func read(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
