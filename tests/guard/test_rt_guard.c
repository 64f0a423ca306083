// SPDX-License-Identifier: MIT
// The process call allocates nothing, locks nothing, waits for nothing and writes nothing, whatever
// happens in it. And the guard that says so is shown one forbidden call of each class, each of
// which must end the program that makes it.

#include "backline/engine.h"

#include "rt_guard.h"
#include "support/chains.h"
#include "support/cmocka_all.h"
#include "support/engines.h"
#include "support/models.h"
#include "support/random.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

// --- Planted calls ---

static void *volatile memory; // kept from the compiler
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_rwlock_t rwlock = PTHREAD_RWLOCK_INITIALIZER;
static pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
static sem_t semaphore;
static FILE *file;
static int descriptor;
static char text[64];
static volatile long ignored;

static void *do_nothing(void *argument)
{
    return argument;
}

static void plant_pthread_create(void)
{
    pthread_t thread;
    ignored = pthread_create(&thread, NULL, do_nothing, NULL);
}

static void plant_posix_memalign(void)
{
    void *made = NULL;
    ignored = posix_memalign(&made, 64, 64);
}

static const struct timespec nanosecond = {.tv_nsec = 1};

#define PLANTS(X)                                                                                  \
    X(malloc, memory = malloc(10))                                                                 \
    X(calloc, memory = calloc(1, 10))                                                              \
    X(realloc, memory = realloc(NULL, 10))                                                         \
    X(free, free(memory))                                                                          \
    X(aligned_alloc, memory = aligned_alloc(64, 64))                                               \
    X(posix_memalign, plant_posix_memalign())                                                      \
    X(mmap, memory = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0))              \
    X(pthread_mutex_lock, pthread_mutex_lock(&mutex))                                              \
    X(pthread_mutex_trylock, ignored = pthread_mutex_trylock(&mutex))                              \
    X(pthread_mutex_unlock, pthread_mutex_unlock(&mutex))                                          \
    X(pthread_rwlock_rdlock, pthread_rwlock_rdlock(&rwlock))                                       \
    X(pthread_cond_wait, pthread_cond_wait(&condition, &mutex))                                    \
    X(pthread_cond_timedwait, pthread_cond_timedwait(&condition, &mutex, &nanosecond))             \
    X(pthread_cond_signal, pthread_cond_signal(&condition))                                        \
    X(pthread_cond_broadcast, pthread_cond_broadcast(&condition))                                  \
    X(pthread_create, plant_pthread_create())                                                      \
    X(sem_wait, sem_wait(&semaphore))                                                              \
    X(nanosleep, nanosleep(&nanosecond, NULL))                                                     \
    X(clock_nanosleep, clock_nanosleep(CLOCK_MONOTONIC, 0, &nanosecond, NULL))                     \
    X(usleep, usleep(1))                                                                           \
    X(sched_yield, sched_yield())                                                                  \
    X(poll, poll(NULL, 0, 0))                                                                      \
    X(open, ignored = open("/dev/null", O_RDONLY))                                                 \
    X(fopen, memory = fopen("/dev/null", "r"))                                                     \
    X(fclose, fclose(file))                                                                        \
    X(fflush, fflush(file))                                                                        \
    X(fread, ignored = (long)fread(text, 1, 1, file))                                              \
    X(fwrite, ignored = (long)fwrite(text, 1, 1, file))                                            \
    X(read, ignored = read(descriptor, text, 1))                                                   \
    X(write, ignored = write(descriptor, text, 1))                                                 \
    X(fsync, ignored = fsync(descriptor))                                                          \
    X(close, close(descriptor))                                                                    \
    X(printf, printf("%d", descriptor))                                                            \
    X(fprintf, fprintf(file, "%d", descriptor))                                                    \
    X(dprintf, dprintf(descriptor, "%d", descriptor))                                              \
    X(snprintf, snprintf(text, sizeof text, "%d", descriptor))                                     \
    X(puts, puts("planted"))                                                                       \
    X(putc, putc('x', file))                                                                       \
    X(fputs, fputs("planted", file))                                                               \
    X(perror, perror("planted"))                                                                   \
    X(syslog, syslog(LOG_DEBUG, "planted"))                                                        \
    X(socket, ignored = socket(AF_UNIX, SOCK_DGRAM, 0))                                            \
    X(dlopen, memory = dlopen("libc.so.6", RTLD_NOW))                                              \
    X(fork, ignored = fork())

