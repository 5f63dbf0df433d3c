package sender

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"tidings/event"
	"tidings/internal/compose"
	"tidings/internal/fault"
	"tidings/internal/send"
)

// Outbox is a folder of emails that were written instead of sent: a folder for each project, and in it a file for each
// email, TIME-ID.eml, whose names sort by time. The newest are kept. It is safe for concurrent use, also by several processes.
type Outbox struct {
	Folder string
	Keep   int // emails of a project; 0: 10,000

	mu     sync.Mutex
	made   map[string]bool
	writes int
}

const (
	defaultKeep = 10_000
	pruneEvery  = 500 // writes
	mailSuffix  = ".eml"
	nameTime    = "20060102T150405.000000000Z"
	// mostSearched bounds how many files one page opens; it ends before it is full then.
	mostSearched = 2000
	headBytes    = 64 << 10
)

var (
	folderName = regexp.MustCompile(`^[A-Za-z0-9_-]{1,100}$`)
	mailName   = regexp.MustCompile(`^[0-9]{8}T[0-9]{6}\.[0-9]{9}Z-[A-Za-z0-9_-]{1,100}$`)
)

// OutboxMail is an email of the outbox. HTML, Text and Attachments are there where one was asked for.
type OutboxMail struct {
	ID   string // as its file is called
	At   time.Time
	Size int64
	compose.Opened
}

func (o *Outbox) folder(project string) (string, error) {
	if !folderName.MatchString(project) {
		return "", fault.Missing("there is no outbox of %q", project)
	}
	dir := filepath.Join(o.Folder, project)
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.made[dir] {
		return dir, nil
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("make the folder of the outbox: %w", err)
	}
	if o.made == nil {
		o.made = make(map[string]bool)
	}
	o.made[dir] = true
	return dir, nil
}

// Put writes an email, whole or not at all, and returns its id in the outbox. It is not forced to the disk: this is no
// archive.
func (o *Outbox) Put(project, id string, at time.Time, email []byte) (string, error) {
	dir, err := o.folder(project)
	if err != nil {
		return "", err
	}
	name := at.UTC().Format(nameTime) + "-" + id
	if !mailName.MatchString(name) {
		return "", fmt.Errorf("%.100q is no id of an email", id)
	}
	f, err := os.CreateTemp(dir, ".new-*")
	if errors.Is(err, fs.ErrNotExist) { // somebody emptied it
		o.mu.Lock()
		delete(o.made, dir)
		o.mu.Unlock()
		if dir, err = o.folder(project); err == nil {
			f, err = os.CreateTemp(dir, ".new-*")
		}
	}
	if err != nil {
		return "", fmt.Errorf("write to the outbox: %w", err)
	}
	_, err = f.Write(email)
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), filepath.Join(dir, name+mailSuffix))
	}
	if err != nil {
		return "", errors.Join(fmt.Errorf("write to the outbox: %w", err), os.Remove(f.Name()))
	}
	o.prune(dir)
	return name, nil
}

// prune removes the oldest of too many, now and then. What can't be removed is tried again the next time.
func (o *Outbox) prune(dir string) {
	keep := o.Keep
	if keep < 1 {
		keep = defaultKeep
	}
	o.mu.Lock()
	o.writes++
	due := o.writes%min(pruneEvery, keep) == 0
	o.mu.Unlock()
	if !due {
		return
	}
	names, err := mailNames(dir)
	if err != nil {
		return
	}
	for _, name := range names[min(keep, len(names)):] {
		_ = os.Remove(filepath.Join(dir, name+mailSuffix))
	}
}

// mailNames are the ids of a folder's emails, newest first.
func mailNames(dir string) ([]string, error) {
	d, err := os.Open(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the outbox: %w", err)
	}
	defer d.Close()
	all, err := d.Readdirnames(-1)
	if err != nil {
		return nil, fmt.Errorf("read the outbox: %w", err)
	}
	names := make([]string, 0, len(all))
	for _, name := range all {
		if id, ok := strings.CutSuffix(name, mailSuffix); ok && mailName.MatchString(id) {
			names = append(names, id)
		}
	}
	slices.Sort(names)
	slices.Reverse(names)
	return names, nil
}

// List is a page of a project's emails, newest first: those that are older than the one named by after (empty: from the
// newest), and whose sender, recipient or subject has a text, whatever its case. next is where the next page begins; empty:
// there is none. A page may have fewer than limit and a next one: searching opens files, and ends in time.
func (o *Outbox) List(ctx context.Context, project, after, search string, limit int) (list []OutboxMail, next string, err error) {
	dir, err := o.folder(project)
	if err != nil {
		return nil, "", err
	}
	names, err := mailNames(dir)
	if err != nil {
		return nil, "", err
	}
	opened := 0
	for i, name := range names {
		if after != "" && name >= after {
			continue
		}
		if len(list) == limit || opened == mostSearched || ctx.Err() != nil {
			return list, names[i-1], ctx.Err()
		}
		opened++
		m, err := o.read(dir, name, false)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, "", err
		}
		if matches(&m, search) {
			list = append(list, m)
		}
	}
	return list, "", nil
}

