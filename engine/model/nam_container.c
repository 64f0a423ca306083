// SPDX-License-Identifier: MIT
// SlimmableContainer: whole models of several sizes for one sound, the last one the biggest.

#include "model/nam.h"

#include "backline/limits.h"
#include "model/measure.h"

#include <inttypes.h>

// The first rate that is known rules; unknown ones follow.
static void join_rate(bl_nam *nam, const bl_nam *inner, const bl_json *model)
{
    if (!inner->sample_rate_known) {
        return;
    }
    if (nam->sample_rate_known && inner->sample_rate_hz != nam->sample_rate_hz) {
        const bl_json rate = bl_json_member(model, "sample_rate");
        bl_json_fail(&rate, BL_STATUS_VALUE, "found %g Hz, expected %g Hz as in the models before",
                     inner->sample_rate_hz, nam->sample_rate_hz);
    }
    nam->sample_rate_known = true;
    nam->sample_rate_hz = inner->sample_rate_hz;
}

static const bl_arch *read_submodel(bl_nam *nam, const bl_json *submodel)
{
    const bl_json model = bl_json_member(submodel, "model");
    bl_nam inner;
    const bl_arch *arch = bl_nam_read_object(&model, &inner);
    if (arch == NULL) {
        return NULL;
    }
    if (inner.in_channels != 1 || inner.out_channels != 1) {
        bl_json_fail(&model, BL_STATUS_SHAPE,
                     "found %" PRIu32 " channels in and %" PRIu32 " out, expected one of each",
                     inner.in_channels, inner.out_channels);
    }
    // The whole file is measured by its biggest model; the others could reach further.
    const uint64_t samples = bl_arch_get_measure(arch).receptive_field_samples;
    if (samples > BL_LIMIT_RECEPTIVE_FIELD) {
        bl_json_fail(&model, BL_STATUS_LIMIT,
                     "found a receptive field of %" PRIu64 " samples, expected at most %d", samples,
                     BL_LIMIT_RECEPTIVE_FIELD);
    }
    join_rate(nam, &inner, &model);
    nam->parameters = inner.parameters;
    return arch;
}

void bl_nam_read_container(bl_nam *nam, bl_arch *arch)
{
    bl_load *load = nam->load;
    const bl_json list = bl_json_member(&nam->config, "submodels");
    const uint32_t count = bl_json_to_list(&list, 1, BL_LIMIT_SUBMODELS);
    const bl_arch **submodels = bl_load_take(load, count, sizeof(void *));
    double *max_values = bl_load_take(load, count, sizeof *max_values);
    for (uint32_t i = 0; i < count && bl_load_ok(load); i++) {
        const bl_json submodel = bl_json_element(&list, i);
        const bl_json max_value = bl_json_member(&submodel, "max_value");
        max_values[i] = bl_json_to_double(&max_value, -1e9, 1e9);
        if (i > 0 && max_values[i] <= max_values[i - 1]) {
            bl_json_expect(&max_value, "more than that of the model before");
        }
        if (i + 1 == count && max_values[i] < 1.0) {
            bl_json_expect(&max_value, "at least 1 for the last model");
        }
        submodels[i] = read_submodel(nam, &submodel);
    }
    arch->kind = BL_ARCH_CONTAINER;
    arch->sample_rate_hz = nam->sample_rate_hz;
    arch->u.container =
        (bl_container){.count = count, .submodels = submodels, .max_values = max_values};
}
