// SPDX-License-Identifier: MIT
// Every allocation in the making of engines, chains and models fails once, one after another: each
// time there is one sentence, nothing half-made, no crash, and (under the leak checker) no leak.
// The linker puts the wrappers in: -Wl,--wrap.

#include "backline/engine.h"

#include "support/chains.h"
#include "support/cmocka_all.h"
#include "support/models.h"

#include <stdbool.h>
#include <string.h>

static bool counting;
static uint32_t before_failure; ///< allocations that still succeed

static bool fails(void)
{
    return counting && before_failure-- == 0;
}

// The linker's names.
// NOLINTBEGIN(readability-identifier-naming,bugprone-reserved-identifier)

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *memory, size_t size)
{
    return fails() ? NULL : __real_realloc(memory, size);
}

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
    return fails() ? NULL : __real_aligned_alloc(alignment, size);
}

// NOLINTEND(readability-identifier-naming,bugprone-reserved-identifier)

// Makes something and, if that succeeds, frees it again.
typedef bl_status make(const void *from, bl_error *error);

static bl_status make_engine(const void *from, bl_error *error)
{
    const bl_engine_config config = bl_engine_config_default();
    bl_engine *engine = NULL;
    const bl_status status = bl_engine_create(&config, &engine, error);
    assert_true(from == NULL && (engine != NULL) == (status == BL_STATUS_OK));
    bl_engine_destroy(engine);
    return status;
}

static bl_status make_chain(const void *from, bl_error *error)
{
    bl_model *const *model = from;
    bl_chain_config config = bl_chain_config_default();
    config.model = *model;
    bl_chain *chain = NULL;
    const bl_status status = bl_chain_create(&config, &chain, error);
    assert_int_equal(chain != NULL, status == BL_STATUS_OK);
    bl_chain_destroy(chain);
    return status;
}

static bl_status make_model(const void *from, bl_error *error)
{
    const model_bytes *bytes = from;
    bl_model *model = NULL;
    const bl_status status =
        bl_model_parse((const uint8_t *)bytes->data, bytes->size, "test", NULL, &model, error);
    assert_int_equal(model != NULL, status == BL_STATUS_OK);
    bl_model_release(model);
    return status;
}

// Returns the number of allocations that `made` needs.
static uint32_t fail_each_allocation(make *made, const void *from)
{
    for (uint32_t n = 0;; n++) {
        bl_error error = {0};
        before_failure = n;
        counting = true;
        const bl_status status = made(from, &error);
        counting = false;
        if (status == BL_STATUS_OK) {
            return n;
        }
        if (status != BL_STATUS_NO_MEMORY || strstr(error.text, "memory") == NULL) {
            fail_msg("allocation %u: status %d, \"%s\"", n, (int)status, error.text);
        }
    }
}

static void test_engine(void **state)
{
    (void)state;
    assert_in_range(fail_each_allocation(make_engine, NULL), 5, 10);
}

static void test_chains(void **state)
{
    (void)state;
    bl_model *model = NULL;
    assert_int_equal(fail_each_allocation(make_chain, &model), 1);
    for (int m = 0; m < ANY_MODELS; m++) {
        model = any_model(m);
        assert_in_range(fail_each_allocation(make_chain, &model), 3, 10000);
        bl_model_release(model);
    }
}

static void test_models(void **state)
{
    (void)state;
    model_bytes bytes = {0};
    const bl_config config = native_config(true, 4, 3, 48000.0);
    static float weights[4096];
    native_file_write(&bytes, &config.model, 48000.0, weights, 0);
    assert_in_range(fail_each_allocation(make_model, &bytes), 3, 10000);
    model_bytes_finish(&bytes);
    const nam_preset preset = nam_preset_get(3);
    nam_file_write(&bytes, "0.5.4", "WaveNet", preset.config, "48000", preset.weights, 1);
    assert_in_range(fail_each_allocation(make_model, &bytes), 3, 10000);
    model_bytes_finish(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_engine),
        cmocka_unit_test(test_chains),
        cmocka_unit_test(test_models),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
