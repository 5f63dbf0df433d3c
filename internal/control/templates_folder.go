package control

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"tidings/internal/auth"
	"tidings/internal/fault"
	"tidings/internal/store"
	"tidings/internal/template"
)

// FolderRead is what became of the templates when the folder was read.
type FolderRead struct {
	Files int
	store.FolderSync
	Troubles []store.TemplateFile // files with problems
}

// ReadTemplates makes the project's templates of the folder those that its files are now. A broken file changes nothing and is
// told as a problem. Where the folder itself or its display names can't be read, nothing changes and that is the error.
func (c *Control) ReadTemplates(ctx context.Context, project string, dir fs.FS) (out FolderRead, err error) {
	read, names, err := template.ReadFolder(dir)
	if err != nil {
		return out, err
	}
	files := make([]store.TemplateFile, len(read))
	for i := range read {
		files[i] = FileTemplate(&read[i], names)
	}
	act := ByServer(c.Now(), opReadFolder)
	act.Project = project
	out.Files = len(files)
	newID := func() string { return auth.NewID(templatePrefix) }
	out.FolderSync, err = c.Store.SyncTemplates(ctx, project, files, maxTemplates, newID, act)
	if err != nil {
		return out, fmt.Errorf("read templates: %w", err)
	}
	for _, f := range files {
		if len(f.Problems) > 0 {
			out.Troubles = append(out.Troubles, f)
		}
	}
	return out, nil
}

// FileTemplate checks a file of a folder. What is wrong names lines of the file; without Content it is broken.
func FileTemplate(f *template.File, names map[string]map[string]string) store.TemplateFile {
	out := store.TemplateFile{Path: f.Path, Key: f.Key}
	if f.Wrong != "" {
		out.Problems = []store.TemplateProblem{{Message: f.Wrong}}
		return out
	}
	t := store.TemplateContent{
		Name: f.Name, Description: f.Description, Subject: f.Subject, Body: f.HTML, From: f.From, FromName: f.FromName,
		ReplyTo: f.ReplyTo, Type: f.Type, Opens: f.Opens, Clicks: f.Clicks, DisplayNames: names,
	}
	if t.Name == "" {
		t.Name = f.Key
	}
	if t.Type == "" {
		t.Type = template.Marketing
	}
	if f.Text != "" {
		t.Text = &f.Text
	}
	_, wrong := template.Compile(sourceOf(&t))
	for _, x := range wrong {
		line := x.Line
		if x.Part == template.PartBody {
			line += f.Offset
		}
		out.Problems = append(out.Problems, store.TemplateProblem{Part: x.Part, Line: line, Column: x.Column, Message: x.Says})
	}
	out.Problems = append(out.Problems, fieldProblems(f.Key, &t, len(wrong) > 0)...)
	if len(out.Problems) == 0 {
		out.Content = &t
	}
	return out
}

// fieldProblems is what is wrong with the fields beside the Liquid.
func fieldProblems(key string, t *store.TemplateContent, broken bool) (list []store.TemplateProblem) {
	var p problems
	if !templateKey.MatchString(key) || len(key) > maxTemplateKey {
		p.add("key", "its name must be of letters, digits, dots and hyphens")
	}
	p.text("name", t.Name, 1, maxName)
	if !broken {
		p.templateContent(t, 0)
	}
	for _, err := range p {
		if f, ok := errors.AsType[*fault.Error](err); ok {
			list = append(list, store.TemplateProblem{Message: strings.TrimSpace(f.Field + " " + f.Message)})
		}
	}
	return list
}
