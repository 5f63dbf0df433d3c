package store

import (
	"fmt"
	"strconv"
	"strings"

	"tidings/internal/erase"
)

// handling says what erasing a person does with a column.
type handling string

// The kinds of handling.
const (
	holdsNone handling = "none"      // it holds nothing of people who get mail: numbers, ids, times, what operators named
	identity  handling = "identity"  // it is, or is made of, a hash or a provider's id: facts are known again by it
	ofContact handling = "contact"   // BeginErasure blanks it with the contact, or removes the row
	searched  handling = "searched"  // every row is searched for the person, and scrubbed
	searchedJ handling = "json"      // the same, and it is JSON
	withRow   handling = "row"       // the row goes where a searched column of it names the person
	ownStage  handling = "stage"     // a stage of the work is for it
	whileRuns handling = "while"     // it is removed when the work is done
	hashOnly  handling = "hash only" // it stays: a keyed hash, and its key
)

// eraseTables decides for every column of every table; what is not named is holdsNone. A test holds the list of tables and
// of the columns that can hold a text or bytes complete.
var eraseTables = map[string]map[string]handling{
	"meta":     {"name": holdsNone, "value": holdsNone},
	"projects": {"id": holdsNone, "name": holdsNone},
	"keys": {
		"id": holdsNone, "name": searched, "kind": holdsNone, "prefix": holdsNone, "hash": holdsNone, "scopes": holdsNone,
		"bounds": holdsNone,
	},
	"sources": {
		"id": holdsNone, "name": searched, "provider": holdsNone, "token_hash": holdsNone, "previous_token_hash": holdsNone,
		"path": holdsNone, "settings": holdsNone,
	},
	"confirmations": {
		"key": identity, "topic": holdsNone, "note": searched, "url": holdsNone, "problem": searched,
	},
	"refusals": {"code": holdsNone, "last_message": searched},
	"tallies":  {"word": holdsNone},
	"terms":    {"text": ownStage},
	"blocks":   {"bytes": ownStage},
	"receipts": {"key": identity, "sha256": identity, "problems": searchedJ},
	"contacts": {
		"address": ofContact, "attributes": ownStage, "external_id": ownStage, "counts": holdsNone, "lasts": holdsNone,
	},
	"messages":     {"message_id": identity, "state": holdsNone, "info": ownStage},
	"events":       {"id": identity, "recipient": ownStage, "detail": ownStage},
	"event_values": {"event": identity, "text": ownStage},
	"suppressions": {
		"reason": holdsNone, "event": identity, "note": searched, "added_by": holdsNone, "lifted_by": holdsNone,
		"lift_note": searched,
	},
	"suppression_patterns": {
		"pattern": searched, "note": searched, "created_by": holdsNone, "lifted_by": holdsNone, "lift_note": searched,
	},
	"counters": {},
	"audit": {
		"by": holdsNone, "door": holdsNone, "operation": holdsNone, "subject": searched, "note": searched, "changes": searchedJ,
	},
	"jobs": {
		"kind": holdsNone, "unique_key": searched, "lease": holdsNone, "payload": searched, "problem": searched,
	},
	"replays": {"source": holdsNone, "by": holdsNone, "result": holdsNone, "problem": searched},
	"source_tests": {
		"token_hash": holdsNone, "certificate": holdsNone, "verdict": searchedJ,
	},
	"queue_notes": {"node": holdsNone, "code": holdsNone, "message": searched},
	"people":      {"id": holdsNone, "name": holdsNone, "name_key": holdsNone, "hash": holdsNone},
	"invitations": {"hash": holdsNone},
	"sessions":    {"id": holdsNone, "hash": holdsNone, "user_agent": holdsNone, "ip": holdsNone},
	"approvals": {
		"code": holdsNone, "by": holdsNone, "operation": holdsNone, "subject": withRow, "approved_by": holdsNone, "note": withRow,
		"asks": withRow,
	},
	// A template is what operators wrote for everybody: it names nobody unless they wrote a name into it.
	"templates": {"id": holdsNone, "key": holdsNone, "origin": holdsNone},
	"template_versions": {
		"name": holdsNone, "type": holdsNone, "subject": holdsNone, "content": holdsNone, "by": holdsNone, "note": holdsNone,
	},
	"template_files": {"path": holdsNone, "problems": holdsNone},
	"template_uses":  {"kind": holdsNone, "id": holdsNone, "name": holdsNone},

	// A rule is for everybody, as a template is.
	"rules": {"id": holdsNone, "name": holdsNone, "origin": holdsNone, "definition": holdsNone},
	"rule_acts": {
		"event": identity, "action": holdsNone, "outcome": holdsNone, "send": identity, "detail": ofContact,
	},

	// So is a workflow. What a run knows it was told by events, which may be about others, too.
	"workflows":         {"id": holdsNone, "key": holdsNone, "origin": holdsNone},
	"workflow_versions": {"definition": holdsNone, "created_by": holdsNone},
	"workflow_settings": {"settings": holdsNone},
	"workflow_events":   {"event": identity},
	"runs":              {"begun_by": searched, "step": holdsNone, "reason": searched, "vars": searchedJ},
	"run_steps": {
		"step": holdsNone, "outcome": holdsNone, "detail": ofContact, "variant": holdsNone, "send": identity,
	},
	"run_counts": {"step": holdsNone, "word": holdsNone},

	"contact_values":  {"text": ownStage},
	"contact_events":  {},
	"contact_tags":    {},
	"contact_topics":  {},
	"contact_changes": {},
	"topics":          {"slug": holdsNone, "name": searched, "description": searched},
	"consents":        {"origin": ofContact, "reason": ofContact, "by": ofContact, "event": identity},
	"segments": {
		"id": holdsNone, "slug": holdsNone, "name": searched, "description": searched, "type": holdsNone, "condition": searchedJ,
		"problem": searched,
	},
	"forms": {
		"id": holdsNone, "token": holdsNone, "name": holdsNone, "topics": holdsNone, "fields": holdsNone, "origins": holdsNone,
		"redirect_url": holdsNone, "confirmed_url": holdsNone,
	},
	"sends": {
		"id": identity, "intent": identity, "origin": holdsNone, "turn": holdsNone, "name": ofContact, "data": ofContact,
		"reason": holdsNone, "problem": ofContact, "sender": holdsNone,
	},
	"send_contents": {"content": searchedJ},
	"broadcasts": {
		"id": holdsNone, "name": searched, "definition": searchedJ, "segment": holdsNone, "template": holdsNone,
		"created_by": holdsNone, "left_out": holdsNone, "skipped": holdsNone, "reason": searched, "outcome": holdsNone,
	},
	"broadcast_recipients": {},
	"broadcast_zones":      {"zone": holdsNone},
	"optins":               {"id": holdsNone, "form": holdsNone, "says": ofContact},
	"brands":               {"name": holdsNone, "color": holdsNone, "logo_url": holdsNone},
	"segment_members":      {},
	"segment_dues":         {},
	"senders": {
		"id": holdsNone, "name": holdsNone, "kind": holdsNone, "settings": holdsNone, "from_email": holdsNone, "from_name": holdsNone,
		"reply_to": holdsNone,
	},
	// An endpoint is for everybody. What it is told is kept while it is to be told again, and what it answered may repeat
	// that.
	"endpoints": {
		"name": searched, "definition": searchedJ, "sealed": holdsNone, "disabled": searched, "health": searchedJ,
		"at_xid": holdsNone, "holder": holdsNone, "created_by": holdsNone,
	},
	"dispatches": {
		"event": identity, "key": identity, "problem": searched, "answer": searched, "kind": holdsNone, "body": searchedJ,
	},
	"dispatch_events": {"event": identity},
	"attempts":        {"problem": searched, "answer": searched},
	"endpoint_hours":  {},
	"endpoint_replays": {
		"at_xid": holdsNone, "end_xid": holdsNone, "problem": holdsNone, "created_by": holdsNone,
	},

	// The filters of an export may name somebody's address. Its files are out of reach.
	"exports": {
		"name": searched, "definition": searchedJ, "place": holdsNone, "at_xid": holdsNone, "problem": searched,
		"created_by": holdsNone,
	},
	"export_runs": {
		"label": holdsNone, "from_xid": holdsNone, "to_xid": holdsNone, "problem": searched, "manifest": holdsNone,
	},

	// Alerts are told to the team. What they repeat from outside may name somebody.
	"alert_rules": {"id": holdsNone, "name": holdsNone, "definition": holdsNone, "created_by": holdsNone},
	"alert_looks": {"rule": holdsNone},
	"alert_channels": {
		"name": holdsNone, "kind": holdsNone, "definition": holdsNone, "sealed": holdsNone, "problem": searched,
		"created_by": holdsNone,
	},
	"alerts": {
		"rule": holdsNone, "rule_name": holdsNone, "kind": holdsNone, "cut_by": holdsNone, "subject": holdsNone,
		"subject_name": holdsNone, "reason": holdsNone, "raised": searchedJ, "figures": searchedJ, "noted_by": holdsNone,
		"note": searched,
	},
	"alert_notices":  {"recipient": holdsNone, "items": searchedJ, "problem": searched},
	"alert_tellings": {"change": holdsNone},

	"erasure_keys": {"key": hashOnly},
	"erasures":     {"by": holdsNone, "note": holdsNone, "place": holdsNone, "counts": holdsNone, "problem": holdsNone},
	"erasing":      {"address": whileRuns, "pseudonym": whileRuns, "forms": whileRuns},
	"erased":       {"hash": hashOnly},
}

