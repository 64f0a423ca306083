// SPDX-License-Identifier: MIT
// Builders of the stages of a sequence. A stage is a net; only memory can be short, so a builder
// gives NULL then. Settling brings a stage to the state that its reset returns to.

#ifndef BACKLINE_SETUP_STAGE_H
#define BACKLINE_SETUP_STAGE_H

#include "rt/head.h"
#include "setup/build.h"

typedef struct bl_stage {
    bl_net *net; ///< NULL: memory is short
    /// Takes over the state after `frames` (recurrent stages) or infinitely many (all others)
    /// frames of `in`, a planar block of constant channels; `out` is scratch. NULL: no state.
    void (*settle)(bl_net *net, const float *in, float *out, uint32_t frames);
} bl_stage;

/// What may follow a convolution, in this order; NULL: it does not.
typedef struct bl_conv_tail {
    const bl_sequence_stage *affine, *activation;
} bl_conv_tail;

/// A dense layer is a convolution of one tap.
bl_stage bl_conv_build(const bl_conv *conv, const bl_conv_tail *tail, const bl_net_request *request,
                       bl_arena *arena);

bl_stage bl_activation_build(const bl_sequence_stage *stage, const bl_net_request *request,
                             bl_arena *arena);
bl_stage bl_affine_build(const bl_sequence_stage *stage, const bl_net_request *request,
                         bl_arena *arena);

/// `count` layers that feed each other, and the dense layer that reads the last or NULL.
bl_stage bl_lstm_build(const bl_sequence_stage *layers, uint32_t count, const bl_matrix *head,
                       const bl_net_request *request, bl_arena *arena);
bl_stage bl_gru_build(const bl_sequence_stage *stage, const bl_matrix *head,
                      const bl_net_request *request, bl_arena *arena);

/// The running form of a recurrent layer's head; `head` NULL: the `hidden` cells go out themselves.
/// False: memory is short.
bool bl_head_make(const bl_matrix *head, uint32_t hidden, uint32_t padded, bl_arena *arena,
                  bl_head *made);

/// Runs `frames` frames of the planar block `in`, as often as it takes, into `out`. Thread: any.
void bl_stage_run(bl_net *net, const float *in, float *out, uint32_t frames);

/// A printf of at most 47 characters into the arena; NULL if memory is short.
const char *bl_arena_print(bl_arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

#endif
