// SPDX-License-Identifier: MIT
// The reference models beside the project, where they are: every one loads, and the reference
// model is the same network in both of its files.

#include "backline/model.h"
#include "model/arch.h"
#include "skip.h"
#include "support/cmocka_all.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *find_folder(void)
{
    static char folder[512];
    const char *shared = getenv("BL_SHARED");
    if (shared != NULL) {
        snprintf(folder, sizeof folder, "%s/golden", shared);
    } else {
        snprintf(folder, sizeof folder, BL_SOURCE_DIR "/../shared/golden");
    }
    return folder;
}

static bl_model *load(const char *name)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/%s", find_folder(), name);
    bl_error error = {0};
    bl_model *model = NULL;
    if (bl_model_load(path, NULL, &model, &error) != BL_STATUS_OK) {
        fail_msg("%s", error.text);
    }
    return model;
}

static bool has_ending(const char *name, const char *ending)
{
    const size_t size = strlen(name), end = strlen(ending);
    return size >= end && strcmp(name + size - end, ending) == 0;
}

static void every_model_loads(void **state)
{
    (void)state;
    DIR *listing = opendir(find_folder());
    if (listing == NULL) {
        bl_test_skip("%s is not there", find_folder());
    }
    uint32_t count = 0;
    for (const struct dirent *entry; (entry = readdir(listing)) != NULL;) {
        if (has_ending(entry->d_name, ".nam") || has_ending(entry->d_name, ".safetensors")) {
            bl_model *model = load(entry->d_name);
            assert_true(bl_model_get_info(model)->parameters > 0);
            assert_string_equal(bl_model_get_info(model)->warning, "");
            bl_model_release(model);
            count++;
        }
    }
    closedir(listing);
    assert_true(count > 0);
}

static void assert_same_conv(const bl_conv *a, const bl_conv *b)
{
    assert_int_equal(a->out, b->out);
    assert_int_equal(a->in, b->in);
    assert_int_equal(a->kernel, b->kernel);
    assert_int_equal(a->dilation, b->dilation);
    assert_memory_equal(a->w, b->w, sizeof(float) * a->out * a->in * a->kernel);
    assert_memory_equal(a->b, b->b, sizeof(float) * a->out);
}

static void reference_model_in_both_forms(void **state)
{
    (void)state;
    DIR *listing = opendir(find_folder());
    if (listing == NULL) {
        bl_test_skip("%s is not there", find_folder());
    }
    closedir(listing);
    bl_model *models[] = {load("ref_n6.nam"), load("ref_n6.safetensors")};
    const bl_wavenet_array *a = bl_model_get_arch(models[0])->u.wavenet.arrays;
    const bl_wavenet_array *b = bl_model_get_arch(models[1])->u.wavenet.arrays;
    assert_string_equal(bl_model_get_info(models[0])->architecture, "wavenet_amp");
    assert_int_equal(a->layer_count, 6);
    assert_int_equal(b->layer_count, 6);
    assert_memory_equal(a->rechannel.w, b->rechannel.w, 16 * sizeof(float));
    assert_memory_equal(a->rechannel.b, b->rechannel.b, 16 * sizeof(float));
    for (uint32_t i = 0; i < 6; i++) {
        assert_same_conv(&a->layers[i].conv, &b->layers[i].conv);
    }
    assert_same_conv(&a->head, &b->head);
    bl_model_release(models[0]);
    bl_model_release(models[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_model_loads),
        cmocka_unit_test(reference_model_in_both_forms),
    };
    return cmocka_run_group_tests_name("model_golden", tests, NULL, NULL);
}
