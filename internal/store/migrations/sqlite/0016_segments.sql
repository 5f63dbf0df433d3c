-- +goose Up
-- What segments ask of contacts, and what they answer. This file has a twin for PostgreSQL.

-- lasts is contact.AppendLasts. status is 0 active, 1 pending until expires_at.
ALTER TABLE contacts ADD COLUMN lasts BLOB NOT NULL DEFAULT x'';
ALTER TABLE contacts ADD COLUMN external_id TEXT NOT NULL DEFAULT '';
ALTER TABLE contacts ADD COLUMN status INTEGER NOT NULL DEFAULT 0;
ALTER TABLE contacts ADD COLUMN expires_at INTEGER NOT NULL DEFAULT 0;
CREATE UNIQUE INDEX contacts_external ON contacts (project, external_id) WHERE external_id <> '';
CREATE INDEX contacts_pending ON contacts (expires_at) WHERE status = 1;

-- The attributes of contacts as filters compare them: attribute.Value under a path, which is a term; n counts those of one
-- path. Attributes themselves stand in contacts.attributes.
CREATE TABLE contact_values (
    contact INTEGER NOT NULL,
    key     INTEGER NOT NULL,
    n       INTEGER NOT NULL,
    kind    INTEGER NOT NULL,
    number  REAL NOT NULL,
    text    TEXT NOT NULL,
    PRIMARY KEY (contact, key, n)
) STRICT, WITHOUT ROWID;
CREATE INDEX contact_values_key ON contact_values (key, kind, substr(text, 1, 64), number);

-- How often a contact did what a custom event is called, and when first and last. It outlives the events.
CREATE TABLE contact_events (
    name     INTEGER NOT NULL,
    contact  INTEGER NOT NULL,
    n        INTEGER NOT NULL,
    first_at INTEGER NOT NULL,
    last_at  INTEGER NOT NULL,
    PRIMARY KEY (name, contact)
) STRICT, WITHOUT ROWID;
CREATE INDEX contact_events_contact ON contact_events (contact);

-- What filters compare of events: data.<path> of custom events, url of clicks, reason of what was refused.
CREATE TABLE event_values (
    event  BLOB NOT NULL,
    key    INTEGER NOT NULL,
    n      INTEGER NOT NULL,
    kind   INTEGER NOT NULL,
    number REAL NOT NULL,
    text   TEXT NOT NULL,
    PRIMARY KEY (event, key, n)
) STRICT, WITHOUT ROWID;

CREATE TABLE contact_tags (
    contact INTEGER NOT NULL,
    tag     INTEGER NOT NULL,
    PRIMARY KEY (contact, tag)
) STRICT, WITHOUT ROWID;
CREATE INDEX contact_tags_tag ON contact_tags (tag, contact);

-- What a contact may take or leave beside all mail. takes is what holds for a contact that said nothing.
CREATE TABLE topics (
    ref         INTEGER PRIMARY KEY AUTOINCREMENT,
    project     INTEGER NOT NULL,
    slug        TEXT NOT NULL,
    name        TEXT NOT NULL,
    description TEXT NOT NULL DEFAULT '',
    takes       INTEGER NOT NULL DEFAULT 1,
    created_at  INTEGER NOT NULL,
    UNIQUE (project, slug)
) STRICT;

CREATE TABLE contact_topics (
    contact INTEGER NOT NULL,
    topic   INTEGER NOT NULL,
    takes   INTEGER NOT NULL,
    at      INTEGER NOT NULL,
    PRIMARY KEY (contact, topic)
) STRICT, WITHOUT ROWID;

-- Every change of consent: of all mail (topic 0) or of a topic. origin is how, by is who: a key, a person, the contact.
CREATE TABLE consents (
    ref        INTEGER PRIMARY KEY AUTOINCREMENT,
    contact    INTEGER NOT NULL,
    topic      INTEGER NOT NULL,
    subscribed INTEGER NOT NULL,
    at         INTEGER NOT NULL,
    origin     TEXT NOT NULL,
    reason     TEXT NOT NULL DEFAULT '',
    by         TEXT NOT NULL DEFAULT '',
    event      BLOB
) STRICT;
CREATE INDEX consents_contact ON consents (contact, ref);

-- type is dynamic or static. version grows with each change of the condition; computed is the version that members are of,
-- computed_at when all of them were last computed, problem why that failed.
CREATE TABLE segments (
    ref         INTEGER PRIMARY KEY AUTOINCREMENT,
    id          TEXT NOT NULL UNIQUE,
    project     INTEGER NOT NULL,
    slug        TEXT NOT NULL,
    name        TEXT NOT NULL,
    description TEXT NOT NULL DEFAULT '',
    type        TEXT NOT NULL,
    condition   TEXT NOT NULL DEFAULT '',
    track       INTEGER NOT NULL DEFAULT 0,
    version     INTEGER NOT NULL DEFAULT 1,
    computed    INTEGER NOT NULL DEFAULT 0,
    computed_at INTEGER NOT NULL DEFAULT 0,
    members     INTEGER NOT NULL DEFAULT 0,
    problem     TEXT NOT NULL DEFAULT '',
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL,
    UNIQUE (project, slug)
) STRICT;

CREATE TABLE segment_members (
    segment INTEGER NOT NULL,
    contact INTEGER NOT NULL,
    since   INTEGER NOT NULL,
    PRIMARY KEY (segment, contact)
) STRICT, WITHOUT ROWID;
CREATE INDEX segment_members_contact ON segment_members (contact);

-- When time alone may change whether a contact is in a segment.
CREATE TABLE segment_dues (
    segment INTEGER NOT NULL,
    contact INTEGER NOT NULL,
    due_at  INTEGER NOT NULL,
    PRIMARY KEY (segment, contact)
) STRICT, WITHOUT ROWID;
CREATE INDEX segment_dues_due ON segment_dues (due_at);

-- Contacts of which something changed that a segment asks for: name is the event's, 0 the contact's own fields.
CREATE TABLE contact_changes (
    ref     INTEGER PRIMARY KEY AUTOINCREMENT,
    project INTEGER NOT NULL,
    contact INTEGER NOT NULL,
    name    INTEGER NOT NULL
) STRICT;

-- What the events that are there say of all this is gathered by the first server that starts, see Recount.
INSERT INTO meta (name, value) SELECT 'recount', 'due' WHERE EXISTS (SELECT 1 FROM events)
    ON CONFLICT (name) DO NOTHING;
