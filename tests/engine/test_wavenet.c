// SPDX-License-Identifier: MIT
// WaveNets against their formulas in double, every instruction set against that and plain C,
// streaming in any chunks, reset, causality, lookahead.

#include "setup/isa.h"
#include "support/cmocka_all.h"
#include "support/effort.h"
#include "support/net_fixture.h"
#include "support/net_run.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { FRAMES = 3000 };

static float input[FRAMES], output[FRAMES], other[FRAMES];
static double truth[FRAMES];

static bool can_run(int isa)
{
    return bl_isa_kernels((bl_isa)isa) != NULL;
}

// Every instruction set of this machine against the formulas.
static void check_arch(const bl_arch *arch, const char *what, double tolerance)
{
    fixture_render(arch, input, FRAMES, truth);
    const double allowed = tolerance * net_run_scale(truth, FRAMES);
    for (int isa = 0; isa < BL_ISA_COUNT; isa++) {
        if (!can_run(isa)) {
            continue;
        }
        net_run run = net_run_create(arch, (bl_isa)isa);
        net_run_stream(&run, input, output, FRAMES, 64);
        const uint32_t latency = run.net->latency_frames;
        const double distance = net_run_distance_to(output + latency, truth, FRAMES - latency);
        if (!(distance <= allowed)) {
            fail_msg("%s, %s: off by %.3g, allowed %.3g", what, run.net->kernel, distance, allowed);
        }
        net_run_destroy(&run);
    }
}

static void native_models_match_the_formulas(void **state)
{
    (void)state;
    static const uint32_t channels[] = {1, 2, 3, 4, 5, 6, 7, 8, 11, 12, 16, 17};
    for (uint32_t kernel = 1; kernel <= 6; kernel++) {
        for (size_t i = 0; i < sizeof channels / sizeof *channels; i++) {
            for (int causal = 0; causal < 2; causal++) {
                fixture *made = fixture_create(100 * kernel + i);
                const bl_arch *arch = fixture_native(made, channels[i], 4, kernel, 1 + kernel % 4,
                                                     causal == 1, BL_ACTIVATION_TANH);
                char what[64];
                snprintf(what, sizeof what, "native %ux%u %s", channels[i], kernel,
                         causal == 1 ? "causal" : "centred");
                check_arch(arch, what, 1e-5);
                fixture_destroy(made);
            }
        }
    }
}

static void usual_sizes_match_the_formulas(void **state)
{
    (void)state;
    fixture *made = fixture_create(7);
    check_arch(fixture_make_a1(made, FIXTURE_A1_STANDARD), "A1 standard", 1e-5);
    check_arch(fixture_make_a1(made, FIXTURE_A1_LITE), "A1 lite", 1e-5);
    check_arch(fixture_make_a1(made, FIXTURE_A1_FEATHER), "A1 feather", 1e-5);
    check_arch(fixture_make_a1(made, FIXTURE_A1_NANO), "A1 nano", 1e-5);
    check_arch(fixture_make_a2(made, 8), "A2 full", 1e-5);
    check_arch(fixture_make_a2(made, 3), "A2 lite", 1e-5);
    check_arch(fixture_native(made, 16, 10, 3, 2, true, BL_ACTIVATION_TANH), "native 10", 1e-5);
    check_arch(fixture_native(made, 16, 6, 3, 2, false, BL_ACTIVATION_RELU), "native 6", 1e-5);
    fixture_destroy(made);
}

static void every_activation_and_gating_matches(void **state)
{
    (void)state;
    static const uint32_t dilations[2] = {3, 50};
    static const uint32_t channels[] = {1, 2, 3, 5, 8, 11, 17};
    for (int kind = 0; kind <= BL_ACTIVATION_SOFTMAX; kind++) {
        for (int gating = BL_GATING_NONE; gating <= BL_GATING_BLENDED; gating++) {
            fixture *made = fixture_create((uint64_t)kind * 3 + (uint64_t)gating);
            const uint32_t size = channels[fixture_pick(made, 0, 6)];
            const fixture_array shape = {.channels = size,
                                         .bottleneck = fixture_pick(made, 1, size),
                                         .kernel = fixture_pick(made, 1, 6),
                                         .layer_count = 2,
                                         .dilations = dilations,
                                         .activation = (bl_activation_kind)kind,
                                         .gating = (bl_gating)gating};
            char what[64];
            snprintf(what, sizeof what, "activation %d, gating %d, %ux%u", kind, gating, size,
                     shape.kernel);
            check_arch(fixture_wavenet(made, &shape, 1), what, 1e-5);
            fixture_destroy(made);
        }
    }
}

