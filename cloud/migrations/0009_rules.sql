-- Rules of the cloud: thresholds of a patient, and silence. What they find is stored as what a gateway finds, but comes in no message.

alter table finding alter column gateway_id drop not null, alter column epoch drop not null, alter column counter drop not null;
alter table finding add check ((gateway_id is null) = (epoch is null) and (gateway_id is null) = (counter is null));
comment on column finding.gateway_id is 'null, as epoch and counter, for what a rule of the cloud found';

create table threshold (
    organisation_id int not null,
    patient_id uuid not null,
    metric smallint not null,
    low float8,
    high float8,
    for_seconds int not null check (for_seconds between 10 and 3600),
    priority text not null check (priority in ('high', 'medium', 'low')),
    set_by uuid not null,
    set_at timestamptz not null,
    primary key (patient_id, metric),
    check (low is not null or high is not null),
    check (low < high),
    foreign key (organisation_id, patient_id) references patient (organisation_id, id) on delete cascade,
    foreign key (organisation_id, set_by) references account (organisation_id, id)
);
alter table threshold enable row level security, force row level security;
create policy of_organisation on threshold to mediassist_app, mediassist_owner
    using (organisation_id = nullif(current_setting('mediassist.organisation', true), '')::int);
create policy of_watch on threshold for select to mediassist_watch using (true);
grant select, insert, update, delete on threshold to mediassist_app;
grant select on threshold to mediassist_watch;

-- A finding of a rule: stored once, whoever finds it again; raises an alert or joins the open one, and tells the live feed. Says whether it was new.
-- Its evidence are readings, which lie in the clear, too; what shreds an organisation deletes it.
create function raise_finding(
    new_finding uuid, new_alert uuid, organisation int, patient uuid, wearable uuid, of_kind text, of_priority text, found_at timestamptz,
    since timestamptz, until timestamptz, of_score float8, by_detector jsonb, with_thresholds jsonb, with_coverage jsonb, why text, raw bytea
) returns boolean language plpgsql security definer set search_path = public, pg_temp as $$
begin
    perform set_config('mediassist.organisation', organisation::text, true);
    insert into finding (id, organisation_id, patient_id, kind, priority, at, window_from, window_to, score, trigger_wearable, detector,
        thresholds, coverage, explanation, evidence)
    values (new_finding, organisation, patient, of_kind, of_priority, found_at, since, until, of_score, wearable, by_detector,
        with_thresholds, with_coverage, to_jsonb(why), raw)
    on conflict (id) do nothing;
    if not found then
        return false;
    end if;
    perform raise_alert(new_alert, organisation, patient, new_finding, of_kind, of_priority, found_at);
    perform pg_notify('live', json_build_object(
        'organisation', organisation, 'patients', json_build_array(replace(patient::text, '-', '')), 'kinds', json_build_array('alert'))::text);
    return true;
end $$;
revoke execute on function raise_finding(uuid, uuid, int, uuid, uuid, text, text, timestamptz, timestamptz, timestamptz, float8, jsonb, jsonb,
    jsonb, text, bytea) from public;
grant execute on function raise_finding(uuid, uuid, int, uuid, uuid, text, text, timestamptz, timestamptz, timestamptz, float8, jsonb, jsonb,
    jsonb, text, bytea) to mediassist_watch;
grant select on coverage to mediassist_watch;
