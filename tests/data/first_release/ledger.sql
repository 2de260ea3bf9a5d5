BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0001');
CREATE TABLE dead_letters (
	id INTEGER NOT NULL, 
	item_id VARCHAR(80) NOT NULL, 
	source_id VARCHAR(120) NOT NULL, 
	url TEXT NOT NULL, 
	stage VARCHAR(20) NOT NULL, 
	reason VARCHAR(60) NOT NULL, 
	detail TEXT, 
	segment VARCHAR(64), 
	raw_offset BIGINT, 
	raw_length BIGINT, 
	at DATETIME NOT NULL, 
	resolved_at DATETIME, 
	PRIMARY KEY (id)
);
CREATE TABLE documents (
	id VARCHAR(80) NOT NULL, 
	item_id VARCHAR(80) NOT NULL, 
	source_id VARCHAR(120) NOT NULL, 
	revision INTEGER NOT NULL, 
	content_hash VARCHAR(64) NOT NULL, 
	article BLOB NOT NULL, 
	extract_stamp VARCHAR(120) NOT NULL, 
	tags BLOB, 
	tag_stamp VARCHAR(120), 
	projected_hash VARCHAR(64), 
	write_seq BIGINT DEFAULT '0' NOT NULL, 
	indexed_seq BIGINT DEFAULT '0' NOT NULL, 
	published_at DATETIME, 
	first_seen_at DATETIME NOT NULL, 
	revised_at DATETIME NOT NULL, 
	PRIMARY KEY (id)
);
CREATE TABLE events (
	id INTEGER NOT NULL, 
	at DATETIME NOT NULL, 
	what VARCHAR(20) NOT NULL, 
	run_id VARCHAR(250), 
	source_id VARCHAR(120), 
	item_id VARCHAR(80), 
	detail TEXT, 
	PRIMARY KEY (id)
);
INSERT INTO "events" VALUES(1,'2026-11-24 12:00:00.000000','poll','r1','example',NULL,'failing: parser_crashed');
CREATE TABLE hosts (
	host VARCHAR(255) NOT NULL, 
	fence BIGINT DEFAULT '0' NOT NULL, 
	holder VARCHAR(120), 
	leased_until DATETIME, 
	next_at DATETIME, 
	cooling_until DATETIME, 
	cooling_reason VARCHAR(60), 
	failures INTEGER DEFAULT '0' NOT NULL, 
	PRIMARY KEY (host)
);
INSERT INTO "hosts" VALUES('news.example',2,'poll:r1','2026-11-24 12:02:30.000000',NULL,NULL,NULL,0);
CREATE TABLE item_sources (
	item_id VARCHAR(80) NOT NULL, 
	source_id VARCHAR(120) NOT NULL, 
	first_seen_at DATETIME NOT NULL, 
	last_seen_at DATETIME NOT NULL, 
	PRIMARY KEY (item_id, source_id)
);
CREATE TABLE items (
	id VARCHAR(80) NOT NULL, 
	source_id VARCHAR(120) NOT NULL, 
	url TEXT NOT NULL, 
	host VARCHAR(255) NOT NULL, 
	state VARCHAR(20) NOT NULL, 
	reason VARCHAR(60), 
	entry JSON NOT NULL, 
	published_at DATETIME, 
	first_seen_at DATETIME NOT NULL, 
	attempts INTEGER DEFAULT '0' NOT NULL, 
	mode VARCHAR(20) DEFAULT 'live' NOT NULL, 
	run_id VARCHAR(250), 
	fetched_at DATETIME, 
	segment VARCHAR(64), 
	raw_offset BIGINT, 
	raw_length BIGINT, 
	doc_id VARCHAR(80), 
	claimed_by VARCHAR(250), 
	claimed_until DATETIME, 
	PRIMARY KEY (id)
);
CREATE TABLE revisions (
	doc_id VARCHAR(80) NOT NULL, 
	revision INTEGER NOT NULL, 
	content_hash VARCHAR(64) NOT NULL, 
	article BLOB NOT NULL, 
	seen_at DATETIME NOT NULL, 
	PRIMARY KEY (doc_id, revision)
);
CREATE TABLE robots (
	origin VARCHAR(300) NOT NULL, 
	fetched_at DATETIME NOT NULL, 
	status INTEGER NOT NULL, 
	body BLOB NOT NULL, 
	PRIMARY KEY (origin)
);
CREATE TABLE run_items (
	run_id VARCHAR(250) NOT NULL, 
	item_id VARCHAR(80) NOT NULL, 
	batch INTEGER NOT NULL, 
	outcome VARCHAR(20), 
	reason VARCHAR(60), 
	stage VARCHAR(20), 
	detail TEXT, 
	at DATETIME, 
	PRIMARY KEY (run_id, item_id)
);
CREATE TABLE runs (
	id VARCHAR(250) NOT NULL, 
	mode VARCHAR(20) NOT NULL, 
	window_start DATETIME, 
	window_end DATETIME, 
	started_at DATETIME NOT NULL, 
	finished_at DATETIME, 
	status VARCHAR(20) NOT NULL, 
	totals JSON, 
	PRIMARY KEY (id)
);
INSERT INTO "runs" VALUES('r1','live','2026-11-23 00:00:00.000000','2026-11-24 00:00:00.000000','2026-11-24 12:00:00.000000',NULL,'running',NULL);
CREATE TABLE sources (
	id VARCHAR(120) NOT NULL, 
	etag TEXT, 
	last_modified TEXT, 
	validators_url TEXT, 
	body_hash VARCHAR(64), 
	state VARCHAR(40) DEFAULT 'never' NOT NULL, 
	state_reason TEXT, 
	failures INTEGER DEFAULT '0' NOT NULL, 
	last_poll_at DATETIME, 
	last_success_at DATETIME, 
	last_new_at DATETIME, 
	next_poll_at DATETIME, 
	PRIMARY KEY (id)
);
INSERT INTO "sources" VALUES('example',NULL,NULL,NULL,NULL,'failing','failed: parser_crashed',1,'2026-11-24 12:00:00.000000',NULL,NULL,'2026-11-24 13:00:00.000000');
CREATE INDEX ix_dead_letters_item_id ON dead_letters (item_id);
CREATE INDEX ix_documents_item_id ON documents (item_id);
CREATE INDEX ix_documents_published_at ON documents (published_at);
CREATE INDEX ix_documents_source_id ON documents (source_id);
CREATE INDEX ix_events_item_id ON events (item_id);
CREATE INDEX ix_events_source_id ON events (source_id);
CREATE INDEX items_state_published ON items (state, published_at);
CREATE INDEX ix_items_doc_id ON items (doc_id);
CREATE INDEX ix_items_source_id ON items (source_id);
CREATE INDEX run_items_batch ON run_items (run_id, batch);
CREATE INDEX run_items_item ON run_items (item_id);
COMMIT;
