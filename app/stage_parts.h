// SPDX-License-Identifier: MIT
// The inside of the stage, shared by the stage*.c files. Everything is under `lock` except where it
// says otherwise. LOADER holds the lock while it works, a few milliseconds at a time, and lets
// visitors in between.

#ifndef BACKLINE_APP_STAGE_PARTS_H
#define BACKLINE_APP_STAGE_PARTS_H

#include "stage.h"
#include "trim.h"

#include "backline/cab.h"
#include "backline/chain.h"
#include "backline/limits.h"
#include "backline/model.h"
#include "backline/ring.h"

#include <pthread.h>
#include <stdatomic.h>

enum {
    BL_STAGE_SLICE = 256,      ///< frames that one chain is brought along at a time
    BL_STAGE_ARMED_MS = 50,    ///< how far behind a chain may be to count as armed
    BL_STAGE_TRASH_MAX = 4096, ///< chains and models that wait to be freed
};

typedef enum bl_stage_place {
    BL_STAGE_HOME,   ///< with LOADER, if there is a chain
    BL_STAGE_ON_WAY, ///< in the engine's slot
    BL_STAGE_AWAY,   ///< with the audio thread
} bl_stage_place;

typedef struct bl_stage_entry {
    bl_rig rig;
    uint64_t id;         ///< for BUILDER, who may come back when the list is another one
    bl_chain *chain;     ///< NULL: not built
    bl_model *model;     ///< a reference, NULL without a model
    uint64_t generation; ///< of the last time it was handed over
    uint64_t asked_frame;
    bl_stage_place place;
    bool wanted; ///< to be armed
    bool armed;  ///< and is
    bl_stage_rig shown;
} bl_stage_entry;

/// Somebody chose a rig. Stamps rise over all who choose.
typedef struct bl_stage_request {
    uint32_t list; ///< of RT's alone
    int index;
    uint64_t stamp, frame;
} bl_stage_request;

typedef struct bl_stage_waste {
    bl_chain *chain;
    bl_model *model;
} bl_stage_waste;

struct bl_stage {
    // Constant after creation.
    int wake_fd;
    pthread_t loader, builder, measurer;
    bl_ring *requests; ///< bl_stage_request, RT -> LOADER

    // Between threads.
    _Atomic uint64_t stamps; ///< the last stamp or generation given, any -> any
    _Atomic(bl_engine *)
        engine_now;       ///< the same as `engine`, for the clock of requests, MAIN -> RT
    _Atomic int visitors; ///< threads that wait for `lock`, any -> LOADER
    atomic_bool given_up; ///< nobody waits for what is measured, any -> who plays for MEASURER
    pthread_mutex_t lock;
    pthread_cond_t build;   ///< something to build, to measure or to free, or the end
    pthread_cond_t rouse;   ///< LOADER need not rest any longer
    pthread_cond_t settled; ///< LOADER has done all there was to do

    // Under the lock.
    bool ending, builder_ended, measurer_ended;
    bool abandoned;                        ///< by its owner: whichever of both ends last frees it
    uint64_t measured_id;                  ///< of the entry that MEASURER is at; 0: none
    uint32_t list;                         ///< see bl_stage_get_list; written by MAIN alone
    uint64_t settled_frame, settled_stamp; ///< up to which all was done
    bl_engine *engine;
    double sample_rate_hz, quality;
    bool whole; ///< see bl_stage_set_engine
    bool calibrate;
    double interface_dbu; ///< see bl_trim_wish
    bl_stage_entry *entries;
    bl_stage_entry guest; ///< the chain that bl_stage_give brought; its place counts only with one
    int count;
    int *order; ///< of all entries: the likelier it is wanted next the earlier
    uint64_t ids;
    int chosen;
    bl_stage_request choice;                              ///< the newest that counted
    bl_chain *joining;                                    ///< in the engine's slot; NULL: none
    uint64_t sounding_generation, sounding_id, before_id; ///< before: sounded before that one
    bl_stage_waste waste[BL_STAGE_TRASH_MAX];
    int waste_count;
    bl_stage_state state;
    bool changed; ///< MAIN is to be told
};

/// Takes the lock before LOADER does again. Ended by pthread_mutex_unlock. Thread: any but LOADER.
void bl_stage_enter(bl_stage *stage);

/// The entry whose chain this is, or NULL.
bl_stage_entry *bl_stage_find_chain(bl_stage *stage, const bl_chain *chain);

/// What shall be heard, or NULL.
bl_stage_entry *bl_stage_get_chosen(bl_stage *stage);

/// Its index, or BL_STAGE_NONE if there is none with this id.
int bl_stage_find_id(const bl_stage *stage, uint64_t id);

/// Lets BUILDER free what is not wanted any more. Either may be NULL.
void bl_stage_discard(bl_stage *stage, bl_chain *chain, bl_model *model);

/// Decides anew in which order rigs are built, and which are kept armed.
void bl_stage_sort(bl_stage *stage);

/// Moves the chain to the parameters of its rig. Only at home.
void bl_stage_set_parameters(bl_stage_entry *entry);

/// Of the model of rig `index`, 0 if an earlier rig has the same one.
size_t bl_stage_model_bytes(const bl_stage *stage, int index);

/// Hears what the audio thread has asked for.
void bl_stage_take_requests(bl_stage *stage);

/// One round of LOADER. Returns how long it may rest, in microseconds.
long bl_stage_step(bl_stage *stage);

/// What a chain is to be made of, copied out of the list so that it is there without the lock.
typedef struct bl_stage_recipe {
    bl_rig rig;
    uint64_t id;
    double sample_rate_hz, quality;
    bool whole, calibrate;
    double interface_dbu;
    bl_model *model; ///< that some rig has loaded already, a reference, or NULL
} bl_stage_recipe;

/// Of an entry. Under the lock. Owns: the caller the model, until bl_stage_read takes it.
bl_stage_recipe bl_stage_copy_recipe(const bl_stage *stage, const bl_stage_entry *entry);

/// The same, read.
typedef struct bl_stage_material {
    bl_chain_config config; ///< without a trim; points to `cab`
    bl_trim_wish wish;      ///< points into the recipe
    bl_cab cab;
} bl_stage_material;

/// Reads what the recipe names, and takes its model, even on failure. `error` may be NULL. Owns:
/// the caller, who ends the cab and releases the model of the config.
bl_status bl_stage_read(const bl_stage_recipe *recipe, bl_stage_material *material,
                        bl_error *error);

/// The last thing that BUILDER and MEASURER do, under the lock, which it gives back: sets their
/// flag. What was abandoned is freed by the second of them.
void bl_stage_leave(bl_stage *stage, bool *ended);

/// What BUILDER does, until the end.
void *bl_stage_build(void *argument);

/// Ends the measurement that runs if its rig is gone.
void bl_stage_give_up_measuring(bl_stage *stage);

/// What MEASURER does, until the end.
void *bl_stage_measure(void *argument);

#endif