static void anything_the_format_allows_matches(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= bl_test_some(150); seed++) {
        fixture *made = fixture_create(seed);
        char what[64];
        snprintf(what, sizeof what, "any, seed %u", (unsigned)seed);
        check_arch(fixture_any_wavenet(made), what, 1e-5);
        fixture_destroy(made);
    }
}

// Networks that together pass through every path of the engine.
static const bl_arch *example(fixture *made, uint32_t index)
{
    switch (index) {
    case 0:
        return fixture_native(made, 16, 6, 3, 2, true, BL_ACTIVATION_TANH);
    case 1:
        return fixture_native(made, 7, 5, 4, 3, false, BL_ACTIVATION_TANH);
    case 2:
        return fixture_make_a1(made, FIXTURE_A1_STANDARD);
    case 3:
        return fixture_make_a1(made, FIXTURE_A1_LITE);
    case 4:
        return fixture_make_a1(made, FIXTURE_A1_NANO);
    case 5:
        return fixture_make_a2(made, 8);
    case 6:
        return fixture_make_a2(made, 3);
    default:
        return fixture_any_wavenet(made);
    }
}

enum { EXAMPLES = 30 };

// Any way of cutting the input gives the same bits, from the first sample on.
static void chunks_do_not_change_a_bit(void **state)
{
    (void)state;
    static const uint32_t chunks[] = {1, 2, 7, 63, 100, 127, 128, 512, 4096};
    for (uint32_t index = 0; index < bl_test_some(EXAMPLES); index++) {
        fixture *made = fixture_create(index);
        const bl_arch *arch = example(made, index);
        for (int isa = 0; isa < BL_ISA_COUNT; isa++) {
            if (!can_run(isa)) {
                continue;
            }
            net_run run = net_run_create(arch, (bl_isa)isa);
            net_run_stream(&run, input, output, FRAMES, 64);
            for (size_t i = 0; i < sizeof chunks / sizeof *chunks; i++) {
                run.net->reset(run.net);
                net_run_stream(&run, input, other, FRAMES, chunks[i]);
                const double distance = net_run_distance(output, other, FRAMES);
                if (distance > 0.0) {
                    fail_msg("example %u, %s: chunks of %u differ by %.3g", index, run.net->kernel,
                             chunks[i], distance);
                }
            }
            run.net->reset(run.net);
            for (size_t t = 0; t < FRAMES;) {
                const uint32_t left = (uint32_t)(FRAMES - t);
                const uint32_t some = fixture_pick(made, 1, 200);
                const uint32_t now = some < left ? some : left;
                net_run_stream(&run, input + t, other + t, now, now);
                t += now;
            }
            assert_memory_equal(output, other, sizeof output);
            net_run_destroy(&run);
        }
        fixture_destroy(made);
    }
}

// After reset as after creation, and both as if silence had come in for ever.
static void reset_is_creation_and_silence_for_ever(void **state)
{
    (void)state;
    static float silence[FRAMES];
    for (uint32_t index = 0; index < bl_test_some(EXAMPLES); index++) {
        fixture *made = fixture_create(index);
        const bl_arch *arch = example(made, index);
        for (int isa = 0; isa < BL_ISA_COUNT; isa++) {
            if (!can_run(isa)) {
                continue;
            }
            net_run run = net_run_create(arch, (bl_isa)isa);
            net_run_stream(&run, input, output, FRAMES, 100);
            run.net->reset(run.net);
            net_run_stream(&run, input, other, FRAMES, 100);
            assert_memory_equal(output, other, sizeof output);
            run.net->reset(run.net);
            net_run_stream(&run, silence, other, FRAMES, 37);
            for (size_t t = 1; t < FRAMES; t++) {
                assert_memory_equal(&other[t], &other[0], sizeof *other);
            }
            // A long silence leaves the very state that reset fills in.
            for (int again = 0; again < 8; again++) {
                net_run_stream(&run, silence, other, FRAMES, 41);
            }
            net_run_stream(&run, input, other, FRAMES, 100);
            assert_memory_equal(output, other, sizeof output);
            net_run_destroy(&run);
        }
        fixture_destroy(made);
    }
}

static void the_future_is_not_heard(void **state)
{
    (void)state;
    static float changed[FRAMES];
    for (uint32_t index = 0; index < bl_test_some(EXAMPLES); index++) {
        fixture *made = fixture_create(index);
        const bl_arch *arch = example(made, index);
        for (int isa = 0; isa < BL_ISA_COUNT; isa++) {
            if (!can_run(isa)) {
                continue;
            }
            const size_t at = fixture_pick(made, 100, FRAMES - 100);
            memcpy(changed, input, sizeof changed);
            changed[at] += 0.5f;
            net_run run = net_run_create(arch, (bl_isa)isa);
            net_run_stream(&run, input, output, FRAMES, 64);
            run.net->reset(run.net);
            net_run_stream(&run, changed, other, FRAMES, 64);
            assert_memory_equal(output, other, at * sizeof *output);
            if (index < 7) {
                assert_memory_not_equal(output + at, other + at, (FRAMES - at) * sizeof *output);
            }
            net_run_destroy(&run);
        }
        fixture_destroy(made);
    }
}

