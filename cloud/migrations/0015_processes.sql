-- Which processes of the cloud are alive, so that the silence of one is said by another: one row a kind of process, of whichever of its kind spoke last.
create table process_standing (
    process text primary key check (process in ('worker', 'watch')),
    heard_at timestamptz not null
);
comment on column process_standing.heard_at is 'of the wall''s clock';

create function note_alive(of_process text) returns void language sql security definer set search_path = public, pg_temp as $$
    insert into process_standing values (of_process, clock_timestamp()) on conflict (process) do update set heard_at = excluded.heard_at;
$$;
revoke execute on function note_alive(text) from public;
grant execute on function note_alive(text) to mediassist_ingest, mediassist_watch;
grant select on process_standing to mediassist_watch, mediassist_app;
