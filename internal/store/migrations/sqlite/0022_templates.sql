-- +goose Up
-- Templates of emails. This file has a twin for PostgreSQL.

-- key is a word of the project's own choice, such as onboarding/welcome; empty: none. origin is api, or folder where a file
-- of the server's folder of templates is the template.
CREATE TABLE templates (
    ref        INTEGER PRIMARY KEY AUTOINCREMENT,
    id         TEXT NOT NULL UNIQUE,
    project    INTEGER NOT NULL,
    key        TEXT NOT NULL,
    origin     TEXT NOT NULL,
    version    INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
) STRICT;
CREATE INDEX templates_project ON templates (project, ref);
CREATE UNIQUE INDEX templates_key ON templates (project, key) WHERE key <> '';

-- What a template was, is and will be: a change is a new version. content is JSON; name, type and subject are in it, too, and
-- stand beside it to be searched.
CREATE TABLE template_versions (
    template   INTEGER NOT NULL,
    version    INTEGER NOT NULL,
    name       TEXT NOT NULL,
    type       TEXT NOT NULL,
    subject    TEXT NOT NULL,
    content    TEXT NOT NULL,
    by         TEXT NOT NULL,
    note       TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (template, version)
) STRICT, WITHOUT ROWID;

-- Files of the folder of templates that are not as they should be. problems is JSON.
CREATE TABLE template_files (
    project  INTEGER NOT NULL,
    path     TEXT NOT NULL,
    problems TEXT NOT NULL,
    found_at INTEGER NOT NULL,
    PRIMARY KEY (project, path)
) STRICT, WITHOUT ROWID;

-- What needs a template: kind and id name it, name is for people.
CREATE TABLE template_uses (
    template INTEGER NOT NULL,
    kind     TEXT NOT NULL,
    id       TEXT NOT NULL,
    name     TEXT NOT NULL,
    PRIMARY KEY (template, kind, id)
) STRICT, WITHOUT ROWID;
