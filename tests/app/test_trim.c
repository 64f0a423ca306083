// SPDX-License-Identifier: MIT
// Same loudness: rigs of models that differ by 50 dB, with tone and cabs, are rendered and come out
// equally loud; the figure is kept by content; each rig can do without; dBu calibration.

#include "backline/audio.h"
#include "backline/model.h"
#include "backline/text.h"

#include "loudness.h"
#include "trim.h"

#include "support/cmocka_all.h"
#include "support/folder.h"
#include "support/model_files.h"
#include "support/program.h"
#include "support/random.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TOLERANCE_LU 0.1 // between parts of the riff, as measured, and all of it

enum { PATH = 512 };

static char riff_path[PATH];

static int set_up(void **state)
{
    test_folder_make(state);
    setenv("XDG_CACHE_HOME", test_folder_path(), 1);
    setenv("XDG_CONFIG_HOME", test_folder_path(), 1);
    const char *slash = strrchr(BL_PROGRAM, '/');
    snprintf(riff_path, sizeof riff_path, "%.*s/../share/backline/riff.wav",
             (int)(slash - BL_PROGRAM), BL_PROGRAM);
    return 0;
}

static void write_text(const char *name, const char *text)
{
    test_folder_write(name, text, strlen(text));
}

// A network of one channel that drives tanh by `drive` and gives `level` of what it makes.
static void write_model(const char *name, float drive, float level)
{
    static const bl_config_model shape = {
        .causal = true, .channels = 1, .num_layers = 1, .kernel_size = 2, .dilation_base = 2};
    const size_t count = native_weight_count(&shape);
    float *weights = calloc(count, sizeof *weights);
    assert_int_equal(count, 7); // input w, b; block w (2), b; output w, b
    weights[0] = 1e-4F;
    weights[3] = drive / weights[0];
    weights[5] = level;
    model_bytes bytes = {0};
    native_file_write(&bytes, &shape, 48000.0, weights, 0);
    model_bytes_save(&bytes, test_folder_file(name));
    model_bytes_finish(&bytes);
    free(weights);
}

static void write_cab(const char *name, float gain)
{
    float taps[400];
    random_source random = {5};
    for (int i = 0; i < 400; i++) {
        taps[i] = gain * random_float(&random, -1.0F, 1.0F) * expf(-0.02F * (float)i);
    }
    const bl_audio response = {.samples = taps, .frames = 400, .sample_rate_hz = 48000.0};
    assert_int_equal(bl_audio_save(test_folder_file(name), &response, BL_AUDIO_FLOAT_32, NULL),
                     BL_STATUS_OK);
}

static double lufs_of(const char *path)
{
    bl_audio audio = {0};
    bl_loudness *loudness = NULL;
    assert_int_equal(bl_audio_load(path, 0, &audio, NULL), BL_STATUS_OK);
    assert_int_equal(bl_loudness_create(1, audio.sample_rate_hz, &loudness, NULL), BL_STATUS_OK);
    for (uint64_t at = 0; at < audio.frames; at += 64) {
        const uint64_t rest = audio.frames - at;
        assert_true(bl_loudness_add(loudness, (const float *[]){audio.samples + at},
                                    rest < 64 ? (uint32_t)rest : 64));
    }
    const double lufs = bl_loudness_lufs(&loudness, 1);
    bl_loudness_destroy(loudness);
    bl_audio_finish(&audio);
    return lufs;
}

// Writes the rig, renders the riff through it and returns how loud that is.
static double loudness_of_rig(const char *text)
{
    char rig[PATH], out[PATH];
    snprintf(rig, sizeof rig, "%s", test_folder_file("rig.yaml"));
    snprintf(out, sizeof out, "%s", test_folder_file("out.wav"));
    write_text("rig.yaml", text);
    const program_result *result = PROGRAM("render", riff_path, out, "--rig", rig);
    if (result->code != 0) {
        fail_msg("%s", result->err);
    }
    return lufs_of(out);
}

