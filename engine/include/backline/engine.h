// SPDX-License-Identifier: MIT
// The engine: the one thing the JACK process callback runs. Plays the live chain, takes a new one
// from its slot without a gap, guards against NaN, meters. Threads talk to it by rings and slots.

#ifndef BACKLINE_ENGINE_H
#define BACKLINE_ENGINE_H

#include "backline/chain.h"
#include "backline/parameter.h"
#include "backline/realtime.h"
#include "backline/status.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct bl_engine bl_engine;

/// Start from bl_engine_config_default().
typedef struct bl_engine_config {
    double sample_rate_hz;
    double crossfade_ms; ///< 0..20, linear, between two chains; 0: at once
    double ramp_ms;      ///< 0..1000, linear, of mute, bypass and the first chain; 0: at once
    bool start_muted;    ///< true: silent until BL_CONTROL_MUTE 0 arrives
} bl_engine_config;

/// 48 kHz, 5 ms, 20 ms, muted. Thread: any.
bl_engine_config bl_engine_config_default(void);

/// What MAIN asks of the audio thread.
typedef enum bl_control_kind {
    BL_CONTROL_PARAMETER, ///< `parameter`, `value`, `generation`
    BL_CONTROL_MUTE,      ///< `value` 0 or 1
    BL_CONTROL_BYPASS,    ///< `value` 0 or 1: the clean signal passes, delayed like the chain
    BL_CONTROL_RESET,     ///< the chains that play go back to the steady state of silence
} bl_control_kind;

/// A control is heard from the first frame of the next process call on.
typedef struct bl_control {
    bl_control_kind kind;
    bl_parameter parameter;
    double value;
    /// The load whose parameter is meant, which may be still on its way: its chain gets the value
    /// whenever it comes, the chains before it until then, later ones not at all. So a knob that is
    /// turned during a load is not lost. 0: the chains that play now, nothing is kept.
    uint64_t generation;
} bl_control;

/// What the audio thread tells MAIN. Every record carries the totals. If the ring is full, peaks
/// wait for the next meters, and the latest swap is reported as soon as there is room.
typedef enum bl_telemetry_kind {
    BL_TELEMETRY_METERS,  ///< once every BL_METER_FRAMES, whatever the period
    BL_TELEMETRY_SWAPPED, ///< `generation` plays alone now: its fade is over
} bl_telemetry_kind;

enum {
    BL_METER_FRAMES = 1024,
    BL_CONTROL_CAPACITY = 256,   ///< controls that can wait
    BL_TELEMETRY_CAPACITY = 256, ///< records that can wait
};

typedef struct bl_telemetry {
    bl_telemetry_kind kind;
    float in_peak, out_peak;    ///< largest |sample| since the last meters, full scale 1.0
    uint64_t frames;            ///< frames processed since creation
    uint64_t clipped_frames;    ///< output frames over full scale since creation
    uint64_t not_finite_blocks; ///< inner blocks in which the NaN guard silenced input or a chain
    uint64_t generation;        ///< of the live chain; 0: there is none
    uint64_t howls;             ///< times the howl guard proved feedback since creation
    bool howling;               ///< it turns the output down, for feedback or on suspicion
    bool narrowed;              ///< the overload guard plays its narrower form
} bl_telemetry;

/// Fails if a setting is out of its range or memory is short. Thread: any but RT. Owns: the caller.
bl_status bl_engine_create(const bl_engine_config *config, bl_engine **engine, bl_error *error);

/// Frees the engine and every chain it still holds. Thread: MAIN, with no process call running.
void bl_engine_destroy(bl_engine *engine);

/// One period of any size, 0 allowed: `in` and `out` are mono, full scale 1.0, may be the same.
/// Silence while there is no chain. With gains at 0 dB and ramps at rest the output is the chain's
/// bit for bit. Turns denormals off on the calling thread, for good.
/// Thread: RT. Never allocates, locks, waits or fails.
void bl_engine_process(bl_engine *engine, const float *in, float *out,
                       uint32_t frames) BL_NONBLOCKING;

/// The same with two outputs, which may be the same as `in` too: what a stereo cab gives, of any
/// other chain the same samples in both. `right` NULL: the mean of both in `left`.
/// Thread: RT.
void bl_engine_process_stereo(bl_engine *engine, const float *in, float *left, float *right,
                              uint32_t frames) BL_NONBLOCKING;

/// Queues a control; false if the ring is full (try again after a period). Thread: MAIN.
bool bl_engine_control(bl_engine *engine, const bl_control *control);

