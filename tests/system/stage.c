// SPDX-License-Identifier: MIT
// The stage of a system test.

#include "stage.h"

#include "backline/config.h"
#include "backline/model.h"
#include "riff.h"
#include "support/cmocka_all.h"
#include "support/random.h"

#include <errno.h>
#include <jack/jack.h>
#include <limits.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[256];
static program jackd;
static const char probe_word[] = "probe";

static void ignore_text(const char *text)
{
    (void)text;
}

/// What stage_server_runs has started: answers by its exit code.
static _Noreturn void probe(void)
{
    jack_set_error_function(ignore_text);
    jack_set_info_function(ignore_text);
    _exit(jack_client_open("stage", JackNoStartServer, NULL) != NULL ? 0 : 1);
}

void stage_isolate(int argc, char **argv)
{
    if (argc == 2 && strcmp(argv[1], probe_word) == 0) {
        probe();
    }
    signal(SIGPIPE, SIG_IGN); // of sockets to a server that is killed
    if (getenv("CMOCKA_TEST_FILTER") != NULL) {
        cmocka_set_test_filter(getenv("CMOCKA_TEST_FILTER"));
    }
    if (getenv("STAGE_ISOLATED") == NULL) {
        char script[PATH_MAX];
        snprintf(script, sizeof script, "%s/tests/system/isolate.sh", BL_SOURCE_DIR);
        char *through[] = {script, argv[0], NULL};
        setenv("STAGE_ISOLATED", "1", 1);
        execv(script, through);
        perror(script);
        exit(1);
    }
}

int stage_open(void **state)
{
    (void)state;
    char value[PATH_MAX];
    snprintf(folder, sizeof folder, "%s/backline-stage-XXXXXX",
             getenv("TMPDIR") != NULL ? getenv("TMPDIR") : "/tmp");
    assert_non_null(mkdtemp(folder));
    static const char *const homes[] = {"XDG_CONFIG_HOME", "XDG_STATE_HOME", "XDG_DATA_HOME",
                                        "XDG_CACHE_HOME", "XDG_RUNTIME_DIR"};
    for (size_t i = 0; i < sizeof homes / sizeof homes[0]; i++) {
        snprintf(value, sizeof value, "%s/%s", folder, homes[i]);
        mkdir(value, 0700);
        setenv(homes[i], value, 1);
    }
    setenv("HOME", folder, 1);
    setenv("JACK_NO_START_SERVER", "1", 1);
    return stage_rename_server(state);
}

int stage_rename_server(void **state)
{
    (void)state;
    static unsigned turn;
    char name[32];
    snprintf(name, sizeof name, "bl-%ld-%u", (long)getpid(), turn++);
    return setenv("JACK_DEFAULT_SERVER", name, 1);
}

int stage_close(void **state)
{
    (void)state;
    program_end(&jackd);
    program cleaner;
    program_run(&cleaner, (const char *const[]){"rm", "-rf", folder, NULL});
    return 0;
}

const char *stage_path(const char *name)
{
    static char paths[8][PATH_MAX];
    static unsigned turn;
    char *path = paths[turn++ % 8];
    snprintf(path, PATH_MAX, "%s/%s", folder, name);
    return path;
}

void stage_write(const char *name, const char *text)
{
    const char *path = stage_path(name);
    char parent[PATH_MAX];
    snprintf(parent, sizeof parent, "%s", path);
    *strrchr(parent, '/') = '\0';
    program folders;
    assert_int_equal(program_run(&folders, (const char *const[]){"mkdir", "-p", parent, NULL}), 0);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
}

// The server ----------------------------------------------------------------------------------

// Asked by another process: clients that open and close in this one while servers come and go can
// lock up the JACK library for good. Told by an argument: the environment is being read by threads.
bool stage_server_runs(void)
{
    program other;
    return program_run(&other, (const char *const[]){"/proc/self/exe", probe_word, NULL}) == 0;
}

void stage_server_start(const stage_server *server)
{
    char line[512];
    const char *arguments[48];
    size_t count = 0;
    // -r: real time is not to be had everywhere. -t: slow tools are not to be thrown out.
    snprintf(line, sizeof line, "jackd -r -t %d -p 128 %s -n %s %s -d dummy -r %u -p %u%s",
             server->patience_ms > 0 ? server->patience_ms : 2000, server->async ? "" : "-S",
             getenv("JACK_DEFAULT_SERVER"), server->options != NULL ? server->options : "",
             server->rate_hz, server->period, server->no_ports ? " -C 0 -P 0" : "");
    char *rest = NULL;
    for (char *word = strtok_r(line, " ", &rest); word != NULL; word = strtok_r(NULL, " ", &rest)) {
        arguments[count++] = word;
    }
    arguments[count] = NULL;
    program_end(&jackd);
    program_start(&jackd, arguments);
    const long long until = now_ms() + DEADLINE_MS;
    while (!stage_server_runs()) {
        if (!program_listen(&jackd, 20) || now_ms() > until) {
            fail_msg("jackd does not run: %s%s", jackd.out, jackd.err);
        }
    }
}