static void test_the_meter_follows_the_standard(void **state)
{
    (void)state;
    // BS.1770: a sine of 997 Hz at full scale in one channel alone reads -3.01 LUFS; in both, which
    // one channel here stands for, 0.
    bl_loudness *loudness = NULL;
    assert_int_equal(bl_loudness_create(1, 48000.0, &loudness, NULL), BL_STATUS_OK);
    float block[64];
    for (int at = 0; at < 48000 * 2; at += 64) {
        for (int i = 0; i < 64; i++) {
            block[i] = (float)(0.1 * sin(2.0 * 3.14159265358979 * 997.0 * (at + i) / 48000.0));
        }
        assert_true(bl_loudness_add(loudness, (const float *[]){block}, 64));
    }
    assert_true(fabs(bl_loudness_lufs(&loudness, 1) + 20.0) < 0.05);
    bl_loudness_destroy(loudness);
}

static void test_rigs_are_equally_loud(void **state)
{
    (void)state;
    static const char *const rigs[] = {
        "version: 1\n",
        "version: 1\nmodel: clean.safetensors\n",
        "version: 1\nmodel: lead.safetensors\n",
        "version: 1\nmodel: faint.safetensors\nparameters:\n  treble: 9\n  bass: 1\n",
        "version: 1\nmodel: lead.safetensors\ncab: cab.wav\nparameters:\n  low_cut_hz: 90\n",
        "version: 1\nmodel: clean.safetensors\ncab: cab.wav\nparameters:\n  input_trim_db: 12\n",
    };
    write_model("clean.safetensors", 1.0F, 0.7F);
    write_model("lead.safetensors", 200.0F, 1.0F);
    write_model("faint.safetensors", 20.0F, 0.003F);
    write_cab("cab.wav", 0.01F);
    for (size_t i = 0; i < sizeof rigs / sizeof *rigs; i++) {
        const double lufs = loudness_of_rig(rigs[i]);
        if (fabs(lufs - BL_TRIM_TARGET_LUFS) > TOLERANCE_LU) {
            fail_msg("rig %zu: %.2f LUFS, expected %.2f", i, lufs, BL_TRIM_TARGET_LUFS);
        }
    }
    // The level counts from there, and a rig can do without.
    const double soft = loudness_of_rig("version: 1\nmodel: lead.safetensors\nparameters:\n"
                                        "  level_db: -6\n");
    assert_true(fabs(soft + 6.0 - BL_TRIM_TARGET_LUFS) < 0.05);
    const double raw = loudness_of_rig("version: 1\nmodel: faint.safetensors\n"
                                       "match_loudness: false\n");
    assert_true(raw < BL_TRIM_TARGET_LUFS - 20.0);
}

static int count_kept(void)
{
    char folder[PATH];
    snprintf(folder, sizeof folder, "%s/backline/loudness", test_folder_path());
    DIR *list = opendir(folder);
    int count = 0;
    for (struct dirent *e = list != NULL ? readdir(list) : NULL; e != NULL; e = readdir(list)) {
        count += e->d_name[0] != '.';
    }
    if (list != NULL) {
        closedir(list);
    }
    return count;
}

static bl_trim find(const char *model_file, bl_trim_wish wish)
{
    bl_chain_config config = bl_chain_config_default();
    bl_trim trim;
    config.stages = true;
    assert_int_equal(bl_model_load(model_file, NULL, &config.model, NULL), BL_STATUS_OK);
    wish.model = model_file;
    wish.config = wish.cab = "";
    bl_trim_find(&config, &wish, &trim);
    assert_true(config.trim_db == trim.trim_db && config.calibration_db == trim.calibration_db);
    bl_model_release(config.model);
    return trim;
}

