#ifndef LASTCALL_CPOSTGRES_SHIM_H
#define LASTCALL_CPOSTGRES_SHIM_H

#include <libpq-fe.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>

/* The fields of a server message are named by character constants, which Swift does not import as one type. */

static inline const char *lastcall_severity(const PGresult *result) {
    return PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);
}

static inline const char *lastcall_sqlstate(const PGresult *result) {
    return PQresultErrorField(result, PG_DIAG_SQLSTATE);
}

static inline const char *lastcall_message(const PGresult *result) {
    return PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
}

static inline const char *lastcall_detail(const PGresult *result) {
    return PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL);
}

static inline const char *lastcall_constraint(const PGresult *result) {
    return PQresultErrorField(result, PG_DIAG_CONSTRAINT_NAME);
}

/* The server function that spoke: unlike the text it does not depend on lc_messages. */
static inline const char *lastcall_source_function(const PGresult *result) {
    return PQresultErrorField(result, PG_DIAG_SOURCE_FUNCTION);
}

/* Two calls of Linux that a thread which blocks in libpq needs and Swift's Glibc module lacks: its name in the
   kernel's tables, and a descriptor that ends its wait. */

static inline void lastcall_name_thread(const char *name) { prctl(PR_SET_NAME, name, 0, 0, 0); }

static inline int lastcall_eventfd(void) { return eventfd(0, EFD_CLOEXEC); }

static inline void lastcall_eventfd_raise(int descriptor) { eventfd_write(descriptor, 1); }

#endif
