// SPDX-License-Identifier: MIT
// `backline render` and `backline export` do not cost anybody a file: what is read and what is of
// another kind is still there, byte for byte, after they refused.

#include "backline/audio.h"
#include "backline/config.h"
#include "backline/file.h"

#include "support/cmocka_all.h"
#include "support/folder.h"
#include "support/model_files.h"
#include "support/net_fixture.h"
#include "support/program.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FILE_OF(name) test_folder_file(name)

static const bl_config_model shape = {
    .causal = true, .channels = 2, .num_layers = 2, .kernel_size = 3, .dilation_base = 2};

static void save_sound(const char *name)
{
    float samples[100] = {0.5F};
    const bl_audio audio = {.samples = samples, .frames = 100, .sample_rate_hz = 48000.0};
    assert_int_equal(bl_audio_save(FILE_OF(name), &audio, BL_AUDIO_FLOAT_32, NULL), BL_STATUS_OK);
}

static int set_up(void **state)
{
    static const char rig[] = "version: 1\nmodel: m.safetensors\ncab: cab.wav\n";
    if (test_folder_make(state) != 0) {
        return 1;
    }
    const size_t count = native_weight_count(&shape);
    float *weights = calloc(count, sizeof *weights);
    model_bytes bytes = {0};
    assert_non_null(weights);
    native_file_write(&bytes, &shape, 48000.0, weights, 0);
    model_bytes_save(&bytes, FILE_OF("m.safetensors"));
    model_bytes_finish(&bytes);
    free(weights);
    save_sound("in.wav");
    save_sound("cab.wav");
    save_sound("old.wav");
    test_folder_write("rig.yaml", rig, sizeof rig - 1);
    test_folder_write("notes", "strings: 10-46\n", 15);
    return link(FILE_OF("in.wav"), FILE_OF("hard.wav")) != 0 ||
           symlink(FILE_OF("in.wav"), FILE_OF("soft.wav")) != 0;
}

// Runs, and wants `words` on standard error, and the file `kept` as it was.
static void refuse(const char *const *arguments, const char *kept, const char *words)
{
    uint8_t *before = NULL, *after = NULL;
    size_t size[2] = {0, 0};
    char path[256];
    snprintf(path, sizeof path, "%s", FILE_OF(kept));
    const uint32_t files = test_folder_count();
    assert_int_equal(bl_file_read(path, 1 << 20, &before, &size[0], NULL), BL_STATUS_OK);
    const program_result *result = program_run(BL_PROGRAM, arguments);
    assert_int_equal(bl_file_read(path, 1 << 20, &after, &size[1], NULL), BL_STATUS_OK);
    assert_int_equal(size[0], size[1]);
    assert_memory_equal(before, after, size[0]);
    program_assert_failed(result, 1, arguments[1], words);
    assert_int_equal(test_folder_count(), files);
    free(before);
    free(after);
}

static void render(const char *in, const char *out, const char *option, const char *value,
                   const char *words)
{
    char paths[3][256];
    snprintf(paths[0], sizeof paths[0], "%s", FILE_OF(in));
    snprintf(paths[1], sizeof paths[1], "%s", FILE_OF(out));
    snprintf(paths[2], sizeof paths[2], "%s", FILE_OF(value));
    const char *const arguments[] = {BL_PROGRAM, "render", paths[0], paths[1],
                                     option,     paths[2], NULL};
    refuse(arguments, access(paths[1], F_OK) == 0 ? out : in, words);
}

static void render_spares_what_it_reads(void **state)
{
    (void)state;
    static const char words[] = ": is what is read from, and is not overwritten";
    render("in.wav", "in.wav", "-m", "m.safetensors", words);
    render("in.wav", "hard.wav", "-m", "m.safetensors", words);
    render("in.wav", "soft.wav", "-m", "m.safetensors", words);
    render("in.wav", "m.safetensors", "-m", "m.safetensors", words);
    render("in.wav", "rig.yaml", "-r", "rig.yaml", words);
    render("in.wav", "cab.wav", "-r", "rig.yaml", words);
    render("in.wav", "m.safetensors", "-r", "rig.yaml", words);
}

static void render_writes_wav_only(void **state)
{
    (void)state;
    render("in.wav", "out.flac", "-m", "m.safetensors", "/out.flac: a WAV file is written");
    render("in.wav", "out.flac", "-m", "m.safetensors", "/out.wav");
    render("in.wav", "out.MP3", "-m", "m.safetensors", "/out.MP3: a WAV file is written");
    render("in.wav", "out.nam", "-m", "m.safetensors", "/out.nam: a WAV file is written");
    render("in.wav", "notes", "-m", "m.safetensors", "/notes: found a file that is no WAV file");
    assert_int_equal(
        PROGRAM("render", FILE_OF("in.wav"), FILE_OF("old.wav"), "-m", FILE_OF("m.safetensors"))
            ->code,
        0);
}

static void export(const char *out, const char *format, const char *kept, const char *words)
{
    char paths[2][256];
    snprintf(paths[0], sizeof paths[0], "%s", FILE_OF("m.safetensors"));
    snprintf(paths[1], sizeof paths[1], "%s", FILE_OF(out));
    const char *const arguments[] = {
        BL_PROGRAM, "export", paths[0], "-o", paths[1], format != NULL ? "-f" : NULL, format, NULL};
    refuse(arguments, kept, words);
}

static void export_spares_other_files(void **state)
{
    (void)state;
    export("in.wav", NULL, "in.wav", "/in.wav: a .nam file is written");
    export("m.safetensors", NULL, "m.safetensors", ": is what is read from");
    export("notes", NULL, "notes", "/notes: found a file that is no .nam file");
    export("new.aidax", "nam", "in.wav", "/new.aidax: a .nam file is written");
    export("new.nam", "safetensors", "in.wav", "/new.nam: a .safetensors file is written");
}

// Twice, since the second time there is an older one.
static void export_goes_by_the_ending(void **state)
{
    (void)state;
    static const char *const files[] = {"new.nam", "new.safetensors"};
    static const char *const formats[] = {"\"format\": \"nam ", "\"format\": \"backline-1"};
    for (int i = 0; i < 4; i++) {
        const program_result *result =
            PROGRAM("export", FILE_OF("m.safetensors"), "-o", FILE_OF(files[i / 2]));
        if (result->code != 0) {
            fail_msg("%s", result->err);
        }
        result = PROGRAM("info", "--json", FILE_OF(files[i / 2]));
        assert_int_equal(result->code, 0);
        assert_non_null(strstr(result->out, formats[i / 2]));
    }
    // In place of another kind, whatever the ending promises.
    assert_int_equal(rename(FILE_OF("new.safetensors"), FILE_OF("new.nam")), 0);
    export("new.nam", NULL, "new.nam", "/new.nam: found a file that is no .nam file");
}

#define RUN_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, test_folder_remove)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RUN_TEST(render_spares_what_it_reads),
        RUN_TEST(render_writes_wav_only),
        RUN_TEST(export_spares_other_files),
        RUN_TEST(export_goes_by_the_ending),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
