-- How a client that was down is sent what waits for it: at the rate at which that came, beside what comes now. A closed breaker replays the time between
-- breaker_opened_at and breaker_closed_at, and is through with it at breaker_recovered_at.
alter table lastcall.clients
    add column breaker_opened_at timestamptz not null default '-infinity',
    add column breaker_recovered_at timestamptz not null default '-infinity';
grant select (breaker_opened_at, breaker_recovered_at) on lastcall.clients to lastcall_tenant;