static void test_is_measured_once_for_the_same_content(void **state)
{
    (void)state;
    char one[PATH], same[PATH], other[PATH];
    snprintf(one, sizeof one, "%s", test_folder_file("one.safetensors"));
    snprintf(same, sizeof same, "%s", test_folder_file("same.safetensors"));
    snprintf(other, sizeof other, "%s", test_folder_file("other.safetensors"));
    write_model("one.safetensors", 5.0F, 0.1F);
    write_model("same.safetensors", 5.0F, 0.1F);
    write_model("other.safetensors", 5.0F, 0.2F);
    const bl_trim_wish wish = {.match_loudness = true};
    const bl_trim first = find(one, wish), again = find(same, wish);
    assert_int_equal(count_kept(), 2); // with its knobs, and whatever they are
    assert_int_equal(first.source, BL_TRIM_MEASURED);
    assert_int_equal(again.source, BL_TRIM_MEASURED);
    assert_true(first.loudness_lufs == again.loudness_lufs);
    const bl_trim louder = find(other, wish);
    assert_int_equal(count_kept(), 4);
    assert_true(fabs(louder.loudness_lufs - first.loudness_lufs - 20.0 * log10(2.0)) < 0.01);
    assert_true(fabs(louder.trim_db - first.trim_db + 20.0 * log10(2.0)) < 0.01);
}

// A file that claims a level of -30 dB and an input level of 18 dBu, or nothing.
static void write_nam(const char *name, bool claims)
{
    model_bytes bytes = {0};
    nam_file_write(&bytes, "0.5.4", "WaveNet", NAM_TINY_CONFIG, "48000", NAM_TINY_WEIGHTS, 1);
    if (claims) {
        model_bytes_replace(&bytes, "\"sample_rate\"",
                            "\"metadata\": {\"loudness\": -30.0, \"input_level_dbu\": 18.0}, "
                            "\"sample_rate\"");
    }
    model_bytes_save(&bytes, test_folder_file(name));
    model_bytes_finish(&bytes);
}

static bl_trim guess_at(const char *model_file, double bass, bool *known)
{
    bl_chain_config config = bl_chain_config_default();
    const bl_trim_wish wish = {
        .model = model_file, .config = "", .cab = "", .match_loudness = true};
    bl_trim trim;
    config.stages = true;
    assert_int_equal(bl_model_load(model_file, NULL, &config.model, NULL), BL_STATUS_OK);
    config.parameters[BL_PARAMETER_BASS] = bass;
    *known = bl_trim_guess(&config, &wish, &trim);
    assert_true(config.trim_db == trim.trim_db);
    bl_model_release(config.model);
    return trim;
}

static bl_trim guess(const char *model_file, bool *known)
{
    return guess_at(model_file, 5.0, known);
}

static void test_what_is_not_measured_yet_is_guessed(void **state)
{
    (void)state;
    char claims[PATH], fresh[PATH];
    bool known = true;
    snprintf(claims, sizeof claims, "%s", test_folder_file("claims.nam"));
    snprintf(fresh, sizeof fresh, "%s", test_folder_file("fresh.nam"));
    write_nam("claims.nam", true);
    write_nam("fresh.nam", false);
    const int kept = count_kept();
    bl_trim trim = guess(claims, &known);
    assert_false(known);
    assert_true(trim.source == BL_TRIM_HINT && trim.trim_db == 10.0);
    trim = guess(fresh, &known);
    assert_false(known);
    assert_true(trim.source == BL_TRIM_GUESSED && trim.trim_db == BL_TRIM_EXPECTED_DB);
    assert_int_equal(count_kept(), kept);
    atomic_bool given_up = true;
    trim = find(fresh, (bl_trim_wish){.match_loudness = true, .given_up = &given_up});
    assert_int_equal(trim.source, BL_TRIM_OFF);
    assert_int_equal(count_kept(), kept);
    const bl_trim measured = find(fresh, (bl_trim_wish){.match_loudness = true});
    trim = guess(fresh, &known);
    assert_true(known);
    assert_true(trim.source == BL_TRIM_MEASURED && trim.trim_db == measured.trim_db);
    trim = guess_at(fresh, 9.0, &known); // the same files are about as loud
    assert_false(known);
    assert_true(trim.source == BL_TRIM_HINT && trim.trim_db == measured.trim_db);
}

