package store_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tidings/internal/receipt"
	"tidings/internal/store"
)

// version1 is a store of schema version 1 with a receipt, its event, and messages. A receipt and a message of higher
// numbers are gone. %s marks bytes.
const version1 = `
INSERT INTO projects (ref, id, name, created_at) VALUES (1, 'prj_default', 'default', 1);
INSERT INTO sources (ref, id, project, name, provider, token_hash, previous_token_hash, settings, created_at)
	VALUES (1, 'src_1', 1, 'one', 'ses', %[1]s, %[1]s, '{}', 1);
INSERT INTO terms (ref, project, kind, text) VALUES (1, 1, 1, 'email.sent'), (2, 0, 6, 'ses');
INSERT INTO contacts (ref, project, address, counts, created_at, updated_at) VALUES (1, 1, 'ann@acme.test', %[1]s, 1, 1);
INSERT INTO messages (ref, project, provider, message_id, contact, last_at, state, info) VALUES
	(1, 1, 2, '0102019a1f6e8d2f-1a2b3c4d-5e6f-4a7b-8c9d-0e1f2a3b4c5d-000000', 1, 1, %[1]s, %[1]s),
	(2, 1, 2, '0102019A1F6E8D2F-1a2b3c4d-5e6f-4a7b-8c9d-0e1f2a3b4c5d-000000', 1, 1, %[1]s, %[1]s),
	(3, 1, 2, '0102019a1f6e8d2f-1a2b3c4d-5e6f-4a7b-8c9d-0e1f2a3b4c5d-00000g', 1, 1, %[1]s, %[1]s),
	(4, 1, 2, 'grüße@example.test', 1, 1, %[1]s, %[1]s), (9, 1, 2, 'gone', 1, 1, %[1]s, %[1]s);
INSERT INTO receipts (ref, source, key, kind, received_at, n, sha256, codec, size, body) VALUES
	(1, 1, %[3]s, 'notification', 1000, 2, %[4]s, %[5]d, %[6]d, %[2]s), (2, 1, %[4]s, '', 1000, 1, %[4]s, 0, 0, %[1]s),
	(9, 1, %[1]s, '', 1000, 1, %[4]s, 0, 0, %[1]s);
INSERT INTO events (id, project, name, contact, message, template, source, class, flags, occurred_at, received_at, receipt,
	element, recipient, detail) VALUES (%[7]s, 1, 1, 1, 1, 0, 1, 0, 0, 1000, 1000, 1, 0, '', %[1]s);
DELETE FROM receipts WHERE ref = 9;
DELETE FROM messages WHERE ref = 9;
`

func TestAStoreOfAnEarlierVersionKeepsWhatItHas(t *testing.T) {
	t.Parallel()
	for _, engine := range []string{"sqlite", "postgres"} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			url := databaseURL(t, engine)
			db, err := store.AtVersion(t.Context(), url, 1)
			if err != nil {
				t.Fatal(err)
			}
			codec, err := receipt.NewCodec()
			if err != nil {
				t.Fatal(err)
			}
			const kept = `{"Type":"Notification","Message":"kept since version 1"}`
			body := codec.Compress("ses", []byte(kept))
			literal := func(b []byte) string {
				if engine == "postgres" {
					return fmt.Sprintf(`'\x%x'`, b)
				}
				return fmt.Sprintf("x'%x'", b)
			}
			id := "0000000003e8800080000000000000aa"
			idLiteral := map[string]string{"sqlite": "x'" + id + "'", "postgres": "'" + id + "'"}[engine]
			if engine == "postgres" {
				if _, err := db.ExecContext(t.Context(), `SELECT setval(t || '_ref_seq', 9)
					FROM unnest(ARRAY['messages', 'receipts', 'terms', 'contacts', 'sources', 'projects']) t`); err != nil {
					t.Fatal(err)
				}
			}
			for _, sql := range strings.Split(fmt.Sprintf(version1, literal(nil), literal(body.Bytes), literal([]byte("0123456789abcdef")),
				literal([]byte("0123456789abcdef0123456789abcdef")), body.Codec, body.Size, idLiteral), ";\n") {
				if _, err := db.ExecContext(t.Context(), sql); err != nil {
					t.Fatalf("%s: %v", sql, err)
				}
			}
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}

			s := openerAt(t, url)()
			page, err := s.ListReceipts(t.Context(), store.ReceiptQuery{Project: store.DefaultProject})
			if err != nil {
				t.Fatal(err)
			}
			if len(page.Receipts) != 2 || page.Receipts[1].Kind != "notification" || page.Receipts[1].Count != 2 {
				t.Fatalf("receipts %+v", page.Receipts)
			}
			got, err := s.ReceiptBody(t.Context(), store.DefaultProject, page.Receipts[1].ID)
			if err != nil || string(got) != kept {
				t.Errorf("the body is %q, %v", got, err)
			}
			for _, id := range []string{
				"0102019a1f6e8d2f-1a2b3c4d-5e6f-4a7b-8c9d-0e1f2a3b4c5d-000000",
				"0102019A1F6E8D2F-1a2b3c4d-5e6f-4a7b-8c9d-0e1f2a3b4c5d-000000",
				"0102019a1f6e8d2f-1a2b3c4d-5e6f-4a7b-8c9d-0e1f2a3b4c5d-00000g",
				"grüße@example.test",
			} {
				list, err := s.Messages(t.Context(), store.DefaultProject, id)
				if err != nil || len(list) != 1 || list[0].Info.ID != id {
					t.Errorf("message %s: %+v, %v", id, list, err)
				}
			}
			f := newFeed(t, s, "later")
			e := f.entry(fact{name: "email.sent", message: "new", to: "bob@acme.test"})
			f.commit(e)
			if e.Outcome.Receipt <= 9 {
				t.Errorf("receipt number %d was given again", e.Outcome.Receipt)
			}
			if n, err := s.Count(t.Context(), `SELECT max(ref) FROM messages`); err != nil || n <= 9 {
				t.Errorf("message number %d was given again, %v", n, err)
			}
		})
	}
}

// What a URI gives a meaning was taken for it: the schema went into the file that the path named up to there.
func TestAFileIsMigratedWhateverItsNameIs(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"a#b.db", "a?mode=memory.db", "100%.db", "a%20b.db", "a b&c=d.db", "müll.db", "file:a.db"} {
		folder := t.TempDir()
		s, err := store.Open(t.Context(), store.Options{URL: filepath.Join(folder, name)})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		noError(t, s.Close())
		files, err := os.ReadDir(folder)
		if err != nil || len(files) != 1 || files[0].Name() != name {
			t.Errorf("%s: %v %v", name, files, err)
		}
	}
}
