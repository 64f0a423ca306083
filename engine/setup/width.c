// SPDX-License-Identifier: MIT
// Which widths a model can play at; slim.c makes them.

#include "backline/voice.h"
#include "model/arch.h"
#include "setup/slim.h"

static bool below(const bl_arch *arch, double quality, double *found);

// Array by array floor(quality * count) picks a width: the middle of the next lower step.
static bool below_wavenet(const bl_wavenet *net, double quality, double *found)
{
    *found = -1.0;
    for (uint32_t a = 0; a < net->array_count; a++) {
        const uint32_t count = net->arrays[a].allowed_count;
        const double place = quality * count;
        const uint32_t step = place < count ? (uint32_t)place : count - 1;
        if (count > 0 && step > 0) {
            const double lower = (step - 0.5) / count;
            *found = lower > *found ? lower : *found;
        }
    }
    return *found >= 0.0;
}

// The first submodel with quality < max_value plays, at a width of its own if it has several.
static bool below_container(const bl_container *container, double quality, double *found)
{
    uint32_t i = 0;
    while (i + 1 < container->count && quality >= container->max_values[i]) {
        i++;
    }
    const double from = i > 0 ? container->max_values[i - 1] : 0.0;
    if (below(container->submodels[i], quality, found) && *found >= from) {
        return true;
    }
    const double start =
        i > 1 && container->max_values[i - 2] > 0.0 ? container->max_values[i - 2] : 0.0;
    *found = 0.5 * (start + from);
    return i > 0 && from > 0.0;
}

static bool below(const bl_arch *arch, double quality, double *found)
{
    switch (arch->kind) {
    case BL_ARCH_WAVENET:
        return below_wavenet(&arch->u.wavenet, quality, found);
    case BL_ARCH_CONTAINER:
        return below_container(&arch->u.container, quality, found);
    case BL_ARCH_SEQUENCE:
    case BL_ARCH_LINEAR:
        break;
    }
    return false;
}

bool bl_voice_quality_below(const bl_model *model, double quality, double *lower)
{
    double found;
    if (!below(bl_model_get_arch(model), quality, &found)) {
        return false;
    }
    *lower = found;
    return true;
}
