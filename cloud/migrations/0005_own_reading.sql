-- Readings are seen through views, and the table itself has no row-level security any more: PostgreSQL refuses COPY into a table under
-- policies, and TimescaleDB refuses its columnstore there.
--
-- The application has no privilege on reading (nor, so, on TimescaleDB's chunks, which inherit grants and not policies). It has two views,
-- owned by mediassist_owner, that show the rows of its transaction's organisation. They are security barriers: what a query adds is
-- evaluated after the view's own condition unless its operators are leakproof, exactly as under a policy. The organisation stands in a
-- subquery so that it is read once a query, not once a row.

alter table reading no force row level security, disable row level security;
drop policy of_organisation on reading;
drop policy of_ingest on reading;
revoke select (organisation_id, series_id, at, value, absence, record) on reading from mediassist_app;

create view own_reading with (security_barrier) as
    select organisation_id, series_id, at, value, absence, record from reading
    where organisation_id = (select nullif(current_setting('mediassist.organisation', true), '')::int);

-- A barrier hides an index's order from the query outside: "the newest of each series" has to be asked inside.
create view newest_reading with (security_barrier) as
    select s.organisation_id, s.patient_id, s.wearable_id, s.metric, s.id as series_id, r.at, r.value, r.absence, r.record
    from series s cross join lateral (
        select at, value, absence, record from reading where series_id = s.id order by at desc limit 1
    ) r
    where s.organisation_id = (select nullif(current_setting('mediassist.organisation', true), '')::int);

grant select on own_reading, newest_reading to mediassist_app;
