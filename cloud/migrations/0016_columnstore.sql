-- TimescaleDB's columnstore for readings: a chunk that is over lies by series, column after column, in a twentieth of the room.
-- Turned into columns by the watch (cloud/vitals/columnstore.py), not by TimescaleDB's own policy: its jobs sign in as the table's owner, and
-- mediassist_owner may not sign in. Nothing to do on plain PostgreSQL, nor where TimescaleDB came without the columnstore (its Apache edition).

do $$
begin
    if current_setting('timescaledb.license', true) = 'timescale'
       and exists (select from pg_class where oid = 'public.reading'::regclass and relkind <> 'p') then
        -- What a turn locks against readings that come late is one chunk.
        perform set_chunk_time_interval('reading', interval '1 day');
        -- By organisation too: a query's organisation, and the deletion of all its readings, then concern whole batches.
        execute 'alter table reading set (timescaledb.compress, timescaledb.compress_segmentby = ''organisation_id, series_id'',
            timescaledb.compress_orderby = ''at'')';
    end if;
end $$;

-- The oldest chunk that ended before `before` and is not wholly in columns, because it is new or because readings came late: moved there.
-- Returns how many chunks that were: 1, or 0 when there is none. Its status is 1 for columns, and 2 for unordered, 4 for frozen, 8 for
-- partly in rows.
create function store_in_columns(before timestamptz) returns int
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    chunk regclass;
begin
    if exists (select from pg_class where oid = 'public.reading'::regclass and relkind = 'p') then
        return 0;
    end if;
    if not (select compression_enabled from timescaledb_information.hypertables where hypertable_name = 'reading') then
        return 0;
    end if;
    select c into chunk
    from show_chunks('reading', older_than => before) with ordinality as chunks (c, place),
         lateral (select _timescaledb_functions.chunk_status(c) as status) s
    where status & 4 = 0 and (status & 1 = 0 or status & 10 <> 0) order by place limit 1;
    if chunk is null then
        return 0;
    end if;
    perform compress_chunk(chunk, if_not_compressed => true);
    return 1;
end $$;
revoke execute on function store_in_columns(timestamptz) from public;
grant execute on function store_in_columns(timestamptz) to mediassist_watch;
