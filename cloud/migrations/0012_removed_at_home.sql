-- A wearable that a person removed at a gateway: what it said stays, it is worn by nobody, and nobody misses it.
alter table wearable add column removed_at timestamptz;
comment on column wearable.removed_at is 'when a person removed it at its gateway; null while it belongs there';
grant update (removed_at) on wearable to mediassist_ingest;
create policy of_watch on wearable for select to mediassist_watch using (true);
grant select (id, removed_at) on wearable to mediassist_watch;