func matches(m *OutboxMail, search string) bool {
	search = strings.ToLower(search)
	for _, s := range [...]string{m.From, m.To, m.Subject} {
		if strings.Contains(strings.ToLower(s), search) {
			return true
		}
	}
	return false
}

func (o *Outbox) read(dir, name string, whole bool) (OutboxMail, error) {
	m := OutboxMail{ID: name}
	f, err := os.Open(filepath.Join(dir, name+mailSuffix))
	if err != nil {
		return m, fmt.Errorf("open an email of the outbox: %w", err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return m, fmt.Errorf("open an email of the outbox: %w", err)
	}
	m.Size = info.Size()
	at, _, _ := strings.Cut(name, "-")
	m.At, _ = time.Parse(nameTime, at)
	var b []byte
	if whole {
		b = make([]byte, m.Size)
	} else {
		b = make([]byte, min(m.Size, headBytes))
	}
	n, err := f.ReadAt(b, 0)
	if n < len(b) {
		return m, fmt.Errorf("read an email of the outbox: %w", err)
	}
	if !whole {
		if end := bytes.Index(b, []byte("\r\n\r\n")); end >= 0 {
			b = b[:end+4]
		}
	}
	if m.Opened, err = compose.Open(bytes.NewReader(b), whole); err != nil {
		// Somebody put it there, or cut it: it is shown as far as it goes.
		m.Subject = "(can't be read: " + err.Error() + ")"
	}
	return m, nil
}

// Mail finds an email of a project.
func (o *Outbox) Mail(project, id string) (OutboxMail, error) {
	dir, err := o.place(project, id)
	if err != nil {
		return OutboxMail{}, err
	}
	m, err := o.read(dir, id, true)
	return m, missing(err, id)
}

// Raw is the file of an email.
func (o *Outbox) Raw(project, id string) ([]byte, error) {
	dir, err := o.place(project, id)
	if err != nil {
		return nil, err
	}
	b, err := os.ReadFile(filepath.Join(dir, id+mailSuffix))
	return b, missing(err, id)
}

func (o *Outbox) place(project, id string) (string, error) {
	if !mailName.MatchString(id) {
		return "", missing(fs.ErrNotExist, id)
	}
	return o.folder(project)
}

func missing(err error, id string) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fault.Missing("the outbox has no email %.150q", id)
	}
	return err
}

// Retain removes the emails that were written before a time, of all projects, and counts them.
func (o *Outbox) Retain(before time.Time) (n int, err error) {
	folders, err := os.ReadDir(o.Folder)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("read the outbox: %w", err)
	}
	oldest := before.UTC().Format(nameTime)
	for _, f := range folders {
		if !f.IsDir() || !folderName.MatchString(f.Name()) {
			continue
		}
		dir := filepath.Join(o.Folder, f.Name())
		names, err := mailNames(dir)
		if err != nil {
			return n, err
		}
		for _, name := range names {
			if name >= oldest {
				continue
			}
			if err := os.Remove(filepath.Join(dir, name+mailSuffix)); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return n, fmt.Errorf("remove from the outbox: %w", err)
			}
			n++
		}
	}
	return n, nil
}

// Erase removes the emails of a project to an address, by its key, and counts them.
func (o *Outbox) Erase(project, key string) (n int, err error) {
	dir, err := o.folder(project)
	if err != nil {
		return 0, err
	}
	names, err := mailNames(dir)
	if err != nil {
		return 0, err
	}
	for _, name := range names {
		m, err := o.read(dir, name, false)
		if err != nil || event.ParseAddress(m.To).Key != key {
			continue // one that is gone meanwhile is nobody's
		}
		if err := os.Remove(filepath.Join(dir, name+mailSuffix)); err != nil {
			return n, fmt.Errorf("erase from the outbox: %w", err)
		}
		n++
	}
	return n, nil
}

// fileSender writes mail into the outbox.
type fileSender struct {
	outbox *Outbox
	now    func() time.Time
}

// Send writes an email.
func (s *fileSender) Send(_ context.Context, m *send.Mail) (send.Handed, error) {
	now := s.now()
	letter, err := compose.Compose(m, now, nil)
	if err != nil {
		return send.Handed{}, unwritable(err)
	}
	at := m.DueAt // so that what a crash makes a second try of is the same file
	if at.IsZero() {
		at = now
	}
	name, err := s.outbox.Put(m.Project, m.ID, at, letter.Bytes)
	if err != nil {
		return send.Handed{}, unusable("", "%v", err)
	}
	return send.Handed{Provider: send.KindFile, MessageID: m.MessageID, At: now, Response: "outbox " + name}, nil
}

// Test makes sure that the folder is there.
func (s *fileSender) Test(context.Context) (string, error) {
	if err := os.MkdirAll(s.outbox.Folder, 0o700); err != nil {
		return "", unusable("", "make the folder of the outbox: %v", err)
	}
	return "mail is written to " + s.outbox.Folder, nil
}
