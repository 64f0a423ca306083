// SPDX-License-Identifier: MIT
// Chains with models of every kind, alone and in the engine: no bit is added to the voice, models
// that break are caught, silence costs no denormals, what cannot be played is refused.

#include "backline/engine.h"
#include "backline/limits.h"
#include "backline/voice.h"

#include "support/chains.h"
#include "support/cmocka_all.h"
#include "support/engines.h"
#include "support/models.h"
#include "support/random.h"

#include <math.h>
#include <string.h>

enum { FRAMES = 12000 };

static random_source random_periods = {1};

static bl_chain *chain_of(bl_model *model, uint64_t generation)
{
    bl_chain_config config = bl_chain_config_default();
    config.model = model;
    config.generation = generation;
    bl_chain *chain = NULL;
    bl_error error = {0};
    if (bl_chain_create(&config, &chain, &error) != BL_STATUS_OK) {
        fail_msg("%s", error.text);
    }
    return chain;
}

static bl_voice *voice_of(bl_model *model)
{
    bl_voice_config config = bl_voice_config_default();
    config.sample_rate_hz = 48000.0;
    bl_voice *voice = NULL;
    assert_int_equal(bl_voice_create(model, &config, &voice, NULL), BL_STATUS_OK);
    return voice;
}

static void play_voice(bl_voice *voice, const float *in, float *out, uint32_t frames)
{
    for (uint32_t at = 0; at < frames; at += BL_INNER_FRAMES) {
        const uint32_t left = frames - at;
        bl_voice_process(voice, in + at, out + at, left < BL_INNER_FRAMES ? left : BL_INNER_FRAMES);
    }
}

// Whatever the periods, the output is that of the voice in whole blocks, bit for bit.
static void test_engine_adds_nothing_to_any_voice(void **state)
{
    (void)state;
    static float in[FRAMES], expected[FRAMES], out[FRAMES];
    fill_noise(in, FRAMES, 1);
    for (int m = 0; m < ANY_MODELS; m++) {
        bl_model *model = any_model(m);
        bl_engine *engine = engine_of(bare_config());
        bl_chain *chain = chain_of(model, 1);
        assert_ptr_equal(bl_chain_model(chain), model);
        bl_engine_swap(engine, chain);
        process(engine, in, out, FRAMES, &random_periods);

        bl_voice *voice = voice_of(model);
        bl_model_release(model); // voice and chain have their own references
        play_voice(voice, in, expected, FRAMES);
        if (memcmp(out, expected, sizeof out) != 0) {
            fail_msg("model %d (%s): the engine's output differs", m, bl_voice_kernel(voice));
        }
        assert_int_equal(bl_engine_latency_frames(engine), bl_voice_latency_frames(voice));
        bl_voice_destroy(voice);
        bl_engine_destroy(engine);
    }
}

// Swaps between models: after warm-up and fade the output is that of the new voice, fed from the
// frame of the swap on.
static void test_swaps_between_any_models(void **state)
{
    (void)state;
    static float in[FRAMES], expected[FRAMES], out[FRAMES];
    fill_noise(in, FRAMES, 2);
    bl_engine *engine = engine_of(bare_config());
    for (int m = 0; m < ANY_MODELS; m++) {
        bl_model *model = any_model(m);
        bl_voice *voice = voice_of(model);
        bl_engine_swap(engine, chain_of(model, (uint64_t)m + 1));
        bl_model_release(model);
        process(engine, in, out, FRAMES, &random_periods);
        bl_chain_destroy(bl_engine_take_retired(engine));
        play_voice(voice, in, expected, FRAMES);
        const uint32_t settled = bl_voice_latency_frames(voice) + 240;
        assert_memory_equal(out + settled, expected + settled, (FRAMES - settled) * sizeof *out);
        bl_voice_destroy(voice);
    }
    bl_engine_destroy(engine);
}