/// Puts a new chain, which the next process call fades to unless a fade runs or a retired chain
/// waits. One with latency is fed unheard until its delay is filled, then faded to, so that the
/// sound has no gap. Returns the chain it displaced, which was never heard and belongs to the
/// caller, or NULL. Thread: LOADER (one thread only). Owns: the engine, from this call on.
bl_chain *bl_engine_swap(bl_engine *engine, bl_chain *chain);

/// Brings `chain` nearer to where it would be if it had always played: runs it over at most
/// `frames` frames of the input that the engine remembers, its own memory back where it begins
/// anew. Returns how many frames it has not heard yet; 0: it can join. Thread: LOADER.
uint64_t bl_engine_replay(bl_engine *engine, bl_chain *chain, uint32_t frames);

/// Puts a replayed chain, as load `generation`, in the way of the next process call, which fades to
/// it without any warm-up. False, and `chain` stays the caller's, if that call has begun already:
/// replay it on. In freewheel it may be behind. If a fade or a retired chain holds the call off,
/// the chain stays and is stale. Thread: LOADER, with no other chain on its way. Owns: the engine,
/// on true.
bool bl_engine_join(bl_engine *engine, bl_chain *chain, uint64_t generation);

typedef enum bl_join_state {
    BL_JOIN_NONE,    ///< no chain is on its way: the audio thread has taken it
    BL_JOIN_WAITING, ///< for the next process call
    BL_JOIN_STALE,   ///< the call it was for has begun without it: take it back and replay it on
} bl_join_state;

/// Where the chain given to bl_engine_join is. Thread: LOADER.
bl_join_state bl_engine_join_state(const bl_engine *engine);

/// Takes back a stale chain; NULL if there is none. Thread: LOADER. Owns: the caller.
bl_chain *bl_engine_withdraw(bl_engine *engine);

/// A chain that has been faded out, or NULL; the caller destroys it or replays it on. The audio
/// thread starts no new fade while one waits here. Thread: one, MAIN or LOADER.
bl_chain *bl_engine_take_retired(bl_engine *engine);

/// The oldest telemetry record; false if there is none. Thread: MAIN.
bool bl_engine_poll(bl_engine *engine, bl_telemetry *telemetry);

/// The overload guard's only source: the callback took `share` of the period of `frames` that was
/// just processed. At 70 % over some 20 ms the live chain's narrower form, if bl_chain_set_narrow
/// gave it one, takes over by the crossfade; when the full width has been expected to need at
/// most 60 % of a period for five seconds, it comes back, and after twice as long if it then fell
/// again soon. The form that is not heard is fed first, for as long as the model remembers, and
/// from 40 % on in advance. Where both at a time would need more than 95 %, nothing is fed: the
/// full width goes to silence and the narrower form comes from there, in the length of a crossfade
/// each. All of this is about the full width's own cost. Thread: RT, after bl_engine_process.
void bl_engine_report_load(bl_engine *engine, double share, uint32_t frames) BL_NONBLOCKING;

/// Frames were lost since the last process call: the next one begins where the sound card stands
/// and fades to what it plays, by the crossfade or the ramp, whichever is shorter. `held`: the last
/// period given was heard again, so it stands at the last sample; else it was silent. Thread: RT,
/// before bl_engine_process.
void bl_engine_report_gap(bl_engine *engine, bool held) BL_NONBLOCKING;

/// For freewheel, where nothing is late: the live chain is heard at its full width from the next
/// frame on, and the loads reported so far are forgotten; a chain that joins in the next process
/// call need not have heard everything, the call plays it what is missing. Thread: RT, before every
/// bl_engine_process in freewheel.
void bl_engine_play_whole(bl_engine *engine) BL_NONBLOCKING;

/// Frames heard since creation, those of the process call that runs included. Thread: any, RT safe.
uint64_t bl_engine_heard_frames(const bl_engine *engine) BL_NONBLOCKING;

/// Generation of the chain that plays alone, or was the last to, and (`since` may be NULL) the
/// first frame without the chain before it. 0: none yet. Thread: any, RT safe.
uint64_t bl_engine_sounding(const bl_engine *engine, uint64_t *since) BL_NONBLOCKING;

/// Real delay of the live chain in frames, as of the last process call. Thread: any, RT safe.
uint32_t bl_engine_latency_frames(const bl_engine *engine) BL_NONBLOCKING;

#endif
