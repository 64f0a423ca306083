// SPDX-License-Identifier: MIT
// Each forbidden function is replaced by one that looks at a thread-local mark and then calls the
// one behind it. Allocation goes to glibc's own names, since looking up a name may allocate.
// sem_post is allowed: it is how a callback wakes another thread. In freewheel, where nothing can
// be late, a JACK program's callback may wait for other threads.

// It defines the system's own functions, whose names and parameters are not of our style.
// NOLINTBEGIN(readability-*,bugprone-*)

#define _GNU_SOURCE
#include "rt_guard.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/select.h>
#include <sys/uio.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

// Not to be allocated on first use, which would be inside malloc.
static _Thread_local int depth __attribute__((tls_model("initial-exec")));

static _Thread_local bool waits __attribute__((tls_model("initial-exec"))); // began in freewheel
static _Atomic bool freewheel; // a thread of JACK -> the audio thread

void rt_guard_enter(void)
{
    depth++;
}

void rt_guard_leave(void)
{
    depth--;
}

static void say(const char *text)
{
    if (write(STDERR_FILENO, text, strlen(text)) < 0) {
        return; // nowhere to say it
    }
}

static void check(const char *name)
{
    if (depth > 0) {
        depth = 0;
        say("rt_guard: ");
        say(name);
        say(" called inside process\n");
        abort();
    }
}

/// Of what waits, and is the agreed exception: in freewheel a JACK program's callback may.
static void check_wait(const char *name)
{
    if (!waits && !atomic_load(&freewheel)) {
        check(name);
    }
}

static void *next(const char *name)
{
    void *found = dlsym(RTLD_NEXT, name);
    if (found == NULL) {
        say("rt_guard: there is no ");
        say(name);
        say("\n");
        abort();
    }
    return found;
}

// --- Allocation, by glibc's own names ---

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *memory, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *memory);
void *memalign(size_t alignment, size_t size);

void *malloc(size_t size)
{
    check("malloc");
    return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
    check("calloc");
    return __libc_calloc(count, size);
}

void *realloc(void *memory, size_t size)
{
    check("realloc");
    return __libc_realloc(memory, size);
}

void free(void *memory)
{
    check("free");
    __libc_free(memory);
}

void *memalign(size_t alignment, size_t size)
{
    check("memalign");
    return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    check("aligned_alloc");
    return __libc_memalign(alignment, size);
}

int posix_memalign(void **memory, size_t alignment, size_t size)
{
    check("posix_memalign");
    *memory = __libc_memalign(alignment, size);
    return *memory != NULL ? 0 : ENOMEM;
}

// --- Everything that only has to be watched and passed on ---

// Each wrapper looks its original up once; two threads at it find the same.
#define WATCH(type, name, parameters, arguments) WATCH_BY(check, type, name, parameters, arguments)
#define WATCH_WAIT(type, name, parameters, arguments)                                              \
    WATCH_BY(check_wait, type, name, parameters, arguments)
