-- Forget deleted issuers of which nothing is left. $1 at most this many int4. Returns how many went.
select lastcall.forget_issuers($1::int4)
