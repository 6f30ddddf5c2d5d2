-- What an alert is about, besides its patient: limits of two vitals that are left, or two wearables that are silent, are two episodes.
alter table alert add column subject text not null default '';
comment on column alert.subject is 'of a threshold or baseline: the metric (code); of a silence: the wearable; else nothing';

-- As before (0007), by subject. It looks the subject up itself: the ingest worker may not read health data back.
create or replace function raise_alert(new_id uuid, organisation int, patient uuid, finding uuid, of_kind text, of_priority text, found_at timestamptz)
returns uuid language plpgsql security definer set search_path = public, pg_temp as $$
declare
    ranks constant text[] := array['low', 'medium', 'high'];
    about text;
    a alert%rowtype;
    graver boolean;
    again boolean;
begin
    perform set_config('mediassist.organisation', organisation::text, true);
    select case of_kind
        when 'threshold' then coalesce(f.thresholds ->> 'metric', '')
        when 'baseline' then coalesce(f.thresholds ->> 'metric', '')
        when 'silence' then f.trigger_wearable::text
        else '' end into strict about
    from finding f where f.id = raise_alert.finding;
    perform pg_advisory_xact_lock(hashtextextended(patient::text || of_kind || about, 7));
    select * into a from alert
    where patient_id = patient and kind = of_kind and subject = about and state not in ('resolved', 'false_alarm')
    order by raised_at, id limit 1 for update;
    if not found then
        insert into alert (id, organisation_id, patient_id, finding_id, kind, subject, priority, raised_at, last_at, due_at)
        values (new_id, organisation, patient, finding, of_kind, about, of_priority, found_at, found_at, found_at) returning * into a;
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
