// SPDX-License-Identifier: MIT
// The prewarm of recurrent nets ends early where silence changes nothing any more. That may not
// change one bit: a net built with so many zeros equals one that was fed them.

#include "net_check.h"

#include "backline/voice.h"
#include "setup/isa.h"
#include "support/model_files.h"

#include <math.h>
#include <stdio.h>
#include <time.h>

enum { HIDDEN = 12, LAYERS = 2, NOISE = 500 };

typedef struct weights {
    float w[LAYERS][4 * HIDDEN * 2 * HIDDEN], u[3 * HIDDEN * HIDDEN], b[LAYERS][6 * HIDDEN];
    float h0[HIDDEN], c0[HIDDEN], head[HIDDEN];
} weights;

static void fill(random_source *random, float *values, size_t count, float scale)
{
    for (size_t i = 0; i < count; i++) {
        values[i] = random_float(random, -scale, scale);
    }
}

static weights make_weights(float scale, float forget)
{
    weights made = {.h0 = {0.0F}};
    random_source random = {17};
    for (int l = 0; l < LAYERS; l++) {
        fill(&random, made.w[l], sizeof made.w[l] / sizeof(float), scale);
        fill(&random, made.b[l], sizeof made.b[l] / sizeof(float), 0.5F);
        for (int i = 0; i < HIDDEN; i++) {
            made.b[l][HIDDEN + i] += forget; // of the LSTM; rows r of the GRU
        }
    }
    fill(&random, made.u, sizeof made.u / sizeof(float), scale);
    fill(&random, made.h0, HIDDEN, 0.5F);
    fill(&random, made.c0, HIDDEN, 0.5F);
    fill(&random, made.head, HIDDEN, 0.5F);
    return made;
}

static bl_net *build(const weights *from, bl_sequence_kind kind, bl_isa isa, uint32_t zeros,
                     bl_arena *arena)
{
    bl_sequence_stage stages[LAYERS + 1] = {0};
    const uint32_t layers = kind == BL_SEQUENCE_LSTM ? LAYERS : 1;
    for (uint32_t l = 0; l < layers; l++) {
        stages[l] = (bl_sequence_stage){.kind = kind,
                                        .in = l > 0 ? HIDDEN : 1,
                                        .out = HIDDEN,
                                        .w = from->w[l],
                                        .u = from->u,
                                        .b = from->b[l],
                                        .h0 = from->h0,
                                        .c0 = from->c0};
    }
    stages[layers] =
        (bl_sequence_stage){.kind = BL_SEQUENCE_MATRIX,
                            .in = HIDDEN,
                            .out = 1,
                            .matrix = {.in = HIDDEN, .out = 1, .groups = 1, .w = from->head}};
    const bl_arch arch = {.kind = BL_ARCH_SEQUENCE,
                          .sample_rate_hz = 48000.0,
                          .u.sequence = {.stage_count = layers + 1,
                                         .stages = stages,
                                         .in_gain = 1.0F,
                                         .out_gain = 1.0F,
                                         .prewarm_frames = zeros}};
    const bl_net_request request = {.isa = isa, .quality = 1.0, .name = "test"};
    bl_net *net = NULL;
    bl_error error = {0};
    if (bl_net_build(&arch, &request, arena, &net, &error) != BL_STATUS_OK) {
        fail_msg("%s", error.text);
    }
    return net;
}

static void check(const weights *from, bl_sequence_kind kind, bl_isa isa, uint32_t zeros)
{
    bl_arena *arena = bl_arena_create(BL_LIMIT_VOICE_BYTES);
    random_source random = {5};
    float *silence = calloc(zeros, sizeof *silence), *rest = malloc(zeros * sizeof *rest);
    float *noise = check_noise_new(&random, NOISE, 0.7F);
    float prewarmed[NOISE], fed[NOISE];
    bl_net *net = build(from, kind, isa, zeros, arena);
    check_run(net, noise, prewarmed, NOISE, 64);
    net = build(from, kind, isa, 0, arena);
    check_run(net, silence, rest, zeros, 64);
    check_run(net, noise, fed, NOISE, 64);
    assert_memory_equal(prewarmed, fed, sizeof fed);
    free(silence);
    free(rest);
    free(noise);
    bl_arena_destroy(arena);
}

static void test_ending_early_changes_nothing(void **state)
{
    (void)state;
    static const uint32_t zeros[] = {1, 63, 64, 200, 24000, 22050};
    // Quick to settle; slow; never at rest: its state swings for ever.
    const weights kinds[] = {make_weights(0.2F, 0.0F), make_weights(0.2F, 9.0F),
                             make_weights(3.0F, 1.0F)};
    for (int isa = 0; isa < BL_ISA_COUNT; isa++) {
        for (size_t k = 0; bl_isa_kernels((bl_isa)isa) != NULL && k < 3; k++) {
            for (size_t i = 0; i < sizeof zeros / sizeof *zeros; i++) {
                check(&kinds[k], BL_SEQUENCE_LSTM, (bl_isa)isa, zeros[i]);
                check(&kinds[k], BL_SEQUENCE_GRU, (bl_isa)isa, zeros[i]);
            }
        }
    }
}

// The time is printed and not asserted: it is the machine's.
static void test_standard_is_ready_soon(void **state)
{
    (void)state;
    enum { RUNS = 9 };
    const nam_preset preset = nam_preset_get(0);
    double best_ms = (double)INFINITY;
    model_bytes bytes = {0};
    nam_file_write(&bytes, "0.5.4", "WaveNet", preset.config, "48000", preset.weights, 1);
    for (int run = 0; run < RUNS; run++) {
        struct timespec begin, end;
        bl_model *model = NULL;
        bl_voice *voice = NULL;
        clock_gettime(CLOCK_MONOTONIC, &begin);
        assert_int_equal(bl_model_parse((const uint8_t *)bytes.data, bytes.size, "standard.nam",
                                        NULL, &model, NULL),
                         BL_STATUS_OK);
        assert_int_equal(bl_voice_create(model, NULL, &voice, NULL), BL_STATUS_OK);
        clock_gettime(CLOCK_MONOTONIC, &end);
        best_ms = fmin(best_ms, (double)(end.tv_sec - begin.tv_sec) * 1e3 +
                                    (double)(end.tv_nsec - begin.tv_nsec) / 1e6);
        bl_voice_destroy(voice);
        bl_model_release(model);
    }
    model_bytes_finish(&bytes);
    printf("loading and prewarming a NAM %s: %.2f ms, the best of %d (aim: at most 10 ms)\n",
           preset.size_class, best_ms, RUNS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_ending_early_changes_nothing),
                                       cmocka_unit_test(test_standard_is_ready_soon)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
