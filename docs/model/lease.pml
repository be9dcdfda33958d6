/*
 * Claim, lease, settle and fence, as sql/queries/claim.sql, settle.sql and release.sql do them, under everything that can
 * come between. README.md says what each part stands for; `check` runs it.
 *
 * Each defect of README.md is a -D that takes one rule away.
 */
#ifndef DELIVERIES
#define DELIVERIES 1
#endif
#ifndef SLOTS
#define SLOTS 3
#endif
#ifndef FAULTS
#define FAULTS 2
#endif
#define MOST 2                              /* max_attempts */
#define NUMBERS (MOST + 2 + FAULTS)         /* a claim that finds all attempts used up is counted, too, until it is settled */

/* Slots 0 and 2 are of one worker, 1 of another: a worker sends many at once, under one worker_key. */
#define KEY(slot) ((slot) % 2)
#define NOBODY 9

/* What an attempt came to: its row in lastcall.attempts. */
mtype = { nothing, unknown, again, accepted, refused, exhausted };

/* A row of lastcall.delivery_queue, with its rows of lastcall.attempts. */
typedef Delivery {
    bool open = true;                       /* in the queue; else it has ended */
    bool leased;                            /* lease_until > '-infinity' */
    bool over;                              /* lease_until <= now(), on the clock of the database */
    byte number;                            /* lease_number */
    byte issued;                            /* the last one that anybody was given */
    byte worker;                            /* worker_key */
    byte attempts;                          /* attempt_count */
    mtype outcome[NUMBERS] = nothing;       /* lastcall.attempts, by number */

    /* What a crash of Postgres puts back, as long as the claim's commit is not on disk (synchronous_commit = off). */
    bool soft;
    bool was_leased;
    byte was_number;
    byte was_worker;
    bool noted_unknown;

    /* What only the properties look at. */
    bool poison;                            /* kills whoever sends it */
    byte holder = NOBODY;                   /* the slot that knows that it holds the lease */
    bool posted[NUMBERS];                   /* by number of the attempt */
    mtype end = nothing
};
Delivery row[DELIVERIES];
byte faults = FAULTS;                       /* how many may still happen */
bool lost[SLOTS];                           /* the slot's lease ran out while it had it: it was stopped for too long */
bool unwritten[SLOTS];                      /* the slot's claim is not in the database: Postgres crashed */

/* A property, by the name that README.md explains. */
inline on_disk(d) {
    row[d].soft = false;
    row[d].was_leased = false;
    row[d].was_number = 0;
    row[d].was_worker = 0;
    row[d].noted_unknown = false
}

inline must(name, condition) {
    if
    :: condition
    :: else -> printf("VIOLATED: %e\n", name); assert(false)
    fi
}
mtype = { one_post_for_each_attempt, no_post_too_many, earlier_attempts_are_explained, unknown_only_where_a_worker_was_lost,
    the_holder_has_the_last_word, one_row_for_each_attempt, one_end };

#ifdef WORKER_CLOCK                         /* leases judged by each worker's own clock; that of worker 1 is an hour ahead */
#define OVER(d, me) (row[d].over || KEY(me) == 1)
#else
#define OVER(d, me) row[d].over
#endif
#ifdef NO_RECLAIM
#define FREE(d, me) (row[d].open && !row[d].leased)
#else
#define FREE(d, me) (row[d].open && (!row[d].leased || OVER(d, me)))
#endif

#if defined(NO_KEY)
#define OURS(d, me, mine) row[d].open
#elif defined(NO_FENCE)
#define OURS(d, me, mine) (row[d].open && (answer == exhausted || row[d].outcome[attempt] == nothing))
#else
#define OURS(d, me, mine) (row[d].open && row[d].leased && row[d].number == mine && row[d].worker == KEY(me))
#endif

#if DELIVERIES == 1
#define ALL_ENDED (!row[0].open)
#else
#define ALL_ENDED (!row[0].open && !row[1].open)
#endif

