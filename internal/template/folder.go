package template

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"

	"tidings/internal/liquid"
)

// The kinds of emails.
const (
	Transactional = "TRANSACTIONAL"
	Marketing     = "MARKETING"
)

const (
	maxFiles    = 5000 // of a folder
	displayFile = "display-names.json"
	fence       = "---\n"
)

// File is a template in a folder: onboarding/welcome.html is the template onboarding/welcome.
type File struct {
	Key  string // its path without .html
	Path string // within the folder
	Front
	HTML string
	// Offset is how many lines stand before the HTML: problems of it name lines of the file.
	Offset int
	Wrong  string // why it can't be read at all; empty: it can
}

// Front is what the first lines of a file may say of it, between two lines of three hyphens, in YAML.
type Front struct {
	Name        string `yaml:"name"`
	Description string `yaml:"description"`
	Subject     string `yaml:"subject"`
	Type        string `yaml:"type"` // TRANSACTIONAL or MARKETING, in any case; empty: MARKETING
	From        string `yaml:"from"`
	FromName    string `yaml:"fromName"`
	ReplyTo     string `yaml:"replyTo"`
	Text        string `yaml:"text"`
	Opens       *bool  `yaml:"opens"`  // whether opens are watched; nil: as everywhere
	Clicks      *bool  `yaml:"clicks"` // whether clicks are watched; nil: as everywhere
}

// ReadFolder reads all templates of a folder, in the order of their keys, and the names in its display-names.json. A file that
// can't be read stops no other.
func ReadFolder(dir fs.FS) (files []File, display map[string]map[string]string, err error) {
	err = fs.WalkDir(dir, ".", func(name string, d fs.DirEntry, err error) error {
		hidden := strings.HasPrefix(path.Base(name), ".") && name != "."
		switch {
		case err != nil && name == ".":
			return err
		case err != nil:
			files = append(files, File{Path: name, Key: strings.TrimSuffix(name, path.Ext(name)), Wrong: err.Error()})
			return nil //nolint:nilerr // told as a problem of its own: it stops no other
		case hidden && !d.IsDir():
			return nil
		case hidden:
			return fs.SkipDir
		case d.IsDir() || path.Ext(name) != ".html" && path.Ext(name) != ".liquid":
			return nil
		case len(files) >= maxFiles:
			return fmt.Errorf("the folder has more than %d templates", maxFiles)
		}
		files = append(files, readFile(dir, name))
		return nil
	})
	if err != nil {
		return nil, nil, fmt.Errorf("read the folder of templates: %w", err)
	}
	slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.Key, b.Key) })
	display, err = readDisplayNames(dir)
	return files, display, err
}

func readFile(dir fs.FS, name string) File {
	f := File{Path: name, Key: strings.TrimSuffix(name, path.Ext(name))}
	r, err := dir.Open(name)
	if err != nil {
		f.Wrong = err.Error()
		return f
	}
	defer r.Close() //nolint:errcheck // it was only read
	b, err := io.ReadAll(io.LimitReader(r, liquid.MaxSource+1))
	switch {
	case err != nil:
		f.Wrong = err.Error()
	case len(b) > liquid.MaxSource:
		f.Wrong = fmt.Sprintf("The file has more than %d bytes.", liquid.MaxSource)
	default:
		read := ParseFile(string(b))
		read.Key, read.Path = f.Key, f.Path
		return read
	}
	return f
}

// ParseFile reads the text of a file: its front matter, where it has one, and the HTML.
func ParseFile(text string) (f File) {
	text = strings.ReplaceAll(strings.TrimPrefix(text, "\ufeff"), "\r\n", "\n")
	f.HTML = text
	rest, has := strings.CutPrefix(text, fence)
	if !has {
		return f
	}
	head, body, ended := strings.Cut("\n"+rest, "\n"+fence)
	if !ended {
		f.Wrong = "Its front matter is not ended: a line of three hyphens is missing."
		return f
	}
	f.HTML, f.Offset = body, strings.Count(head, "\n")+2
	if head == "" {
		f.Offset = 2
	}
	if err := yaml.UnmarshalWithOptions([]byte(quoteLiquid(head)), &f.Front, yaml.Strict()); err != nil && !errors.Is(err, io.EOF) {
		f.Wrong = "Its front matter can't be read: " + strings.TrimSpace(yaml.FormatError(err, false, false))
	}
	f.Type = strings.ToUpper(f.Type)
	return f
}

// quoteLiquid puts values with Liquid into quotes where nobody did: its braces and colons mean something else in YAML.
func quoteLiquid(head string) string {
	lines := strings.Split(head, "\n")
	for i, line := range lines {
		name, value, ok := strings.Cut(line, ":")
		value = strings.TrimSpace(value)
		if !ok || strings.HasPrefix(line, " ") || !strings.Contains(value, "{{") && !strings.Contains(value, "{%") ||
			strings.ContainsAny(value[:1], `"'|>`) {
			continue
		}
		lines[i] = name + ": '" + strings.ReplaceAll(value, "'", "''") + "'"
	}
	return strings.Join(lines, "\n")
}

// readDisplayNames reads display-names.json; a folder need not have one.
func readDisplayNames(dir fs.FS) (names map[string]map[string]string, err error) {
	b, err := fs.ReadFile(dir, displayFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err == nil {
		err = json.Unmarshal(b, &names)
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", displayFile, err)
	}
	return names, nil
}
