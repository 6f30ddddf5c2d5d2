-- By which rules a patient is watched, in the cloud and at home: the SpO2 scale of NEWS2 and what is usual for the person, beside the
-- thresholds (0009); and which of them each gateway was told.

create table patient_rules (
    organisation_id int not null,
    patient_id uuid primary key,
    version int not null default 0,
    spo2_scale smallint not null default 1 check (spo2_scale in (1, 2)),
    baselines_at timestamptz,
    foreign key (organisation_id, patient_id) references patient (organisation_id, id) on delete cascade
);
comment on column patient_rules.version is 'counts every change of the thresholds, the scale or the baselines; 0: there is nothing to tell';
comment on column patient_rules.spo2_scale is 'of NEWS2; 2 on a clinician''s word';
comment on column patient_rules.baselines_at is 'when the baselines were last computed';
create index patient_rules_by_baselines_at on patient_rules (baselines_at);

create table baseline (
    organisation_id int not null,
    patient_id uuid not null,
    metric smallint not null,
    median float8 not null,
    spread float8 not null check (spread >= 0),
    hours int not null check (hours > 0),
    made_at timestamptz not null,
    primary key (patient_id, metric),
    foreign key (organisation_id, patient_id) references patient (organisation_id, id) on delete cascade
);
comment on table baseline is 'what is usual for a person: median and spread (1.4826 times the median distance) of the hourly means of two weeks';

do $$
declare
    name text;
begin
    foreach name in array array['patient_rules', 'baseline'] loop
        execute format('alter table %I enable row level security, force row level security', name);
        execute format(
            'create policy of_organisation on %I to mediassist_app, mediassist_owner
             using (organisation_id = nullif(current_setting(''mediassist.organisation'', true), '''')::int)', name
        );
        execute format('create policy of_watch on %I to mediassist_watch using (true) with check (true)', name);
    end loop;
end $$;
grant select, insert, update (version, spo2_scale) on patient_rules to mediassist_app;
grant select, insert, update (version, baselines_at) on patient_rules to mediassist_watch;
grant select on baseline to mediassist_app;
grant select, insert, delete on baseline to mediassist_watch;
insert into patient_rules (organisation_id, patient_id, version) select distinct organisation_id, patient_id, 1 from threshold;

-- Which version of a patient's rules a gateway was told last, by which order, sealed to which key.
create table told_rules (
    gateway_id uuid not null references gateway,
    patient_id uuid not null references patient on delete cascade,
    version int not null,
    number bigint not null,
    receiving_key bytea not null,
    told_at timestamptz not null,
    primary key (gateway_id, patient_id)
);
grant select, insert, update on told_rules to mediassist_watch;
grant select on gateway_standing to mediassist_watch;
grant select, insert on gateway_order to mediassist_watch;
grant select (gateway_id, patient_id) on wearable to mediassist_watch;

-- What an order says of a patient need not stay once it was answered.
grant update (body) on gateway_order to mediassist_ingest;
