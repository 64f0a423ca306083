// SPDX-License-Identifier: MIT
#include "train/report.h"

#include "backline/file.h"
#include "backline/limits.h"
#include "backline/text.h"
#include "train/check_json.h"
#include "train/report_draw.h"

#include <jansson.h>

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { JSON_DIGITS = 9 };

static double number_of(const json_t *line, const char *key)
{
    const json_t *value = json_object_get(line, key);
    return json_is_number(value) ? json_number_value(value) : (double)NAN;
}

bl_status bl_report_load_epochs(const char *path, bl_report_epoch **epochs, size_t *count,
                                bl_error *error)
{
    uint8_t *bytes = NULL;
    size_t size = 0, lines = 1;
    bl_status status = bl_file_read(path, BL_LIMIT_FILE_BYTES, &bytes, &size, error);
    if (status != BL_STATUS_OK) {
        return status;
    }
    for (size_t i = 0; i < size; i++) {
        lines += bytes[i] == '\n';
    }
    *count = 0;
    *epochs = calloc(lines, sizeof **epochs);
    if (*epochs == NULL) {
        free(bytes);
        return bl_error_set(error, BL_STATUS_NO_MEMORY, "%s: not enough memory", path);
    }
    for (char *line = (char *)bytes, *next; line != NULL; line = next) {
        next = strchr(line, '\n');
        const size_t length = next != NULL ? (size_t)(next++ - line) : strlen(line);
        json_t *record = json_loadb(line, length, 0, NULL);
        const double epoch = number_of(record, "epoch");
        if (epoch >= 0.0) {
            (*epochs)[(*count)++] =
                (bl_report_epoch){.epoch = (uint64_t)epoch,
                                  .train_esr = number_of(record, "train_esr"),
                                  .validation_esr = number_of(record, "validation_esr")};
        }
        json_decref(record);
    }
    free(bytes);
    return BL_STATUS_OK;
}

static bl_status write_svg(const bl_report *report, const bl_comparison *c, const char *path,
                           bl_error *error)
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    if (out != NULL) {
        bl_report_draw(out, report, c);
    }
    const bool whole = out != NULL && ferror(out) == 0;
    const bool closed = out != NULL && fclose(out) == 0;
    const bl_status status =
        whole && closed ? bl_file_write(path, text, size, error)
                        : bl_error_set(error, BL_STATUS_NO_MEMORY, "%s: not enough memory", path);
    free(text);
    return status;
}

static json_t *real(double value)
{
    return isfinite(value) ? json_real(value) : json_null();
}

static json_t *curves(const bl_report *report)
{
    json_t *list = json_array();
    for (size_t i = 0; i < report->epoch_count; i++) {
        const bl_report_epoch *e = &report->epochs[i];
        json_array_append_new(list, json_pack("{s:I, s:o, s:o}", "epoch", (json_int_t)e->epoch,
                                              "train_esr", real(e->train_esr), "validation_esr",
                                              real(e->validation_esr)));
    }
    return list;
}

static json_t *document(const bl_report *report, const bl_comparison *c)
{
    const bl_model_info *info = bl_model_get_info(report->model);
    const double rate_hz = report->take.sample_rate_hz;
    char sentence[BL_COMPARE_SENTENCE_MAX], name[NAME_MAX];
    bl_compare_sentence(c, sentence);
    snprintf(name, sizeof name, "%s", report->name);
    bl_text_mend(name);
    json_t *root = json_pack(
        "{s:s, s:o, s:s, s:s, s:o, s:{s:o, s:o, s:o}, s:{s:o, s:o, s:o}, s:o, s:o, s:o, s:o, s:o, "
        "s:{s:s, s:I, s:I, s:I, s:I, s:I, s:f}, s:o}",
        "name", name, "esr", real(c->esr), "verdict", bl_compare_verdict(c->esr), "sentence",
        sentence, "level_db", real(c->level_db), "band_db", "lows", real(c->band_db[BL_BAND_LOWS]),
        "mids", real(c->band_db[BL_BAND_MIDS]), "highs", real(c->band_db[BL_BAND_HIGHS]),
        "difference_part", "lows", real(c->band_part[BL_BAND_LOWS]), "mids",
        real(c->band_part[BL_BAND_MIDS]), "highs", real(c->band_part[BL_BAND_HIGHS]), "soft_esr",
        real(c->soft_esr), "loud_esr", real(c->loud_esr), "worst_at_s",
        real((double)c->worst_frame / rate_hz), "typical_at_s",
        real((double)c->typical_frame / rate_hz), "validation_s",
        real((double)report->take.frames / rate_hz), "model", "architecture", info->architecture,
        "parameters", (json_int_t)info->parameters, "mac_per_sample",
        (json_int_t)info->mac_per_sample, "receptive_field_samples",
        (json_int_t)info->receptive_field_samples, "lookahead_samples",
        (json_int_t)info->lookahead_samples, "added_latency_samples",
        (json_int_t)info->added_latency_samples, "sample_rate_hz", info->sample_rate_hz, "epochs",
        curves(report));
    static const char *const keys[] = {"findings", "validation_findings"};
    for (int i = 0; i < 2; i++) {
        if (root != NULL && report->checks[i] != NULL) {
            json_object_set_new(root, keys[i], bl_check_list_findings(report->checks[i]));
        }
    }
    return root;
}

static bl_status write_json(const bl_report *report, const bl_comparison *c, const char *path,
                            bl_error *error)
{
    json_t *root = document(report, c);
    char *text =
        root != NULL ? json_dumps(root, JSON_INDENT(2) | JSON_REAL_PRECISION(JSON_DIGITS)) : NULL;
    json_decref(root);
    if (text == NULL) {
        return bl_error_set(error, BL_STATUS_NO_MEMORY, "%s: not enough memory", path);
    }
    const bl_status status = bl_file_write(path, text, strlen(text), error);
    free(text);
    return status;
}

bl_status bl_report_write(const bl_report *report, const char *svg_path, const char *json_path,
                          bl_error *error)
{
    bl_comparison *c = malloc(sizeof *c);
    if (c == NULL) {
        return bl_error_set(error, BL_STATUS_NO_MEMORY, "not enough memory for the report");
    }
    bl_status status = bl_compare(&report->take, c, error);
    status = status == BL_STATUS_OK ? write_svg(report, c, svg_path, error) : status;
    status = status == BL_STATUS_OK ? write_json(report, c, json_path, error) : status;
    free(c);
    return status;
}
