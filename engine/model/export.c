// SPDX-License-Identifier: MIT
// One door to all forms that models are written in.

#include "backline/export.h"

#include "backline/file.h"
#include "model/nam_save.h"

enum { REAL_DIGITS = 9 }; // every float reads back to the same bits

static int write_bytes(const char *bytes, size_t size, void *data)
{
    void **both = data;
    return bl_file_writer_write(both[0], bytes, size, both[1]) == BL_STATUS_OK ? 0 : -1;
}

static bl_status save_json(const json_t *json, const char *path, bl_error *error)
{
    bl_file_writer writer;
    bl_status status = bl_file_writer_open(&writer, path, error);
    if (status != BL_STATUS_OK) {
        return status;
    }
    bl_error first = {0};
    void *both[2] = {&writer, &first};
    if (json_dump_callback(json, write_bytes, both,
                           JSON_COMPACT | JSON_REAL_PRECISION(REAL_DIGITS)) != 0) {
        status = first.text[0] != '\0'
                     ? bl_error_set(error, BL_STATUS_IO, "%s", first.text)
                     : bl_error_set(error, BL_STATUS_NO_MEMORY, "%s: not enough memory", path);
    } else {
        status = bl_file_writer_commit(&writer, error);
    }
    bl_file_writer_abort(&writer);
    return status;
}

bl_status bl_model_export(const bl_model *model, bl_export_format format, const char *path,
                          bl_error *error)
{
    if (format == BL_EXPORT_SAFETENSORS) {
        return bl_model_save(model, path, error);
    }
    const bl_content content = {.arch = bl_model_get_arch(model),
                                .info = *bl_model_get_info(model)};
    bl_load load = {.file = path, .error = error, .store = bl_store_create()};
    json_t *json = NULL;
    if (load.store == NULL) {
        bl_load_fail(&load, BL_STATUS_NO_MEMORY, "not enough memory to write it");
    } else {
        json = format == BL_EXPORT_AIDAX
                   ? bl_aidax_write(&load, &content)
                   : bl_nam_write(&load, &content, format == BL_EXPORT_NAM_07);
    }
    if (bl_load_ok(&load)) {
        load.status = save_json(json, path, error);
    }
    json_decref(json);
    bl_store_destroy(load.store);
    return load.status;
}