// Rectified layers without biases and with weights this large are finite for a whisper, infinite
// for a shout.
static bl_model *overflowing_model(void)
{
    bl_config config = native_config(true, 8, 6, 48000.0);
    config.model.activation = BL_CONFIG_RELU;
    enum { CHANNELS = 8, BLOCK = CHANNELS * CHANNELS * 3, COUNT = 8 + 8 + 6 * (BLOCK + 8) + 8 + 1 };
    static float weights[COUNT];
    assert_int_equal(native_weight_count(&config.model), COUNT);
    model_weights_fill(weights, COUNT, 24, 5);
    for (int i = 0; i < COUNT; i++) {
        const int in_block = (i - 16) % (BLOCK + 8);
        const bool bias = i < 16 ? i >= 8 : i == COUNT - 1 || (i < COUNT - 9 && in_block >= BLOCK);
        weights[i] *= bias ? 0.0F : 2e5F;
    }
    bl_model *model = NULL;
    assert_int_equal(bl_model_from_config(&config, weights, COUNT, "loud", &model, NULL),
                     BL_STATUS_OK);
    return model;
}

static void test_model_that_overflows_is_silenced_and_recovers(void **state)
{
    (void)state;
    bl_model *model = overflowing_model();
    bl_engine *engine = engine_of(bare_config());
    bl_engine_swap(engine, chain_of(model, 1));
    bl_voice *voice = voice_of(model);
    bl_model_release(model);

    static float in[4096], out[4096], expected[1024];
    fill_with(in, 4096, 1e-12F);
    fill_with(in + 1024, 1024, 1.0F);
    play_voice(voice, in, expected, 1024);
    for (int i = 0; i < 1024; i++) {
        assert_true(isfinite(expected[i]) && expected[i] != 0.0F);
    }
    bl_engine_process(engine, in, out, 4096);
    assert_memory_equal(out, expected, 1024 * sizeof *out);
    for (int i = 0; i < 4096; i++) {
        assert_true(isfinite(out[i]));
        assert_true(i < 1024 || i >= 2048 || out[i] == 0.0F);
    }
    assert_memory_equal(out + 2048, expected, 1024 * sizeof *out); // as after creation
    assert_int_equal(last_telemetry(engine, BL_TELEMETRY_METERS).not_finite_blocks, 1024 / 64);
    bl_voice_destroy(voice);
    bl_engine_destroy(engine);
}

// No tail decays into denormals: a receptive field after the last sound a model without biases
// gives zeros, and with biases what it gives for silence, each bit.
static void test_silence_is_reached_exactly(void **state)
{
    (void)state;
    static float in[FRAMES], out[FRAMES];
    for (int m = 0; m < ANY_MODELS; m++) {
        bl_model *model = any_model(m);
        const uint32_t memory = bl_model_get_info(model)->receptive_field_samples;
        if (memory == 0 || m == 6) { // a recurrent memory, or a resampler's, has no end
            bl_model_release(model);
            continue;
        }
        fill_noise(in, FRAMES, 3);
        memset(in + 2000, 0, (FRAMES - 2000) * sizeof *in);
        bl_engine *engine = engine_of(bare_config());
        bl_chain *chain = chain_of(model, 1);
        // A convolution by spectra rounds until its last partition is empty.
        const uint32_t partition = m == 5 ? memory : 0;
        const uint32_t silent = 2000 + memory + partition + bl_chain_latency_frames(chain);
        bl_model_release(model);
        bl_engine_swap(engine, chain);
        process(engine, in, out, FRAMES, &random_periods);
        for (uint32_t i = silent; i < FRAMES; i++) {
            assert_memory_equal(&out[i], &out[silent], sizeof *out);
            assert_int_not_equal(fpclassify(out[i]), FP_SUBNORMAL);
        }
        bl_engine_destroy(engine);
    }
}

static void test_latency_of_a_centred_model_is_its_lookahead(void **state)
{
    (void)state;
    bl_model *model = any_model(1);
    bl_chain *chain = chain_of(model, 1);
    assert_int_equal(bl_chain_latency_frames(chain), bl_model_get_info(model)->lookahead_samples);
    assert_int_not_equal(bl_chain_latency_frames(chain), 0);
    bl_chain_destroy(chain);
    bl_model_release(model);
}

