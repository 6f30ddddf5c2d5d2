-- The life of an alert: episodes, owners, escalation, snoozes, and what was told to whom.
--
-- What may follow what is cloud/alerts/life_cycle.py; raise_alert says the same of a finding that comes in, because the ingest worker, which
-- raises alerts in the transaction that stores their findings, may not read health data back.

alter table alert drop constraint alert_state_check;
alter table alert add constraint alert_state_check
    check (state in ('raised', 'escalated', 'acknowledged', 'snoozed', 'resolved', 'false_alarm'));
alter table alert
    add column level int not null default -1 check (level >= -1),
    add column due_at timestamptz,
    add column owner_id uuid,
    add column occurrences int not null default 1 check (occurrences > 0),
    add column last_at timestamptz,
    add column version int not null default 1,
    add column changed_at timestamptz not null default clock_timestamp();
alter table alert no force row level security;  -- else a migration sees no organisation's rows
update alert set last_at = raised_at, changed_at = stored_at;
alter table alert alter column last_at set not null;
alter table alert alter column last_at set default '1970-01-01 00:00+00';
alter table alert add foreign key (organisation_id, owner_id) references account (organisation_id, id);
alter table alert add unique (organisation_id, id);
comment on column alert.level is 'up to which level of the ladder somebody was told; -1: nobody yet';
comment on column alert.due_at is 'when time itself changes it: the next level, the end of a snooze; null: never';
drop index alert_by_storing;
create index alert_by_change on alert (organisation_id, changed_at);
create index alert_due on alert (due_at) where due_at is not null;
drop index alert_open;
create index alert_open on alert (organisation_id, patient_id) where state not in ('resolved', 'false_alarm');

create table alert_finding (
    finding_id uuid primary key,
    organisation_id int not null,
    alert_id uuid not null,
    foreign key (organisation_id, alert_id) references alert (organisation_id, id) on delete cascade,
    foreign key (organisation_id, finding_id) references finding (organisation_id, id)
);
create index alert_finding_by_alert on alert_finding (alert_id);
insert into alert_finding (finding_id, organisation_id, alert_id) select finding_id, organisation_id, id from alert;
alter table alert force row level security;

create table alert_event (
    id bigint generated always as identity primary key,
    organisation_id int not null,
    alert_id uuid not null,
    at timestamptz not null,
    event text not null check (event in ('found', 'told', 'acknowledged', 'snoozed', 'resolved', 'called_false', 'time_passed')),
    account_id uuid,
    note text,
    state text not null,
    level int not null,
    version int not null,
    foreign key (organisation_id, alert_id) references alert (organisation_id, id) on delete cascade,
    foreign key (organisation_id, account_id) references account (organisation_id, id)
);
create index alert_event_by_alert on alert_event (alert_id, id);
comment on column alert_event.state is 'after the event, as level and version';

-- Whom to tell, and when the next.
create table escalation_step (
    organisation_id int not null references organisation,
    priority text not null check (priority in ('high', 'medium', 'low')),
    level int not null check (level between 0 and 9),
    seconds int not null check (seconds between 30 and 604800),
    primary key (organisation_id, priority, level)
);
comment on column escalation_step.seconds is 'after which the next level is told, unless somebody acknowledged; of the last level: after which it is told again';

create table on_call (
    id uuid primary key,
    organisation_id int not null references organisation,
    level int not null check (level between 0 and 9),
    account_id uuid not null,
    since timestamptz not null,
    until timestamptz not null check (until > since),
    foreign key (organisation_id, account_id) references account (organisation_id, id) on delete cascade
);
create index on_call_by_end on on_call (organisation_id, until);

create table notification (
    id uuid primary key,
    organisation_id int not null,
    alert_id uuid not null,
    account_id uuid not null,
    level int not null,
    made_at timestamptz not null,
    due_at timestamptz not null,
    tries int not null default 0,
    sent_at timestamptz,
    foreign key (organisation_id, alert_id) references alert (organisation_id, id) on delete cascade,
    foreign key (organisation_id, account_id) references account (organisation_id, id) on delete cascade
);
create index notification_due on notification (due_at) where sent_at is null;
create index notification_by_alert on notification (alert_id);

