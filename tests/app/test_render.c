// SPDX-License-Identifier: MIT
// `backline render` through the built program: right samples at the right time for causal and
// centred models at any rate and chunk size, and nothing left behind where it must refuse.

#include "backline/audio.h"
#include "backline/config.h"
#include "backline/model.h"

#include "skip.h"
#include "support/cmocka_all.h"
#include "support/folder.h"
#include "support/model_files.h"
#include "support/net_fixture.h"
#include "support/program.h"
#include "support/random.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_OF(name) test_folder_file(name)
#define RENDER(...) PROGRAM("render", FILE_OF("in.wav"), FILE_OF("out.wav"), __VA_ARGS__)

enum { FRAMES = 5000 };

static const bl_config_model causal = {
    .causal = true, .channels = 4, .num_layers = 6, .kernel_size = 3, .dilation_base = 2};
static const bl_config_model centred = {
    .causal = false, .channels = 3, .num_layers = 5, .kernel_size = 3, .dilation_base = 2};
static const bl_config_model centred_even = {.causal = false,
                                             .channels = 2,
                                             .num_layers = 4,
                                             .kernel_size = 4,
                                             .dilation_base = 3,
                                             .activation = BL_CONFIG_RELU};

static void save_native(const char *name, const bl_config_model *shape, double rate_hz,
                        const float *weights, int plain)
{
    model_bytes bytes = {0};
    native_file_write(&bytes, shape, rate_hz, weights, plain);
    model_bytes_save(&bytes, FILE_OF(name));
    model_bytes_finish(&bytes);
}

static float *make_weights(const bl_config_model *shape)
{
    const size_t count = native_weight_count(shape);
    float *weights = calloc(count, sizeof *weights);
    assert_non_null(weights);
    model_weights_fill(weights, count, shape->channels * shape->kernel_size, 3);
    return weights;
}

// All weights zero but those that pass the signal through the first channel unchanged.
static void save_identity(const char *name, const bl_config_model *shape, double rate_hz)
{
    const size_t count = native_weight_count(shape);
    float *weights = calloc(count, sizeof *weights);
    assert_non_null(weights);
    weights[0] = 1.0F;                           // input to channel 0
    weights[count - 1 - shape->channels] = 1.0F; // channel 0 to output
    save_native(name, shape, rate_hz, weights, 0);
    free(weights);
}

static void save_audio(const char *name, float *samples, uint64_t frames, double rate_hz)
{
    const bl_audio audio = {.samples = samples, .frames = frames, .sample_rate_hz = rate_hz};
    assert_int_equal(bl_audio_save(FILE_OF(name), &audio, BL_AUDIO_FLOAT_32, NULL), BL_STATUS_OK);
}

static float *make_noise(uint64_t frames)
{
    random_source source = {11};
    float *samples = calloc(frames, sizeof *samples);
    assert_non_null(samples);
    for (uint64_t i = 0; i < frames; i++) {
        samples[i] = random_float(&source, -0.8F, 0.8F);
    }
    return samples;
}

static void save_noise(const char *name, uint64_t frames, double rate_hz)
{
    float *samples = make_noise(frames);
    save_audio(name, samples, frames, rate_hz);
    free(samples);
}

static bl_audio load(const char *name)
{
    bl_audio audio = {0};
    bl_error error = {0};
    bl_audio_load(FILE_OF(name), 0, &audio, &error);
    assert_string_equal(error.text, "");
    return audio;
}

static void assert_done(const program_result *result)
{
    if (result->code != 0 || result->err[0] != '\0') {
        fail_msg("code %d, stderr: %s", result->code, result->err);
    }
}

// The largest difference between two signals, over the larger of 1 and the peak.
static double distance(const float *a, const float *b, uint64_t frames)
{
    double worst = 0.0, peak = 1.0;
    for (uint64_t i = 0; i < frames; i++) {
        worst = fmax(worst, fabs((double)a[i] - (double)b[i]));
        peak = fmax(peak, fabs((double)b[i]));
    }
    return worst / peak;
}

// What the model file must make of `samples`, by its formulas in double; in place.
static void apply_formulas(const char *name, const bl_config *overrides, float *samples)
{
    static double truth[FRAMES];
    bl_model *model = NULL;
    assert_int_equal(bl_model_load(FILE_OF(name), overrides, &model, NULL), BL_STATUS_OK);
    fixture_render(bl_model_get_arch(model), samples, FRAMES, truth);
    bl_model_release(model);
    for (size_t i = 0; i < FRAMES; i++) {
        samples[i] = (float)truth[i];
    }
}