const char *stage_server_words(void)
{
    program_listen(&jackd, 0);
    const size_t most = 2000;
    return jackd.err + (jackd.err_size > most ? jackd.err_size - most : 0);
}

void stage_server_signal(int number)
{
    program_signal(&jackd, number);
}

void stage_server_stop(void)
{
    if (jackd.pid > 0) {
        kill(jackd.pid, SIGTERM);
        program_wait(&jackd);
    }
}

void stage_server_kill(void)
{
    program_end(&jackd);
}

// The program ---------------------------------------------------------------------------------

void stage_live_start(program *live, const char *const *arguments)
{
    const char *argv[64] = {BL_PROGRAM, "live", "--status", "json"};
    size_t count = 4;
    for (size_t i = 0; arguments[i] != NULL; i++) {
        argv[count++] = arguments[i];
    }
    argv[count] = NULL;
    program_start(live, argv);
}

/// The next whole line after `*seen` as JSON, or NULL if there is none yet.
static json_t *next_line(const program *live, size_t *seen)
{
    const char *line = live->out + *seen;
    const char *end = strchr(line, '\n');
    if (end == NULL) {
        return NULL;
    }
    json_t *object = json_loadb(line, (size_t)(end - line), 0, NULL);
    assert_non_null(object);
    *seen = (size_t)(end + 1 - live->out);
    return object;
}

/// Waits for a line whose `key` holds `text`, exactly or as a part.
static json_t *wait_line(program *live, size_t *seen, const char *key, const char *text, bool part)
{
    const long long until = now_ms() + DEADLINE_MS;
    bool runs = true;
    for (;;) {
        for (json_t *line = next_line(live, seen); line != NULL; line = next_line(live, seen)) {
            const char *value = json_string_value(json_object_get(line, key));
            if (value != NULL && (part ? strstr(value, text) != NULL : strcmp(value, text) == 0)) {
                return line;
            }
            json_decref(line);
        }
        if (!runs || now_ms() > until) {
            fail_msg("no line with %s \"%s\" came; it wrote:\n%s%s", key, text, live->err,
                     live->out);
        }
        runs = program_listen(live, 50);
    }
}

json_t *stage_wait_state(program *live, size_t *seen, const char *state)
{
    return wait_line(live, seen, "state", state, false);
}

void stage_wait_message(program *live, size_t *seen, const char *text)
{
    json_decref(wait_line(live, seen, "message", text, true));
}

void stage_live_stop(program *live)
{
    program_signal(live, SIGTERM);
    const int code = program_wait(live);
    if (code != 0) {
        fail_msg("it ended with %d: %s", code, live->err);
    }
}

bool stage_remembers(const char *text)
{
    char state[8192] = "";
    FILE *file = fopen(stage_path("XDG_STATE_HOME/backline/state.yaml"), "r");
    if (file != NULL) {
        state[fread(state, 1, sizeof state - 1, file)] = '\0';
        fclose(file);
    }
    return strstr(state, text) != NULL;
}

bool stage_wait_remembered(const char *text, bool wanted)
{
    const long long until = now_ms() + DEADLINE_MS;
    while (stage_remembers(text) != wanted) {
        if (now_ms() > until) {
            return false;
        }
        poll(NULL, 0, 10);
    }
    return true;
}

// Sounds --------------------------------------------------------------------------------------

const char *stage_make_model(const char *name, uint64_t seed, bool causal, double rate_hz)
{
    bl_config config = bl_config_default();
    config.model.causal = causal;
    config.model.channels = 16;
    config.model.num_layers = 6;
    config.model.kernel_size = 3;
    config.model.dilation_base = 2;
    config.data.sample_rate_hz = rate_hz;
    enum { WEIGHTS = 4753 };
    float weights[WEIGHTS];
    random_source random = {seed};
    for (int i = 0; i < WEIGHTS; i++) {
        weights[i] = random_float(&random, -0.2F, 0.2F);
    }
    bl_error error = {0};
    bl_model *model = NULL;
    const char *path = stage_path(name);
    if (bl_model_from_config(&config, weights, WEIGHTS, name, &model, &error) != BL_STATUS_OK ||
        bl_model_save(model, path, &error) != BL_STATUS_OK) {
        fail_msg("%s", error.text);
    }
    bl_model_release(model);
    return path;
}

