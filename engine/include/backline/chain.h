// SPDX-License-Identifier: MIT
// A chain: what a guitar signal passes (input trim, gate, voice, tone, cab, level, ceiling). The
// unit of hot swap: built complete outside the audio thread, handed over by the engine's slot,
// freed outside again.

#ifndef BACKLINE_CHAIN_H
#define BACKLINE_CHAIN_H

#include "backline/cab.h"
#include "backline/model.h"
#include "backline/parameter.h"
#include "backline/realtime.h"
#include "backline/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct bl_chain bl_chain;

/// How a chain is built. Start from bl_chain_config_default().
typedef struct bl_chain_config {
    bl_model *model;       ///< NULL: the clean signal passes through
    double sample_rate_hz; ///< rate of the samples it will see
    const bl_cab *cab;     ///< at the same rate, copied; NULL: none. Only with stages
    bool stages;           ///< false: input trim, model and level alone
    bool spill;            ///< its cab rings on after a swap to another chain
    double quality;        ///< see bl_voice_config
    const char *kernel;    ///< see bl_voice_config
    double calibration_db; ///< factor beside the input trim: of the interface, for the model
    double trim_db;        ///< factor behind the level: what makes rigs equally loud
    uint64_t generation;   ///< number of the load it belongs to, from 1 on, later ones higher
    double parameters[BL_PARAMETER_COUNT]; ///< clamped
} bl_chain_config;

/// No model, no stages, 48 kHz, full quality, every parameter at its default. Thread: any.
bl_chain_config bl_chain_config_default(void);

/// Builds a chain, takes a reference to the model. Thread: any but RT. Owns: the caller, until it
/// is given to bl_engine_swap. Fails if the model cannot be played, or its delay is over
/// BL_LIMIT_LATENCY_FRAMES.
bl_status bl_chain_create(const bl_chain_config *config, bl_chain **chain, bl_error *error);

/// Gives `chain` the form of itself that the engine falls to under overload. `cost_ratio` is what
/// it costs against `chain`, between 0 and 1. Returns false, and takes nothing, if the delays
/// differ, if the ratio is out of its range or if `chain` has one already. Thread: any but RT,
/// before bl_engine_swap. Owns: `chain`, from a return of true on.
bool bl_chain_set_narrow(bl_chain *chain, bl_chain *narrow, double cost_ratio);

/// Thread: any but RT. NULL is allowed.
void bl_chain_destroy(bl_chain *chain);

/// Back to the state after creation: voice in silence, smoothers at their targets. Thread: RT.
void bl_chain_reset(bl_chain *chain) BL_NONBLOCKING;

/// 1, or 2 with a stereo cab. Thread: any, RT safe.
uint32_t bl_chain_channels(const bl_chain *chain) BL_NONBLOCKING;

/// Runs 1..BL_INNER_FRAMES samples of the mono `in` into bl_chain_channels outputs, left first;
/// `in` may be one of them. Thread: RT.
void bl_chain_process(bl_chain *chain, const float *in, float *const *out,
                      uint32_t frames) BL_NONBLOCKING;

/// Sets the target of one parameter (clamped); its smoother moves there. Thread: RT.
void bl_chain_set_parameter(bl_chain *chain, bl_parameter parameter, double value) BL_NONBLOCKING;

/// Changes `trim_db`, as far as 60 dB either way: what is heard glides there by even steps in dB,
/// one second long; a chain that nobody hears takes it at once. Ends where a chain built with it
/// is. Thread: any, RT safe, as long as the chain is not freed; the last one counts.
void bl_chain_set_trim(bl_chain *chain, double trim_db) BL_NONBLOCKING;

/// Real delay in frames. Thread: any, RT safe.
uint32_t bl_chain_latency_frames(const bl_chain *chain) BL_NONBLOCKING;

/// Frames of input after which its sound depends on nothing earlier: a chain that is reset and run
/// over this many is where it would be if it had always played. A recurrent model, which has no
/// such end, is heard to forget: until no more than 2e-6 of full scale is left of what it heard, at
/// least half a second, at most some 20 s (2^20 frames). Thread: any, RT safe.
uint32_t bl_chain_memory_frames(const bl_chain *chain) BL_NONBLOCKING;

/// Frames after which its sample grid repeats: of resampler, cab and moving filters. The replay
/// that bl_chain_memory_frames speaks of begins at a multiple of this, counted from the start of
/// playing. Thread: any, RT safe.
uint32_t bl_chain_grid_frames(const bl_chain *chain) BL_NONBLOCKING;

/// Memory it holds, in bytes, with its narrower form, without the shared model. Thread: any.
size_t bl_chain_bytes(const bl_chain *chain);

/// Keeps that memory from being swapped out, as far as the system allows; returns how many bytes of
/// it. Thread: any but RT.
size_t bl_chain_lock(const bl_chain *chain);

/// Number of the load it belongs to. Thread: any, RT safe.
uint64_t bl_chain_generation(const bl_chain *chain) BL_NONBLOCKING;

/// The model it plays, or NULL. Thread: any. Owns: the chain.
const bl_model *bl_chain_model(const bl_chain *chain);

#endif
