// SPDX-License-Identifier: MIT
// Nets at another rate than their own: pass band, images and aliases by exact-bin transforms of
// sines, latency by impulse, steady state, grid, and stretched dilations phase by phase.

#include "net_check.h"

#include "setup/resampled.h"

#include <kiss_fft.h>
#include <math.h>

static const double rates_hz[] = {44100.0, 48000.0, 88200.0, 96000.0, 192000.0};
enum { RATES = sizeof rates_hz / sizeof *rates_hz };

static const double pi = 3.14159265358979323846;

// The plain wire: one tap. `bias` is what it gives for silence.
static bl_arch wire(double model_hz, float bias)
{
    static const float one = 1.0F;
    return (bl_arch){.kind = BL_ARCH_LINEAR,
                     .sample_rate_hz = model_hz,
                     .u.linear = {.taps = 1, .h = &one, .bias = bias}};
}

static bl_net *build(const bl_arch *arch, double rate_hz, bl_arena *arena)
{
    const bl_net_request request = {.isa = BL_ISA_C, .quality = 1.0, .name = "test"};
    bl_net *net = NULL;
    bl_error error = {0};
    if (bl_net_build_at(arch, rate_hz, &request, arena, &net, &error) != BL_STATUS_OK) {
        fail_msg("%s", error.text);
    }
    return net;
}

// ---- spectrum of the answer to a sine ----

typedef struct spurs {
    double level_db;                 // of the sine itself
    double audible_db, inaudible_db; // the strongest other bin, to 20 kHz and above
} spurs;

// Bins are so chosen that the sine and every image and alias of it fall on one exactly.
static spurs measure(bl_net *net, double rate_hz, uint32_t bin, uint32_t size)
{
    const uint32_t settle = 4096, frames = settle + size;
    float *wave = malloc(frames * sizeof *wave);
    kiss_fft_cfg transform = kiss_fft_alloc((int)size, 0, NULL, NULL);
    kiss_fft_cpx *x = malloc(size * sizeof *x), *y = malloc(size * sizeof *y);
    assert_true(wave != NULL && transform != NULL && x != NULL && y != NULL);
    for (uint32_t t = 0; t < frames; t++) {
        wave[t] = (float)sin(2.0 * pi * bin * t / size);
    }
    net->reset(net);
    check_run(net, wave, wave, frames, 64);
    for (uint32_t t = 0; t < size; t++) {
        x[t] = (kiss_fft_cpx){.r = wave[settle + t]};
    }
    kiss_fft(transform, x, y);
    spurs found = {.audible_db = -300.0, .inaudible_db = -300.0};
    for (uint32_t k = 0; k <= size / 2; k++) {
        const double re = (double)y[k].r, im = (double)y[k].i;
        const double db = 10.0 * log10((re * re + im * im) * 4.0 / size / size + 1e-30);
        if (k == bin) {
            found.level_db = db;
        } else if (k * rate_hz / size <= 20000.0) {
            found.audible_db = fmax(found.audible_db, db);
        } else {
            found.inaudible_db = fmax(found.inaudible_db, db);
        }
    }
    free(wave);
    free(transform);
    free(x);
    free(y);
    return found;
}

// Centre of gravity of the answer to an impulse, in frames after it: the exact delay of a linear
// phase response.
static double impulse_delay(bl_net *net)
{
    enum { FRAMES = 4096, AT = 1000 };
    float *in = calloc(FRAMES, sizeof *in), *out = calloc(FRAMES, sizeof *out);
    double sum = 0.0, moment = 0.0;
    // Several impulses, each at another place of the grid, on their own runs.
    for (uint32_t offset = 0; offset < 40; offset++) {
        memset(in, 0, FRAMES * sizeof *in);
        in[AT + offset] = 1.0F;
        net->reset(net);
        check_run(net, in, out, FRAMES, 64);
        for (uint32_t t = 0; t < FRAMES; t++) {
            sum += (double)out[t];
            moment += (double)out[t] * ((double)t - AT - offset);
        }
    }
    free(in);
    free(out);
    return moment / sum;
}