static void lookahead_is_half_the_reach(void **state)
{
    (void)state;
    fixture *made = fixture_create(1);
    net_run run =
        net_run_create(fixture_native(made, 4, 6, 3, 2, false, BL_ACTIVATION_TANH), BL_ISA_C);
    assert_int_equal(run.net->latency_frames, 63);
    net_run_destroy(&run);
    run = net_run_create(fixture_native(made, 4, 6, 3, 2, true, BL_ACTIVATION_TANH), BL_ISA_C);
    assert_int_equal(run.net->latency_frames, 0);
    net_run_destroy(&run);
    fixture_destroy(made);
}

static void what_cannot_run_is_refused(void **state)
{
    (void)state;
    fixture *made = fixture_create(1);
    bl_arch *arch = fixture_make_a1(made, FIXTURE_A1_NANO);
    bl_arena *arena = bl_arena_create(BL_LIMIT_VOICE_BYTES);
    const bl_net_request request = {.isa = BL_ISA_C, .quality = 1.0, .name = "twang.nam"};
    bl_net *net = NULL;
    bl_error error = {0};
    arch->u.wavenet.causal = false;
    assert_int_equal(bl_net_build(arch, &request, arena, &net, &error), BL_STATUS_UNSUPPORTED);
    assert_non_null(strstr(error.text, "twang.nam: only the plain residual network"));
    bl_error_clear(&error);
    arch->u.wavenet.causal = true;
    arch->u.wavenet.arrays[1].layer_count = 0;
    assert_int_equal(bl_net_build(arch, &request, arena, &net, &error), BL_STATUS_SHAPE);
    assert_non_null(strstr(error.text, "layer array 1 has no layers"));
    bl_arena_destroy(arena);
    fixture_destroy(made);
}

// Memory that runs out anywhere is an error, nothing else.
static void short_memory_is_refused(void **state)
{
    (void)state;
    fixture *made = fixture_create(21);
    const bl_arch *arch = fixture_any_wavenet(made);
    const bl_net_request request = {.isa = BL_ISA_C, .quality = 1.0, .name = "test"};
    bl_net *net = NULL;
    bl_arena *arena = bl_arena_create(BL_LIMIT_VOICE_BYTES);
    bl_error error = {0};
    assert_int_equal(bl_net_build(arch, &request, arena, &net, &error), BL_STATUS_OK);
    const size_t needed = bl_arena_bytes(arena);
    bl_arena_destroy(arena);
    for (size_t limit = 0; limit < needed; limit += 64 + needed / 200) {
        arena = bl_arena_create(limit);
        bl_error_clear(&error);
        assert_int_equal(bl_net_build(arch, &request, arena, &net, &error), BL_STATUS_NO_MEMORY);
        bl_arena_destroy(arena);
    }
    fixture_destroy(made);
}

static void a_standard_voice_is_small(void **state)
{
    (void)state;
    fixture *made = fixture_create(1);
    bl_arena *arena = bl_arena_create(512 * 1024);
    bl_net_request request = {.quality = 1.0, .name = "test"};
    bl_error error = {0};
    assert_int_equal(bl_isa_choose(NULL, &request.isa, &error), BL_STATUS_OK);
    bl_net *net = NULL;
    assert_int_equal(
        bl_net_build(fixture_make_a1(made, FIXTURE_A1_STANDARD), &request, arena, &net, &error),
        BL_STATUS_OK);
    print_message("A1 standard: %zu bytes\n", bl_arena_bytes(arena));
    bl_arena_destroy(arena);
    fixture_destroy(made);
}

int main(void)
{
    fixture *made = fixture_create(1);
    fixture_signal(made, input, FRAMES);
    fixture_destroy(made);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(native_models_match_the_formulas),
        cmocka_unit_test(usual_sizes_match_the_formulas),
        cmocka_unit_test(every_activation_and_gating_matches),
        cmocka_unit_test(anything_the_format_allows_matches),
        cmocka_unit_test(chunks_do_not_change_a_bit),
        cmocka_unit_test(reset_is_creation_and_silence_for_ever),
        cmocka_unit_test(the_future_is_not_heard),
        cmocka_unit_test(lookahead_is_half_the_reach),
        cmocka_unit_test(what_cannot_run_is_refused),
        cmocka_unit_test(short_memory_is_refused),
        cmocka_unit_test(a_standard_voice_is_small),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
