"""A database as the original backend left it, table by table as the data model has it, with awkward rows in each."""

import psycopg

TENANT = "11111111-1111-1111-1111-111111111111"
TYPES = {
    '"DomainExtractionStatusEnum"': "Queued Processing Completed Error",
    '"SitemapAnalysisStatusEnum"': "Queued Processing Completed Error",
    '"SitemapCurationStatusEnum"': "New Selected Maybe Not_a_Fit Archived",
    "place_status_enum": "New Selected Maybe Not_a_Fit Archived",
    "gcp_api_deep_scan_status_enum": "Queued Processing Completed Error",
    "sitemap_file_status_enum": "Pending Processing Completed Error",
    "sitemap_import_status_enum": "Queued Submitted Processing Completed Error",
}
HOURS = "; ".join(f"{day}day_hours text" for day in ("mon", "tues", "wednes", "thurs", "fri", "satur", "sun"))
OFFERED = (
    "service_options highlights popular_for accessibility offerings dining_options amenities atmosphere crowd",
    "planning payments children parking pets",
)
OFFERS = "; ".join(f"{name} text[]" for line in OFFERED for name in line.split())
TIMES = "created_at timestamp NOT NULL; updated_at timestamp NOT NULL"
ZONED_TIMES = "created_at timestamptz NOT NULL; updated_at timestamptz NOT NULL"
TABLES = {
    "tenants": f"id uuid PRIMARY KEY; name varchar NOT NULL; description varchar; {ZONED_TIMES}",
    "batch_jobs": f"""id integer PRIMARY KEY; id_uuid uuid NOT NULL UNIQUE; batch_id uuid NOT NULL UNIQUE;
        tenant_id uuid NOT NULL; processor_type varchar NOT NULL; status varchar NOT NULL; created_by uuid;
        total_domains integer; completed_domains integer; failed_domains integer; progress float;
        batch_metadata jsonb; options jsonb; start_time timestamp; end_time timestamp; processing_time float;
        error varchar; {TIMES}""",
    "local_businesses": f"""id uuid PRIMARY KEY; tenant_id uuid NOT NULL; place_id varchar UNIQUE; lead_source text;
        business_name text; full_address text; street_address text; city text; state text; zip text; country text;
        phone text; main_category text; extra_categories text[]; rating numeric(3, 2); reviews_count integer;
        price_text text; website_url varchar; business_verified boolean; {HOURS}; timezone text; image_url text;
        latitude numeric(10, 7); longitude numeric(10, 7); food_featured boolean; hotel_featured boolean; {OFFERS};
        additional_json jsonb; {ZONED_TIMES}; status place_status_enum NOT NULL;
        domain_extraction_status "DomainExtractionStatusEnum"; domain_extraction_error varchar""",
    "domains": f"""domain varchar NOT NULL UNIQUE; tenant_id uuid NOT NULL REFERENCES tenants (id); created_by uuid;
        status varchar NOT NULL; meta_json jsonb; notes text; title varchar; description text; favicon_url varchar;
        logo_url varchar; language varchar; is_wordpress boolean; wordpress_version varchar; has_elementor boolean;
        tech_stack jsonb; email_addresses varchar[]; phone_numbers varchar[]; facebook_url varchar;
        twitter_url varchar; linkedin_url varchar; instagram_url varchar; youtube_url varchar; last_scan timestamp;
        sitemap_urls integer; total_sitemaps integer; batch_id uuid REFERENCES batch_jobs (batch_id);
        local_business_id uuid REFERENCES local_businesses (id);
        sitemap_analysis_status "SitemapAnalysisStatusEnum"; sitemap_analysis_error text;
        sitemap_curation_status "SitemapCurationStatusEnum"; id uuid PRIMARY KEY; {TIMES}""",
    "jobs": f"""id integer PRIMARY KEY; job_id uuid NOT NULL UNIQUE; job_type varchar NOT NULL;
        tenant_id varchar NOT NULL; tenant_id_uuid uuid; created_by uuid; status varchar NOT NULL;
        domain_id uuid REFERENCES domains (id); progress float; result_data jsonb; error varchar; job_metadata jsonb;
        batch_id varchar; {TIMES}""",
    "place_searches": """id uuid PRIMARY KEY; tenant_id uuid NOT NULL; user_id uuid; location varchar(255) NOT NULL;
        business_type varchar(100) NOT NULL; params json; created_at timestamp; status varchar(50);
        updated_at timestamp""",
    "places_staging": """id integer PRIMARY KEY; place_id varchar(255) NOT NULL UNIQUE; name varchar(255) NOT NULL;
        formatted_address varchar(512); business_type varchar(100); latitude float; longitude float;
        vicinity varchar(512); rating float; user_ratings_total integer; price_level integer;
        status place_status_enum NOT NULL; tenant_id uuid NOT NULL; created_by uuid; user_id uuid;
        user_name varchar(255); search_job_id uuid; search_query varchar(255); search_location varchar(255);
        raw_data jsonb; search_time timestamp; notes text; priority integer; tags varchar[]; revisit_date timestamp;
        processed boolean; processed_time timestamp; updated_by varchar(255); updated_at timestamp;
        deep_scan_error text; deep_scan_status gcp_api_deep_scan_status_enum""",
    "sitemap_files": f"""domain_id uuid NOT NULL REFERENCES domains (id); url text NOT NULL; sitemap_type text NOT NULL;
        discovery_method text; page_count integer; size_bytes integer; response_time_ms integer; status_code integer;
        error_message text; is_gzipped boolean; has_lastmod boolean; has_priority boolean; has_changefreq boolean;
        last_modified timestamptz; url_count integer; priority integer; generator text; lead_source text;
        tenant_id uuid; created_by uuid; updated_by uuid; user_id uuid; user_name text; job_id uuid;
        status sitemap_file_status_enum NOT NULL; is_active boolean; process_after timestamptz;
        last_processed_at timestamptz; deep_scrape_curation_status "SitemapCurationStatusEnum";
        sitemap_import_error text; sitemap_import_status sitemap_import_status_enum; tags jsonb; notes text;
        id uuid PRIMARY KEY; {TIMES}""",
    "sitemap_urls": f"""sitemap_id uuid NOT NULL REFERENCES sitemap_files (id); url text NOT NULL; lastmod timestamptz;
        changefreq varchar; priority float; tenant_id uuid; created_by uuid; updated_by uuid; tags jsonb; notes text;
        id uuid PRIMARY KEY; {TIMES}""",
    "pages": f"""id uuid PRIMARY KEY; tenant_id uuid NOT NULL; domain_id uuid NOT NULL REFERENCES domains (id);
        url text NOT NULL; title text; description text; h1 text; canonical_url text; meta_robots text;
        has_schema_markup boolean; schema_types varchar[]; has_contact_form boolean; has_comments boolean;
        word_count integer; inbound_links varchar[]; outbound_links varchar[]; last_modified timestamptz;
        last_scan timestamptz; page_type text; lead_source text; additional_json jsonb;
        sitemap_file_id uuid REFERENCES sitemap_files (id); {TIMES}""",
}
WORDS = ["pending", "Queued", "SUBMITTED", "running", "Processing", "InProgress"]
WORDS += ["complete", "Completed", "failed", "ERROR"]
"""Every legacy spelling of a status, in various cases."""
ROWS = f"""
INSERT INTO tenants VALUES ('{TENANT}', 'theirs', NULL, now(), now());
INSERT INTO batch_jobs (id, id_uuid, batch_id, tenant_id, processor_type, status, created_at, updated_at)
    VALUES (7, gen_random_uuid(), gen_random_uuid(), '{TENANT}', 'domains', 'running', now(), now());
INSERT INTO place_searches (id, tenant_id, location, business_type, status)
    VALUES (gen_random_uuid(), '{TENANT}', 'Austin', 'plumbers', 'COMPLETE');
INSERT INTO domains (id, domain, tenant_id, status, sitemap_analysis_status, created_at, updated_at)
    SELECT md5(word)::uuid, lower(word) || '.example', '{TENANT}', word, 'Processing', now(), now()
    FROM unnest('{{{",".join(WORDS)}}}'::text[]) AS word;
INSERT INTO jobs (id, job_id, job_type, tenant_id, status, created_at, updated_at)
    SELECT number + 40, gen_random_uuid(), 'sitemap', '{TENANT}', word, now(), now()
    FROM unnest('{{{",".join(WORDS)},ManualReview,cancelled,PAUSED}}'::text[]) WITH ORDINALITY AS words (word, number);
INSERT INTO places_staging (id, place_id, name, status, tenant_id, deep_scan_status)
    VALUES (1, 'a', 'A', 'New', '{TENANT}', NULL), (2, 'b', 'B', 'Selected', '{TENANT}', 'Processing');
INSERT INTO local_businesses (id, tenant_id, place_id, status, created_at, updated_at, domain_extraction_status)
    VALUES (gen_random_uuid(), '{TENANT}', NULL, 'Not a Fit', now(), now(), NULL),
        (gen_random_uuid(), '{TENANT}', 'b', 'Selected', now(), now(), 'Processing');
INSERT INTO sitemap_files (id, domain_id, url, sitemap_type, status, sitemap_import_status, notes, size_bytes,
        created_at, updated_at)
    SELECT md5(name)::uuid, md5('pending')::uuid, url, 'xml', 'Pending', import::sitemap_import_status_enum, notes,
        size, date '2024-01-01' + age, date '2024-02-01' + age
    FROM (VALUES ('old', 'https://pending.example/s.xml', 'Submitted', 'kept', 1, 0),
        ('new', 'https://pending.example/s.xml', 'Submitted', NULL, 2, 1),
        ('stuck', 'https://pending.example/t.xml', 'Processing', NULL, NULL, 2),
        ('none', 'https://pending.example/u.xml', NULL, NULL, NULL, 3)) AS files (name, url, import, notes, size, age);
INSERT INTO sitemap_urls (id, sitemap_id, url, created_at, updated_at)
    VALUES (gen_random_uuid(), md5('new')::uuid, 'https://pending.example/', now(), now());
ALTER TABLE domains ADD COLUMN "Their Column" text DEFAULT 'kept';
CREATE INDEX their_index ON domains (status);
CREATE TABLE profiles (id integer PRIMARY KEY, page_id uuid REFERENCES pages (id) ON DELETE CASCADE);
"""
PAGES = """
INSERT INTO pages (id, tenant_id, domain_id, url, title, h1, schema_types, sitemap_file_id, created_at, updated_at)
    SELECT md5('page ' || number)::uuid, %(tenant)s, md5('pending')::uuid,
        'https://pending.example/' || CASE WHEN number %% 10 = 1 AND number < 1000 THEN number - 1 ELSE number END,
        CASE WHEN number %% 10 <> 1 THEN 'title' END, 'h1 ' || number, '{a,b}', md5('new')::uuid,
        timestamp '2024-01-01' + number * interval '1 second', timestamp '2024-01-01' + number * interval '1 second'
    FROM generate_series(0, %(count)s - 1) AS number
"""
DOUBLED_PAGES = 100


def build(url: str, pages: int = 2000) -> None:
    """Make the tables, and rows in each; the first thousand pages hold `DOUBLED_PAGES` duplicates of others."""
    with psycopg.connect(url) as connection:
        for name, labels in TYPES.items():
            values = ", ".join(f"'{label.replace('_', ' ')}'" for label in labels.split())
            connection.execute(f"CREATE TYPE {name} AS ENUM ({values})".encode())
        for name, columns in TABLES.items():
            connection.execute(f"CREATE TABLE {name} ({columns.replace(';', ',')})".encode())
        connection.execute(ROWS.encode())
        connection.execute(PAGES.encode(), {"tenant": TENANT, "count": pages})
        connection.execute(b"INSERT INTO profiles VALUES (1, md5('page 1')::uuid)")
