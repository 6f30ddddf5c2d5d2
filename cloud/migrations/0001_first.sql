-- The first tables: people and devices, what was measured, what was found, and the ledger of delivery.
--
-- Applied once, in one transaction, as mediassist_owner, by cloud/migrate.py.
-- * Every table with health data carries organisation_id and forced row-level security. mediassist_app sees the one organisation
--   named by the setting `mediassist.organisation` of its transaction, and nothing without it.
-- * Only text + check, float8 and timestamptz are searched: an index under a policy needs leakproof operators.
-- * COPY into a table under row-level security is refused by PostgreSQL: the ingest worker copies into a temporary table
--   (`create temp table arriving_reading (..) on commit delete rows`) and inserts from there.
-- * reading and waveform are hypertables where TimescaleDB is there, and stay uncompressed: it refuses its columnstore under policies.
-- * reading and waveform carry no foreign key and no unique index: the worker writes them in the transaction that enters the ledger,
--   which alone decides what is new, and makes the series row before.

-- People and devices ------------------------------------------------------------------------------------------------------------

create table organisation (
    id int primary key,
    name text not null
);

create table account (
    id uuid primary key,
    organisation_id int not null references organisation,
    email text not null unique check (email = lower(email)),
    name text not null,
    role text not null check (role in ('nurse', 'doctor', 'administrator')),
    password_hash text not null,
    unique (organisation_id, id)
);

create table session (
    token_sha256 bytea primary key check (octet_length(token_sha256) = 32),
    account_id uuid not null,
    organisation_id int not null,
    made_at timestamptz not null,
    used_at timestamptz not null,
    expires_at timestamptz not null,
    foreign key (organisation_id, account_id) references account (organisation_id, id) on delete cascade
);
create index session_by_account on session (account_id);

create table patient (
    id uuid primary key,
    organisation_id int not null references organisation,
    name text not null,
    born date not null,
    zone text not null,
    unique (organisation_id, id)
);

create table gateway (
    id uuid primary key,
    organisation_id int not null references organisation,
    name text not null,
    unique (organisation_id, id)
);

create table gateway_certificate (
    id bytea primary key check (octet_length(id) = 8),
    gateway_id uuid not null,
    organisation_id int not null,
    certificate bytea not null,
    issued_at timestamptz not null,
    revoked_at timestamptz,
    revoked_for text,
    foreign key (organisation_id, gateway_id) references gateway (organisation_id, id)
);
create index gateway_certificate_by_gateway on gateway_certificate (gateway_id);

create table wearable (
    id uuid primary key,
    organisation_id int not null references organisation,
    gateway_id uuid not null,
    patient_id uuid not null,
    kind text not null,
    address text not null,
    unique (organisation_id, id),
    foreign key (organisation_id, gateway_id) references gateway (organisation_id, id),
    foreign key (organisation_id, patient_id) references patient (organisation_id, id)
);
create index wearable_by_gateway on wearable (gateway_id);
create index wearable_by_patient on wearable (patient_id);

-- What was measured -------------------------------------------------------------------------------------------------------------

create table series (
    id int generated always as identity primary key,
    organisation_id int not null,
    patient_id uuid not null,
    wearable_id uuid not null,
    metric smallint not null,
    unique (wearable_id, patient_id, metric),
    foreign key (organisation_id, patient_id) references patient (organisation_id, id),
    foreign key (organisation_id, wearable_id) references wearable (organisation_id, id)
);
create index series_by_patient on series (patient_id, metric);

do $$
declare
    hyper constant boolean := exists (select from pg_extension where extname = 'timescaledb');
    tail constant text := case when hyper then '' else 'partition by range (at)' end;
begin
    execute 'create table reading (
        organisation_id int not null,
        series_id int not null,
        at timestamptz not null,
        value float8,
        absence smallint,
        record bigint,
        check ((value is null) <> (absence is null))
    ) ' || tail;
    execute 'create table waveform (
        organisation_id int not null,
        series_id int not null,
        at timestamptz not null,
        rate_hz float8 not null check (rate_hz > 0),
        gain float8 not null,
        first_sample bigint not null,
        samples int not null check (samples > 0),
        encoding text not null,
        bytes bytea not null
    ) ' || tail;
    if hyper then
        perform create_hypertable('reading', by_range('at', interval '7 days'), create_default_indexes => false);
        perform create_hypertable('waveform', by_range('at', interval '1 day'), create_default_indexes => false);
    end if;
end $$;
comment on column reading.absence is 'code of protocol.metrics.Absence; null exactly when there is a value';
comment on column reading.record is '(session << 32) | sequence of the wearable; null from one that numbers nothing';
create index reading_by_series on reading (series_id, at);
create index waveform_by_series on waveform (series_id, at);

