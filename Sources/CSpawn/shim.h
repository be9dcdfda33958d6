// What glibc adds to posix_spawn and declares only for _GNU_SOURCE, which Swift's view of glibc does without.
// No header is included and the names are ours, so that this module and Glibc never declare one thing twice.
#pragma once

/// The child changes to a folder before it runs the program. Takes a `posix_spawn_file_actions_t *`.
int lastcall_spawn_change_directory(void *actions, const char *path) __asm__("posix_spawn_file_actions_addchdir_np");

/// The child closes every descriptor from this one on. Takes a `posix_spawn_file_actions_t *`.
int lastcall_spawn_close_from(void *actions, int first) __asm__("posix_spawn_file_actions_addclosefrom_np");

/// A pipe that no child inherits unless it is told to: with `pipe`, a program that another thread starts at that moment
/// would keep the writing end open. Takes an `int[2]`.
int lastcall_spawn_pipe(void *ends, int flags) __asm__("pipe2");

/// One switch of the calling process; see prctl(2). Variadic in C, which Swift does not call.
int lastcall_process_control(int option, unsigned long argument) __asm__("prctl");
