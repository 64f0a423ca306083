// SPDX-License-Identifier: MIT
// Impulse responses of every length class against a sum in double precision, in any chunks, and
// that the work of partitions is spread over the slots.

#include "net_check.h"

#include "rt/linear.h"

enum { FRAMES = 3000 };

static bl_net *build(const bl_linear *linear, bl_isa isa, bl_arena *arena)
{
    const bl_arch arch = {.kind = BL_ARCH_LINEAR, .u.linear = *linear};
    const bl_net_request request = {.isa = isa, .quality = 1.0, .name = "test"};
    bl_net *net = NULL;
    bl_error error = {0};
    if (bl_net_build(&arch, &request, arena, &net, &error) != BL_STATUS_OK) {
        fail_msg("%s", error.text);
    }
    return net;
}

// The longest ones have taps at both ends of their length only, so that the test stays quick; the
// input is long enough to reach them.
static void check_length(uint32_t taps, size_t frames)
{
    random_source random = {taps};
    float *h = check_noise_new(&random, taps, taps > 1 ? 0.1F : 1.0F);
    float *in = check_noise_new(&random, frames, 0.5F);
    double *expected = calloc(frames, sizeof *expected);
    float *out = malloc(frames * sizeof *out);
    const uint32_t sparse = 5000;
    for (uint32_t i = sparse; i + sparse < taps; i++) {
        h[i] = 0.0F;
    }
    const bl_linear linear = {.taps = taps, .h = h, .bias = 0.25F};
    for (size_t t = 0; t < frames; t++) {
        double sum = 0.25;
        for (size_t i = 0; i < taps && i <= t; i++) {
            if (i == sparse && 2 * sparse < taps) {
                i = taps - sparse;
            }
            sum += i <= t ? (double)h[i] * (double)in[t - i] : 0.0;
        }
        expected[t] = sum;
    }
    bl_arena *arena = bl_arena_create(BL_LIMIT_VOICE_BYTES);
    bl_net *net = build(&linear, BL_ISA_C, arena);
    check_run(net, in, out, frames, 64);
    const double difference = check_difference(out, expected, frames);
    print_message("%u taps: %s, %.2g\n", taps, net->kernel, difference);
    assert_true(difference <= 3e-6);
    net->reset(net);
    char what[32];
    snprintf(what, sizeof what, "%u taps", taps);
    check_promises(what, net, 0.0);
    bl_arena_destroy(arena);
    free(h);
    free(in);
    free(out);
    free(expected);
}

static void test_every_length(void **state)
{
    (void)state;
    static const uint32_t lengths[] = {1, 2, 64, 65, 1024, 1025, 1088, 2048, 5000, 20011};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        check_length(lengths[i], FRAMES + lengths[i]);
    }
}

static void test_long_partitions(void **state)
{
    (void)state;
    check_length(70000, 75000);
}

static void test_work_is_spread(void **state)
{
    (void)state;
    float *h = calloc(60000, sizeof *h);
    const bl_linear linear = {.taps = 60000, .h = h};
    bl_arena *arena = bl_arena_create(BL_LIMIT_VOICE_BYTES);
    const bl_linear_net *net = (const bl_linear_net *)build(&linear, BL_ISA_C, arena);
    const bl_partitions *p = &net->rest;
    const uint32_t slots = p->block / BL_LINEAR_SLOT;
    assert_true(slots > 1);
    uint32_t least = p->count, most = 0, before = 0;
    for (uint32_t slot = 0; slot < slots; slot++) {
        const uint32_t share = p->schedule[slot] - before;
        least = share < least ? share : least;
        most = share > most ? share : most;
        before = p->schedule[slot];
    }
    assert_int_equal(before, p->count);
    // The two slots with a transform have that much less to multiply.
    assert_true(most - least < p->count / slots / 4);
    bl_arena_destroy(arena);
    free(h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_length),
        cmocka_unit_test(test_long_partitions),
        cmocka_unit_test(test_work_is_spread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
