// SPDX-License-Identifier: MIT
// Other forms of a model: containers by quality, narrower WaveNets, and stretched ones for a
// multiple of their rate.

#include "net_check.h"

#include "setup/slim.h"
#include "support/net_fixture.h"

enum { FRAMES = 600 };

static bl_net *build(const bl_arch *arch, double quality, uint32_t stretch, bl_arena *arena)
{
    const bl_net_request request = {
        .isa = BL_ISA_C, .quality = quality, .stretch = stretch, .name = "test"};
    bl_net *net = NULL;
    bl_error error = {0};
    if (bl_net_build(arch, &request, arena, &net, &error) != BL_STATUS_OK) {
        fail_msg("%s", error.text);
    }
    return net;
}

// ---- containers ----

static void test_container_by_quality(void **state)
{
    (void)state;
    static const float gains[] = {1.0F, 2.0F, 3.0F};
    static const double limits[] = {0.3, 0.6, 1.0};
    bl_arch members[3];
    const bl_arch *submodels[3];
    for (int i = 0; i < 3; i++) {
        members[i] = (bl_arch){.kind = BL_ARCH_LINEAR, .u.linear = {.taps = 1, .h = &gains[i]}};
        submodels[i] = &members[i];
    }
    const bl_arch arch = {
        .kind = BL_ARCH_CONTAINER,
        .u.container = {.count = 3, .submodels = submodels, .max_values = limits}};
    static const struct {
        double quality;
        float gain;
    } cases[] = {{0.0, 1.0F}, {0.29, 1.0F}, {0.3, 2.0F}, {0.59, 2.0F}, {0.6, 3.0F}, {1.0, 3.0F}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bl_arena *arena = bl_arena_create(BL_LIMIT_VOICE_BYTES);
        const float one = 1.0F;
        float out = 0.0F;
        check_run(build(&arch, cases[i].quality, 0, arena), &one, &out, 1, 1);
        assert_true(out == cases[i].gain);
        bl_arena_destroy(arena);
    }
}

// A choice of width is for the model itself, not for the network that conditions it.
static void test_condition_plays_at_full_width(void **state)
{
    (void)state;
    static const float gains[] = {1.0F, 2.0F};
    static const double limits[] = {0.5, 1.0};
    static const uint32_t dilations[] = {1};
    bl_arch members[2];
    const bl_arch *submodels[2];
    for (int i = 0; i < 2; i++) {
        members[i] = (bl_arch){.kind = BL_ARCH_LINEAR, .u.linear = {.taps = 1, .h = &gains[i]}};
        submodels[i] = &members[i];
    }
    const bl_arch container = {
        .kind = BL_ARCH_CONTAINER,
        .u.container = {.count = 2, .submodels = submodels, .max_values = limits}};
    const fixture_array array = {.channels = 4,
                                 .kernel = 2,
                                 .layer_count = 1,
                                 .dilations = dilations,
                                 .head_out = 1,
                                 .activation = BL_ACTIVATION_TANH};
    fixture *made = fixture_create(1);
    bl_arch *arch = fixture_wavenet(made, &array, 1);
    arch->u.wavenet.condition_dsp = &container;
    bl_arena *arena = bl_arena_create(BL_LIMIT_VOICE_BYTES);
    const float one[4] = {1.0F, 1.0F, 1.0F, 1.0F};
    float narrow[4], full[4];
    check_run(build(arch, 0.0, 0, arena), one, narrow, 4, 4);
    check_run(build(arch, 1.0, 0, arena), one, full, 4, 4);
    assert_memory_equal(narrow, full, sizeof full);
    bl_arena_destroy(arena);
    fixture_destroy(made);
}

// ---- narrower WaveNets ----

static const uint32_t widths_first[] = {2, 5, 8}, widths_second[] = {1, 4};

// Two arrays that may be narrowed; the first has a bottleneck.
static bl_arch *slimmable(fixture *made)
{
    static const uint32_t dilations[] = {1, 2, 4};
    const fixture_array arrays[] = {
        {.channels = 8,
         .kernel = 3,
         .bottleneck = 6,
         .layer_count = 3,
         .dilations = dilations,
         .head_out = 4,
         .activation = BL_ACTIVATION_TANH},
        {.channels = 4,
         .kernel = 2,
         .layer_count = 2,
         .dilations = dilations,
         .head_out = 1,
         .activation = BL_ACTIVATION_LEAKY_RELU},
    };
    bl_arch *arch = fixture_wavenet(made, arrays, 2);
    arch->u.wavenet.arrays[0].allowed = widths_first;
    arch->u.wavenet.arrays[0].allowed_count = 3;
    arch->u.wavenet.arrays[1].allowed = widths_second;
    arch->u.wavenet.arrays[1].allowed_count = 2;
    return arch;
}