static void test_refuses_what_cannot_be_played(void **state)
{
    (void)state;
    bl_chain_config config = bl_chain_config_default();
    const double bad_rates[] = {0.0, -48000.0, 1e9, (double)NAN};
    for (size_t i = 0; i < sizeof bad_rates / sizeof *bad_rates; i++) {
        config.sample_rate_hz = bad_rates[i];
        bl_chain *chain = NULL;
        bl_error error = {0};
        assert_int_equal(bl_chain_create(&config, &chain, &error), BL_STATUS_VALUE);
        assert_null(chain);
        assert_non_null(strstr(error.text, "expected 8000 to 768000"));
    }
    config.sample_rate_hz = 48000.0;
    config.model = native_model(native_config(false, 1, 18, 48000.0), 6);
    bl_chain *chain = NULL;
    bl_error error = {0};
    assert_int_equal(bl_chain_create(&config, &chain, &error), BL_STATUS_LIMIT);
    assert_null(chain);
    assert_non_null(strstr(error.text, "test: playing it live would delay the sound by 262143"));
    config.kernel = "abacus";
    error = (bl_error){0};
    assert_int_not_equal(bl_chain_create(&config, &chain, &error), BL_STATUS_OK);
    assert_null(chain);
    assert_non_null(strstr(error.text, "abacus"));
    bl_model_release(config.model);
    bl_chain_destroy(NULL);
}

static bl_chain *trimmed_chain(double trim_db)
{
    bl_chain_config config = bl_chain_config_default();
    config.trim_db = trim_db;
    config.generation = 1;
    bl_chain *chain = NULL;
    assert_int_equal(bl_chain_create(&config, &chain, NULL), BL_STATUS_OK);
    return chain;
}

// What is heard glides evenly in dB over a second, to the very bits of a chain that was built so;
// once more from where it is; what is not heard jumps.
static void test_trim_glides(void **state)
{
    (void)state;
    enum { SECOND = 48000, LENGTH = 49 * 1024 };
    static float in[LENGTH], out[LENGTH], expected[LENGTH];
    fill_with(in, LENGTH, 1.0F);
    bl_engine *engine = engine_of(bare_config());
    bl_chain *chain = trimmed_chain(-20.0);
    bl_engine_swap(engine, chain);
    process(engine, in, out, 1024, &random_periods);
    bl_chain_set_trim(chain, 10.0);
    process(engine, in, out, LENGTH, &random_periods);
    for (int i = 0; i < LENGTH; i++) {
        const double db = i + 1 < SECOND ? -20.0 + 30.0 * (i + 1) / SECOND : 10.0;
        assert_true(fabs(20.0 * log10((double)out[i]) - db) < 1e-4);
    }
    bl_chain *built = trimmed_chain(10.0);
    bl_chain_process(built, in, (float *[]){expected}, BL_INNER_FRAMES);
    assert_memory_equal(out + LENGTH - BL_INNER_FRAMES, expected,
                        BL_INNER_FRAMES * sizeof *expected);
    assert_int_equal(bl_engine_replay(engine, built, LENGTH + 1024), 0);
    bl_chain_set_trim(built, -30.0);
    bl_engine_replay(engine, built, 64);
    bl_chain_process(built, in, (float *[]){expected}, BL_INNER_FRAMES);
    assert_true(fabs(20.0 * log10((double)expected[0]) + 30.0) < 1e-4);
    bl_chain_destroy(built);
    bl_engine_destroy(engine);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_engine_adds_nothing_to_any_voice),
        cmocka_unit_test(test_swaps_between_any_models),
        cmocka_unit_test(test_model_that_overflows_is_silenced_and_recovers),
        cmocka_unit_test(test_silence_is_reached_exactly),
        cmocka_unit_test(test_latency_of_a_centred_model_is_its_lookahead),
        cmocka_unit_test(test_refuses_what_cannot_be_played),
        cmocka_unit_test(test_trim_glides),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