// searchOrder are the tables that are searched, in their order. key is the integer that rows are walked by; the others are
// small and read as a whole.
var searchOrder = [...]struct{ table, key string }{
	{"audit", "ref"},
	{"receipts", "ref"},
	{"suppressions", "ref"},
	{"jobs", "ref"},
	{"replays", "ref"},
	{"confirmations", "ref"},
	{"suppression_patterns", "ref"},
	{"segments", "ref"},
	{"send_contents", "ref"},
	{"broadcasts", "ref"},
	{"topics", "ref"},
	{"runs", "ref"},
	{"keys", "ref"},
	{"sources", "ref"},
	{"refusals", ""},
	{"queue_notes", ""},
	{"source_tests", ""},
	{"approvals", ""},
	{"endpoints", "ref"},
	{"exports", "ref"},
	{"export_runs", "ref"},
	{"dispatches", "ref"},
	{"attempts", "ref"},
	{"alerts", "ref"},
	{"alert_channels", "ref"},
	{"alert_notices", "ref"},
}

// walked are the stages of their own among the tables: each takes a chunk after a place.
var walked = [...]func(r *eraseRun, after int64) (write func(conn) error, last int64, err error){
	(*eraseRun).ownActs, (*eraseRun).contacts, (*eraseRun).terms,
}

