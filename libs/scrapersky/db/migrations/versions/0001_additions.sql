-- What is added to those tables: queues, validators, history, indexes, and how vacuum works. Frozen, as the tables are.

ALTER TABLE local_businesses
    ADD COLUMN IF NOT EXISTS domain_extraction_attempts INTEGER DEFAULT 0 NOT NULL,
    ADD COLUMN IF NOT EXISTS domain_extraction_due_at TIMESTAMP WITH TIME ZONE,
    ADD COLUMN IF NOT EXISTS domain_extraction_claim UUID;
ALTER TABLE domains
    ADD COLUMN IF NOT EXISTS scan_attempts INTEGER DEFAULT 0 NOT NULL,
    ADD COLUMN IF NOT EXISTS scan_due_at TIMESTAMP WITH TIME ZONE,
    ADD COLUMN IF NOT EXISTS scan_claim UUID,
    ADD COLUMN IF NOT EXISTS scan_error TEXT,
    ADD COLUMN IF NOT EXISTS sitemap_analysis_attempts INTEGER DEFAULT 0 NOT NULL,
    ADD COLUMN IF NOT EXISTS sitemap_analysis_due_at TIMESTAMP WITH TIME ZONE,
    ADD COLUMN IF NOT EXISTS sitemap_analysis_claim UUID;
ALTER TABLE jobs
    ADD COLUMN IF NOT EXISTS job_attempts INTEGER DEFAULT 0 NOT NULL,
    ADD COLUMN IF NOT EXISTS job_due_at TIMESTAMP WITH TIME ZONE,
    ADD COLUMN IF NOT EXISTS job_claim UUID;
ALTER TABLE places_staging
    ADD COLUMN IF NOT EXISTS deep_scan_attempts INTEGER DEFAULT 0 NOT NULL,
    ADD COLUMN IF NOT EXISTS deep_scan_due_at TIMESTAMP WITH TIME ZONE,
    ADD COLUMN IF NOT EXISTS deep_scan_claim UUID;
ALTER TABLE sitemap_files
    ADD COLUMN IF NOT EXISTS etag TEXT,
    ADD COLUMN IF NOT EXISTS http_last_modified TEXT,
    ADD COLUMN IF NOT EXISTS sitemap_import_attempts INTEGER DEFAULT 0 NOT NULL,
    ADD COLUMN IF NOT EXISTS sitemap_import_due_at TIMESTAMP WITH TIME ZONE,
    ADD COLUMN IF NOT EXISTS sitemap_import_claim UUID;
ALTER TABLE pages
    ADD COLUMN IF NOT EXISTS changefreq TEXT,
    ADD COLUMN IF NOT EXISTS priority REAL,
    ADD COLUMN IF NOT EXISTS vanished_at TIMESTAMP WITH TIME ZONE;

-- What operating the services needs.

CREATE TABLE IF NOT EXISTS service_runs (
    id UUID DEFAULT gen_random_uuid() NOT NULL,
    service TEXT NOT NULL,
    pod TEXT NOT NULL,
    started_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    finished_at TIMESTAMP WITH TIME ZONE,
    claimed INTEGER DEFAULT 0 NOT NULL,
    completed INTEGER DEFAULT 0 NOT NULL,
    retried INTEGER DEFAULT 0 NOT NULL,
    failed INTEGER DEFAULT 0 NOT NULL,
    released INTEGER DEFAULT 0 NOT NULL,
    error TEXT,
    figures JSONB,
    CONSTRAINT service_runs_pkey PRIMARY KEY (id)
);

CREATE TABLE IF NOT EXISTS service_totals (
    service TEXT NOT NULL,
    name TEXT NOT NULL,
    labels JSONB NOT NULL,
    value FLOAT NOT NULL,
    CONSTRAINT service_totals_pkey PRIMARY KEY (service, name, labels)
);

CREATE TABLE IF NOT EXISTS paused_queues (
    queue TEXT NOT NULL,
    paused_at TIMESTAMP WITH TIME ZONE DEFAULT now() NOT NULL,
    reason TEXT,
    CONSTRAINT paused_queues_pkey PRIMARY KEY (queue)
);

-- One index per queue serves first claims and rescues. Every index on a claimable table is paid for twice a row.

CREATE INDEX IF NOT EXISTS local_businesses_domain_extractions_due_idx
    ON local_businesses (domain_extraction_due_at, id) WHERE domain_extraction_status IN ('Queued', 'Processing');
CREATE INDEX IF NOT EXISTS places_staging_deep_scans_due_idx
    ON places_staging (deep_scan_due_at, id) WHERE deep_scan_status IN ('Queued', 'Processing');
CREATE INDEX IF NOT EXISTS domains_domains_due_idx
    ON domains (scan_due_at, id) WHERE status IN ('Queued', 'Processing');
CREATE INDEX IF NOT EXISTS domains_sitemap_analysis_due_idx
    ON domains (sitemap_analysis_due_at, id) WHERE sitemap_analysis_status IN ('Queued', 'Processing');
CREATE INDEX IF NOT EXISTS jobs_place_searches_due_idx
    ON jobs (job_due_at, id) WHERE status IN ('Queued', 'InProgress') AND job_type = 'places_search';
CREATE INDEX IF NOT EXISTS jobs_sitemap_jobs_due_idx
    ON jobs (job_due_at, id) WHERE status IN ('Queued', 'InProgress') AND job_type = 'sitemap';
CREATE INDEX IF NOT EXISTS sitemap_files_sitemap_imports_due_idx
    ON sitemap_files (sitemap_import_due_at, id) WHERE sitemap_import_status IN ('Queued', 'Processing');

-- URLs may be longer than a b-tree entry, and a hash is a quarter of one.

CREATE UNIQUE INDEX IF NOT EXISTS sitemap_files_domain_id_url_key ON sitemap_files (domain_id, (md5(url)::uuid));
CREATE UNIQUE INDEX IF NOT EXISTS pages_domain_id_url_key ON pages (domain_id, (md5(url)::uuid));

CREATE INDEX IF NOT EXISTS service_runs_started_at_idx ON service_runs (started_at);
CREATE INDEX IF NOT EXISTS pages_sitemap_file_id_idx ON pages (sitemap_file_id);
CREATE INDEX IF NOT EXISTS pages_vanished_idx ON pages (domain_id, vanished_at) WHERE vanished_at IS NOT NULL;

-- No update of a claimable row is HOT, for its due time is indexed: room on the page keeps the new version beside the
-- old one. And each leaves a dead entry at the front of the queue's index: 20,000 do not slow a claim measurably,
-- 200,000 double the cost of one that begins there. So vacuum comes by after a number of them that does not grow with
-- the table, and never skips the indexes. Analyze likewise: a plan made for a full queue must not outlive it.

DO $$
DECLARE claimable text;
BEGIN
    FOREACH claimable IN ARRAY ARRAY['domains', 'jobs', 'local_businesses', 'places_staging', 'sitemap_files'] LOOP
        EXECUTE format('ALTER TABLE %I SET (fillfactor = 70, vacuum_index_cleanup = on,
            autovacuum_vacuum_cost_delay = 0, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000,
            autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 20000)', claimable);
    END LOOP;
END $$;

-- Pages come in by the million and change little: vacuum after inserts too, for the visibility map and frozen rows.
ALTER TABLE pages SET (fillfactor = 90, autovacuum_vacuum_scale_factor = 0.05,
    autovacuum_vacuum_insert_scale_factor = 0.1);

INSERT INTO tenants (id, name) VALUES ('550e8400-e29b-41d4-a716-446655440000', 'default') ON CONFLICT DO NOTHING;
