package store_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tidings/internal/fault"
	"tidings/internal/store"
)

func templateAct(op string) store.Act {
	return store.Act{At: time.UnixMilli(1777982400000).UTC(), Project: store.DefaultProject, By: "cli", Door: "cli", Operation: op}
}

func welcome(id, key string) *store.Template {
	return &store.Template{
		ID: id, Key: key, Origin: store.TemplateOfAPI,
		TemplateContent: store.TemplateContent{Name: "Welcome", Subject: "Hi", Body: "<p>1</p>", Type: "MARKETING"},
	}
}

func TestEveryVersionOfATemplateIsKept(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		s := open()
		ctx := t.Context()
		text, yes := "plain", true
		x := welcome("tpl_1", "a/b")
		x.Text, x.Clicks, x.DisplayNames = &text, &yes, map[string]map[string]string{"planName": {"t": "Team"}}
		noError(t, s.CreateTemplate(ctx, store.DefaultProject, x, 10, templateAct("createTemplate")))
		got, err := s.Template(ctx, store.DefaultProject, "a/b")
		noError(t, err)
		if d := cmp.Diff(*x, got); d != "" {
			t.Errorf("what is stored:\n%s", d)
		}
		change := func(version int64, body string) (store.Template, error) {
			return s.UpdateTemplate(ctx, store.DefaultProject, "tpl_1", version, func(t *store.Template) error {
				t.Body = body
				return nil
			}, templateAct("updateTemplate"))
		}
		for i, body := range []string{"<p>2</p>", "<p>2</p>", "<p>3</p>"} {
			got, err := change(0, body)
			noError(t, err)
			if want := []int64{2, 2, 3}[i]; got.Version != want || got.Body != body {
				t.Errorf("version %d with %s, want %d", got.Version, got.Body, want)
			}
		}
		if _, err := change(2, "<p>4</p>"); fault.KindOf(err) != fault.Conflict || !strings.Contains(err.Error(), "in between") {
			t.Errorf("a change of version 2, where it is at 3: %v", err)
		}
		list, err := s.TemplateVersions(ctx, store.DefaultProject, "a/b", 0, 10)
		noError(t, err)
		var bodies []string
		for _, v := range list {
			bodies = append(bodies, fmt.Sprint(v.Version, v.Body))
		}
		if d := cmp.Diff([]string{"3<p>3</p>", "2<p>2</p>", "1<p>1</p>"}, bodies); d != "" {
			t.Error(d)
		}
		if old, err := s.TemplateVersion(ctx, store.DefaultProject, "tpl_1", 1); err != nil || old.Body != "<p>1</p>" {
			t.Errorf("version 1: %+v %v", old, err)
		}
		if err := s.CreateTemplate(ctx, store.DefaultProject, welcome("tpl_2", "a/b"), 10, templateAct("createTemplate")); fault.KindOf(err) != fault.Conflict {
			t.Errorf("a key that is taken: %v", err)
		}
		noError(t, s.CreateTemplate(ctx, store.DefaultProject, welcome("tpl_2", ""), 10, templateAct("createTemplate")))
		noError(t, s.CreateTemplate(ctx, store.DefaultProject, welcome("tpl_3", ""), 10, templateAct("createTemplate")))
		if err := s.CreateTemplate(ctx, store.DefaultProject, welcome("tpl_4", ""), 3, templateAct("createTemplate")); fault.KindOf(err) != fault.Conflict {
			t.Errorf("one more than a project may have: %v", err)
		}
		_, err = s.UpdateTemplate(ctx, store.DefaultProject, "tpl_2", 0, func(t *store.Template) error {
			t.Key = "a/b"
			return nil
		}, templateAct("updateTemplate"))
		if fault.KindOf(err) != fault.Conflict {
			t.Errorf("a change to a key that is taken: %v", err)
		}
		noError(t, s.DeleteTemplate(ctx, store.DefaultProject, "a/b", templateAct("deleteTemplate")))
		if _, err := s.Template(ctx, store.DefaultProject, "tpl_1"); fault.KindOf(err) != fault.NotFound {
			t.Errorf("a template that is gone: %v", err)
		}
	})
}

