"""Rows that a unique index on (domain_id, url) forbids become one: oldest id, and of each column the newest value.

A newer row without a value does not take away an older one's. What refers to the others is made to refer to the one
that stays; rows are locked meanwhile, so that nothing comes to refer to them.
"""

from typing import Any

from psycopg.errors import UniqueViolation
from psycopg.types.json import Jsonb
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from scrapersky.db.migrations.adoption.steps import BATCH, Steps

URL_INDEXES = {"sitemap_files": "sitemap_files_domain_id_url_key", "pages": "pages_domain_id_url_key"}
REFERENCES = {"sitemap_files": [("sitemap_urls", "sitemap_id"), ("pages", "sitemap_file_id")], "pages": []}
GROUPS_AT_MOST = 100_000
GROUPS_AT_ONCE = 500
ROUNDS = 10
"""Others go on writing: what they double while an index is built takes another round."""


def index_urls(steps: Steps, table: str) -> int:
    """Merge duplicates and build the unique index that forbids them; return how many rows were merged into others."""
    name = URL_INDEXES[table]
    if not steps.retried(lambda connection: _lacks(connection, table, name)):
        return 0
    merged, drop = 0, f"DROP INDEX CONCURRENTLY IF EXISTS {name}"
    create = f"CREATE UNIQUE INDEX CONCURRENTLY {name} ON {table} (domain_id, (md5(url)::uuid))"
    for left in reversed(range(ROUNDS)):
        merged += _merge(steps, table)
        try:
            steps.concurrently(create, drop)
            break
        except DBAPIError as error:
            if not left or not isinstance(error.orig, UniqueViolation):
                raise
            steps.concurrently(drop)
    return merged


def _lacks(connection: Connection, table: str, index: str) -> bool:
    lacks = "SELECT to_regclass(%(table)s) IS NOT NULL AND to_regclass(%(index)s) IS NULL"
    return bool(connection.exec_driver_sql(lacks, {"table": table, "index": index}).scalar())


def _merge(steps: Steps, table: str) -> int:
    merged = 0
    doubled = (
        f"SELECT array_agg(id) FROM {table} GROUP BY domain_id, url"  # noqa: S608
        f" HAVING count(*) > 1 LIMIT {GROUPS_AT_MOST}"
    )
    while groups := steps.retried(lambda connection: connection.exec_driver_sql(doubled).scalars().all()):
        for start in range(0, len(groups), GROUPS_AT_ONCE):
            ids = [id_ for group in groups[start : start + GROUPS_AT_ONCE] for id_ in group]
            _repoint_most(steps, table, ids)
            merged += steps.retried(lambda connection, ids=ids: _merge_some(connection, table, ids))  # type: ignore[misc]
    return merged


def _repoint_most(steps: Steps, table: str, ids: list[Any]) -> None:
    """Repoint what refers to these duplicates, a batch a transaction: a million pages may have one sitemap file.

    What comes to refer to them meanwhile is repointed with the merge.
    """
    kept = steps.retried(lambda connection: _kept(connection, table, ids))
    for referrer, column in steps.retried(lambda connection: _referrers(connection, table)):
        statement = (
            f"UPDATE {referrer} SET {column} = kept"  # noqa: S608
            " FROM unnest(%(gone)s::uuid[], %(kept)s::uuid[]) AS pair(gone, kept)"
            f" WHERE {column} = gone AND {referrer}.ctid = ANY(ARRAY("
            f"SELECT ctid FROM {referrer} WHERE {column} = ANY(%(gone)s::uuid[]) LIMIT {BATCH} FOR NO KEY UPDATE))"
        )
        while steps.change(statement, parameters=_pairs(kept)):
            pass


