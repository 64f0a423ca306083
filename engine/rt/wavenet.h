// SPDX-License-Identifier: MIT
// The running form of a WaveNet: layers with packed weights and histories, run layer by layer over
// one inner block. Built by setup/wavenet.c. Thread: RT.

#ifndef BACKLINE_RT_WAVENET_H
#define BACKLINE_RT_WAVENET_H

#include "model/arch.h"
#include "rt/history.h"
#include "rt/kernels.h"
#include "rt/net.h"

/// A FiLM that is active: `matrix` gives the scale rows and, with `shift`, the shift rows.
typedef struct bl_film_stage {
    bool active, shift;
    bl_map matrix;
} bl_film_stage;

/// What only a few networks have.
typedef struct bl_wavenet_extras {
    bl_map head1x1; ///< out = 0: absent
    bl_film_stage film[BL_FILM_PLACES];
} bl_wavenet_extras;

typedef enum bl_residual {
    BL_RESIDUAL_NONE,     ///< nobody reads this layer's residual stream
    BL_RESIDUAL_KEEP,     ///< x
    BL_RESIDUAL_IDENTITY, ///< x + z
    BL_RESIDUAL_MATRIX,   ///< x + W z + b
} bl_residual;

/// One layer.
typedef struct bl_wavenet_stage {
    bl_layer_run *run; ///< one pass; NULL: single steps
    uint32_t channels, bottleneck;
    uint32_t dilation, lag; ///< `lag`: of the residual stream, the lookahead of a centred layer
    bl_map conv;
    bl_map mixin; ///< out = 0: absent
    bl_activation activation, secondary;
    bl_gating gating;
    bl_residual residual;
    bl_map layer1x1;
    /// A layer that hears the mono input itself: its history is that one channel, the rechannel is
    /// folded into `conv`, and x = expand(input). out = 0: absent.
    bl_map expand;
    bool adds_skip;                  ///< false: the head does not read the skips of this array
    const bl_wavenet_extras *extras; ///< NULL: none
    bl_history history;              ///< what `conv` reads
} bl_wavenet_stage;

/// What one layer works on during one block.
typedef struct bl_wavenet_block {
    uint32_t frames;
    const float *condition; ///< planar, BL_NET_STRIDE
    bl_rows skip;           ///< head accumulators
    bool skip_starts;       ///< true: they are set, false: added to
    bl_rows out;            ///< residual stream of the next layer
    float *tile;            ///< scratch of a pass
} bl_wavenet_block;

typedef struct bl_wavenet_section {
    bl_map rechannel; ///< out = 0: folded into the first layer
    uint32_t stage_count;
    bl_wavenet_stage *stages;
    bool head_from_residual;
    uint32_t head_dilation;
    bl_map head;
    float *sum;              ///< head accumulators, planar, where no history takes them
    bl_history head_history; ///< rows NULL: the head has one tap and reads the block itself
} bl_wavenet_section;

/// One stage behind the last head.
typedef struct bl_post_stage {
    bl_activation activation;
    bl_map conv;
    uint32_t dilation;
    bl_history history; ///< what `conv` reads: activated
} bl_post_stage;

/// Planar scratch, BL_NET_STRIDE floats a row.
typedef struct bl_wavenet_scratch {
    float *stream; ///< residual stream behind the last layer of a section
    float *entry;  ///< residual stream that enters a layer whose history is modulated
    float *z;      ///< the rows of one layer
    float *film;   ///< scale and shift rows of one FiLM
    float *side;   ///< mix-in, 1x1 and head 1x1 results before their FiLM
} bl_wavenet_scratch;

typedef struct bl_wavenet_net {
    bl_net net;
    const bl_kernels *kernels;
    uint32_t section_count;
    bl_wavenet_section *sections;
    uint32_t post_count;
    bl_post_stage *post;
    bl_net *condition_net; ///< NULL: the input is the condition
    float *condition;      ///< its output
    bl_wavenet_scratch scratch;
    bool settling; ///< during building: every history is filled as soon as it is committed
} bl_wavenet_net;

/// Takes over a block written to `history`. Thread: RT.
static inline void bl_wavenet_commit(const bl_wavenet_net *net, bl_history *history,
                                     uint32_t frames)
{
    bl_history_commit(history, frames);
    if (net->settling) {
        bl_history_settle(history);
    }
}

/// The functions of its bl_net. Thread: RT.
void bl_wavenet_net_process(bl_net *net, const float *in, float *out,
                            uint32_t frames) BL_NONBLOCKING;
void bl_wavenet_net_reset(bl_net *net) BL_NONBLOCKING;

/// One layer over one block. Thread: RT.
void bl_wavenet_stage_run(const bl_wavenet_net *net, bl_wavenet_stage *stage,
                          const bl_wavenet_block *block);

#endif
