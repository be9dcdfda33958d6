-- When the chores of the house were done. Returns: name, seconds since it was done (null: never), seconds since it was due (negative: it is not).
select name, extract(epoch from clock_timestamp() - finished_at)::float8,
    case when due_at > '-infinity' then extract(epoch from clock_timestamp() - due_at)::float8 end
from lastcall.chores order by name