/* claim.sql */
inline claim() {
    row[d].was_leased = row[d].leased;
    row[d].was_number = row[d].number;
    row[d].was_worker = row[d].worker;
    row[d].noted_unknown = false;
    row[d].soft = true;
    if
    :: row[d].leased ->
#ifndef COUNT_AFTER
        if
        :: row[d].outcome[row[d].attempts] == nothing ->
            row[d].outcome[row[d].attempts] = unknown;
            row[d].noted_unknown = true
        :: else
        fi
#endif
    :: else
    fi;
    row[d].leased = true;
    row[d].over = false;
#ifdef NUMBERS_AGAIN
    row[d].number++;
#else
    row[d].issued++;                        /* claim.sql leaves gaps at random, so that none is given again */
    row[d].number = row[d].issued;
#endif
    row[d].worker = KEY(me);
#ifdef COUNT_AFTER
    attempt = row[d].attempts + 1;
#else
    row[d].attempts++;
    attempt = row[d].attempts;
#endif
    mine = row[d].number;
    number = row[d].holder;
    row[d].holder = me;
    printf("slot %d (worker %d): claims delivery %d: lease %d, attempt %d\n", me, KEY(me), d, mine, attempt);
    must(unknown_only_where_a_worker_was_lost, !row[d].was_leased || number == NOBODY || lost[number]);
    number = 0
}

/* Whoever crashes, or never hears of its lease, leaves it to the clock. */
inline forget() {
    if
    :: row[d].holder == me -> row[d].holder = NOBODY
    :: else
    fi
}

inline may_crash() {
    atomic {
        if
        :: true
        :: faults > 0 -> faults--; forget(); printf("slot %d (worker %d): crashes\n", me, KEY(me)); goto idle
        fi
    }
}

/* The POST, up to its answer. */
inline post() {
    atomic {
        printf("slot %d (worker %d): POSTs delivery %d, attempt %d\n", me, KEY(me), d, attempt);
        if
        :: unwritten[me]                    /* it counts nowhere: "a lost claim is one more delivery attempt" */
        :: else ->
            must(one_post_for_each_attempt, !row[d].posted[attempt]);
            must(no_post_too_many, attempt <= MOST);
            number = 1;
            do
            :: number < attempt ->
                must(earlier_attempts_are_explained, row[d].outcome[number] == unknown || row[d].outcome[number] == again);
                number++
            :: else -> break
            od;
            number = 0;
            row[d].posted[attempt] = true
        fi;
        if
        :: row[d].poison -> forget(); printf("slot %d (worker %d): is killed by it\n", me, KEY(me)); goto idle
        :: else
        fi;
        if
        :: answer = accepted
        :: answer = refused
        :: answer = again                   /* 503, or no answer at all */
        fi;
        printf("slot %d (worker %d): hears: %e\n", me, KEY(me), answer)
    }
}

/* settle.sql */
inline settle() {
    atomic {
        if
#if defined(NO_FENCE) && !defined(NO_KEY)
        :: row[d].open && answer != exhausted && row[d].outcome[attempt] != nothing ->
            printf("slot %d (worker %d): attempt %d of delivery %d has a row already: nothing is written\n", me, KEY(me), attempt, d);
            must(the_holder_has_the_last_word, lost[me] || unwritten[me] || repeated)
#endif
        :: OURS(d, me, mine) ->
            if
            :: answer == exhausted
            :: else ->
#ifndef NO_KEY
                must(one_row_for_each_attempt, row[d].outcome[attempt] == nothing);
#endif
                row[d].outcome[attempt] = answer
            fi;
#ifdef COUNT_AFTER
            row[d].attempts++;
#endif
            if
            :: answer == again -> row[d].leased = false; row[d].over = false
            :: else -> must(one_end, row[d].end == nothing); row[d].open = false; row[d].end = answer
            fi;
            on_disk(0);                     /* its commit waits for the disk, and with it all that came before */
#if DELIVERIES > 1
            on_disk(1);
#endif
            printf("slot %d (worker %d): settles delivery %d, lease %d: %e\n", me, KEY(me), d, mine, answer);
            if
            :: true
            :: faults > 0 -> faults--; repeated = true; printf("slot %d (worker %d): does not hear of the commit\n", me, KEY(me)); goto settling
            fi
        :: else ->
            printf("slot %d (worker %d): is fenced out of delivery %d, lease %d\n", me, KEY(me), d, mine);
            must(the_holder_has_the_last_word, lost[me] || unwritten[me] || repeated)
        fi;
        forget()
    }
}

