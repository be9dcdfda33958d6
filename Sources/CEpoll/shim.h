// What Linux offers to a program that serves many connections with one thread and Swift's Glibc module lacks.
// No header is included and the names are ours, so that this module and Glibc never declare one thing twice.
#pragma once

int lastcall_epoll_create(int flags) __asm__("epoll_create1");
int lastcall_epoll_control(int epoll, int operation, int descriptor, void *event) __asm__("epoll_ctl");
int lastcall_epoll_wait_for(int epoll, void *events, int count, int milliseconds) __asm__("epoll_wait");
int lastcall_timer_create(int clock, int flags) __asm__("timerfd_create");
int lastcall_timer_set_time(int timer, int flags, const void *at, void *before) __asm__("timerfd_settime");

/// `struct epoll_event`, which x86-64 alone packs.
typedef struct {
    unsigned events;
    union { int descriptor; unsigned long long all; } data;
}
#ifdef __x86_64__
__attribute__((packed))
#endif
lastcall_epoll_event;

static const unsigned lastcall_epoll_in = 1, lastcall_epoll_out = 4;
static const int lastcall_epoll_add = 1, lastcall_epoll_delete = 2, lastcall_epoll_modify = 3;

/// Both flags have the number of `O_CLOEXEC`.
static inline int lastcall_epoll_open(void) { return lastcall_epoll_create(02000000); }

/// Watches a descriptor, changes for what, or forgets it.
static inline int lastcall_epoll_watch(int epoll, int operation, int descriptor, unsigned events) {
    lastcall_epoll_event event = {.events = events, .data.descriptor = descriptor};
    return lastcall_epoll_control(epoll, operation, descriptor, &event);
}

static inline int lastcall_epoll_descriptor(const lastcall_epoll_event *events, int position) {
    return events[position].data.descriptor;
}

static inline unsigned lastcall_epoll_events(const lastcall_epoll_event *events, int position) {
    return events[position].events;
}

/// A descriptor that is readable from a time on CLOCK_MONOTONIC, which is clock 1.
static inline int lastcall_timer_open(void) { return lastcall_timer_create(1, 02000000 | 04000); }

/// Sets that time; zero switches the timer off.
static inline int lastcall_timer_set(int timer, unsigned long long nanoseconds) {
    struct { long period[2], first[2]; } at = {
        {0, 0}, {(long)(nanoseconds / 1000000000), (long)(nanoseconds % 1000000000)}
    };
    return lastcall_timer_set_time(timer, 1, &at, 0);
}

/// A connection that a listening socket holds. Takes a `struct sockaddr *` and a `socklen_t *`.
int lastcall_accept(int listener, void *address, void *length, int flags) __asm__("accept4");

/// The first place of some bytes in others, or null.
void *lastcall_find(const void *bytes, unsigned long count, const void *wanted, unsigned long wanted_count) __asm__("memmem");