static void test_silence_is_left_alone(void **state)
{
    (void)state;
    write_model("silent.safetensors", 1.0F, 0.0F);
    const bl_trim trim =
        find(test_folder_file("silent.safetensors"), (bl_trim_wish){.match_loudness = true});
    assert_int_equal(trim.source, BL_TRIM_OFF);
    assert_true(trim.trim_db == 0.0);
}

static void test_calibration_is_off_until_the_interface_is_known(void **state)
{
    (void)state;
    char path[PATH];
    snprintf(path, sizeof path, "%s", test_folder_file("claims.nam"));
    write_nam("claims.nam", true);
    const bl_trim off = find(path, (bl_trim_wish){.interface_dbu = 12.0});
    assert_true(off.calibration_db == 0.0 && off.trim_db == 0.0);
    // Full scale is 12 dBu here and was 18 dBu there: the model must hear 6 dB less.
    const bl_trim on = find(path, (bl_trim_wish){.calibrate = true, .interface_dbu = 12.0});
    assert_true(on.calibration_db == -6.0);
    assert_int_equal(on.source, BL_TRIM_OFF);
    // What is claimed about loudness counts for nothing where it can be measured.
    const bl_trim measured = find(path, (bl_trim_wish){.match_loudness = true});
    assert_int_equal(measured.source, BL_TRIM_MEASURED);
    assert_true(measured.trim_db != 10.0);
}

static double clean_loudness(const char *settings)
{
    char folder[PATH];
    snprintf(folder, sizeof folder, "mkdir -p %s/backline", test_folder_path());
    assert_int_equal(system(folder), 0); // NOLINT(cert-env33-c): a folder of the test's own
    write_text("backline/settings.yaml", settings);
    return loudness_of_rig("version: 1\nmodel: linear.nam\nmatch_loudness: false\n");
}

static void test_the_setting_reaches_the_sound(void **state)
{
    (void)state;
    static const float one[] = {1.0F};
    model_bytes bytes = {0};
    nam_file_write_weights(&bytes, "0.5.4", "Linear", "{\"receptive_field\": 1, \"bias\": false}",
                           "48000", one, 1);
    model_bytes_replace(&bytes, "\"sample_rate\"",
                        "\"metadata\": {\"input_level_dbu\": 18.0}, \"sample_rate\"");
    model_bytes_save(&bytes, test_folder_file("linear.nam"));
    model_bytes_finish(&bytes);
    const double without = clean_loudness("version: 1\n");
    const double with = clean_loudness("version: 1\ninterface_input_dbu: 12.0\n");
    assert_true(fabs(with - without + 6.0) < 0.05);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_meter_follows_the_standard),
        cmocka_unit_test_setup_teardown(test_rigs_are_equally_loud, set_up, test_folder_remove),
        cmocka_unit_test_setup_teardown(test_is_measured_once_for_the_same_content, set_up,
                                        test_folder_remove),
        cmocka_unit_test_setup_teardown(test_what_is_not_measured_yet_is_guessed, set_up,
                                        test_folder_remove),
        cmocka_unit_test_setup_teardown(test_silence_is_left_alone, set_up, test_folder_remove),
        cmocka_unit_test_setup_teardown(test_calibration_is_off_until_the_interface_is_known,
                                        set_up, test_folder_remove),
        cmocka_unit_test_setup_teardown(test_the_setting_reaches_the_sound, set_up,
                                        test_folder_remove),
    };
    return cmocka_run_group_tests_name("trim", tests, NULL, NULL);
}
