-- Enrolment: claims that the factory made, the certificates they were given, and what happened to them.
--
-- * A claim is the factory's; once an organisation has adopted its gateway it names that organisation, and no other can adopt it. The
--   application reads no claim: it adopts, and parts with a gateway, by two functions bound to its transaction's organisation.
-- * mediassist_enrolment answers devices. It sees claims, the certificates of enrolment and its audit, and nothing of any organisation:
--   what it must do there (hand a renewed certificate to an adopted gateway, revoke, ask whether one certificate stands) are three functions.

create table claim (
    number bytea primary key check (octet_length(number) = 5),
    gateway_id uuid not null unique,
    organisation_id int references organisation,
    secret_sha256 bytea not null check (octet_length(secret_sha256) = 32),
    adoption_sha256 bytea not null check (octet_length(adoption_sha256) = 32),
    made_at timestamptz not null,
    expires_at timestamptz not null,
    phase text not null default 'made' check (phase in ('made', 'used', 'expired', 'quarantined')),
    key_sha256 bytea check (octet_length(key_sha256) = 32)
);
comment on column claim.number is 'printed as 8 letters (provisioning/claims.py)';
comment on column claim.organisation_id is 'who adopted its gateway; null while it is the factory''s';
comment on column claim.key_sha256 is 'of the public key (DER) that used it';

create table enrolled_certificate (
    id bytea primary key check (octet_length(id) = 8),
    gateway_id uuid not null,
    certificate bytea not null,
    issued_at timestamptz not null,
    revoked_at timestamptz,
    revoked_for text
);
create index enrolled_certificate_by_gateway on enrolled_certificate (gateway_id, issued_at);

create table enrolment_audit (
    id bigint generated always as identity primary key,
    at timestamptz not null,
    what text not null,
    address text not null,
    claim bytea,
    gateway_id uuid,
    certificate_id bytea
);
comment on table enrolment_audit is 'ids and addresses alone; grows only';
create index enrolment_audit_by_claim on enrolment_audit (claim, id);
create index enrolment_audit_by_gateway on enrolment_audit (gateway_id, id);

alter table claim enable row level security, force row level security;
create policy of_enrolment on claim to mediassist_enrolment using (true) with check (true);
create policy of_factory on claim to mediassist_owner using (true) with check (true);

grant select (number, gateway_id, secret_sha256, expires_at, phase, key_sha256) on claim to mediassist_enrolment;
grant update (phase, key_sha256) on claim to mediassist_enrolment;
grant select, insert on enrolled_certificate to mediassist_enrolment;
grant insert on enrolment_audit to mediassist_enrolment;

-- The owner reaches a gateway's rows in whichever organisation it is, for these functions alone.
create policy of_enrolment on gateway for select to mediassist_owner using (true);
create policy of_enrolment on gateway_certificate to mediassist_owner using (true) with check (true);

create function hand_on_certificate(wanted bytea) returns void
language sql security definer set search_path = public, pg_temp
begin atomic
    insert into gateway_certificate (id, gateway_id, organisation_id, certificate, issued_at)
    select e.id, e.gateway_id, g.organisation_id, e.certificate, e.issued_at
    from enrolled_certificate e join gateway g on g.id = e.gateway_id
    where e.id = wanted and e.revoked_at is null
    on conflict (id) do nothing;
end;

create function lock_out_gateway(wanted uuid, moment timestamptz, because text) returns void
language sql security definer set search_path = public, pg_temp
begin atomic
    update enrolled_certificate set revoked_at = moment, revoked_for = because where gateway_id = wanted and revoked_at is null;
    update gateway_certificate set revoked_at = moment, revoked_for = because where gateway_id = wanted and revoked_at is null;
end;

create function certificate_standing(wanted bytea) returns text
language sql stable security definer set search_path = public, pg_temp
begin atomic
    select case count(*) when 0 then 'unknown' else case when bool_or(revoked_at is not null) then 'revoked' else 'good' end end
    from (select id, revoked_at from enrolled_certificate union all select id, revoked_at from gateway_certificate) as known
    where id = wanted;
end;

revoke execute on function hand_on_certificate(bytea), lock_out_gateway(uuid, timestamptz, text), certificate_standing(bytea) from public;
grant execute on function hand_on_certificate(bytea), lock_out_gateway(uuid, timestamptz, text), certificate_standing(bytea)
    to mediassist_enrolment;

-- Adoption, by the application in its organisation's transaction.

-- Give an enrolled gateway to the transaction's organisation. Says "adopted", "unknown" (no such code), the claim's phase where it is not
-- "used", or "elsewhere" (another organisation has it).
create function adopt_gateway(wanted bytea, proof_sha256 bytea, called text) returns text
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    mine constant int := nullif(current_setting('mediassist.organisation', true), '')::int;
    its claim%rowtype;
begin
    if mine is null then
        raise exception 'adopt_gateway: the transaction has no organisation';
    end if;
    select * into its from claim where number = wanted and adoption_sha256 = proof_sha256 for update;
    if its.number is null then
        return 'unknown';
    elsif its.phase <> 'used' then
        return its.phase;
    elsif its.organisation_id <> mine then
        return 'elsewhere';
    end if;
    update claim set organisation_id = mine where number = wanted;
    insert into gateway (id, organisation_id, name) values (its.gateway_id, mine, called)
        on conflict (id) do update set name = excluded.name;
    insert into gateway_certificate (id, gateway_id, organisation_id, certificate, issued_at)
        select e.id, e.gateway_id, mine, e.certificate, e.issued_at
        from enrolled_certificate e where e.gateway_id = its.gateway_id and e.revoked_at is null
        on conflict (id) do nothing;
    insert into enrolment_audit (at, what, address, claim, gateway_id) values (clock_timestamp(), 'adopted', '', wanted, its.gateway_id);
    return 'adopted';
end $$;

-- Part with a gateway of the transaction's organisation: its certificates end, for a reset and not for compromise, so that what it sealed
-- before is still read; its rows and its epochs stay. Says whether the organisation has it.
create function release_gateway(wanted uuid) returns boolean
language plpgsql security definer set search_path = public, pg_temp as $$
declare
    mine constant int := nullif(current_setting('mediassist.organisation', true), '')::int;
begin
    if mine is null or not exists (select from gateway where id = wanted and organisation_id = mine) then
        return false;
    end if;
    update enrolled_certificate set revoked_at = clock_timestamp(), revoked_for = 'reset' where gateway_id = wanted and revoked_at is null;
    update gateway_certificate set revoked_at = clock_timestamp(), revoked_for = 'reset'
        where gateway_id = wanted and organisation_id = mine and revoked_at is null;
    insert into enrolment_audit (at, what, address, gateway_id) values (clock_timestamp(), 'released', '', wanted);
    return true;
end $$;

revoke execute on function adopt_gateway(bytea, bytea, text), release_gateway(uuid) from public;
grant execute on function adopt_gateway(bytea, bytea, text), release_gateway(uuid) to mediassist_app;
grant insert, update (gateway_id, patient_id, address) on wearable to mediassist_app;