// tables goes over the tables. Its place is the number of the table and the last row that is done.
func (r *eraseRun) tables() (func(conn) error, error) {
	at, after := 0, int64(0)
	if n, rest, ok := strings.Cut(r.x.place, ":"); ok {
		at, _ = strconv.Atoi(n)
		after, _ = strconv.ParseInt(rest, 10, 64)
	}
	var write func(conn) error
	var last int64
	var err error
	if at < len(walked) {
		write, last, err = walked[at](r, after)
	} else {
		x := searchOrder[at-len(walked)]
		write, last, err = r.search(x.table, x.key, after)
	}
	if last == 0 {
		at++
	}
	r.last = at == len(walked)+len(searchOrder)
	place := fmt.Sprintf("%d:%d", at, last)
	return func(c conn) error {
		r.x.place = place
		if write == nil {
			return nil
		}
		return write(c)
	}, err
}

// columnsOf are the columns of a table that are handled in a way, sorted.
func columnsOf(table string, kinds ...handling) (list []string) {
	for _, column := range sortedTexts(eraseTables[table]) {
		for _, kind := range kinds {
			if eraseTables[table][column] == kind {
				list = append(list, column)
			}
		}
	}
	return list
}

// foundText is a text that names the person.
type foundText struct {
	column, text string
	ref          int64
}

