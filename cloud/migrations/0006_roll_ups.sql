-- Roll-ups of readings by minute, hour and day, coverage by series and local day, and retention.
--
-- Readings are added up once, when their minute is over; what arrives later marks its hour, and marked hours are added up anew. The
-- watermark says from where on nothing needs a mark. It is promised first (roll_up.promised), and only once every transaction that may
-- have read the older one has ended are the readings below it added up (roll_up.done): cloud/vitals/roll_up.py.
-- As reading, these tables have no policies and no grants for the application, which sees its organisation's rows through barrier views.

create table roll_up (
    only_row boolean primary key default true check (only_row),
    promised timestamptz not null,
    done timestamptz not null check (done <= promised)
);
insert into roll_up (promised, done) values ('1970-01-01 00:00+00', '1970-01-01 00:00+00');

-- Appended to by every transaction that stores a reading below the watermark; no key, since a mark that another transaction is just
-- taking away must not keep this one from being made.
create table roll_up_late (
    series_id int not null,
    hour timestamptz not null
);

do $$
declare
    hyper constant boolean := exists (select from pg_extension where extname = 'timescaledb');
    grain text;
begin
    foreach grain in array array['minute', 'hour', 'day'] loop
        execute format('create table reading_by_%s (
            organisation_id int not null,
            series_id int not null,
            at timestamptz not null,
            n int not null check (n >= 0),
            absent int not null check (absent >= 0),
            low float8,
            high float8,
            total float8 not null,
            check ((n = 0) = (low is null) and (n = 0) = (high is null))
        ) %s', grain, case when grain = 'minute' and not hyper then 'partition by range (at)' else '' end);
        -- Covering: the rows of one minute lie together, so that a day of one series lies on 1,440 pages; in the index it lies on a score.
        execute format('create unique index reading_by_%s_by_series on reading_by_%s (series_id, at)
            include (organisation_id, n, absent, low, high, total)', grain, grain);
        execute format('comment on table reading_by_%s is ''readings from at to at + 1 %s: how many have a value, how many a reason
            for its absence, the smallest, the largest and the sum of the values''', grain, grain);
    end loop;
    if hyper then
        perform create_hypertable('reading_by_minute', by_range('at', interval '7 days'), create_default_indexes => false);
    end if;
end $$;

create table coverage (
    organisation_id int not null,
    series_id int not null,
    day date not null,
    minutes int not null check (minutes between 0 and 1560),
    readings int not null,
    absent int not null,
    last_at timestamptz,
    primary key (series_id, day)
);
create index coverage_by_day on coverage (day);
comment on column coverage.day is 'the patient''s local day; one of a change of the clock has 1,380 or 1,500 minutes';
comment on column coverage.last_at is 'the last of these minutes: how the watch knows who has fallen silent, without looking at readings';
comment on column coverage.minutes is 'minutes of that day in which at least one reading has a value';

-- An index of a few kilobytes a gigabyte: readings come in nearly in the order of their times.
do $$
begin
    if (select relkind from pg_class where oid = 'public.reading'::regclass) = 'p' then
        create index reading_by_time on reading using brin (at) with (pages_per_range = 32);
    end if;
end $$;

-- A part of an index that is not summarised yet is read with every query: the watch sees to it before it adds up.
create function summarize_readings() returns int
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    part record;
    made int := 0;
begin
    for part in
        select c.oid from pg_partition_tree(to_regclass('public.reading_by_time')) t join pg_class c on c.oid = t.relid where t.isleaf
    loop
        made := made + brin_summarize_new_values(part.oid);
    end loop;
    return made;
end $$;
revoke execute on function summarize_readings() from public;
grant execute on function summarize_readings() to mediassist_watch;

create view own_reading_by_minute with (security_barrier) as
    select organisation_id, series_id, at, n, absent, low, high, total from reading_by_minute
    where organisation_id = (select nullif(current_setting('mediassist.organisation', true), '')::int);
create view own_reading_by_hour with (security_barrier) as
    select organisation_id, series_id, at, n, absent, low, high, total from reading_by_hour
    where organisation_id = (select nullif(current_setting('mediassist.organisation', true), '')::int);
create view own_reading_by_day with (security_barrier) as
    select organisation_id, series_id, at, n, absent, low, high, total from reading_by_day
    where organisation_id = (select nullif(current_setting('mediassist.organisation', true), '')::int);
create view own_coverage with (security_barrier) as
    select organisation_id, series_id, day, minutes, readings, absent from coverage
    where organisation_id = (select nullif(current_setting('mediassist.organisation', true), '')::int);

grant select on own_reading_by_minute, own_reading_by_hour, own_reading_by_day, own_coverage, roll_up to mediassist_app;
grant select on roll_up to mediassist_ingest;
grant insert on roll_up_late to mediassist_ingest;

-- mediassist_watch serves every organisation, as the worker does, and reads what the worker only writes (cloud/watch.py).
create policy of_watch on patient for select to mediassist_watch using (true);
create policy of_watch on series for select to mediassist_watch using (true);
grant select on reading, series to mediassist_watch;
grant select (id, organisation_id, zone) on patient to mediassist_watch;
grant select, update (promised, done) on roll_up to mediassist_watch;
grant select, delete on roll_up_late to mediassist_watch;
grant select, insert, update, delete on reading_by_minute, reading_by_hour, reading_by_day, coverage to mediassist_watch;

-- As before (0001), and the roll-up by minute beside the readings. A partition of a table without policies needs none of its own: nobody
-- but the owner and the worker has any privilege on it.
create or replace function make_partitions(first_at timestamptz, last_at timestamptz) returns int
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    parent text;
    child text;
    from_month timestamp;
    made int := 0;
begin
    if last_at < first_at or last_at - first_at > interval '1200 days' then
        raise exception 'make_partitions: % to % is not a range of at most 1200 days', first_at, last_at;
    end if;
    if (select relkind from pg_class where oid = 'public.reading'::regclass) <> 'p' then
        return 0;
    end if;
    perform pg_advisory_xact_lock(hashtext('mediassist.make_partitions'));
    foreach parent in array array['reading', 'waveform', 'reading_by_minute'] loop
        from_month := date_trunc('month', first_at at time zone 'UTC');
        while from_month <= last_at at time zone 'UTC' loop
            child := parent || to_char(from_month, '_YYYY_MM');
            if to_regclass('public.' || child) is null then
                execute format('create table %I (like %I including defaults including constraints)', child, parent);
                if parent = 'waveform' then
                    execute format('alter table %I enable row level security, force row level security', child);
                end if;
                execute format(
                    'alter table %I attach partition %I for values from (%L) to (%L)',
                    parent, child, from_month at time zone 'UTC', (from_month + interval '1 month') at time zone 'UTC'
                );
                made := made + 1;
            end if;
            from_month := from_month + interval '1 month';
        end loop;
    end loop;
    return made;
end $$;

-- The roll-up's partitions of the months that readings have already.
do $$
declare
    month text;
begin
    for month in
        select right(c.relname, 7) from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = 'public.reading'::regclass
    loop
        perform make_partitions(
            (replace(month, '_', '-') || '-01')::timestamp at time zone 'UTC', (replace(month, '_', '-') || '-01')::timestamp at time zone 'UTC');
    end loop;
end $$;

-- Retention: drop what lies in whole months before `before` (TimescaleDB: in whole chunks). Hours, days and coverage stay.
-- The roll-up of a kind goes no earlier than its own limit; readings that are not added up yet are never dropped.
create function drop_before(parent text, before timestamptz) returns int
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    limit_at constant timestamptz := least(before, (select done from roll_up));
    child record;
    dropped int := 0;
begin
    if parent not in ('reading', 'waveform', 'reading_by_minute') then
        raise exception 'drop_before: % is not kept by time', parent;
    end if;
    if exists (select from pg_class where oid = to_regclass('public.' || parent) and relkind <> 'p') then
        return (select count(*) from drop_chunks(parent::regclass, older_than => limit_at));
    end if;
    for child in
        select c.relname, (replace(right(c.relname, 7), '_', '-') || '-01')::timestamp at time zone 'UTC' + interval '1 month' as ends
        from pg_inherits i join pg_class c on c.oid = i.inhrelid where i.inhparent = to_regclass('public.' || parent)
    loop
        if child.ends <= limit_at then
            execute format('drop table %I', child.relname);
            dropped := dropped + 1;
        end if;
    end loop;
    return dropped;
end $$;
revoke execute on function drop_before(text, timestamptz) from public;
grant execute on function drop_before(text, timestamptz) to mediassist_watch;