// A copy of rows [out][in][taps] in which only the first rows and columns are not zero.
static const float *masked(fixture *made, const float *w, uint32_t out, uint32_t in, uint32_t taps,
                           uint32_t keep_out, uint32_t keep_in)
{
    float *copy = fixture_take(made, (size_t)out * in * taps + 1, sizeof *copy);
    for (size_t i = 0; w != NULL && i < (size_t)out * in * taps; i++) {
        const size_t o = i / taps / in, c = i / taps % in;
        copy[i] = o < keep_out && c < keep_in ? w[i] : 0.0F;
    }
    return w != NULL ? copy : NULL;
}

static void mask_matrix(fixture *made, bl_matrix *m, uint32_t keep_out, uint32_t keep_in)
{
    m->w = masked(made, m->w, m->out, m->in, 1, keep_out, keep_in);
    m->b = masked(made, m->b, m->out, 1, 1, keep_out, 1);
}

static void mask_conv(fixture *made, bl_conv *c, uint32_t keep_out, uint32_t keep_in)
{
    c->w = masked(made, c->w, c->out, c->in, c->kernel, keep_out, keep_in);
    c->b = masked(made, c->b, c->out, 1, 1, keep_out, 1);
}

// Silences every channel beyond the kept ones: what is left computes the narrow network's output
// at full width, since both activations give 0 for 0.
static void mask(fixture *made, bl_wavenet *net, const uint32_t *channels)
{
    for (uint32_t a = 0; a < net->array_count; a++) {
        bl_wavenet_array *array = &net->arrays[a];
        const uint32_t c = channels[a], b = array->bottleneck * c / array->channels;
        mask_matrix(made, &array->rechannel, c, a > 0 ? channels[a - 1] : array->rechannel.in);
        for (uint32_t i = 0; i < array->layer_count; i++) {
            bl_wavenet_layer *layer = &array->layers[i];
            mask_conv(made, &layer->conv, b, c);
            mask_matrix(made, &layer->mixin, b, layer->mixin.in);
            mask_matrix(made, &layer->layer1x1, c, b);
        }
        mask_conv(made, &array->head, a + 1 < net->array_count ? channels[a + 1] : array->head.out,
                  b);
    }
}

static void check_width(double quality, uint32_t first, uint32_t second)
{
    fixture *made = fixture_create(11);
    bl_arch *arch = slimmable(made);
    float *in = fixture_take(made, FRAMES, sizeof *in),
          *out = fixture_take(made, FRAMES, sizeof *in);
    double *expected = fixture_take(made, FRAMES, sizeof *expected);
    fixture_signal(made, in, FRAMES);
    bl_arena *arena = bl_arena_create(BL_LIMIT_VOICE_BYTES);
    bl_net *net = build(arch, quality, 0, arena);
    check_run(net, in, out, FRAMES, 64);
    const uint32_t channels[] = {first, second};
    mask(made, &arch->u.wavenet, channels);
    fixture_render(arch, in, FRAMES, expected);
    const double difference = check_difference(out, expected, FRAMES);
    print_message("quality %.2f: %u and %u channels, %.2g\n", quality, first, second, difference);
    assert_true(difference <= 1e-5);
    bl_arena_destroy(arena);
    fixture_destroy(made);
}

static void test_widths_by_quality(void **state)
{
    (void)state;
    check_width(0.0, 2, 1);
    check_width(0.33, 2, 1);
    check_width(0.34, 5, 1);
    check_width(0.5, 5, 4);
    check_width(0.67, 8, 4);
    check_width(1.0, 8, 4);
}

// Rows that come in pairs are taken from the top, as the reference player takes them.
static void test_gated_rows_come_from_the_top(void **state)
{
    (void)state;
    static const uint32_t dilations[] = {1}, widths[] = {2, 4};
    const fixture_array shape = {.channels = 4,
                                 .kernel = 2,
                                 .layer_count = 1,
                                 .dilations = dilations,
                                 .head_out = 1,
                                 .activation = BL_ACTIVATION_TANH,
                                 .gating = BL_GATING_GATED};
    fixture *made = fixture_create(12);
    bl_arch *arch = fixture_wavenet(made, &shape, 1);
    arch->u.wavenet.arrays[0].allowed = widths;
    arch->u.wavenet.arrays[0].allowed_count = 2;
    bl_arena *arena = bl_arena_create(BL_LIMIT_VOICE_BYTES);
    const bl_net_request request = {.isa = BL_ISA_C, .quality = 0.0, .name = "test"};
    const bl_wavenet *slim = NULL;
    assert_int_equal(bl_wavenet_adapt(&arch->u.wavenet, &request, arena, &slim, NULL),
                     BL_STATUS_OK);
    const bl_conv *full = &arch->u.wavenet.arrays[0].layers[0].conv;
    const bl_conv *conv = &slim->arrays[0].layers[0].conv;
    assert_int_equal(conv->out, 4);
    assert_int_equal(conv->in, 2);
    for (uint32_t o = 0; o < conv->out; o++) {
        assert_memory_equal(conv->w + o * 2 * 2, full->w + o * 4 * 2, 2 * 2 * sizeof(float));
        assert_true(conv->b[o] == full->b[o]);
    }
    bl_arena_destroy(arena);
    fixture_destroy(made);
}

