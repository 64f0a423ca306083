// SPDX-License-Identifier: MIT
// Taking a new chain and letting the old one go.

#include "rt/swap.h"

#include "rt/chain.h"

#include <assert.h>

void bl_swap_retire(bl_engine *engine, bl_chain *chain)
{
    bl_chain *displaced = bl_slot_exchange(&engine->retired, chain);
    assert(displaced == NULL);
    (void)displaced;
}

void bl_swap_finish_if_due(bl_engine *engine)
{
    if (engine->successor == NULL || engine->warm_up > 0 ||
        !bl_smoother_rests_at(&engine->fade, 1.0F)) {
        return;
    }
    if (engine->live != NULL && engine->spills) {
        bl_tail_begin(&engine->tail, engine->live, engine->crossfade_frames);
    } else if (engine->live != NULL) {
        engine->live->position = engine->totals.frames;
        bl_swap_retire(engine, engine->live);
    }
    engine->live = engine->successor;
    engine->successor = NULL;
    bl_overload_begin(&engine->overload, engine->live->narrow_ratio, engine->live->memory_frames);
    engine->totals.generation = engine->live->generation;
    engine->swap_untold = true;
    atomic_store_explicit(&engine->since, engine->totals.frames, memory_order_relaxed);
    atomic_store_explicit(&engine->sounding, engine->live->generation, memory_order_release);
    atomic_store_explicit(&engine->latency, bl_chain_latency_frames(engine->live),
                          memory_order_release);
}

// Where nothing can be late, what a chain has not heard yet is played to it here.
static void catch_up(bl_engine *engine, bl_chain *chain)
{
    float in[BL_INNER_FRAMES], left[BL_INNER_FRAMES], right[BL_INNER_FRAMES];
    float *const unheard[] = {left, right};
    while (chain->position < engine->totals.frames) {
        const uint64_t missing = engine->totals.frames - chain->position;
        const uint32_t block = missing < BL_INNER_FRAMES ? (uint32_t)missing : BL_INNER_FRAMES;
        bl_tape_play(&engine->tape, chain->position, in, block);
        bl_engine_play_chain(engine, chain, in, unheard, bl_chain_channels(chain), block);
        chain->position += block;
    }
    chain->placed = true;
}

// One that joins has heard all there was before one certain frame. At any other it is left alone,
// for LOADER to bring it nearer: so no period ever runs more than its own frames of two chains, but
// in freewheel.
static bl_chain *take_next(bl_engine *engine)
{
    const bool unhurried = atomic_load_explicit(&engine->unhurried, memory_order_relaxed);
    if (!bl_slot_is_empty(&engine->joining) &&
        (unhurried || atomic_load_explicit(&engine->joining_frame, memory_order_relaxed) ==
                          engine->totals.frames)) {
        bl_chain *chain = bl_slot_take(&engine->joining);
        if (chain != NULL && chain->position >= bl_tape_oldest(&engine->tape)) {
            catch_up(engine, chain);
        }
        return chain;
    }
    bl_chain *chain = bl_slot_take(&engine->next);
    if (chain != NULL) {
        chain->placed = false;
    }
    return chain;
}

// Gives it the parameters that were meant for it while it was on its way.
static void hand_parameters(const bl_engine *engine, bl_chain *chain)
{
    for (int p = 0; p < BL_PARAMETER_COUNT; p++) {
        const bl_engine_coming *coming = &engine->coming[p];
        if (coming->generation != 0 && coming->generation >= chain->generation) {
            bl_chain_set_parameter(chain, (bl_parameter)p, coming->value);
        }
    }
    if (!chain->placed) {
        bl_chain_settle(chain);
    }
}

// Only of the chain as it is, with nothing else mixed in.
static bool may_spill(const bl_engine *engine)
{
    return engine->live->spill && engine->live->cab != NULL && !engine->overload.narrow &&
           !engine->overload.both && bl_smoother_rests_at(&engine->bypass, 0.0F);
}

// The retired slot is checked first: only this thread fills it, so it is still empty when the fade
// is over.
void bl_swap_take(bl_engine *engine)
{
    if (engine->successor != NULL || !bl_slot_is_empty(&engine->retired)) {
        return;
    }
    if (engine->tail.chain != NULL) {
        if (!bl_slot_is_empty(&engine->joining) || !bl_slot_is_empty(&engine->next)) {
            bl_tail_cut(&engine->tail);
        }
        return;
    }
    bl_chain *chain = take_next(engine);
    if (chain == NULL) {
        return;
    }
    hand_parameters(engine, chain);
    const bool first = engine->live == NULL;
    engine->successor = chain;
    engine->spills = !first && may_spill(engine);
    engine->warm_up = first || chain->placed ? 0 : bl_chain_latency_frames(chain);
    engine->fade = bl_smoother_at(0.0F, first ? engine->ramp_frames : engine->crossfade_frames);
    bl_smoother_move(&engine->fade, 1.0F);
    bl_swap_finish_if_due(engine);
}
