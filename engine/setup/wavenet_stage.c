// SPDX-License-Identifier: MIT
// Building one layer: packing, and for the first layer of a mono network folding the rechannel
// into the convolution, which then has one input channel instead of all.

#include "setup/wavenet_stage.h"

#include "setup/pack.h"

void bl_wavenet_sizes_add(uint32_t *size, uint32_t rows)
{
    *size = *size > rows ? *size : rows;
}

static bl_residual residual_of(const bl_wavenet_layer *layer, bool stream_read)
{
    if (!stream_read) {
        return BL_RESIDUAL_NONE;
    }
    if (layer->layer1x1.out != 0) {
        return BL_RESIDUAL_MATRIX;
    }
    return layer->residual_identity ? BL_RESIDUAL_IDENTITY : BL_RESIDUAL_KEEP;
}

static bool build_extras(const bl_wavenet_layer *layer, const bl_kernels *kernels, bl_arena *arena,
                         bl_wavenet_stage *stage, bl_wavenet_sizes *sizes)
{
    bool wanted = layer->head1x1.out != 0;
    for (int place = 0; place < BL_FILM_PLACES; place++) {
        wanted = wanted || layer->film[place].active;
    }
    if (!wanted) {
        return true;
    }
    bl_wavenet_extras *extras = bl_arena_take(arena, 1, sizeof *extras);
    if (extras == NULL || !bl_map_pack_matrix(&layer->head1x1, kernels, arena, &extras->head1x1)) {
        return false;
    }
    for (int place = 0; place < BL_FILM_PLACES; place++) {
        const bl_film *film = &layer->film[place];
        // The reference player reads this one's weights and uses it with blended gating only.
        const bool active =
            film->active && (place != BL_FILM_LAYER1X1_POST || layer->gating == BL_GATING_BLENDED);
        extras->film[place] = (bl_film_stage){.active = active, .shift = film->shift};
        if (active) {
            bl_wavenet_sizes_add(&sizes->film, film->matrix.out);
            if (!bl_map_pack_matrix(&film->matrix, kernels, arena, &extras->film[place].matrix)) {
                return false;
            }
        }
    }
    stage->extras = extras;
    return true;
}

static bool can_fold(const bl_stage_recipe *recipe, const bl_wavenet_layer *layer,
                     const bl_wavenet_stage *stage)
{
    return recipe->hears_input && stage->extras == NULL && layer->conv.groups == 1 &&
           recipe->array->rechannel.groups == 1;
}

// conv(W x + c) = (conv W) x + conv c for a constant c: one input channel. A mix-in of the same
// input joins the newest tap.
static bool fold_input(const bl_stage_recipe *recipe, const bl_wavenet_layer *layer,
                       bl_arena *arena, bl_wavenet_stage *stage)
{
    const bl_conv *conv = &layer->conv;
    const bl_matrix *rechannel = &recipe->array->rechannel;
    const bool takes_mixin = recipe->condition_is_input && recipe->causal && layer->mixin.out != 0;
    float *w = bl_arena_take(arena, (size_t)conv->out * conv->kernel, sizeof *w);
    float *b = bl_arena_take(arena, conv->out, sizeof *b);
    if (w == NULL || b == NULL) {
        return false;
    }
    for (uint32_t o = 0; o < conv->out; o++) {
        double constant = conv->b != NULL ? (double)conv->b[o] : 0.0;
        for (uint32_t k = 0; k < conv->kernel; k++) {
            double sum = 0.0;
            for (uint32_t i = 0; i < conv->in; i++) {
                const double weight =
                    (double)conv->w[((size_t)o * conv->in + i) * conv->kernel + k];
                sum += weight * (double)rechannel->w[i];
                constant += rechannel->b != NULL ? weight * (double)rechannel->b[i] : 0.0;
            }
            if (takes_mixin && k + 1 == conv->kernel) {
                sum += (double)layer->mixin.w[o];
                constant += layer->mixin.b != NULL ? (double)layer->mixin.b[o] : 0.0;
            }
            w[(size_t)o * conv->kernel + k] = (float)sum;
        }
        b[o] = (float)constant;
    }
    bl_conv folded = *conv;
    folded.in = 1;
    folded.w = w;
    folded.b = b;
    if (takes_mixin) {
        stage->mixin.out = 0;
    }
    return bl_map_pack_matrix(rechannel, recipe->kernels, arena, &stage->expand) &&
           bl_map_pack(&folded, 1.0, recipe->kernels, arena, &stage->conv);
}

static void add_sizes(const bl_wavenet_stage *stage, bl_wavenet_sizes *sizes)
{
    const uint32_t z = stage->conv.out, mixin = stage->mixin.in + stage->mixin.out;
    bl_wavenet_sizes_add(&sizes->stream, stage->channels);
    bl_wavenet_sizes_add(&sizes->z, z);
    bl_wavenet_sizes_add(&sizes->side, mixin > z ? mixin : z);
    bl_wavenet_sizes_add(&sizes->side, stage->channels);
    if (stage->extras != NULL) {
        bl_wavenet_sizes_add(&sizes->side, stage->extras->head1x1.out);
    }
}

bool bl_wavenet_stage_build(const bl_stage_recipe *recipe, uint32_t index, bool stream_read,
                            bl_arena *arena, bl_wavenet_stage *stage, bl_wavenet_sizes *sizes)
{
    const bl_wavenet_layer *layer = &recipe->array->layers[index];
    const uint32_t reach = (layer->conv.kernel - 1) * layer->conv.dilation;
    *stage = (bl_wavenet_stage){
        .channels = recipe->array->channels,
        .bottleneck = recipe->array->bottleneck,
        .dilation = layer->conv.dilation,
        .lag = recipe->causal ? 0 : reach - reach / 2,
        .activation = layer->activation,
        .secondary = layer->secondary,
        .gating = layer->gating,
        .residual = residual_of(layer, stream_read),
        .adds_skip = !recipe->array->head_from_residual,
    };
    if (!build_extras(layer, recipe->kernels, arena, stage, sizes) ||
        !bl_map_pack(&layer->conv, 1.0, recipe->kernels, arena, &stage->conv) ||
        !bl_map_pack_matrix(&layer->mixin, recipe->kernels, arena, &stage->mixin) ||
        !bl_map_pack_matrix(&layer->layer1x1, recipe->kernels, arena, &stage->layer1x1)) {
        return false;
    }
    add_sizes(stage, sizes);
    if (index == 0 && can_fold(recipe, layer, stage) && !fold_input(recipe, layer, arena, stage)) {
        return false;
    }
    stage->run = recipe->kernels->choose_layer(stage);
    return bl_history_make(stage->expand.out != 0 ? 1 : stage->channels, reach, arena,
                           &stage->history);
}
