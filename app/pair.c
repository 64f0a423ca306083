// SPDX-License-Identifier: MIT

#include "pair.h"

#include "progress.h"

static void tell(void *context, double done)
{
    bl_progress_update(context, done);
}

// Pair 0 is learnt from; pair 1, for validation, was recorded like it.
static bl_status load_pair(const bl_pair_request *request, int pair, double rate_hz,
                           bl_pair_findings *findings, bl_audio *input, bl_audio *target,
                           bl_error *error)
{
    bl_progress progress;
    bl_check *check = &findings->pairs[pair];
    const bl_check_request wanted = {
        .input = pair == 0 ? request->input : request->validation_input,
        .target = pair == 0 ? request->target : request->validation_target,
        .channel = request->channel,
        .sample_rate_hz = rate_hz,
        .align = true,
        .like = pair == 0 ? NULL : &findings->pairs[0],
        .tell = tell,
        .context = &progress};
    bl_progress_begin(&progress, false);
    const bl_status status = bl_check_load(&wanted, input, target, check, error);
    bl_progress_end(&progress);
    if (status != BL_STATUS_OK) {
        return status;
    }
    const bl_finding *fault = bl_check_fault(check);
    if (fault != NULL && !request->force) {
        bl_audio_finish(input);
        bl_audio_finish(target);
        return bl_error_set(error, BL_STATUS_REFUSED, "%s; --force trains all the same",
                            fault->text);
    }
    return BL_STATUS_OK;
}

bl_status bl_pair_load(const bl_pair_request *request, const bl_config_data *config,
                       bl_train_data *data, bl_pair_findings *findings, bl_error *error)
{
    *findings = (bl_pair_findings){0};
    bl_audio input, target;
    const double rate_hz = config->sample_rate_hz;
    bl_status status = load_pair(request, 0, rate_hz, findings, &input, &target, error);
    if (status == BL_STATUS_OK) {
        status = bl_train_data_init(data, &input, &target, config, error);
    }
    if (status != BL_STATUS_OK || request->validation_input == NULL) {
        return status;
    }
    status = load_pair(request, 1, rate_hz, findings, &input, &target, error);
    if (status == BL_STATUS_OK) {
        status = bl_train_data_validate_by(data, &input, &target, error);
    }
    return status;
}

void bl_pair_print(const bl_pair_findings *findings, FILE *to)
{
    for (int p = 0; p < 2; p++) {
        const bl_check *check = &findings->pairs[p];
        for (size_t i = 0; i < check->count; i++) {
            const bl_finding *f = &check->findings[i];
            fprintf(to, "%s%s: %s: %s.\n", p == 1 ? "validation: " : "",
                    bl_severity_name(f->severity), bl_finding_name(f->kind), f->text);
        }
    }
    fflush(to);
}