do $$
declare
    name text;
begin
    foreach name in array array['alert_finding', 'alert_event', 'escalation_step', 'on_call', 'notification'] loop
        execute format('alter table %I enable row level security, force row level security', name);
        execute format(
            'create policy of_organisation on %I to mediassist_app, mediassist_owner
             using (organisation_id = nullif(current_setting(''mediassist.organisation'', true), '''')::int)', name
        );
    end loop;
    foreach name in array array['alert', 'alert_event', 'escalation_step', 'on_call', 'notification', 'account'] loop
        execute format('create policy of_watch on %I to mediassist_watch using (true) with check (true)', name);
    end loop;
end $$;

grant select on alert_finding, alert_event, escalation_step, on_call, notification to mediassist_app;
grant insert on alert_event, escalation_step, on_call to mediassist_app;
grant delete on escalation_step, on_call to mediassist_app;
grant update (state, level, due_at, owner_id, version, changed_at) on alert to mediassist_app;

grant select (id, organisation_id, priority, state, level, due_at, owner_id, occurrences, last_at, version) on alert to mediassist_watch;
grant update (state, level, due_at, owner_id, version, changed_at) on alert to mediassist_watch;
grant select on escalation_step, on_call, notification to mediassist_watch;
grant select (id, organisation_id, email, role) on account to mediassist_watch;
grant insert on alert_event, notification to mediassist_watch;
grant update (due_at, tries, sent_at) on notification to mediassist_watch;

-- A finding joins the open alert of its patient and kind, or raises one; returns the alert's id. It asks for people again when it is graver
-- than the alert was, or when somebody has acknowledged the alert and nothing was found for an hour since.
create function raise_alert(new_id uuid, organisation int, patient uuid, finding uuid, of_kind text, of_priority text, found_at timestamptz)
returns uuid language plpgsql security definer set search_path = public, pg_temp as $$
declare
    ranks constant text[] := array['low', 'medium', 'high'];
    a alert%rowtype;
    graver boolean;
    again boolean;
begin
    perform set_config('mediassist.organisation', organisation::text, true);
    perform pg_advisory_xact_lock(hashtextextended(patient::text || of_kind, 7));
    select * into a from alert
    where patient_id = patient and kind = of_kind and state not in ('resolved', 'false_alarm') order by raised_at, id limit 1 for update;
    if not found then
        insert into alert (id, organisation_id, patient_id, finding_id, kind, priority, raised_at, last_at, due_at)
        values (new_id, organisation, patient, finding, of_kind, of_priority, found_at, found_at, found_at) returning * into a;
    else
        graver := array_position(ranks, of_priority) > array_position(ranks, a.priority);
        again := graver or (a.state = 'acknowledged' and found_at - a.last_at >= interval '1 hour');
        update alert set
            occurrences = a.occurrences + 1,
            last_at = greatest(a.last_at, found_at),
            priority = case when graver then of_priority else a.priority end,
            state = case when again then 'raised' else a.state end,
            level = case when again then -1 else a.level end,
            due_at = case when again then greatest(a.last_at, found_at) else a.due_at end,
            version = a.version + 1,
            changed_at = clock_timestamp()
        where id = a.id returning * into a;
    end if;
    insert into alert_finding (finding_id, organisation_id, alert_id) values (finding, organisation, a.id);
    insert into alert_event (organisation_id, alert_id, at, event, state, level, version)
    values (organisation, a.id, found_at, 'found', a.state, a.level, a.version);
    return a.id;
end $$;
revoke execute on function raise_alert(uuid, int, uuid, uuid, text, text, timestamptz) from public;
grant execute on function raise_alert(uuid, int, uuid, uuid, text, text, timestamptz) to mediassist_ingest;
revoke insert on alert from mediassist_ingest;
drop policy of_ingest on alert;