static void check_pair(double rate_hz, double model_hz)
{
    bl_arena *arena = bl_arena_create(BL_LIMIT_VOICE_BYTES);
    const bl_arch arch = wire(model_hz, 0.0F);
    bl_net *net = build(&arch, rate_hz, arena);
    const uint32_t size = fmod(rate_hz, 44100.0) == 0.0 ? 14700 : 16000;
    double lowest = 0.0, highest = 0.0, audible = -300.0, inaudible = -300.0;
    for (uint32_t bin = 7; bin < size / 2; bin += size / 160) {
        const spurs found = measure(net, rate_hz, bin, size);
        if (bin * rate_hz / size <= 18000.0) {
            lowest = fmin(lowest, found.level_db);
            highest = fmax(highest, found.level_db);
        }
        audible = fmax(audible, found.audible_db);
        inaudible = fmax(inaudible, found.inaudible_db);
    }
    const double delay = impulse_delay(net), delay_ms = 1000.0 * delay / rate_hz;
    print_message("%6.0f Hz through %6.0f Hz: %+.3f..%+.3f dB to 18 kHz, spurs %.1f dB to 20 kHz, "
                  "%.1f dB above, %.2f frames (says %u) = %.3f ms\n",
                  rate_hz, model_hz, lowest, highest, audible, inaudible, delay,
                  net->latency_frames, delay_ms);
    assert_true(lowest > -0.1 && highest < 0.1);
    assert_true(audible < -90.0);
    assert_true(inaudible < -45.0);
    assert_true(fabs(delay - net->latency_frames) <= 0.001);
    assert_true(delay_ms < 2.0);
    net->reset(net);
    check_promises("resampled", net, 0.0);
    bl_arena_destroy(arena);
}

static void test_every_pair_of_rates(void **state)
{
    (void)state;
    for (int i = 0; i < RATES; i++) {
        for (int j = 0; j < RATES; j++) {
            if (i != j) {
                check_pair(rates_hz[i], rates_hz[j]);
            }
        }
    }
}

static void test_latency_is_known_without_building(void **state)
{
    (void)state;
    for (int m = 0; m < RATES; m++) {
        const bl_arch arch = wire(rates_hz[m] / 2.0, 0.0F);
        bl_arena *arena = bl_arena_create(BL_LIMIT_VOICE_BYTES);
        const bl_net *own = build(&arch, arch.sample_rate_hz, arena);
        for (int r = 0; r < RATES; r++) {
            uint32_t frames = UINT32_MAX;
            assert_true(bl_net_latency_at(&arch, own, rates_hz[r], &frames));
            assert_int_equal(frames, build(&arch, rates_hz[r], arena)->latency_frames);
        }
        bl_arena_destroy(arena);
    }
}

static void test_same_rate_is_the_net_itself(void **state)
{
    (void)state;
    bl_arena *arena = bl_arena_create(BL_LIMIT_VOICE_BYTES);
    const bl_arch arch = wire(48000.0, 0.0F);
    bl_net *net = build(&arch, 48000.0, arena);
    assert_int_equal(net->latency_frames, 0);
    assert_int_equal(net->grid_frames, 0);
    bl_arena_destroy(arena);
}

static void test_silence_is_steady_from_the_first_frame(void **state)
{
    (void)state;
    bl_arena *arena = bl_arena_create(BL_LIMIT_VOICE_BYTES);
    const bl_arch arch = wire(44100.0, 0.3F);
    bl_net *net = build(&arch, 48000.0, arena);
    float wave[500] = {0.0F};
    check_run(net, wave, wave, 500, 64);
    for (int t = 0; t < 500; t++) {
        assert_true(wave[t] == 0.3F);
    }
    bl_arena_destroy(arena);
}