create table clock_evidence (
    organisation_id int not null,
    wearable_id uuid not null,
    at timestamptz not null,
    offset_ms float8 not null,
    drift_ppm float8 not null,
    uncertainty_ms float8 not null,
    foreign key (organisation_id, wearable_id) references wearable (organisation_id, id)
);
create index clock_evidence_by_wearable on clock_evidence (wearable_id, at);

-- Make the monthly partitions of reading and waveform from the month of first_at to the month of last_at; says how many were new.
-- Called ahead by migrate and the worker; nothing to do under TimescaleDB, which makes its chunks itself. Attaching locks out no insert.
create function make_partitions(first_at timestamptz, last_at timestamptz) returns int
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
    foreach parent in array array['reading', 'waveform'] loop
        from_month := date_trunc('month', first_at at time zone 'UTC');
        while from_month <= last_at at time zone 'UTC' loop
            child := parent || to_char(from_month, '_YYYY_MM');
            if to_regclass('public.' || child) is null then
                execute format('create table %I (like %I including defaults including constraints)', child, parent);
                execute format('alter table %I enable row level security, force row level security', child);
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

-- What was found ----------------------------------------------------------------------------------------------------------------

create table finding (
    id uuid primary key,
    organisation_id int not null,
    patient_id uuid not null,
    gateway_id uuid not null,
    epoch bytea not null,
    counter bigint not null,
    kind text not null,
    priority text not null check (priority in ('high', 'medium', 'low')),
    at timestamptz not null,
    window_from timestamptz not null,
    window_to timestamptz not null,
    score float8 not null,
    trigger_record bigint,
    trigger_wearable uuid,
    detector jsonb not null,
    thresholds jsonb not null,
    coverage jsonb not null,
    explanation jsonb not null,
    evidence bytea not null,
    unique (organisation_id, id),
    foreign key (organisation_id, patient_id) references patient (organisation_id, id),
    foreign key (organisation_id, gateway_id) references gateway (organisation_id, id)
);
comment on column finding.detector is 'name, version, sha256 of the artefact';
comment on column finding.evidence is 'CBOR of the sample batch that was judged (protocol/findings.py)';
create index finding_by_patient on finding (patient_id, at desc);

create table alert (
    id uuid primary key,
    organisation_id int not null,
    patient_id uuid not null,
    finding_id uuid not null,
    kind text not null,
    priority text not null check (priority in ('high', 'medium', 'low')),
    state text not null default 'raised' check (state in ('raised')),
    raised_at timestamptz not null,
    stored_at timestamptz not null default clock_timestamp(),
    foreign key (organisation_id, patient_id) references patient (organisation_id, id),
    foreign key (organisation_id, finding_id) references finding (organisation_id, id)
);
create index alert_newest_first on alert (organisation_id, raised_at desc, id);
create index alert_by_patient on alert (patient_id, raised_at desc, id);
create index alert_by_storing on alert (organisation_id, stored_at);
create index alert_open on alert (organisation_id, patient_id) where state = 'raised';
create index alert_by_finding on alert (finding_id);

-- Delivery: epochs, ledger, what could not be read ------------------------------------------------------------------------------

create table epoch (
    gateway_id uuid not null,
    epoch bytea not null check (octet_length(epoch) = 16),
    organisation_id int not null,
    certificate_id bytea not null references gateway_certificate,
    ingest_key_id bytea not null check (octet_length(ingest_key_id) = 8),
    made_at timestamptz not null,
    wrapped_secret bytea,
    receipt_key bytea not null,
    done_upto bigint not null default -1,
    head bytea,
    broken_at bigint,
    primary key (gateway_id, epoch),
    foreign key (organisation_id, gateway_id) references gateway (organisation_id, id)
);
comment on column epoch.wrapped_secret is 'the epoch''s secret under the key-encryption key; may go once the epoch is whole';
comment on column epoch.receipt_key is 'under the key-encryption key';
comment on column epoch.head is 'chain head (SHA-256) at done_upto';
comment on column epoch.broken_at is 'first counter whose predecessor''s hash did not fit: a fork of bytes';

create table epoch_end (
    gateway_id uuid not null references gateway,
    epoch bytea not null check (octet_length(epoch) = 16),
    successor bytea not null check (octet_length(successor) = 16),
    count bigint not null check (count >= 0),
    head bytea not null check (octet_length(head) = 32),
    primary key (gateway_id, epoch, successor)
);

-- sha256 and prev are null for a counter that was given up and never arrived (status gap).
create table ledger (
    gateway_id uuid not null,
    epoch bytea not null,
    counter bigint not null check (counter >= 0),
    status text not null check (status in ('stored', 'gap', 'filled')),
    sha256 bytea,
    prev bytea,
    primary key (gateway_id, epoch, counter)
);