static void check_shape(const bl_config_model *shape)
{
    float *weights = make_weights(shape), *samples = make_noise(FRAMES);
    save_native("m.safetensors", shape, 48000.0, weights, 0);
    save_audio("in.wav", samples, FRAMES, 48000.0);
    apply_formulas("m.safetensors", NULL, samples);
    assert_done(RENDER("-m", FILE_OF("m.safetensors")));
    bl_audio whole = load("out.wav");
    assert_int_equal(whole.frames, FRAMES);
    assert_true(whole.sample_rate_hz == 48000.0);
    const double off = distance(whole.samples, samples, FRAMES);
    if (off > 1e-5) {
        fail_msg("off by %g from the definition", off);
    }
    static const char *const chunks[] = {"1", "2", "7", "64", "127", "128", "512", "4096"};
    for (size_t i = 0; i < sizeof chunks / sizeof chunks[0]; i++) {
        assert_done(RENDER("-m", FILE_OF("m.safetensors"), "--streaming", "--chunk", chunks[i]));
        bl_audio part = load("out.wav");
        assert_int_equal(part.frames, FRAMES);
        assert_true(distance(part.samples, whole.samples, FRAMES) <= 1e-6);
        bl_audio_finish(&part);
    }
    bl_audio_finish(&whole);
    free(weights);
    free(samples);
}

static void test_causal(void **state)
{
    (void)state;
    check_shape(&causal);
}

static void test_centred(void **state)
{
    (void)state;
    check_shape(&centred);
}

static void test_centred_even_kernel(void **state)
{
    (void)state;
    check_shape(&centred_even);
}

// A config says of a plain state dict what it cannot say itself.
static void test_config_overrides(void **state)
{
    (void)state;
    static const char text[] = "model:\n  causal: false\n  channels: 3\n  num_layers: 5\n"
                               "data:\n  sample_rate: 48000\n";
    float *weights = make_weights(&centred), *samples = make_noise(FRAMES);
    save_native("m.safetensors", &centred, 0.0, weights, 1);
    test_folder_write("c.yaml", text, sizeof text - 1);
    save_audio("in.wav", samples, FRAMES, 48000.0);
    bl_config overrides = bl_config_default();
    overrides.model = centred;
    overrides.data.sample_rate_hz = 48000.0;
    apply_formulas("m.safetensors", &overrides, samples);
    const program_result *result =
        RENDER("-m", FILE_OF("m.safetensors"), "--config", FILE_OF("c.yaml"));
    assert_done(result);
    assert_non_null(strstr(result->out, "lookahead         31 samples, 0.65 ms"));
    assert_non_null(strstr(result->out, "added latency     31 samples, 0.65 ms"));
    assert_non_null(strstr(result->out, "receptive field   63 samples, 1.31 ms"));
    assert_non_null(strstr(result->out, "chunk size        all 5000 frames at once"));
    bl_audio audio = load("out.wav");
    assert_true(distance(audio.samples, samples, FRAMES) <= 1e-5);
    bl_audio_finish(&audio);
    // Without it the shapes decide: causal.
    result = RENDER("-m", FILE_OF("m.safetensors"));
    assert_done(result);
    assert_non_null(strstr(result->out, "added latency     0 samples, 0.00 ms"));
    assert_non_null(strstr(result->out, "chunk size        64 frames"));
    free(weights);
    free(samples);
}

static void test_lengths(void **state)
{
    (void)state;
    static const uint64_t lengths[] = {1, 2, 63, 64, 65, 1000};
    save_identity("m.safetensors", &centred, 48000.0);
    for (size_t i = 0; i < sizeof lengths / sizeof lengths[0]; i++) {
        save_noise("in.wav", lengths[i], 48000.0);
        assert_done(RENDER("-m", FILE_OF("m.safetensors")));
        bl_audio in = load("in.wav"), out = load("out.wav");
        assert_int_equal(out.frames, lengths[i]);
        assert_memory_equal(out.samples, in.samples, lengths[i] * sizeof(float));
        bl_audio_finish(&in);
        bl_audio_finish(&out);
    }
}

