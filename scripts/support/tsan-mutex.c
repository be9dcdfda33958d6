/* Tells Thread Sanitizer of the waits inside Synchronization.Mutex. The fast paths are compiled into our code and seen there;
   a contended lock ends in the standard library, which is not instrumented, so that every contended lock looked like a race. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>

#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context))

static void tell(const char *name, void *address) {
    void (*annotation)(void *) = (void (*)(void *))dlsym(RTLD_DEFAULT, name);
    if (annotation) annotation(address);
}

SWIFT void lock_slow(uint32_t thread, SELF void *handle) __asm__("$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF");
SWIFT void unlock_slow(SELF void *handle) __asm__("$s15Synchronization12_MutexHandleV11_unlockSlowyyF");

SWIFT void lock_slow(uint32_t thread, SELF void *handle) {
    static SWIFT void (*original)(uint32_t, SELF void *);
    if (!original) *(void **)&original = dlsym(RTLD_NEXT, "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF");
    original(thread, handle);
    tell("__tsan_acquire", handle);
}

SWIFT void unlock_slow(SELF void *handle) {
    static SWIFT void (*original)(SELF void *);
    if (!original) *(void **)&original = dlsym(RTLD_NEXT, "$s15Synchronization12_MutexHandleV11_unlockSlowyyF");
    tell("__tsan_release", handle);
    original(handle);
}