// A replay that starts on the grid gives the same frames as having played all along.
static void test_replay_on_the_grid(void **state)
{
    (void)state;
    enum { FRAMES = 3000 };
    bl_arena *arena = bl_arena_create(BL_LIMIT_VOICE_BYTES);
    const bl_arch arch = wire(44100.0, 0.0F);
    bl_net *net = build(&arch, 48000.0, arena);
    assert_int_equal(net->grid_frames, 160);
    random_source random = {5};
    float *in = check_noise_new(&random, FRAMES, 0.5F), *all = malloc(FRAMES * sizeof *all),
          *replay = malloc(FRAMES * sizeof *replay);
    check_run(net, in, all, FRAMES, 64);
    const uint32_t start = 3 * net->grid_frames, settled = 400;
    net->reset(net);
    check_run(net, in + start, replay, FRAMES - start, 64);
    check_equal("replay", replay + settled, all + start + settled, FRAMES - start - settled, 1e-6);
    free(in);
    free(all);
    free(replay);
    bl_arena_destroy(arena);
}

// A stretched net is `factor` nets at the model's rate, each hearing every factor-th sample.
static void test_stretched_dilations(void **state)
{
    (void)state;
    enum { FRAMES = 1200, CHANNELS = 4 };
    random_source random = {6};
    float *w0 = check_noise_new(&random, CHANNELS * 2, 1.0F),
          *w1 = check_noise_new(&random, CHANNELS * 3, 0.5F),
          *b = check_noise_new(&random, CHANNELS, 0.3F);
    bl_sequence_stage stages[] = {
        {.kind = BL_SEQUENCE_CONV,
         .in = 1,
         .out = CHANNELS,
         .conv =
             {.in = 1, .out = CHANNELS, .groups = 1, .kernel = 2, .dilation = 3, .w = w0, .b = b}},
        {.kind = BL_SEQUENCE_ACTIVATION,
         .in = CHANNELS,
         .out = CHANNELS,
         .activation = {.kind = BL_ACTIVATION_TANH}},
        {.kind = BL_SEQUENCE_CONV,
         .in = CHANNELS,
         .out = 1,
         .conv = {.in = CHANNELS, .out = 1, .groups = 1, .kernel = 3, .dilation = 5, .w = w1}},
    };
    const bl_arch arch = {
        .kind = BL_ARCH_SEQUENCE,
        .sample_rate_hz = 48000.0,
        .u.sequence = {.stage_count = 3, .stages = stages, .in_gain = 1.0F, .out_gain = 1.0F}};
    float *in = check_noise_new(&random, FRAMES, 0.8F), *out = malloc(FRAMES * sizeof *out),
          *phase_in = malloc(FRAMES * sizeof *in), *phase_out = malloc(FRAMES * sizeof *out);
    for (uint32_t factor = 2; factor <= 4; factor += 2) {
        bl_arena *arena = bl_arena_create(BL_LIMIT_VOICE_BYTES);
        bl_net *stretched = build(&arch, 48000.0 * factor, arena);
        bl_net *plain = build(&arch, 48000.0, arena);
        assert_int_equal(stretched->latency_frames, 0);
        check_run(stretched, in, out, FRAMES, CHECK_CHUNK_RANDOM);
        for (uint32_t phase = 0; phase < factor; phase++) {
            for (uint32_t t = 0; t < FRAMES / factor; t++) {
                phase_in[t] = in[t * factor + phase];
            }
            plain->reset(plain);
            check_run(plain, phase_in, phase_out, FRAMES / factor, 64);
            for (uint32_t t = 0; t < FRAMES / factor; t++) {
                assert_true(phase_out[t] == out[t * factor + phase]);
            }
        }
        bl_arena_destroy(arena);
    }
    free(in);
    free(out);
    free(phase_in);
    free(phase_out);
    free(w0);
    free(w1);
    free(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_pair_of_rates),
        cmocka_unit_test(test_latency_is_known_without_building),
        cmocka_unit_test(test_same_rate_is_the_net_itself),
        cmocka_unit_test(test_silence_is_steady_from_the_first_frame),
        cmocka_unit_test(test_replay_on_the_grid),
        cmocka_unit_test(test_stretched_dilations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