#define PLANT_FUNCTION(name, call)                                                                 \
    static void call_##name(void)                                                                  \
    {                                                                                              \
        (void)(call);                                                                              \
    }
PLANTS(PLANT_FUNCTION)

typedef struct plant {
    const char *name;
    void (*call)(void);
} plant;

static const plant plants[] = {
#define PLANT_ROW(name, call) {#name, call_##name},
    PLANTS(PLANT_ROW)};

// Runs `call` in a child, inside a marked region or not. Returns the signal that ended it, 0 if
// none; `said` gets what it wrote to stderr.
static int signal_of(void (*call)(void), bool marked, char *said, size_t size)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    fflush(NULL);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        const struct rlimit none = {0, 0};
        setrlimit(RLIMIT_CORE, &none);
        dup2(ends[1], STDERR_FILENO);
        sem_init(&semaphore, 0, 1);
        file = fopen("/dev/null", "r+");
        descriptor = open("/dev/null", O_RDWR);
        if (marked) {
            rt_guard_enter();
        }
        call();
        if (marked) {
            rt_guard_leave();
        }
        _exit(0);
    }
    close(ends[1]);
    size_t length = 0;
    for (ssize_t n = 1; n > 0 && length<size - 1; length += n> 0 ? (size_t)n : 0) {
        n = read(ends[0], said + length, size - 1 - length);
    }
    said[length] = '\0';
    close(ends[0]);
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

// An emulator adds a line of its own.
static void assert_starts_with(const char *said, const char *expected)
{
    if (strncmp(said, expected, strlen(expected)) != 0) {
        fail_msg("said \"%s\", expected \"%s\"", said, expected);
    }
}

static void test_every_planted_call_is_caught(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof plants / sizeof *plants; i++) {
        char said[256], expected[128];
        const int signal = signal_of(plants[i].call, true, said, sizeof said);
        snprintf(expected, sizeof expected, "rt_guard: %s called inside process\n", plants[i].name);
        if (signal != SIGABRT) {
            fail_msg("%s: ended by signal %d, said \"%s\"", plants[i].name, signal, said);
        }
        assert_starts_with(said, expected);
    }
}

static void work_outside(void)
{
    free(malloc(10));
    pthread_mutex_lock(&mutex);
    pthread_mutex_unlock(&mutex);
    fprintf(file, "%d", descriptor);
    rt_guard_enter();
    rt_guard_enter();
    rt_guard_leave();
    sem_post(&semaphore); // the one way to wake somebody
    rt_guard_leave();
    sem_wait(&semaphore);
    free(malloc(10));
}

static void test_work_outside_the_callback_is_not(void **state)
{
    (void)state;
    char said[256];
    assert_int_equal(signal_of(work_outside, false, said, sizeof said), 0);
    assert_string_equal(said, "");
}

// --- The engine ---

static void process_guarded(bl_engine *engine, const float *in, float *out, uint32_t frames)
{
    static float right[BL_PERIOD_MAX];
    rt_guard_enter();
    bl_engine_process_stereo(engine, in, out, right, frames);
    rt_guard_leave();
}

static void net_that_allocates(bl_net *net, const float *in, float *out, uint32_t frames)
{
    test_net_process(net, in, out, frames);
    memory = malloc(10);
}

static void play_a_net_that_allocates(void)
{
    bl_engine *engine = engine_of(bare_config());
    bl_chain *chain = net_chain(1, 1.0F, 0);
    net_of(chain)->base.process = net_that_allocates;
    bl_engine_swap(engine, chain);
    float samples[64] = {0.0F};
    process_guarded(engine, samples, samples, 64);
}