// Where a tone of `tone_hz` in `samples` stands: its amplitude, and how many frames it is late.
static void locate_tone(const bl_audio *audio, double tone_hz, double *amplitude, double *late)
{
    double sine = 0.0, cosine = 0.0;
    const double step = 2 * M_PI * tone_hz / audio->sample_rate_hz;
    for (uint64_t i = 0; i < audio->frames; i++) {
        sine += (double)audio->samples[i] * sin(step * (double)i);
        cosine += (double)audio->samples[i] * cos(step * (double)i);
    }
    *amplitude = hypot(sine, cosine) / (double)audio->frames;
    *late = -atan2(cosine, sine) / step;
}

// y(t) = x(t) + x(t - 2), or x(t) + x(t - 1) if centred, in samples of the model: a filter whose
// answer to a tone tells at which rate it runs. The bias keeps relu linear.
static void save_comb(const char *name, bool is_causal, double rate_hz)
{
    const bl_config_model shape = {.causal = is_causal,
                                   .channels = 1,
                                   .num_layers = 1,
                                   .kernel_size = 3,
                                   .dilation_base = 2,
                                   .activation = BL_CONFIG_RELU};
    // Input w, b; block w (oldest tap first), b; output w, b.
    static const float weights[] = {1, 0, 1, 0, 0, 10, 1, -10};
    assert_int_equal(native_weight_count(&shape), sizeof weights / sizeof weights[0]);
    save_native(name, &shape, rate_hz, weights, 0);
}

// A tone inside both bands comes out as the filter at the model's own rate would have it: at the
// right level, and at its place to the half frame that a delay of whole frames can leave.
static void check_rate(double file_hz, double model_hz, bool is_causal)
{
    const double tone_hz = 3000.0;
    const uint64_t frames = (uint64_t)file_hz / 2 + 3;
    bl_audio in = {.samples = calloc(frames, sizeof(float)), .frames = frames};
    assert_non_null(in.samples);
    in.sample_rate_hz = file_hz;
    for (uint64_t i = 0; i < frames; i++) {
        const double t = (double)i / (double)frames;
        in.samples[i] = (float)(0.5 * (0.5 - 0.5 * cos(2 * M_PI * t)) *
                                sin(2 * M_PI * tone_hz * (double)i / file_hz));
    }
    save_comb("m.safetensors", is_causal, model_hz);
    save_audio("in.wav", in.samples, frames, file_hz);
    const program_result *result = RENDER("-m", FILE_OF("m.safetensors"));
    assert_done(result);
    assert_int_equal(strstr(result->out, "  sample rates      file ") != NULL, file_hz != model_hz);
    bl_audio out = load("out.wav");
    assert_int_equal(out.frames, frames);
    assert_true(out.sample_rate_hz == file_hz);
    double level[2], late[2];
    locate_tone(&in, tone_hz, &level[0], &late[0]);
    locate_tone(&out, tone_hz, &level[1], &late[1]);
    const double half = (is_causal ? 1.0 : 0.5) / model_hz; // of the echo's delay, in seconds
    const double gain = level[1] / level[0] / (2 * cos(2 * M_PI * tone_hz * half));
    const double moved = late[1] - late[0] - half * file_hz;
    if (fabs(gain - 1.0) > 2e-3 || fabs(moved) > 0.51) {
        fail_msg("%.0f Hz through a model of %.0f Hz: level times %g, moved by %g frames", file_hz,
                 model_hz, gain, moved);
    }
    bl_audio_finish(&in);
    bl_audio_finish(&out);
}

static void test_rates(void **state)
{
    (void)state;
    static const double rates[] = {22050, 44100, 48000, 96000};
    for (size_t i = 0; i < 4; i++) {
        for (size_t j = 0; j < 4; j++) {
            check_rate(rates[i], rates[j], true);
            check_rate(rates[i], rates[j], false);
        }
    }
}

static void test_bits(void **state)
{
    (void)state;
    save_identity("m.safetensors", &causal, 48000.0);
    float samples[] = {0.0F, 0.25F, -1.0F, 1.5F, -2.0F, 0.1F};
    save_audio("in.wav", samples, 6, 48000.0);
    static const struct {
        const char *bits;
        double step;
    } rows[] = {{"16", 1.0 / 32768}, {"24", 1.0 / 8388608}, {"32f", 0.0}};
    for (size_t i = 0; i < 3; i++) {
        const program_result *result =
            RENDER("-m", FILE_OF("m.safetensors"), "--bits", rows[i].bits);
        assert_done(result);
        assert_int_equal(strstr(result->out, "  clipped           2 frames over full scale") !=
                             NULL,
                         rows[i].step > 0.0);
        bl_audio out = load("out.wav");
        for (uint64_t k = 0; k < 6; k++) {
            const double wanted =
                rows[i].step > 0.0 ? fmax(-1.0, fmin((double)samples[k], 1.0)) : (double)samples[k];
            assert_true(fabs((double)out.samples[k] - wanted) <= rows[i].step);
        }
        bl_audio_finish(&out);
    }
}