/* release.sql */
inline release() {
    if
    :: row[d].open && row[d].leased && row[d].number == mine && row[d].worker == KEY(me) ->
        row[d].leased = false;
        row[d].over = false;
        row[d].attempts--;
        printf("slot %d (worker %d): gives delivery %d back\n", me, KEY(me), d)
    :: else
    fi;
    forget()
}

/* One delivery at a time of one worker; a crash is followed by a restart. */
proctype Slot(byte me) {
    byte d, mine, attempt, number;
    mtype answer = nothing;
    bool repeated;

idle:
    atomic { d = 0; mine = 0; attempt = 0; number = 0; answer = nothing; repeated = false; lost[me] = false; unwritten[me] = false }
    atomic {
        if
        :: FREE(0, me) -> d = 0
#if DELIVERIES > 1
        :: FREE(1, me) -> d = 1
#endif
        :: ALL_ENDED -> goto over
        fi;
        claim();
        if
        :: true
        :: faults > 0 -> faults--; forget(); printf("slot %d (worker %d): does not hear of its claim\n", me, KEY(me)); goto idle
        fi
    }
    if
    :: attempt > MOST -> answer = exhausted; goto settling
    :: else
    fi;
    may_crash();
    atomic {                                /* Shipment.fitsLease, by the worker's own steady clock */
        if
        :: lost[me] -> release(); goto idle
        :: else
        fi
    }
    post();
    may_crash();
settling:
    settle();
    goto idle;
over:
    skip
}

/* The clock of the database passes the end of a lease. Where somebody holds it, that is a fault: it was stopped for so long. */
inline time_passes(d) {
    atomic {
        row[d].open && row[d].leased && !row[d].over && !row[d].soft && (row[d].holder == NOBODY || faults > 0);
        row[d].over = true;
        if
        :: row[d].holder == NOBODY
        :: else ->
            faults--;
            lost[row[d].holder] = true;
            printf("slot %d (worker %d): is stopped until its lease is over\n", row[d].holder, KEY(row[d].holder))
        fi
    }
}

inline put_back(d) {
    if
    :: row[d].soft ->
        if
        :: row[d].holder != NOBODY -> unwritten[row[d].holder] = true; row[d].holder = NOBODY
        :: else
        fi;
        row[d].leased = row[d].was_leased;
        row[d].over = row[d].was_leased;
        row[d].number = row[d].was_number;
        row[d].worker = row[d].was_worker;
#ifndef COUNT_AFTER
        row[d].posted[row[d].attempts] = false;     /* its POST, if there was one, is nobody's */
        row[d].attempts--;
#endif
        if
        :: row[d].noted_unknown -> row[d].outcome[row[d].attempts] = nothing
        :: else
        fi;
        on_disk(d)
    :: else
    fi
}

proctype World() {
    do
    :: atomic { row[0].soft -> on_disk(0) }
    :: time_passes(0)
#if DELIVERIES > 1
    :: atomic { row[1].soft -> on_disk(1) }
    :: time_passes(1)
    :: atomic {
        faults > 0 && (row[0].soft || row[1].soft) -> faults--; printf("Postgres crashes\n"); put_back(0); put_back(1)
    }
#else
    :: atomic { faults > 0 && row[0].soft -> faults--; printf("Postgres crashes\n"); put_back(0) }
#endif
    :: ALL_ENDED -> break
    od
}

init {
    byte slot;
    atomic {
        if
        :: true
        :: row[0].poison = true
        fi;
        do
        :: slot < SLOTS -> run Slot(slot); slot++
        :: else -> break
        od;
        run World()
    }
}

/* Faults are counted, so they stop. */
ltl every_delivery_ends { <> ALL_ENDED }