def _kept(connection: Connection, table: str, ids: list[Any], lock: str = "") -> dict[Any, Any]:
    """Of these rows, each that is to go, and the oldest of its domain and URL, which stays."""
    wanted = f"SELECT id, domain_id, url FROM {table} WHERE id = ANY(%(ids)s) ORDER BY created_at, id {lock}"  # noqa: S608
    groups: dict[tuple[Any, str], list[Any]] = {}
    for id_, domain, url in connection.exec_driver_sql(wanted, {"ids": ids}):
        groups.setdefault((domain, url), []).append(id_)
    return {other: first for first, *others in groups.values() for other in others}


def _merge_some(connection: Connection, table: str, ids: list[Any]) -> int:
    # Grouped anew once locked: others may have changed or deleted them since.
    kept = _kept(connection, table, ids, "FOR UPDATE")
    values = _newest_values(connection, table, kept)
    _repoint(connection, table, kept)
    connection.exec_driver_sql(f"DELETE FROM {table} WHERE id = ANY(%(gone)s)", {"gone": list(kept)})  # noqa: S608
    _write(connection, table, values)
    return len(kept)


def _newest_values(connection: Connection, table: str, kept: dict[Any, Any]) -> list[Any]:
    """Rows as JSON objects, of columns that have a value; of a key's values, jsonb_object_agg keeps the last."""
    if not kept:
        return []
    merged = connection.exec_driver_sql(
        "SELECT jsonb_object_agg(key, value ORDER BY updated_at, created_at, id)"  # noqa: S608
        f" || jsonb_build_object('id', pair.kept) FROM {table}"
        " JOIN unnest(%(gone)s::uuid[], %(kept)s::uuid[]) AS pair(gone, kept) ON id = gone"
        f" CROSS JOIN LATERAL jsonb_each(to_jsonb({table}) - '{{id,created_at}}'::text[])"
        " WHERE value <> 'null' GROUP BY pair.kept",
        _pairs(kept | {first: first for first in kept.values()}),
    )
    return list(merged.scalars())


def _repoint(connection: Connection, table: str, kept: dict[Any, Any]) -> None:
    for referrer, column in _referrers(connection, table):
        connection.exec_driver_sql(
            f"UPDATE {referrer} SET {column} = kept"  # noqa: S608
            f" FROM unnest(%(gone)s::uuid[], %(kept)s::uuid[]) AS pair(gone, kept) WHERE {column} = gone",
            _pairs(kept),
        )


def _referrers(connection: Connection, table: str) -> set[tuple[str, str]]:
    return {*REFERENCES[table], *_foreign_keys(connection, table)}


def _foreign_keys(connection: Connection, table: str) -> list[tuple[str, str]]:
    """Table and column of every foreign key on the table's id, also of tables that are not ours."""
    rows = connection.exec_driver_sql(
        "SELECT conrelid::regclass::text, quote_ident(attname) FROM pg_constraint"
        " JOIN pg_attribute ON attrelid = conrelid AND attnum = conkey[1]"
        " WHERE contype = 'f' AND confrelid = %(table)s::regclass AND cardinality(conkey) = 1",
        {"table": table},
    )
    return [(referrer, column) for referrer, column in rows]


def _write(connection: Connection, table: str, values: list[Any]) -> None:
    query = (
        "SELECT string_agg(quote_ident(attname), ', ') FROM pg_attribute WHERE attrelid = %(table)s::regclass"
        " AND attnum > 0 AND NOT attisdropped AND attgenerated = '' AND attname NOT IN ('id', 'created_at')"
    )
    columns = connection.exec_driver_sql(query, {"table": table}).scalar()
    connection.exec_driver_sql(
        f"UPDATE {table} AS kept SET ({columns}) ="  # noqa: S608
        f" (SELECT {columns} FROM jsonb_populate_record(NULL::{table}, value))"
        " FROM jsonb_array_elements(%(values)s) WHERE kept.id = (value ->> 'id')::uuid",
        {"values": Jsonb(values)},
    )


def _pairs(kept: dict[Any, Any]) -> dict[str, list[Any]]:
    return {"gone": [str(gone) for gone in kept], "kept": [str(first) for first in kept.values()]}
