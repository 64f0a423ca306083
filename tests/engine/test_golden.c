// SPDX-License-Identifier: MIT
// Outputs of the reference player: every model of the golden folder, on every kernel of this
// machine. Prints a table of the largest differences as parts of max(1, peak). The folder is not
// part of the project.

#include "backline/audio.h"
#include "backline/voice.h"
#include "setup/isa.h"
#include "skip.h"
#include "support/cmocka_all.h"
#include "support/effort.h"

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char folder[3000];

static bool find_folder(void)
{
    const char *shared = getenv("BL_SHARED");
    snprintf(folder, sizeof folder, "%s/golden",
             shared != NULL ? shared : BL_SOURCE_DIR "/../shared");
    DIR *found = opendir(folder);
    if (found != NULL) {
        closedir(found);
    }
    return found != NULL;
}

static void load(const char *name, const char *ending, bl_audio *audio)
{
    char path[4000];
    bl_error error = {0};
    snprintf(path, sizeof path, "%s/%s%s", folder, name, ending);
    if (bl_audio_load(path, 0, audio, &error) != BL_STATUS_OK) {
        fail_msg("%s", error.text);
    }
}

static double difference(bl_model *model, const char *kernel, const bl_audio *in,
                         const bl_audio *wanted)
{
    bl_voice_config config = bl_voice_config_default();
    config.kernel = kernel;
    bl_voice *voice = NULL;
    bl_error error = {0};
    if (bl_voice_create(model, &config, &voice, &error) != BL_STATUS_OK) {
        fail_msg("%s", error.text);
    }
    double largest = 0.0;
    for (uint64_t t = 0; t < in->frames; t += BL_INNER_FRAMES) {
        float out[BL_INNER_FRAMES];
        const uint64_t left = in->frames - t;
        const uint32_t now = left < BL_INNER_FRAMES ? (uint32_t)left : BL_INNER_FRAMES;
        bl_voice_process(voice, in->samples + t, out, now);
        for (uint32_t i = 0; i < now; i++) {
            const double distance = fabs((double)out[i] - (double)wanted->samples[t + i]);
            largest = distance <= largest ? largest : distance;
        }
    }
    bl_voice_destroy(voice);
    return largest;
}

static double peak_of(const bl_audio *audio)
{
    double peak = 1.0;
    for (uint64_t t = 0; t < audio->frames; t++) {
        peak = fmax(peak, fabs((double)audio->samples[t]));
    }
    return peak;
}

// One model on every kernel; false if any is too far off.
static bool check(const char *name, const char *ending, const bl_audio *in)
{
    char path[4000];
    bl_audio wanted;
    bl_model *model = NULL;
    bl_error error = {0};
    snprintf(path, sizeof path, "%s/%s%s", folder, name, ending);
    if (bl_model_load(path, NULL, &model, &error) != BL_STATUS_OK) {
        fail_msg("%s", error.text);
    }
    load(name, ".out.wav", &wanted);
    assert_true(wanted.frames >= in->frames);
    const bool deep = strstr(name, "a1_standard") != NULL;
    const double allowed = deep ? 2e-5 : 1e-5, peak = peak_of(&wanted);
    bool good = true;
    print_message("%-42s %-12s peak %6.3f", name, ending, peak);
    for (int isa = 0; isa < BL_ISA_COUNT; isa++) {
        if (bl_isa_kernels((bl_isa)isa) == NULL) {
            continue;
        }
        const double largest = difference(model, bl_isa_name((bl_isa)isa), in, &wanted) / peak;
        good = good && largest <= allowed;
        print_message("  %s %.1e", bl_isa_name((bl_isa)isa), largest);
    }
    print_message("  allowed %.0e%s\n", allowed, good ? "" : "  TOO FAR");
    bl_audio_finish(&wanted);
    bl_model_release(model);
    return good;
}

static void golden_outputs_are_met(void **state)
{
    (void)state;
    if (!find_folder()) {
        bl_test_skip("no golden outputs at %s", folder);
    }
    bl_audio in;
    load("input", ".wav", &in);
    in.frames = bl_test_some((uint32_t)in.frames);
    struct dirent **entries = NULL;
    const int count = scandir(folder, &entries, NULL, alphasort);
    int models = 0, failed = 0;
    for (int i = 0; i < count; i++) {
        char *name = entries[i]->d_name, *end = strrchr(name, '.');
        char ending[16] = "";
        if (end != NULL && (strcmp(end, ".nam") == 0 || strcmp(end, ".safetensors") == 0)) {
            snprintf(ending, sizeof ending, "%s", end);
            *end = '\0';
            models++;
            failed += check(name, ending, &in) ? 0 : 1;
        }
        free(entries[i]);
    }
    free(entries);
    bl_audio_finish(&in);
    assert_true(models > 0);
    assert_int_equal(failed, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(golden_outputs_are_met)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