const char *stage_make_heavy_model(const char *name, uint32_t channels)
{
    bl_config config = bl_config_default();
    bl_model_info info;
    bl_model *model = NULL;
    bl_error error = {0};
    config.model.type = BL_CONFIG_NAM_A2;
    config.model.widths = (bl_config_list){.count = 2, .values = {3, channels}};
    config.data.sample_rate_hz = 48000.0;
    if (bl_model_info_from_config(&config, &info, &error) != BL_STATUS_OK) {
        fail_msg("%s", error.text);
    }
    float *weights = calloc(info.parameters, sizeof *weights);
    assert_non_null(weights);
    random_source random = {channels};
    for (size_t i = 0; i < info.parameters; i++) {
        weights[i] = random_float(&random, -0.02F, 0.02F);
    }
    const char *path = stage_path(name);
    if (bl_model_from_config(&config, weights, info.parameters, "heavy", &model, &error) !=
            BL_STATUS_OK ||
        bl_model_save(model, path, &error) != BL_STATUS_OK) {
        fail_msg("%s", error.text);
    }
    bl_model_release(model);
    free(weights);
    return path;
}

/// The riff, which takes seconds to play: once in a program.
static const bl_audio *get_riff(void)
{
    static bl_audio riff;
    bl_error error = {0};
    if (riff.samples == NULL) {
        assert_int_equal(bl_score_play(bl_riff_score(), 48000, 0.5, 0.004, 1, &riff, &error),
                         BL_STATUS_OK);
    }
    return &riff;
}

void stage_make_sound(const char *name, double seconds, bl_audio *sound)
{
    enum { RATE = 48000, LEAD = 2400 };
    const uint64_t frames = LEAD + (uint64_t)(seconds * RATE);
    float *samples = calloc((size_t)frames, sizeof *samples);
    const bl_audio *riff = get_riff();
    assert_non_null(samples);
    bl_error error = {0};
    assert_true(riff->frames >= frames - LEAD);
    samples[100] = 1.0F;
    memcpy(samples + LEAD, riff->samples, (size_t)(frames - LEAD) * sizeof *samples);
    *sound = (bl_audio){
        .samples = samples, .frames = frames, .sample_rate_hz = RATE, .file_channels = 1};
    assert_int_equal(bl_audio_save(stage_path(name), sound, BL_AUDIO_FLOAT_32, &error),
                     BL_STATUS_OK);
}

void stage_render(const char *sound, const char *model, bl_audio *rendered)
{
    program render;
    bl_error error = {0};
    const char *out = stage_path("rendered.wav");
    const char *what = strstr(model, ".yaml") != NULL ? "--rig" : "--model";
    const char *const argv[] = {BL_PROGRAM, "render", sound, out, what, model, NULL};
    if (program_run(&render, argv) != 0) {
        fail_msg("render failed: %s", render.err);
    }
    memset(rendered, 0, sizeof *rendered);
    assert_int_equal(bl_audio_load(out, 0, rendered, &error), BL_STATUS_OK);
}

double stage_difference(const float *expected, const float *found, uint64_t frames)
{
    double peak = 0.0;
    double difference = 0.0;
    for (uint64_t i = 0; i < frames; i++) {
        const double d = fabs((double)expected[i] - (double)found[i]);
        peak = fmax(peak, fabs((double)expected[i]));
        difference = d > difference || isnan(d) ? d : difference;
    }
    return peak == 0.0 ? -1.0 : difference / fmax(1.0, peak);
}

void stage_check_same(const float *expected, const float *found, uint64_t frames, double tolerance)
{
    const double difference = stage_difference(expected, found, frames);
    if (difference >= 0.0 && difference <= tolerance) {
        return;
    }
    uint64_t first = 0;
    uint64_t count = 0;
    for (uint64_t i = frames; i-- > 0;) {
        if (!(fabs((double)expected[i] - (double)found[i]) <= tolerance)) {
            first = i;
            count++;
        }
    }
    fail_msg("it differs by %g from the rendering: %llu of %llu samples, the first is number %llu",
             difference, (unsigned long long)count, (unsigned long long)frames,
             (unsigned long long)first);
}