static void test_a_net_that_allocates_is_caught(void **state)
{
    (void)state;
    char said[256];
    assert_int_equal(signal_of(play_a_net_that_allocates, false, said, sizeof said), SIGABRT);
    assert_starts_with(said, "rt_guard: malloc called inside process\n");
}

static bl_model *models[ANY_MODELS];

static bl_chain *model_chain(random_source *random, uint64_t generation)
{
    bl_chain_config config = bl_chain_config_default();
    config.model = models[random_below(random, ANY_MODELS)];
    config.generation = generation;
    config.stages = random_below(random, 2) == 0;
    float taps[3000] = {1.0F, -0.5F};
    const bl_cab cab = {.taps = {taps, taps},
                        .channels = 1 + random_below(random, 2),
                        .frames = 1 + random_below(random, 3000),
                        .sample_rate_hz = config.sample_rate_hz};
    config.cab = random_below(random, 2) == 0 ? &cab : NULL;
    bl_chain *chain = NULL;
    assert_int_equal(bl_chain_create(&config, &chain, NULL), BL_STATUS_OK);
    return chain;
}

static bl_chain *random_chain(random_source *random, uint64_t generation)
{
    const uint32_t kind = random_below(random, 3);
    if (kind == 0) {
        return gain_chain(generation, (double)random_float(random, -20.0F, 0.0F));
    }
    if (kind == 1) {
        return model_chain(random, generation);
    }
    bl_chain *chain = net_chain(generation, 0.5F, random_below(random, 300));
    net_of(chain)->poison_above = 0.99F; // breaks now and then
    return chain;
}

static void send_random_control(bl_engine *engine, random_source *random)
{
    bl_control control = {.kind = (bl_control_kind)random_below(random, BL_CONTROL_RESET + 1),
                          .parameter = (bl_parameter)random_below(random, BL_PARAMETER_COUNT),
                          .value = (double)random_float(random, -5.0F, 5.0F)};
    if (control.kind == BL_CONTROL_PARAMETER) {
        const bl_parameter_info *info = bl_parameter_get(control.parameter);
        const double position = (double)random_float(random, -0.2F, 1.2F);
        control.value = info->min + position * (info->max - info->min);
    }
    bl_engine_control(engine, &control);
}

static void test_process_does_nothing_forbidden(void **state)
{
    (void)state;
    static float in[BL_PERIOD_MAX], out[BL_PERIOD_MAX];
    fill_noise(in, BL_PERIOD_MAX, 1);
    in[5000] = NAN;
    for (int m = 0; m < ANY_MODELS; m++) {
        models[m] = any_model(m);
    }
    bl_engine *engine = engine_of(bl_engine_config_default());
    random_source random = {1};
    for (uint64_t n = 1; n <= 2000; n++) {
        if (random_below(&random, 3) == 0) {
            bl_chain_destroy(bl_engine_swap(engine, random_chain(&random, n)));
        }
        send_random_control(engine, &random);
        process_guarded(engine, in, out, random_period(&random));
        if (random_below(&random, 4) == 0) {
            bl_chain_destroy(bl_engine_take_retired(engine));
        }
        bl_telemetry record;
        while (random_below(&random, 2) == 0 && bl_engine_poll(engine, &record)) {
        }
    }
    process_guarded(engine, in, out, BL_PERIOD_MAX); // all records may have been taken
    assert_true(last_telemetry(engine, BL_TELEMETRY_METERS).not_finite_blocks > 100);
    bl_engine_destroy(engine);
    for (int m = 0; m < ANY_MODELS; m++) {
        bl_model_release(models[m]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_planted_call_is_caught),
        cmocka_unit_test(test_work_outside_the_callback_is_not),
        cmocka_unit_test(test_a_net_that_allocates_is_caught),
        cmocka_unit_test(test_process_does_nothing_forbidden),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
