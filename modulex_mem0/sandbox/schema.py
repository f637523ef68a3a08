"""The tables of the sandbox's SQLite database."""

from __future__ import annotations

SCHEMA = """
CREATE TABLE IF NOT EXISTS memories (
    pk INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    project TEXT NOT NULL,
    user_id TEXT, agent_id TEXT, app_id TEXT, run_id TEXT,
    memory TEXT NOT NULL,
    metadata TEXT,
    categories TEXT NOT NULL,
    immutable INTEGER NOT NULL,
    expiration_date TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    event_id TEXT,
    fingerprint TEXT,
    vector BLOB,
    vector_revision INTEGER
);
CREATE INDEX IF NOT EXISTS memories_by_user ON memories (project, user_id, created_at);
CREATE INDEX IF NOT EXISTS memories_by_agent ON memories (project, agent_id, created_at);
CREATE INDEX IF NOT EXISTS memories_by_app ON memories (project, app_id, created_at);
CREATE INDEX IF NOT EXISTS memories_by_run ON memories (project, run_id, created_at);
CREATE INDEX IF NOT EXISTS memories_by_event ON memories (project, event_id);
CREATE INDEX IF NOT EXISTS memories_by_fingerprint ON memories (project, fingerprint);
CREATE INDEX IF NOT EXISTS memories_by_vector ON memories (project, vector_revision);
CREATE INDEX IF NOT EXISTS memories_newest_vector ON memories (vector_revision);
CREATE INDEX IF NOT EXISTS memories_without_vector ON memories (project) WHERE vector_revision IS NULL;

CREATE VIRTUAL TABLE IF NOT EXISTS memory_words USING fts5(
    memory, content='memories', content_rowid='pk', prefix='2 3',
    tokenize='porter unicode61 remove_diacritics 2'
);
CREATE TRIGGER IF NOT EXISTS words_added AFTER INSERT ON memories BEGIN
    INSERT INTO memory_words (rowid, memory) VALUES (new.pk, new.memory);
END;
CREATE TRIGGER IF NOT EXISTS words_removed AFTER DELETE ON memories BEGIN
    INSERT INTO memory_words (memory_words, rowid, memory) VALUES ('delete', old.pk, old.memory);
END;
CREATE TRIGGER IF NOT EXISTS words_changed AFTER UPDATE OF memory ON memories BEGIN
    INSERT INTO memory_words (memory_words, rowid, memory) VALUES ('delete', old.pk, old.memory);
    INSERT INTO memory_words (rowid, memory) VALUES (new.pk, new.memory);
END;

CREATE TABLE IF NOT EXISTS history (
    pk INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL,
    project TEXT NOT NULL,
    memory_id TEXT NOT NULL,
    event TEXT NOT NULL,
    input TEXT NOT NULL,
    old_memory TEXT,
    new_memory TEXT NOT NULL,
    user_id TEXT, agent_id TEXT, app_id TEXT, run_id TEXT,
    categories TEXT NOT NULL,
    metadata TEXT,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS history_by_memory ON history (project, memory_id, pk);

CREATE TABLE IF NOT EXISTS events (
    pk INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    project TEXT NOT NULL,
    event_type TEXT NOT NULL,
    status TEXT NOT NULL,
    payload TEXT NOT NULL,
    results TEXT NOT NULL,
    error TEXT,
    created_at INTEGER NOT NULL,
    starts_at INTEGER NOT NULL,
    ready_at INTEGER NOT NULL,
    completed_at INTEGER
);
CREATE INDEX IF NOT EXISTS events_by_project ON events (project, pk);
CREATE INDEX IF NOT EXISTS events_open ON events (ready_at) WHERE status = 'QUEUED';

CREATE TABLE IF NOT EXISTS feedback (
    id TEXT PRIMARY KEY,
    project TEXT NOT NULL,
    memory_id TEXT NOT NULL,
    feedback TEXT,
    feedback_reason TEXT,
    created_at INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS exports (
    pk INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    project TEXT NOT NULL,
    entities TEXT NOT NULL,
    body TEXT NOT NULL,
    created_at INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS exports_by_project ON exports (project, pk);
CREATE TABLE IF NOT EXISTS projects (
    project TEXT PRIMARY KEY,
    settings TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
);
"""