// search looks through the next rows of a table. last is 0 where there are no more.
func (r *eraseRun) search(table, key string, after int64) (write func(conn) error, last int64, err error) {
	columns := columnsOf(table, searched, searchedJ, withRow)
	var found []foundText
	seen := 0
	err = r.store.engine.read(r.ctx, func(c conn) error {
		found, seen, last = nil, 0, 0
		sql, args := `SELECT 0, `+strings.Join(columns, ", ")+` FROM `+table, []any(nil)
		if key != "" {
			sql = `SELECT ` + key + `, ` + strings.Join(columns, ", ") + ` FROM ` + table + ` WHERE ` + key + ` > $1 ORDER BY ` + key +
				` LIMIT ` + itoa(eventBound)
			args = []any{after}
		}
		return c.query(r.ctx, sql, args, func(row row) error {
			texts := make([]string, len(columns))
			var raw []byte
			dest := []any{&last}
			for i, column := range columns {
				dest = append(dest, &texts[i])
				if column == "payload" {
					dest[i+1] = &raw
				}
			}
			if err := row.Scan(dest...); err != nil {
				return err
			}
			seen++
			for i, column := range columns {
				if column == "payload" {
					texts[i] = string(raw)
				}
				if r.person.Mentions([]byte(texts[i])) {
					found = append(found, foundText{column, texts[i], last})
				}
			}
			return nil
		})
	})
	if key == "" || seen < eventBound {
		last = 0
	}
	return func(c conn) error { return r.cleanTexts(c, table, key, found) }, last, err
}

// cleanTexts scrubs what was found, where it is still there.
func (r *eraseRun) cleanTexts(c conn, table, key string, found []foundText) error {
	for _, x := range found {
		clean := r.person.Scrub(x.text)
		if eraseTables[table][x.column] == searchedJ {
			clean = r.person.JSON(x.text)
		}
		where, args := x.column+" = $1", []any{x.text}
		if x.column == "payload" {
			args[0] = []byte(x.text)
		}
		sql := `UPDATE ` + table + ` SET ` + x.column + ` = $2 WHERE ` + where
		switch eraseTables[table][x.column] {
		case withRow:
			sql = `DELETE FROM ` + table + ` WHERE ` + where
		default:
			args = append(args, clean)
			if x.column == "payload" {
				args[1] = []byte(clean)
			}
		}
		if key != "" {
			args = append(args, x.ref)
			sql += ` AND ` + key + ` = $` + itoa(len(args))
		}
		n, err := c.exec(r.ctx, sql, args...)
		if err != nil {
			return fmt.Errorf("%s.%s: %w", table, x.column, err)
		}
		if table == "audit" {
			r.x.Counts.Audit += n
		} else {
			r.x.Counts.Others += n
		}
		if table == "segments" {
			if err := touchMeta(r.ctx, c, segmentsVersion); err != nil {
				return err
			}
		}
	}
	return nil
}

// ownActs takes out of the audit log what acts on the contact said.
func (r *eraseRun) ownActs(int64) (write func(conn) error, last int64, err error) {
	return func(c conn) error {
		for _, id := range r.ids {
			n, err := c.exec(r.ctx, `UPDATE audit SET note = '', changes = '' WHERE project = $1 AND subject = $2
				AND (note <> '' OR changes <> '')`, r.x.project, id)
			if err != nil {
				return err
			}
			r.x.Counts.Audit += n
		}
		return nil
	}, 0, nil
}