create table undecoded (
    gateway_id uuid not null,
    organisation_id int not null,
    epoch bytea not null,
    counter bigint not null,
    bytes bytea not null,
    primary key (gateway_id, epoch, counter),
    foreign key (organisation_id, gateway_id) references gateway (organisation_id, id)
);

create table dead_letter (
    id bigint generated always as identity primary key,
    gateway_id uuid,
    epoch bytea,
    counter bigint,
    sha256 bytea,
    reason text not null,
    at timestamptz not null default clock_timestamp()
);
create index dead_letter_by_gateway on dead_letter (gateway_id, id);

create table store (
    only_row boolean primary key default true check (only_row),
    generation bigint not null,
    system_identifier text not null,
    timeline_id int not null
);

-- Who may see and do what -------------------------------------------------------------------------------------------------------

alter table organisation enable row level security, force row level security;
create policy of_organisation on organisation to mediassist_app, mediassist_owner
    using (id = nullif(current_setting('mediassist.organisation', true), '')::int);

do $$
declare
    name text;
begin
    foreach name in array array[
        'account', 'session', 'patient', 'gateway', 'gateway_certificate', 'wearable', 'series', 'reading', 'waveform',
        'clock_evidence', 'finding', 'alert', 'epoch', 'undecoded'
    ] loop
        execute format('alter table %I enable row level security, force row level security', name);
        execute format(
            'create policy of_organisation on %I to mediassist_app, mediassist_owner
             using (organisation_id = nullif(current_setting(''mediassist.organisation'', true), '''')::int)', name
        );
    end loop;
    -- The worker serves every organisation; its grants below say what it may do with each table.
    foreach name in array array[
        'gateway', 'gateway_certificate', 'wearable', 'series', 'reading', 'waveform', 'clock_evidence',
        'finding', 'alert', 'epoch', 'undecoded'
    ] loop
        execute format('create policy of_ingest on %I to mediassist_ingest using (true) with check (true)', name);
    end loop;
end $$;

grant select on organisation, account, patient, gateway, wearable, series, clock_evidence, finding, alert to mediassist_app;
-- By column: TimescaleDB gives each chunk its hypertable's grants, but neither its policies nor its grants by column. A grant of the
-- whole table would let the application read every organisation's rows in the chunks, and pg_stats show samples of them.
grant select (organisation_id, series_id, at, value, absence, record) on reading to mediassist_app;
grant select (organisation_id, series_id, at, rate_hz, gain, first_sample, samples, encoding, bytes) on waveform to mediassist_app;
grant select, insert, update (used_at), delete on session to mediassist_app;

grant select on gateway, gateway_certificate, wearable, series, epoch, epoch_end, ledger, undecoded, dead_letter, store
    to mediassist_ingest;
grant insert on series, reading, waveform, clock_evidence, finding, alert, epoch, epoch_end, ledger, undecoded, dead_letter, store
    to mediassist_ingest;
grant select (id) on finding to mediassist_ingest;  -- for `on conflict (id) do nothing returning id`
grant update (status, sha256, prev) on ledger to mediassist_ingest;
grant update (wrapped_secret, done_upto, head, broken_at) on epoch to mediassist_ingest;
grant update (generation, system_identifier, timeline_id) on store to mediassist_ingest;
grant delete on ledger, dead_letter to mediassist_ingest;

-- Before sign-in the organisation is not known yet: these two functions, run as the owner, answer for exactly one e-mail address and
-- exactly one session, and are all that the application can learn without the setting.
create policy before_sign_in on account for select to mediassist_owner using (true);
create policy before_sign_in on session for select to mediassist_owner using (true);

create function account_to_sign_in(wanted text)
returns table (id uuid, organisation_id int, password_hash text)
language sql stable security definer set search_path = public, pg_temp
begin atomic
    select a.id, a.organisation_id, a.password_hash from account a where a.email = lower(wanted);
end;

create function open_session(wanted bytea, used_since timestamptz, moment timestamptz)
returns table (account_id uuid, organisation_id int, used_at timestamptz)
language sql stable security definer set search_path = public, pg_temp
begin atomic
    select s.account_id, s.organisation_id, s.used_at from session s
    where s.token_sha256 = wanted and s.expires_at > moment and s.used_at >= used_since;
end;

revoke execute on function account_to_sign_in(text), open_session(bytea, timestamptz, timestamptz),
    make_partitions(timestamptz, timestamptz) from public;
grant execute on function account_to_sign_in(text), open_session(bytea, timestamptz, timestamptz) to mediassist_app;
grant execute on function make_partitions(timestamptz, timestamptz) to mediassist_ingest;