static void test_stereo(void **state)
{
    (void)state;
    save_identity("m.safetensors", &causal, 48000.0);
    // 16 bit, two channels, one frame: 0x4000 and 0x2000.
    static const unsigned char stereo[] = "RIFF\x28\0\0\0WAVEfmt \x10\0\0\0\1\0\2\0\x80\xBB\0\0"
                                          "\0\xEE\2\0\4\0\x10\0data\4\0\0\0\0\x40\0\x20";
    test_folder_write("in.wav", stereo, sizeof stereo - 1);
    const program_result *result = RENDER("-m", FILE_OF("m.safetensors"));
    assert_done(result);
    assert_non_null(strstr(result->out, "  channel           the first of 2\n"));
    bl_audio out = load("out.wav");
    assert_int_equal(out.frames, 1);
    assert_true(out.samples[0] == 0.5F);
    bl_audio_finish(&out);
}

static void test_progress_records(void **state)
{
    (void)state;
    save_identity("m.safetensors", &causal, 44100.0);
    save_noise("in.wav", 48000, 48000.0);
    const program_result *result =
        RENDER("-m", FILE_OF("m.safetensors"), "--progress", "json", "--chunk", "100");
    assert_done(result);
    json_t *record = NULL;
    for (const char *line = result->out; *line != '\0'; line = strchr(line, '\n') + 1) {
        json_decref(record);
        record = json_loadb(line, strcspn(line, "\n"), 0, NULL);
        assert_non_null(record);
        assert_non_null(json_object_get(record, "event"));
    }
    assert_string_equal(json_string_value(json_object_get(record, "event")), "done");
    assert_int_equal(json_integer_value(json_object_get(record, "frames")), 48000);
    assert_int_equal(json_integer_value(json_object_get(record, "chunk_frames")), 100);
    assert_int_equal(json_integer_value(json_object_get(record, "receptive_field_samples")), 127);
    assert_int_equal(json_integer_value(json_object_get(record, "added_latency_samples")), 0);
    assert_true(json_number_value(json_object_get(record, "model_sample_rate_hz")) == 44100.0);
    assert_true(json_number_value(json_object_get(record, "times_real_time")) > 0.0);
    json_decref(record);
}

// Refused: one sentence, and the folder as it was.
static void refuse(const char *in, const char *out, const char *model, const char *words)
{
    char paths[3][256];
    strcpy(paths[0], FILE_OF(in));
    strcpy(paths[1], FILE_OF(out));
    strcpy(paths[2], FILE_OF(model));
    const uint32_t before = test_folder_count();
    program_assert_failed(PROGRAM("render", paths[0], paths[1], "-m", paths[2]), 1, "render",
                          words);
    assert_int_equal(test_folder_count(), before);
}

static void test_refused_files(void **state)
{
    (void)state;
    save_identity("m.safetensors", &causal, 48000.0);
    save_noise("in.wav", 1000, 48000.0);
    refuse("none.wav", "out.wav", "m.safetensors", "/none.wav: cannot be opened: No such file");
    refuse("in.wav", "out.wav", "none.nam", "/none.nam: cannot be opened: No such file");
    refuse("m.safetensors", "out.wav", "m.safetensors", "/m.safetensors: found no sound file");
    refuse("in.wav", "out.wav", "in.wav", "/in.wav: ");
    refuse("in.wav", "no/out.wav", "m.safetensors", "/no/out.wav: cannot be written: No such file");
    refuse("in.wav", ".", "m.safetensors", ": found a folder where a file is to be written");
    assert_int_equal(truncate(FILE_OF("in.wav"), 500), 0);
    refuse("in.wav", "out.wav", "m.safetensors", "/in.wav: is cut short: found 500 bytes");
    const float poison[] = {0.0F, NAN};
    test_folder_write("nan.raw", poison, sizeof poison);
    refuse("nan.raw", "out.wav", "m.safetensors", "/nan.raw: found no sound file");
    program_assert_failed(
        PROGRAM("render", FILE_OF("in.wav"), "/dev/null", "-m", FILE_OF("m.safetensors")), 1,
        "render", "/dev/null: found a device or pipe where a file is");
    struct stat facts;
    assert_int_equal(stat("/dev/null", &facts), 0);
    assert_true(S_ISCHR(facts.st_mode));
}