// contacts scrubs what other contacts say of the person.
func (r *eraseRun) contacts(after int64) (write func(conn) error, last int64, err error) {
	var found []foundText
	seen := 0
	err = r.store.engine.read(r.ctx, func(c conn) error {
		found, seen = nil, 0
		return c.query(r.ctx, `SELECT ref, attributes, external_id FROM contacts WHERE ref > $1 AND project = $2
			ORDER BY ref LIMIT $3`, []any{after, r.x.project, scanBound}, func(row row) error {
			var x foundText
			var external string
			if err := row.Scan(&x.ref, &x.text, &external); err != nil {
				return err
			}
			seen, last = seen+1, x.ref
			if r.person.Mentions([]byte(x.text)) || r.person.Mentions([]byte(external)) {
				found = append(found, x)
			}
			return nil
		})
	})
	if seen < scanBound {
		last = 0
	}
	return func(c conn) error {
		for _, x := range found {
			if err := r.cleanContact(c, x.ref); err != nil {
				return err
			}
		}
		r.x.Counts.Others += int64(len(found))
		return nil
	}, last, err
}

func (r *eraseRun) cleanContact(c conn, ref int64) error {
	var attributes, external string
	_, err := one(r.ctx, c, `SELECT attributes, external_id FROM contacts WHERE ref = $1`, []any{ref}, &attributes, &external)
	if err != nil {
		return err
	}
	_, err = c.exec(r.ctx, `UPDATE contacts SET attributes = $2, external_id = $3 WHERE ref = $1`,
		ref, r.person.JSON(attributes), r.person.Scrub(external))
	if err != nil {
		return err
	}
	return r.scrubValues(c, "contact_values", "contact", ref)
}

// terms renames the links, tags and other words that name the person: events that are counted by them are scrubbed alike, so
// that counters stay what a recount makes of them.
func (r *eraseRun) terms(after int64) (write func(conn) error, last int64, err error) {
	var found []foundText
	seen := 0
	err = r.store.engine.read(r.ctx, func(c conn) error {
		found, seen = nil, 0
		return c.query(r.ctx, `SELECT ref, text FROM terms WHERE ref > $1 AND project = $2 ORDER BY ref LIMIT $3`,
			[]any{after, r.x.project, scanBound}, func(row row) error {
				var x foundText
				err := row.Scan(&x.ref, &x.text)
				seen, last = seen+1, x.ref
				if r.person.Mentions([]byte(x.text)) {
					found = append(found, x)
				}
				return err
			})
	})
	if seen < scanBound {
		last = 0
	}
	return func(c conn) error {
		for _, x := range found {
			if err := r.rename(c, x); err != nil {
				return err
			}
		}
		if len(found) == 0 {
			return nil
		}
		return touchMeta(r.ctx, c, erasedVersion)
	}, last, err
}

// rename gives a term its new text. Where another has it already, both can't be one any more: then it gets a text of its
// own, and the counters are counted anew.
func (r *eraseRun) rename(c conn, x foundText) error {
	clean := r.person.Scrub(x.text)
	n, err := c.exec(r.ctx, `UPDATE terms SET text = $2 WHERE ref = $1 AND NOT EXISTS (SELECT 1 FROM terms o
		WHERE o.project = terms.project AND o.kind = terms.kind AND o.text = $2 AND o.ref <> terms.ref)`, x.ref, clean)
	if err != nil {
		return err
	}
	r.x.Counts.Others++
	if n > 0 {
		return nil
	}
	_, err = c.exec(r.ctx, `UPDATE terms SET text = $2 WHERE ref = $1`, x.ref, erase.Erased+"-"+strconv.FormatInt(x.ref, 36))
	if err != nil {
		return err
	}
	_, err = c.exec(r.ctx, `INSERT INTO meta (name, value) VALUES ('recount', 'due') ON CONFLICT (name) DO NOTHING`)
	return err
}