#define WATCH_BY(check, type, name, parameters, arguments)                                         \
    type name parameters                                                                           \
    {                                                                                              \
        static _Atomic(void *) cache;                                                              \
        check(#name);                                                                              \
        void *found = atomic_load(&cache);                                                         \
        if (found == NULL) {                                                                       \
            found = next(#name);                                                                   \
            atomic_store(&cache, found);                                                           \
        }                                                                                          \
        type(*original) parameters;                                                                \
        memcpy(&original, &found, sizeof original);                                                \
        return original arguments;                                                                 \
    }

WATCH(void *, mmap, (void *at, size_t n, int prot, int flags, int fd, off_t from),
      (at, n, prot, flags, fd, from))
WATCH(int, munmap, (void *at, size_t n), (at, n))
WATCH(int, mprotect, (void *at, size_t n, int prot), (at, n, prot))
WATCH(int, madvise, (void *at, size_t n, int advice), (at, n, advice))
WATCH(int, mlock, (const void *at, size_t n), (at, n))

WATCH_WAIT(int, pthread_mutex_lock, (pthread_mutex_t * m), (m))
WATCH(int, pthread_mutex_trylock, (pthread_mutex_t * m), (m))
WATCH(int, pthread_mutex_timedlock, (pthread_mutex_t * m, const struct timespec *t), (m, t))
WATCH_WAIT(int, pthread_mutex_unlock, (pthread_mutex_t * m), (m))
WATCH(int, pthread_rwlock_rdlock, (pthread_rwlock_t * l), (l))
WATCH(int, pthread_rwlock_wrlock, (pthread_rwlock_t * l), (l))
WATCH(int, pthread_rwlock_unlock, (pthread_rwlock_t * l), (l))
WATCH(int, pthread_spin_lock, (pthread_spinlock_t * l), (l))
WATCH(int, pthread_cond_wait, (pthread_cond_t * c, pthread_mutex_t *m), (c, m))
WATCH_WAIT(int, pthread_cond_timedwait,
           (pthread_cond_t * c, pthread_mutex_t *m, const struct timespec *t), (c, m, t))
WATCH_WAIT(int, pthread_cond_signal, (pthread_cond_t * c), (c))
WATCH_WAIT(int, pthread_cond_broadcast, (pthread_cond_t * c), (c))
WATCH(int, pthread_barrier_wait, (pthread_barrier_t * b), (b))
WATCH(int, pthread_join, (pthread_t thread, void **result), (thread, result))
WATCH(int, pthread_create,
      (pthread_t * thread, const pthread_attr_t *a, void *(*run)(void *), void *argument),
      (thread, a, run, argument))
WATCH(int, sem_wait, (sem_t * s), (s))
WATCH(int, sem_timedwait, (sem_t * s, const struct timespec *t), (s, t))

WATCH_WAIT(int, nanosleep, (const struct timespec *t, struct timespec *left), (t, left))
WATCH(int, clock_nanosleep,
      (clockid_t clock, int flags, const struct timespec *t, struct timespec *left),
      (clock, flags, t, left))
WATCH(int, usleep, (useconds_t us), (us))
WATCH(unsigned int, sleep, (unsigned int s), (s))
WATCH(int, sched_yield, (void), ())
WATCH(int, poll, (struct pollfd * fds, nfds_t n, int ms), (fds, n, ms))
WATCH(int, select, (int n, fd_set *r, fd_set *w, fd_set *e, struct timeval *t), (n, r, w, e, t))
WATCH(int, epoll_wait, (int fd, struct epoll_event *events, int n, int ms), (fd, events, n, ms))

WATCH(FILE *, fopen, (const char *path, const char *mode), (path, mode))
WATCH(FILE *, fdopen, (int fd, const char *mode), (fd, mode))
WATCH(int, fclose, (FILE * f), (f))
WATCH(int, fflush, (FILE * f), (f))
WATCH(size_t, fread, (void *to, size_t size, size_t n, FILE *f), (to, size, n, f))
WATCH(size_t, fwrite, (const void *from, size_t size, size_t n, FILE *f), (from, size, n, f))
WATCH(char *, fgets, (char *to, int n, FILE *f), (to, n, f))
WATCH(int, fputs, (const char *text, FILE *f), (text, f))
WATCH(int, fputc, (int c, FILE *f), (c, f))
WATCH(int, putc, (int c, FILE *f), (c, f)) // an optimised putchar
WATCH(int, putchar, (int c), (c))
WATCH(int, puts, (const char *text), (text))
WATCH(int, close, (int fd), (fd))
WATCH(ssize_t, read, (int fd, void *to, size_t n), (fd, to, n))
WATCH(ssize_t, write, (int fd, const void *from, size_t n), (fd, from, n))
WATCH(ssize_t, pread, (int fd, void *to, size_t n, off_t at), (fd, to, n, at))
WATCH(ssize_t, pwrite, (int fd, const void *from, size_t n, off_t at), (fd, from, n, at))
WATCH(ssize_t, readv, (int fd, const struct iovec *v, int n), (fd, v, n))
WATCH(ssize_t, writev, (int fd, const struct iovec *v, int n), (fd, v, n))
WATCH(int, fsync, (int fd), (fd))
WATCH(int, rename, (const char *from, const char *to), (from, to))
WATCH(int, unlink, (const char *path), (path))

// Declared here: the system's own declarations hide the address in a union.
int socket(int domain, int type, int protocol);
ssize_t send(int fd, const void *from, size_t n, int flags);
ssize_t recv(int fd, void *to, size_t n, int flags);
ssize_t sendto(int fd, const void *from, size_t n, int flags, const void *to, unsigned int to_n);
WATCH(int, socket, (int domain, int type, int protocol), (domain, type, protocol))
WATCH(ssize_t, send, (int fd, const void *from, size_t n, int flags), (fd, from, n, flags))
WATCH(ssize_t, recv, (int fd, void *to, size_t n, int flags), (fd, to, n, flags))
WATCH(ssize_t, sendto,
      (int fd, const void *from, size_t n, int flags, const void *to, unsigned int to_n),
      (fd, from, n, flags, to, to_n))
WATCH(void *, dlopen, (const char *path, int flags), (path, flags))
WATCH(pid_t, fork, (void), ())
WATCH(int, system, (const char *command), (command))

WATCH(int, vprintf, (const char *format, va_list list), (format, list))
WATCH(int, vfprintf, (FILE * f, const char *format, va_list list), (f, format, list))
WATCH(int, vdprintf, (int fd, const char *format, va_list list), (fd, format, list))
WATCH(int, vsnprintf, (char *to, size_t n, const char *format, va_list list), (to, n, format, list))
WATCH(int, vsprintf, (char *to, const char *format, va_list list), (to, format, list))
WATCH(int, vasprintf, (char **to, const char *format, va_list list), (to, format, list))

// The names that Ubuntu's compiler calls instead (_FORTIFY_SOURCE).
int __vprintf_chk(int flag, const char *format, va_list list);
int __vfprintf_chk(FILE *f, int flag, const char *format, va_list list);
int __vsnprintf_chk(char *to, size_t n, int flag, size_t size, const char *format, va_list list);
int __printf_chk(int flag, const char *format, ...);
int __fprintf_chk(FILE *f, int flag, const char *format, ...);
int __snprintf_chk(char *to, size_t n, int flag, size_t size, const char *format, ...);
WATCH(int, __vprintf_chk, (int flag, const char *format, va_list list), (flag, format, list))
WATCH(int, __vfprintf_chk, (FILE * f, int flag, const char *format, va_list list),
      (f, flag, format, list))
WATCH(int, __vsnprintf_chk,
      (char *to, size_t n, int flag, size_t size, const char *format, va_list list),
      (to, n, flag, size, format, list))

// --- Variable arguments go on as a list ---

#define WATCH_LIST(name, parameters, arguments)                                                    \
    int name parameters                                                                            \
    {                                                                                              \
        check(#name);                                                                              \
        va_list list;                                                                              \
        va_start(list, format);                                                                    \
        const int result = v##name arguments;                                                      \
        va_end(list);                                                                              \
        return result;                                                                             \
    }

WATCH_LIST(printf, (const char *format, ...), (format, list))
WATCH_LIST(fprintf, (FILE * f, const char *format, ...), (f, format, list))
WATCH_LIST(dprintf, (int fd, const char *format, ...), (fd, format, list))
WATCH_LIST(sprintf, (char *to, const char *format, ...), (to, format, list))
WATCH_LIST(snprintf, (char *to, size_t n, const char *format, ...), (to, n, format, list))
WATCH_LIST(asprintf, (char **to, const char *format, ...), (to, format, list))

#define v__printf_chk __vprintf_chk
#define v__fprintf_chk __vfprintf_chk
#define v__snprintf_chk __vsnprintf_chk
WATCH_LIST(__printf_chk, (int flag, const char *format, ...), (flag, format, list))
WATCH_LIST(__fprintf_chk, (FILE * f, int flag, const char *format, ...), (f, flag, format, list))
WATCH_LIST(__snprintf_chk, (char *to, size_t n, int flag, size_t size, const char *format, ...),
           (to, n, flag, size, format, list))

void syslog(int priority, const char *format, ...)
{
    check("syslog");
    va_list list;
    va_start(list, format);
    vsyslog(priority, format, list);
    va_end(list);
}

void perror(const char *text)
{
    check("perror");
    fprintf(stderr, "%s: %s\n", text, strerror(errno));
}

int open(const char *path, int flags, ...)
{
    check("open");
    va_list list;
    va_start(list, flags);
    const mode_t mode = (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(list, mode_t) : 0;
    va_end(list);
    return openat(AT_FDCWD, path, flags, mode);
}

// NOLINTEND(readability-*,bugprone-*)

// --- A preloaded guard marks the process callback of a JACK program ---

typedef int (*process_callback)(uint32_t frames, void *argument);

typedef struct watched_client {
    process_callback process;
    void *argument;
} watched_client;

enum { CLIENTS = 8 };

static watched_client clients[CLIENTS];
static _Atomic int client_count;
static _Atomic uint64_t watched; // RT -> the end of the program

static void leave(void *argument)
{
    (void)argument;
    rt_guard_leave();
}

/// JACK may cancel the thread amid a cycle that takes too long; what it frees then is its own.
static int watched_process(uint32_t frames, void *argument)
{
    const watched_client *client = argument;
    int result = 0;
    atomic_fetch_add(&watched, 1);
    waits = atomic_load(&freewheel);
    rt_guard_enter();
    pthread_cleanup_push(leave, NULL);
    result = client->process(frames, client->argument);
    pthread_cleanup_pop(1);
    return result;
}

int jack_set_process_callback(void *client, process_callback process, void *argument);
int jack_set_process_callback(void *client, process_callback process, void *argument)
{
    int (*original)(void *, process_callback, void *);
    void *found = next("jack_set_process_callback");
    memcpy(&original, &found, sizeof original);
    if (process == NULL) {
        return original(client, NULL, NULL);
    }
    const int number = atomic_fetch_add(&client_count, 1);
    if (number >= CLIENTS) {
        say("rt_guard: more clients than it can watch\n");
        abort();
    }
    clients[number] = (watched_client){.process = process, .argument = argument};
    return original(client, watched_process, &clients[number]);
}

typedef void (*freewheel_callback)(int starting, void *argument);

static freewheel_callback watched_callback;

// The program hears of the beginning after the guard, and of the end before it.
static void watched_freewheel(int starting, void *argument)
{
    if (starting != 0) {
        atomic_store(&freewheel, true);
    }
    watched_callback(starting, argument);
    if (starting == 0) {
        atomic_store(&freewheel, false);
    }
}

int jack_set_freewheel_callback(void *client, freewheel_callback callback, void *argument);
int jack_set_freewheel_callback(void *client, freewheel_callback callback, void *argument)
{
    int (*original)(void *, freewheel_callback, void *);
    void *found = next("jack_set_freewheel_callback");
    memcpy(&original, &found, sizeof original);
    watched_callback = callback;
    return original(client, watched_freewheel, argument);
}

// So that a test can see that the guard was there at all.
__attribute__((destructor)) static void report(void)
{
    if (client_count > 0) {
        char text[64];
        snprintf(text, sizeof text, "rt_guard: watched %llu process calls\n",
                 (unsigned long long)watched);
        say(text);
    }
}