static void test_unsliceable_is_refused_below_full_width(void **state)
{
    (void)state;
    fixture *made = fixture_create(13);
    bl_arch *arch = slimmable(made);
    arch->u.wavenet.arrays[0].layers[1].layer1x1.groups = 2;
    bl_arena *arena = bl_arena_create(BL_LIMIT_VOICE_BYTES);
    const bl_net_request request = {.isa = BL_ISA_C, .quality = 0.5, .name = "the-file"};
    const bl_wavenet *slim = NULL;
    bl_error error = {0};
    assert_int_equal(bl_wavenet_adapt(&arch->u.wavenet, &request, arena, &slim, &error),
                     BL_STATUS_UNSUPPORTED);
    assert_non_null(strstr(error.text, "the-file"));
    bl_arena_destroy(arena);
    fixture_destroy(made);
}

// A head1x1 keeps its width while the head before it becomes narrower.
static void test_sums_that_no_longer_fit_are_refused(void **state)
{
    (void)state;
    fixture *made = fixture_create(14);
    bl_arch *arch = slimmable(made);
    bl_wavenet_array *second = &arch->u.wavenet.arrays[1];
    for (uint32_t i = 0; i < second->layer_count; i++) {
        second->layers[i].head1x1 = fixture_matrix(made, 4, 4, 1, true);
    }
    bl_arena *arena = bl_arena_create(BL_LIMIT_VOICE_BYTES);
    bl_net_request request = {.isa = BL_ISA_C, .quality = 0.3, .name = "the-file"};
    bl_net *net = NULL;
    bl_error error = {0};
    assert_int_equal(bl_net_build(arch, &request, arena, &net, &error), BL_STATUS_SHAPE);
    assert_non_null(strstr(error.text, "the-file: layer array 1 adds 4 channels to the 1 that"));
    request.quality = 1.0;
    assert_int_equal(bl_net_build(arch, &request, arena, &net, &error), BL_STATUS_OK);
    bl_arena_destroy(arena);
    fixture_destroy(made);
}

// ---- stretched WaveNets ----

// Stretched by `factor`, a net is that many nets at its own rate, each hearing every factor-th
// sample.
static void check_stretched(fixture *made, const bl_arch *arch, uint32_t factor)
{
    bl_arena *arena = bl_arena_create(BL_LIMIT_VOICE_BYTES);
    bl_net *stretched = build(arch, 1.0, factor, arena), *plain = build(arch, 1.0, 0, arena);
    assert_int_equal(stretched->latency_frames, factor * plain->latency_frames);
    const uint32_t size = FRAMES / factor;
    float *in = fixture_take(made, FRAMES, sizeof *in),
          *out = fixture_take(made, FRAMES, sizeof *in);
    float *part = fixture_take(made, FRAMES, sizeof *in),
          *whole = fixture_take(made, FRAMES, sizeof *in);
    fixture_signal(made, in, FRAMES);
    check_run(stretched, in, out, FRAMES, CHECK_CHUNK_RANDOM);
    for (uint32_t phase = 0; phase < factor; phase++) {
        for (uint32_t t = 0; t < size; t++) {
            part[t] = in[t * factor + phase];
            whole[t] = out[t * factor + phase];
        }
        plain->reset(plain);
        check_run(plain, part, part, size, 64);
        check_equal("one phase", whole, part, size, 1e-6);
    }
    bl_arena_destroy(arena);
}

static void test_any_wavenet_stretches(void **state)
{
    (void)state;
    int tried = 0;
    for (uint64_t seed = 0; seed < 40; seed++) {
        fixture *made = fixture_create(seed);
        const bl_arch *arch = fixture_any_wavenet(made);
        if (bl_arch_stretches(arch, 1.0)) {
            check_stretched(made, arch, 2 + (uint32_t)(seed % 3));
            tried++;
        }
        fixture_destroy(made);
    }
    assert_true(tried > 10);
}

static void test_centred_nets_stretch_only_in_halves(void **state)
{
    (void)state;
    fixture *made = fixture_create(1);
    bl_arch *odd = fixture_native(made, 4, 3, 3, 2, false, BL_ACTIVATION_TANH);
    bl_arch *even = fixture_native(made, 4, 3, 2, 2, false, BL_ACTIVATION_TANH);
    assert_true(bl_arch_stretches(odd, 1.0));
    check_stretched(made, odd, 3);
    // Two taps: the middle between them is half a sample ahead, and is rounded.
    assert_false(bl_arch_stretches(even, 1.0));
    fixture_destroy(made);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_container_by_quality),
        cmocka_unit_test(test_condition_plays_at_full_width),
        cmocka_unit_test(test_widths_by_quality),
        cmocka_unit_test(test_gated_rows_come_from_the_top),
        cmocka_unit_test(test_unsliceable_is_refused_below_full_width),
        cmocka_unit_test(test_sums_that_no_longer_fit_are_refused),
        cmocka_unit_test(test_any_wavenet_stretches),
        cmocka_unit_test(test_centred_nets_stretch_only_in_halves),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
