package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"tidings/internal/fault"
)

// TemplateFile is a file of the folder of templates as it was read.
type TemplateFile struct {
	Path     string // within the folder
	Key      string
	Content  *TemplateContent // nil: it is broken, and what it was before stays
	Problems []TemplateProblem
}

// TemplateProblem is what is wrong with a file of the folder of templates.
type TemplateProblem struct {
	Part    string `json:"part,omitempty"` // subject, body or text; empty: the file as a whole
	Line    int    `json:"line,omitempty"` // of the file; 0: no line in particular
	Column  int    `json:"column,omitempty"`
	Message string `json:"message"`
}

// TemplateTrouble is a file of the folder that is not as it should be.
type TemplateTrouble struct {
	Path     string
	Problems []TemplateProblem
	FoundAt  time.Time
}

// FolderSync is what became of templates when the folder was read.
type FolderSync struct{ Created, Changed, Removed int }

// SyncTemplates makes the templates of a folder those that its files are now: new ones are made, changed ones get a version,
// those whose file is gone are removed. A broken file keeps what it was. Problems of files take the place of those before. newID
// makes the id of a new template. Where nothing changes, nothing is stored.
func (s *Store) SyncTemplates(
	ctx context.Context, project string, files []TemplateFile, most int, newID func() string, act Act,
) (sum FolderSync, err error) {
	err = s.actOf(ctx, project, &act, func(c conn, p int64) error {
		sum = FolderSync{}
		there, err := templates(ctx, c, `WHERE v.version = t.version AND t.project = $1 AND t.origin = $2`, p, TemplateOfFolder)
		if err != nil {
			return err
		}
		known := make(map[string]*Template, len(there))
		for i := range there {
			known[there[i].Key] = &there[i]
		}
		for i := range files {
			if err := syncFile(ctx, c, p, &files[i], known[files[i].Key], most, newID, &act, &sum); err != nil {
				return err
			}
			delete(known, files[i].Key)
		}
		for _, t := range known {
			if err := dropFile(ctx, c, t, &files, &sum); err != nil {
				return err
			}
		}
		changed, err := storeTroubles(ctx, c, p, files, act.At)
		if err != nil {
			return err
		}
		if sum == (FolderSync{}) {
			if !changed {
				return errUnchanged
			}
			act.Note = "only problems of files changed"
			return nil
		}
		act.Note = fmt.Sprintf("%d new, %d changed, %d removed", sum.Created, sum.Changed, sum.Removed)
		return nil
	})
	return sum, err
}

func syncFile(
	ctx context.Context, c conn, project int64, f *TemplateFile, t *Template, most int, newID func() string, act *Act,
	sum *FolderSync,
) error {
	if f.Content == nil {
		return nil
	}
	if t == nil {
		n := &Template{ID: newID(), Key: f.Key, Origin: TemplateOfFolder, TemplateContent: *f.Content}
		err := insertTemplate(ctx, c, project, n, most, act)
		if fault.KindOf(err) == fault.Conflict {
			f.Problems = append(f.Problems, TemplateProblem{Message: err.Error()})
			return nil
		}
		sum.Created++
		return err
	}
	before := *t
	t.TemplateContent, t.Note = *f.Content, ""
	if len(templateChanges(&before, t)) == 0 {
		return nil
	}
	sum.Changed++
	return newVersion(ctx, c, project, t, act)
}

// dropFile removes a template whose file is gone. One that something needs stays, and is told as a problem.
func dropFile(ctx context.Context, c conn, t *Template, files *[]TemplateFile, sum *FolderSync) error {
	err := removeTemplate(ctx, c, t)
	if fault.KindOf(err) == fault.Conflict {
		*files = append(*files, TemplateFile{Path: t.Key + ".html", Problems: []TemplateProblem{
			{Message: "The file is gone, and the template stays: " + err.Error() + "."},
		}})
		return nil
	}
	sum.Removed++
	return err
}

// storeTroubles keeps what is wrong with files, and tells whether that is news.
func storeTroubles(ctx context.Context, c conn, project int64, files []TemplateFile, now time.Time) (bool, error) {
	before := map[string]string{}
	err := c.query(ctx, `SELECT path, problems FROM template_files WHERE project = $1`, []any{project}, func(r row) error {
		var path, problems string
		err := r.Scan(&path, &problems)
		before[path] = problems
		return err
	})
	if err != nil {
		return false, err
	}
	changed := false
	for _, f := range files {
		if len(f.Problems) == 0 {
			continue
		}
		b, err := json.Marshal(f.Problems)
		if err != nil {
			return false, fmt.Errorf("encode problems: %w", err)
		}
		was, had := before[f.Path]
		delete(before, f.Path)
		if had && was == string(b) {
			continue
		}
		changed = true
		if _, err := c.exec(ctx, `INSERT INTO template_files (project, path, problems, found_at) VALUES ($1, $2, $3, $4)
			ON CONFLICT (project, path) DO UPDATE SET problems = excluded.problems, found_at = excluded.found_at`,
			project, f.Path, string(b), ms(now)); err != nil {
			return false, err
		}
	}
	for path := range before {
		changed = true
		if _, err := c.exec(ctx, `DELETE FROM template_files WHERE project = $1 AND path = $2`, project, path); err != nil {
			return false, err
		}
	}
	return changed, nil
}

// TemplateTroubles lists the files of the folder that are not as they should be, by their paths.
func (s *Store) TemplateTroubles(ctx context.Context, project string) (list []TemplateTrouble, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		list = nil
		p, err := projectRef(ctx, c, project)
		if err != nil {
			return err
		}
		return c.query(ctx, `SELECT path, problems, found_at FROM template_files WHERE project = $1 ORDER BY path`, []any{p},
			func(r row) error {
				var x TemplateTrouble
				var problems string
				var found int64
				if err := r.Scan(&x.Path, &problems, &found); err != nil {
					return err
				}
				x.FoundAt = at(found)
				list = append(list, x)
				return json.Unmarshal([]byte(problems), &list[len(list)-1].Problems)
			})
	})
	return list, err
}

// AttributePaths lists the paths of attributes that contacts of a project have had ("plan", "address.city"), at most 10,000.
func (s *Store) AttributePaths(ctx context.Context, project string) (list []string, err error) {
	err = s.engine.read(ctx, func(c conn) error {
		list = nil
		p, err := projectRef(ctx, c, project)
		if err != nil {
			return err
		}
		return c.query(ctx, `SELECT text FROM terms WHERE project = $1 AND kind = $2 ORDER BY text LIMIT 10000`,
			[]any{p, termAttribute}, func(r row) error {
				var path string
				err := r.Scan(&path)
				list = append(list, path)
				return err
			})
	})
	return list, err
}
