// SPDX-License-Identifier: MIT
// Bringing a chain to the state it would have if it had always played, and handing it to the audio
// thread in time. Nothing here stops or slows that thread.

#include "rt/chain.h"
#include "rt/engine.h"

#include <assert.h>
#include <math.h>
#include <string.h>

// What a chain must hear to be where it would be: its memory, from a frame on where its grid is as
// it was at the first frame.
static uint64_t start_of(const bl_engine *engine, const bl_chain *chain, uint64_t heard)
{
    const uint64_t memory = bl_chain_memory_frames(chain), grid = bl_chain_grid_frames(chain);
    const uint64_t oldest = bl_tape_oldest(&engine->tape);
    uint64_t from = heard > memory ? heard - memory : 0;
    from -= from % grid;
    if (from < oldest) { // it remembers longer than the tape, some of which is gone by the time
        from = oldest + (heard - oldest) / 8;
        from += (grid - from % grid) % grid;
    }
    return from <= heard ? from : oldest;
}

static bool may_go_on(const bl_chain *chain, uint64_t heard, uint64_t oldest)
{
    const uint64_t whole = (uint64_t)bl_chain_memory_frames(chain) + bl_chain_grid_frames(chain);
    return chain->placed && chain->position >= oldest && heard - chain->position <= whole;
}

// As the audio thread does it: a chain that breaks begins anew in silence.
static void hear(bl_chain *chain, const float *in, uint32_t frames)
{
    float left[BL_INNER_FRAMES], right[BL_INNER_FRAMES] = {0};
    bl_chain_process(chain, in, (float *[]){left, right}, frames);
    bool finite = true;
    for (uint32_t i = 0; i < frames; i++) {
        finite = finite && isfinite(left[i]) && isfinite(right[i]);
    }
    if (!finite) {
        bl_chain_reset(chain);
        chain->placed = true;
    }
    chain->position += frames;
}

uint64_t bl_engine_replay(bl_engine *engine, bl_chain *chain, uint32_t frames)
{
    const uint64_t heard = bl_tape_heard(&engine->tape);
    if (!may_go_on(chain, heard, bl_tape_oldest(&engine->tape))) {
        bl_chain_reset(chain);
        chain->position = start_of(engine, chain, heard);
        chain->placed = true;
    }
    bl_chain_take_trim(chain);
    bl_voice_prepare_thread();
    for (uint64_t left = frames; left > 0 && chain->position < heard;) {
        const uint64_t missing = heard - chain->position;
        const uint64_t most = left < BL_INNER_FRAMES ? left : BL_INNER_FRAMES;
        const uint32_t block = (uint32_t)(missing < most ? missing : most);
        float in[BL_INNER_FRAMES];
        if (!bl_tape_read(&engine->tape, chain->position, in, block)) {
            chain->placed = false; // too slow: the tape was recorded over
            return heard - chain->position;
        }
        hear(chain, in, block);
        left -= block;
    }
    return heard - chain->position;
}

bool bl_engine_join(bl_engine *engine, bl_chain *chain, uint64_t generation)
{
    const bool unhurried = atomic_load_explicit(&engine->unhurried, memory_order_relaxed);
    if (!chain->placed || (!unhurried && chain->position != bl_tape_heard(&engine->tape))) {
        return false;
    }
    chain->generation = generation;
    atomic_store_explicit(&engine->joining_frame, chain->position, memory_order_relaxed);
    bl_chain *displaced = bl_slot_exchange(&engine->joining, chain);
    assert(displaced == NULL);
    (void)displaced;
    return true;
}

bl_join_state bl_engine_join_state(const bl_engine *engine)
{
    // Heard first: if RT takes the chain after that, the slot is found empty.
    const uint64_t heard = bl_tape_heard(&engine->tape);
    if (bl_slot_is_empty(&engine->joining)) {
        return BL_JOIN_NONE;
    }
    return heard > atomic_load_explicit(&engine->joining_frame, memory_order_relaxed)
               ? BL_JOIN_STALE
               : BL_JOIN_WAITING;
}

bl_chain *bl_engine_withdraw(bl_engine *engine)
{
    return bl_engine_join_state(engine) == BL_JOIN_STALE ? bl_slot_take(&engine->joining) : NULL;
}