func TestATemplateThatSomethingNeedsIsNotDeleted(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		s := open()
		x := welcome("tpl_1", "")
		noError(t, s.CreateTemplate(t.Context(), store.DefaultProject, x, 10, templateAct("createTemplate")))
		noError(t, s.Exec(t.Context(), fmt.Sprintf(`INSERT INTO template_uses (template, kind, id, name) VALUES (%d, 'rule', 'rul_1', 'Greets')`, x.Ref)))
		err := s.DeleteTemplate(t.Context(), store.DefaultProject, "tpl_1", templateAct("deleteTemplate"))
		if fault.KindOf(err) != fault.Conflict || !strings.Contains(err.Error(), `the rule "Greets" (rul_1) needs`) {
			t.Errorf("it says %v", err)
		}
	})
}

func TestTheFolderOfTemplatesIsWhatItsFilesAre(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		s := open()
		ctx, n := t.Context(), 0
		newID := func() string { n++; return fmt.Sprintf("tpl_f%d", n) }
		sync := func(files ...store.TemplateFile) store.FolderSync {
			t.Helper()
			sum, err := s.SyncTemplates(ctx, store.DefaultProject, files, 10, newID, templateAct("readTemplateFolder"))
			noError(t, err)
			return sum
		}
		file := func(key, body string) store.TemplateFile {
			return store.TemplateFile{Path: key + ".html", Key: key, Content: &store.TemplateContent{Name: key, Body: body, Type: "MARKETING"}}
		}
		broken := store.TemplateFile{Path: "b.html", Key: "b", Problems: []store.TemplateProblem{{Line: 3, Column: 1, Message: "broken"}}}
		noError(t, s.CreateTemplate(ctx, store.DefaultProject, welcome("tpl_1", "taken"), 10, templateAct("createTemplate")))
		for i, step := range []struct {
			files []store.TemplateFile
			want  store.FolderSync
			told  string // files with problems
			body  string // of b
		}{
			{[]store.TemplateFile{file("a", "1"), file("b", "1"), file("taken", "1")}, store.FolderSync{Created: 2}, "taken.html", "1"},
			{[]store.TemplateFile{file("a", "1"), file("b", "1"), file("taken", "1")}, store.FolderSync{}, "taken.html", "1"},
			{[]store.TemplateFile{file("a", "2"), broken}, store.FolderSync{Changed: 1}, "b.html", "1"},
			{[]store.TemplateFile{file("b", "3")}, store.FolderSync{Changed: 1, Removed: 1}, "", "3"},
		} {
			if sum := sync(step.files...); sum != step.want {
				t.Errorf("step %d: %+v, want %+v", i, sum, step.want)
			}
			troubles, err := s.TemplateTroubles(ctx, store.DefaultProject)
			noError(t, err)
			told := ""
			for _, x := range troubles {
				told += x.Path
			}
			b, err := s.Template(ctx, store.DefaultProject, "b")
			noError(t, err)
			if told != step.told || b.Body != step.body || b.Origin != store.TemplateOfFolder {
				t.Errorf("step %d: told of %q, b is %+v", i, told, b)
			}
		}
		acts, err := s.Acts(ctx, store.AuditQuery{Project: store.DefaultProject, Operation: "readTemplateFolder"})
		noError(t, err)
		if len(acts.Acts) != 3 {
			t.Errorf("%d acts, want 3: reading what has not changed is none", len(acts.Acts))
		}
	})
}

func TestTemplatesAreListedByWhatTheirKeysBeginWith(t *testing.T) {
	onBoth(t, func(t *testing.T, open func(...func(*store.Options)) *store.Store) {
		s := open()
		for id, key := range map[string]string{"tpl_1": "a/b", "tpl_2": "A/c", "tpl_3": "a%", "tpl_4": "", "tpl_5": "b/a"} {
			noError(t, s.CreateTemplate(t.Context(), store.DefaultProject, welcome(id, key), 10, templateAct("createTemplate")))
		}
		for prefix, want := range map[string]int64{"": 5, "a": 2, "a/": 1, "a/b": 1, "a/bc": 0, "%": 0} {
			page, err := s.ListTemplates(t.Context(), store.TemplateQuery{Project: store.DefaultProject, Prefix: prefix, Limit: 10})
			noError(t, err)
			if page.Total != want || int64(len(page.Templates)) != want {
				t.Errorf("%q: %d of %d, want %d", prefix, len(page.Templates), page.Total, want)
			}
		}
	})
}
