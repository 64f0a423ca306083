// SPDX-License-Identifier: MIT
// `backline train` through the built program: the run folder, the streams, ending and going on,
// and what it says when something cannot work.

#include "backline/audio.h"
#include "backline/model.h"

#include "support/cmocka_all.h"
#include "support/program.h"

#include <jansson.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { RATE = 8000, FRAMES = 4 * RATE, PATH = 128 };

static char folder[] = "/tmp/backline-train-XXXXXX";

static const char *file(const char *name)
{
    static char paths[8][2 * PATH];
    static unsigned next;
    char *path = paths[next++ % 8];
    snprintf(path, 2 * PATH, "%s/%s", folder, name);
    return path;
}

static void save(const char *name, const float *samples)
{
    bl_audio audio = {.samples = calloc(FRAMES, sizeof(float)),
                      .frames = FRAMES,
                      .sample_rate_hz = RATE,
                      .file_channels = 1};
    bl_error error = {0};
    assert_non_null(audio.samples);
    memcpy(audio.samples, samples, FRAMES * sizeof *samples);
    assert_int_equal(bl_audio_save(file(name), &audio, BL_AUDIO_FLOAT_32, &error), BL_STATUS_OK);
    bl_audio_finish(&audio);
}

static void write_config(const char *name, const char *training)
{
    FILE *to = fopen(file(name), "w");
    assert_non_null(to);
    fprintf(to,
            "model:\n  type: nam_wavenet\n  channels: 3\n  dilations: [1, 2, 4]\n"
            "  second_channels: 0\ndata:\n  sample_rate: %d\n  segment_frames: 256\n"
            "  validation_seconds: 0.5\ntraining:\n%s",
            RATE, training);
    assert_int_equal(fclose(to), 0);
}

// Decaying bursts of noise, and a bent low-pass of them.
static int make_folder(void **state)
{
    (void)state;
    static float in[FRAMES], out[FRAMES];
    uint32_t seed = 11;
    double pole = 0.0;
    for (int n = 0; n < FRAMES; n++) {
        seed = seed * 1664525u + 1013904223u;
        const double noise = (double)(seed >> 8) / 8388608.0 - 1.0;
        in[n] = (float)(0.4 * exp(-3.0 * (n % (RATE / 2)) / RATE) * noise);
        pole += 0.3 * ((double)in[n] - pole);
        out[n] = (float)(0.5 * tanh(6.0 * pole));
    }
    strcpy(folder, "/tmp/backline-train-XXXXXX");
    assert_non_null(mkdtemp(folder));
    save("di.wav", in);
    save("amp.wav", out);
    write_config("short.yaml", "  epochs: 4\n  learning_rate: 0.02\n");
    write_config("long.yaml", "  epochs: 40\n");
    write_config("endless.yaml", "  epochs: 1000000\n");
    return 0;
}

static int remove_folder(void **state)
{
    (void)state;
    char command[PATH];
    snprintf(command, sizeof command, "chmod -R u+w '%s'; rm -rf '%s'", folder, folder);
    return system(command);
}

#define TRAIN(...)                                                                                 \
    PROGRAM("train", "-i", file("di.wav"), "-t", file("amp.wav"), "--threads", "2", "--priority",  \
            "normal", __VA_ARGS__)

static void assert_files(const char *run)
{
    static const char *const names[] = {"config.yaml", "progress.ndjson", "checkpoint.safetensors",
                                        "best_model.safetensors", "best_model.nam"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char name[PATH];
        snprintf(name, sizeof name, "%s/%s", run, names[i]);
        if (access(file(name), R_OK) != 0) {
            fail_msg("%s is missing", name);
        }
    }
}

// Every line is an object; the last one ends an epoch.
static void assert_lines(const char *text, int epochs)
{
    json_int_t epoch = 0;
    for (const char *line = text; *line != '\0'; line = strchr(line, '\n') + 1) {
        json_t *object = json_loadb(line, strcspn(line, "\n"), 0, NULL);
        assert_non_null(object);
        epoch = json_integer_value(json_object_get(object, "epoch"));
        json_decref(object);
    }
    assert_int_equal(epoch, epochs);
}

static void trains_and_says_so(void **state)
{
    (void)state;
    const program_result *result =
        TRAIN("-c", file("short.yaml"), "-o", file("run"), "--progress", "json");
    assert_int_equal(result->code, 0);
    assert_lines(result->out, 4);
    assert_files("run");
    bl_model *model = NULL;
    assert_int_equal(bl_model_load(file("run/best_model.nam"), NULL, &model, NULL), BL_STATUS_OK);
    assert_string_equal(bl_model_get_info(model)->name, "run");
    assert_true(bl_model_get_info(model)->has_esr);
    bl_model_release(model);
    bl_error wrong[2] = {{0}, {0}};
    bl_model_load(file("run"), NULL, &model, &wrong[0]);
    assert_non_null(strstr(wrong[0].text, "found a folder, expected a file; name one in it"));
    bl_model_load(file("run/checkpoint.safetensors"), NULL, &model, &wrong[1]);
    assert_non_null(strstr(wrong[1].text, "its model is best_model.safetensors beside it"));

    // Finished is finished, and a second run does not overwrite the first.
    result = TRAIN("-c", file("short.yaml"), "-o", file("run"), "--resume");
    assert_int_equal(result->code, 0);
    assert_non_null(strstr(result->out, "this training is finished"));
    program_assert_failed(TRAIN("-c", file("short.yaml"), "-o", file("run")), 1, "train",
                          "go on with --resume");
    program_assert_failed(
        TRAIN("-c", file("short.yaml"), "-o", file("run"), "--resume", "--seed", "9"), 1, "train",
        "found \"  seed: 1\" in the config it was made with, \"  seed: 9\" now; resume with the "
        "same "
        "config and options");
    program_assert_failed(TRAIN("-c", file("short.yaml"), "-o", file("di.wav")), 1, "train",
                          "found a file, expected a folder");
}