static void test_refused_models(void **state)
{
    (void)state;
    save_noise("in.wav", 1000, 48000.0);
    float *weights = make_weights(&causal);
    save_native("m.safetensors", &causal, 48000.0, weights, 0);
    static const off_t sizes[] = {2000, 300, 8, 7, 0};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        assert_int_equal(truncate(FILE_OF("m.safetensors"), sizes[i]), 0);
        refuse("in.wav", "out.wav", "m.safetensors", "/m.safetensors: ");
    }
    weights[7] = NAN;
    save_native("m.safetensors", &causal, 48000.0, weights, 0);
    refuse("in.wav", "out.wav", "m.safetensors", "/m.safetensors: ");
    free(weights);
    const nam_preset preset = nam_preset_get(3);
    for (size_t extra = 0; extra < 3; extra += 2) { // one weight too few, one too many
        model_bytes bytes = {0};
        nam_file_write(&bytes, "0.5.4", "WaveNet", preset.config, "48000",
                       preset.weights - 1 + extra, 1);
        model_bytes_save(&bytes, FILE_OF("m.nam"));
        model_bytes_finish(&bytes);
        refuse("in.wav", "out.wav", "m.nam", "/m.nam: ");
    }
}

static void test_refused_config(void **state)
{
    (void)state;
    save_identity("m.safetensors", &causal, 48000.0);
    save_noise("in.wav", 1000, 48000.0);
    test_folder_write("c.yaml", "model:\n\tcausal: true\n", 21);
    const program_result *result = RENDER("-m", FILE_OF("m.safetensors"), "-c", FILE_OF("c.yaml"));
    program_assert_failed(result, 1, "render", "/c.yaml:2:1: found a tab, expected spaces");
    assert_int_equal(access(FILE_OF("out.wav"), F_OK), -1);
}

// A model that was read with reservations plays, and the reservation is said.
static void test_newer_model(void **state)
{
    (void)state;
    static const char *const versions[] = {"0.7.0", "0.7.1"};
    save_noise("in.wav", 1000, 48000.0);
    for (int newer = 0; newer < 2; newer++) {
        model_bytes bytes = {0};
        nam_file_write(&bytes, versions[newer], "WaveNet", NAM_TINY_CONFIG, "48000",
                       NAM_TINY_WEIGHTS, 1);
        model_bytes_save(&bytes, FILE_OF("m.nam"));
        model_bytes_finish(&bytes);
        const program_result *result = RENDER("-m", FILE_OF("m.nam"), "--progress", "json");
        assert_int_equal(result->code, 0);
        assert_true((strstr(result->err, "/m.nam: version 0.7.1 is newer than") != NULL) == newer);
        assert_int_equal(access(FILE_OF("out.wav"), F_OK), 0);
    }
}

// Weights that are all finite and an answer that is not.
static void test_model_that_overflows(void **state)
{
    (void)state;
    float *weights = make_weights(&causal);
    const size_t count = native_weight_count(&causal);
    for (size_t i = 0; i < count; i++) {
        weights[i] = 3e38F;
    }
    save_native("m.safetensors", &causal, 48000.0, weights, 0);
    free(weights);
    save_noise("in.wav", 1000, 48000.0);
    refuse("in.wav", "out.wav", "m.safetensors", "/out.wav: not written: frame 0 (0.000 s) is ");
    refuse("in.wav", "out.wav", "m.safetensors", ", expected a number; choose another model");
}

static void test_full_disk(void **state)
{
    (void)state;
    save_identity("m.safetensors", &causal, 48000.0);
    save_noise("in.wav", 100000, 48000.0);
    assert_int_equal(mkdir(FILE_OF("disk"), 0755), 0);
    if (mount("backline-test", FILE_OF("disk"), "tmpfs", 0, "size=64k") != 0) {
        bl_test_skip("a full disk needs the right to mount a small one: %s", strerror(errno));
    }
    char out[256];
    snprintf(out, sizeof out, "%s/out.wav", FILE_OF("disk"));
    const program_result *result =
        PROGRAM("render", FILE_OF("in.wav"), out, "-m", FILE_OF("m.safetensors"));
    const int left = rmdir(FILE_OF("disk")); // busy, but not "not empty"
    const int cause = errno;
    struct stat facts;
    const int there = stat(out, &facts);
    umount(FILE_OF("disk"));
    program_assert_failed(result, 1, "render",
                          "/disk/out.wav: cannot be written: No space left on device");
    assert_int_equal(there, -1);
    assert_int_equal(left, -1);
    assert_int_equal(cause, EBUSY);
}

