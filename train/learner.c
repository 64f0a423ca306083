// SPDX-License-Identifier: MIT
// Each network is a WaveNet or an LSTM; calls go to the one that is there.

#include "train/learner.h"

#include "train/lstm.h"
#include "train/net.h"

#include <stdlib.h>

typedef struct part {
    bl_train_net *net; ///< one of the two
    bl_train_lstm *lstm;
    size_t past_size;
} part;

struct bl_learner {
    part parts[BL_LEARNER_OUTPUTS_MAX];
    uint32_t count;
};

typedef struct part_bench {
    bl_train_bench *net;
    bl_train_lstm_bench *lstm;
} part_bench;

struct bl_learner_bench {
    const bl_learner *learner;
    part_bench parts[BL_LEARNER_OUTPUTS_MAX];
};

static bl_status add_part(bl_learner *learner, const bl_arch *arch, const float *base,
                          size_t parameter_count, bl_error *error)
{
    part *p = &learner->parts[learner->count];
    bl_status status = BL_STATUS_UNSUPPORTED;
    if (learner->count < BL_LEARNER_OUTPUTS_MAX && arch->kind == BL_ARCH_WAVENET) {
        status = bl_train_net_create(&arch->u.wavenet, base, parameter_count, NULL, &p->net, error);
        p->past_size = status == BL_STATUS_OK ? bl_train_net_past_size(p->net) : 0;
    } else if (learner->count < BL_LEARNER_OUTPUTS_MAX && arch->kind == BL_ARCH_SEQUENCE) {
        status = bl_train_lstm_create(&arch->u.sequence, base, NULL, &p->lstm, error);
        p->past_size = status == BL_STATUS_OK ? bl_train_lstm_past_size(p->lstm) : 0;
    } else {
        bl_error_set(error, status,
                     "this network cannot be trained; see configs/ for those that "
                     "can");
    }
    learner->count += status == BL_STATUS_OK;
    return status;
}

bl_status bl_learner_create(const bl_arch *arch, const float *base, size_t parameter_count,
                            bl_learner **learner, bl_error *error)
{
    bl_learner *made = calloc(1, sizeof *made);
    if (made == NULL) {
        return bl_error_set(error, BL_STATUS_NO_MEMORY, "not enough memory to plan the training");
    }
    bl_status status = BL_STATUS_OK;
    if (arch->kind == BL_ARCH_CONTAINER) {
        for (uint32_t i = 0; status == BL_STATUS_OK && i < arch->u.container.count; i++) {
            status = add_part(made, arch->u.container.submodels[i], base, parameter_count, error);
        }
    } else {
        status = add_part(made, arch, base, parameter_count, error);
    }
    if (status != BL_STATUS_OK) {
        bl_learner_destroy(made);
        return status;
    }
    *learner = made;
    return BL_STATUS_OK;
}

void bl_learner_destroy(bl_learner *learner)
{
    for (uint32_t i = 0; learner != NULL && i < learner->count; i++) {
        bl_train_net_destroy(learner->parts[i].net);
        bl_train_lstm_destroy(learner->parts[i].lstm);
    }
    free(learner);
}

uint32_t bl_learner_outputs(const bl_learner *learner)
{
    return learner->count;
}

void bl_learner_pack(bl_learner *learner, const float *parameters)
{
    for (uint32_t i = 0; i < learner->count; i++) {
        if (learner->parts[i].net != NULL) {
            bl_train_net_pack(learner->parts[i].net, parameters);
        } else {
            bl_train_lstm_pack(learner->parts[i].lstm, parameters);
        }
    }
}

uint32_t bl_learner_delay_frames(const bl_learner *learner)
{
    const part *p = &learner->parts[0];
    return p->net != NULL ? bl_train_net_delay_frames(p->net) : 0;
}

uint32_t bl_learner_memory_frames(const bl_learner *learner)
{
    uint32_t longest = 0;
    for (uint32_t i = 0; i < learner->count; i++) {
        const part *p = &learner->parts[i];
        const uint32_t memory = p->net != NULL ? bl_train_net_memory_frames(p->net)
                                               : bl_train_lstm_memory_frames(p->lstm);
        longest = memory > longest ? memory : longest;
    }
    return longest;
}

size_t bl_learner_past_size(const bl_learner *learner)
{
    size_t size = 0;
    for (uint32_t i = 0; i < learner->count; i++) {
        size += learner->parts[i].past_size;
    }
    return size;
}

bl_learner_bench *bl_learner_bench_create(const bl_learner *learner, size_t frames)
{
    bl_learner_bench *bench = calloc(1, sizeof *bench);
    if (bench == NULL) {
        return NULL;
    }
    bench->learner = learner;
    for (uint32_t i = 0; i < learner->count; i++) {
        const part *p = &learner->parts[i];
        part_bench *b = &bench->parts[i];
        b->net = p->net != NULL ? bl_train_bench_create(p->net, frames) : NULL;
        b->lstm = p->lstm != NULL ? bl_train_lstm_bench_create(p->lstm, frames) : NULL;
        if (b->net == NULL && b->lstm == NULL) {
            bl_learner_bench_destroy(bench);
            return NULL;
        }
    }
    return bench;
}

void bl_learner_bench_destroy(bl_learner_bench *bench)
{
    for (uint32_t i = 0; bench != NULL && i < bench->learner->count; i++) {
        bl_train_bench_destroy(bench->parts[i].net);
        bl_train_lstm_bench_destroy(bench->parts[i].lstm);
    }
    free(bench);
}

void bl_learner_bench_forward(bl_learner_bench *bench, float *past, const float *in,
                              const float *out[BL_LEARNER_OUTPUTS_MAX])
{
    for (uint32_t i = 0; i < bench->learner->count; i++) {
        const part_bench *b = &bench->parts[i];
        out[i] = b->net != NULL ? bl_train_bench_forward(b->net, past, in)
                                : bl_train_lstm_bench_forward(b->lstm, past, in);
        past += bench->learner->parts[i].past_size;
    }
}

void bl_learner_bench_backward(bl_learner_bench *bench, uint32_t which, const float *delta,
                               float *gradient)
{
    const part_bench *b = &bench->parts[which];
    if (b->net != NULL) {
        bl_train_bench_backward(b->net, delta, gradient);
    } else {
        bl_train_lstm_bench_backward(b->lstm, delta, gradient);
    }
}