// Starts a long training and interrupts it when it reports its second epoch.
static void interrupt(int signal_number, const char *config, const char *run, char *said,
                      size_t size)
{
    int streams[2];
    assert_int_equal(pipe(streams), 0);
    const pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        dup2(streams[1], STDOUT_FILENO);
        dup2(streams[1], STDERR_FILENO);
        close(streams[0]);
        execl(BL_PROGRAM, BL_PROGRAM, "train", "-i", file("di.wav"), "-t", file("amp.wav"), "-c",
              file(config), "-o", file(run), "--priority", "normal", (char *)NULL);
        _exit(127);
    }
    close(streams[1]);
    FILE *from = fdopen(streams[0], "r");
    assert_non_null(from);
    char line[512];
    bool told = false;
    said[0] = '\0';
    while (fgets(line, sizeof line, from) != NULL) {
        snprintf(said, size, "%s", line);
        if (!told && strstr(line, "epoch 2") != NULL) {
            told = true;
            assert_int_equal(kill(child, signal_number), 0);
        }
    }
    fclose(from);
    int status = 0;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(told);
    assert_true(signal_number == SIGKILL ? WIFSIGNALED(status)
                                         : WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void stops_and_goes_on(void **state)
{
    (void)state;
    char said[512];
    interrupt(SIGINT, "endless.yaml", "stopped", said, sizeof said);
    assert_non_null(strstr(said, "the same command with --resume goes on"));
    assert_files("stopped");
}

// Bit for bit the training that nobody killed.
static void survives_being_killed(void **state)
{
    (void)state;
    char said[512], command[8 * PATH];
    interrupt(SIGKILL, "long.yaml", "killed", said, sizeof said);
    assert_files("killed");
    bl_model *model = NULL;
    assert_int_equal(bl_model_load(file("killed/best_model.safetensors"), NULL, &model, NULL),
                     BL_STATUS_OK);
    bl_model_release(model);
    assert_int_equal(TRAIN("-c", file("long.yaml"), "-o", file("killed"), "--resume")->code, 0);
    assert_int_equal(TRAIN("-c", file("long.yaml"), "-o", file("whole"))->code, 0);
    snprintf(command, sizeof command, "cmp '%s' '%s' && cmp '%s' '%s'",
             file("whole/checkpoint.safetensors"), file("killed/checkpoint.safetensors"),
             file("whole/config.yaml"), file("killed/config.yaml"));
    assert_int_equal(system(command), 0);
}

static void starts_from_a_model_and_adds_an_lstm(void **state)
{
    (void)state;
    assert_int_equal(TRAIN("-c", file("short.yaml"), "-o", file("base"))->code, 0);
    const program_result *result =
        TRAIN("-c", file("short.yaml"), "-o", file("fine"), "--init", file("base/best_model.nam"),
              "--epochs", "2", "--also", "aidax");
    assert_int_equal(result->code, 0);
    assert_non_null(strstr(result->out, "starts from best_model.nam, which has an ESR of 0."));
    assert_files("fine");
    bl_model *model = NULL;
    assert_int_equal(bl_model_load(file("fine/best_model.aidax"), NULL, &model, NULL),
                     BL_STATUS_OK);
    assert_string_equal(bl_model_get_info(model)->architecture, "lstm 16, dense 1");
    bl_model_release(model);
    write_config("other.yaml", "  epochs: 2\nmodel:\n");
    program_assert_failed(TRAIN("-c", file("other.yaml"), "-o", file("x")), 1, "train",
                          "found \"model:\" a second time");
    const char *nano = BL_SOURCE_DIR "/configs/nam_nano.yaml";
    program_assert_failed(TRAIN("-c", nano, "-o", file("x"), "--init", file("base/best_model.nam")),
                          1, "train", "start from a model of the same shape");
}

// A file size limit fails like a full disk; what was there before stays whole.
static void full_disk(void **state)
{
    (void)state;
    assert_int_equal(TRAIN("-c", file("short.yaml"), "-o", file("run"), "--epochs", "1")->code, 0);
    char command[1024];
    snprintf(command, sizeof command,
             "trap '' XFSZ; ulimit -f 1; exec '%s' train -i '%s' -t '%s' -c '%s' -o '%s'",
             BL_PROGRAM, file("di.wav"), file("amp.wav"), file("short.yaml"), file("full"));
    const char *const arguments[] = {"/bin/sh", "-c", command, NULL};
    const program_result *result = program_run("/bin/sh", arguments);
    assert_int_equal(result->code, 1);
    assert_non_null(strstr(result->err, "/full/"));
    assert_non_null(strstr(result->err, "File too large"));
    bl_model *model = NULL;
    assert_int_equal(bl_model_load(file("run/best_model.safetensors"), NULL, &model, NULL),
                     BL_STATUS_OK);
    bl_model_release(model);
    program_assert_failed(TRAIN("-c", file("short.yaml"), "-o", "/proc/none/run"), 1, "train",
                          "the folder cannot be made");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(trains_and_says_so, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(stops_and_goes_on, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(survives_being_killed, make_folder, remove_folder),
        cmocka_unit_test_setup_teardown(starts_from_a_model_and_adds_an_lstm, make_folder,
                                        remove_folder),
        cmocka_unit_test_setup_teardown(full_disk, make_folder, remove_folder),
    };
    return cmocka_run_group_tests_name("train", tests, NULL, NULL);
}
