// SPDX-License-Identifier: MIT
// A thread that reads models and demos and builds chains, which it gives to the stage. Every load
// has a generation; one that finishes after a newer was asked for is thrown away.

#ifndef BACKLINE_APP_LOADER_H
#define BACKLINE_APP_LOADER_H

#include "backline/chain.h"
#include "backline/engine.h"
#include "backline/model.h"
#include "backline/status.h"

#include "demo.h"
#include "fit.h"
#include "mailbox.h"
#include "memory.h"
#include "rig.h"
#include "stage.h"

#include <stdbool.h>
#include <stdint.h>

typedef struct bl_loader bl_loader;

/// One load. A newer one of the same kind replaces one that has not begun.
typedef struct bl_loader_job {
    uint64_t generation;   ///< rises with every job; of a model: from bl_stage_next_generation
    char path[4096];       ///< "": build the model that is loaded already once more
    bool clean;            ///< with "": without a model from now on
    double sample_rate_hz; ///< of the engine
    double quality;
    bool stages;                    ///< see bl_chain_config
    char cab[4096];                 ///< "": none
    bool spill;                     ///< see bl_chain_config
    bool match_loudness, calibrate; ///< see bl_trim_wish
    double interface_dbu;
    bool whole; ///< never narrower than `quality`, whatever it costs
    double parameters[BL_PARAMETER_COUNT];
} bl_loader_job;

typedef enum bl_loader_kind {
    BL_LOADER_MODEL,
    BL_LOADER_DEMO,
    BL_LOADER_HEAVY, ///< comes before BL_LOADER_MODEL if what was asked for does not fit
    BL_LOADER_SAVED, ///< only sent if saving failed
    BL_LOADER_RIG,   ///< the rig has been written to `path`, or `error` says why not
} bl_loader_kind;

typedef struct bl_loader_answer {
    bl_mail mail;
    bl_loader_kind kind;
    uint64_t generation;
    char path[4096];
    bl_error error;  ///< OK: the stage has the chain, or the demo is here
    bl_model *model; ///< a reference for the receiver, NULL for demos and failures
    bl_fit fit;
    uint32_t latency_frames;
    bl_demo *demo; ///< the receiver's
    double sample_rate_hz;
} bl_loader_answer;

/// `wake_fd` is MAIN's eventfd; chains go to `stage`, which outlives the loader. Thread: MAIN.
bl_status bl_loader_create(int wake_fd, bl_stage *stage, bl_loader **loader, bl_error *error);

/// Saves what is still to be saved and waits for the load that runs, at most `patience_ms`; what
/// hangs longer is left behind. NULL is allowed. Thread: MAIN.
void bl_loader_destroy(bl_loader *loader, int patience_ms);

/// Thread: MAIN. Returns at once. Answer: one bl_loader_answer, unless it was replaced.
void bl_loader_load_model(bl_loader *loader, const bl_loader_job *job);
void bl_loader_load_demo(bl_loader *loader, const bl_loader_job *job);

/// Saves a copy of `memory` under `name`; a newer request replaces an older one. Thread: MAIN.
void bl_loader_save(bl_loader *loader, const char *name, const bl_memory *memory);

/// Writes the rig to `path`, one at a time: before the next one comes the answer. False: memory is
/// short. Thread: MAIN.
bool bl_loader_save_rig(bl_loader *loader, const char *path, const bl_rig *rig);

/// The oldest answer or NULL. Thread: MAIN. Owns: the caller, who frees with
/// bl_loader_answer_free what it did not take out.
bl_loader_answer *bl_loader_poll(bl_loader *loader);

/// NULL is allowed.
void bl_loader_answer_free(bl_loader_answer *answer);

#endif