static void test_usage(void **state)
{
    (void)state;
    program_assert_failed(PROGRAM("render", "a", "b"), 2, "render",
                          "neither --model nor --rig is given");
    program_assert_failed(PROGRAM("render", "a", "-m", "m"), 2, "render", "found 1 arguments");
    program_assert_failed(PROGRAM("render", "a", "b", "-m", "m", "--bits", "8"), 2, "render",
                          "--bits: found \"8\", expected one of 16, 24, 32f");
    program_assert_failed(PROGRAM("render", "a", "b", "-m", "m", "--quality", "2"), 2, "render",
                          "--quality: found \"2\", expected a number from 0 to 1");
    program_assert_failed(PROGRAM("render", "a", "b", "-m", "m", "--strem"), 2, "render",
                          "there is no option --strem");
}

// Numbers on the command line and in what is printed do not follow the locale.
static void test_german(void **state)
{
    (void)state;
    save_identity("m.safetensors", &causal, 48000.0);
    save_noise("in.wav", 1000, 48000.0);
    setenv("LC_ALL", "de_DE.UTF-8", 1);
    const program_result *result =
        RENDER("-m", FILE_OF("m.safetensors"), "--quality", "0.5", "--progress", "json");
    assert_done(result);
    unsetenv("LC_ALL");
    assert_non_null(strstr(result->out, "\"sample_rate_hz\":48000.0,"));
}

// The vectors that the reference player made, if they lie beside the project.
static void test_golden(void **state)
{
    (void)state;
    static const struct {
        const char *model;
        double allowed;
    } rows[] = {
        {"ref_n6.safetensors", 1e-5},       {"ref_n6.nam", 1e-5},
        {"rnd_wavenet_nano.nam", 1e-5},     {"rnd_wavenet_feather.nam", 1e-5},
        {"rnd_wavenet_gated.nam", 1e-5},    {"rnd_wavenet_relu.nam", 1e-5},
        {"rnd_wavenet_standard.nam", 2e-5},
    };
    const char *shared = getenv("BL_SHARED");
    char golden[256], model[512], answer[512], in[512];
    snprintf(golden, sizeof golden, "%s/golden",
             shared != NULL ? shared : BL_SOURCE_DIR "/../shared");
    snprintf(in, sizeof in, "%s/input.wav", golden);
    if (access(in, R_OK) != 0) {
        bl_test_skip("there are no golden vectors at %s", golden);
    }
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        snprintf(model, sizeof model, "%s/%s", golden, rows[i].model);
        snprintf(answer, sizeof answer, "%s/%.*s.out.wav", golden,
                 (int)(strrchr(rows[i].model, '.') - rows[i].model), rows[i].model);
        assert_done(PROGRAM("render", in, FILE_OF("out.wav"), "-m", model));
        bl_audio out = load("out.wav"), wanted = {0};
        assert_int_equal(bl_audio_load(answer, 0, &wanted, NULL), BL_STATUS_OK);
        assert_int_equal(out.frames, wanted.frames);
        const double off = distance(out.samples, wanted.samples, out.frames);
        if (off > rows[i].allowed) {
            fail_msg("%s: off by %g", rows[i].model, off);
        }
        bl_audio_finish(&out);
        bl_audio_finish(&wanted);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, test_folder_make, test_folder_remove)
    const struct CMUnitTest tests[] = {
        TEST(test_causal),
        TEST(test_centred),
        TEST(test_centred_even_kernel),
        TEST(test_config_overrides),
        TEST(test_lengths),
        TEST(test_rates),
        TEST(test_bits),
        TEST(test_stereo),
        TEST(test_progress_records),
        TEST(test_refused_files),
        TEST(test_refused_models),
        TEST(test_refused_config),
        TEST(test_newer_model),
        TEST(test_model_that_overflows),
        TEST(test_full_disk),
        TEST(test_usage),
        TEST(test_german),
        TEST(test_golden),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
