// SPDX-License-Identifier: MIT
// Same loudness: what a rig needs to be as loud as every other. The shipped riff is played through
// its chain as the file describes it, its loudness is measured, and a trim behind the level makes
// up for the difference. Measured once; kept in the cache folder by the content of the files.

#ifndef BACKLINE_APP_TRIM_H
#define BACKLINE_APP_TRIM_H

#include "backline/chain.h"
#include "backline/status.h"

#include <stdatomic.h>
#include <stdbool.h>

#define BL_TRIM_TARGET_LUFS (-20.0) ///< of the shipped riff, at a level of 0 dB
#define BL_TRIM_MOST_DB 40.0        ///< either way
#define BL_TRIM_EXPECTED_DB (-10.0) ///< of a model nothing is known of

typedef enum bl_trim_source {
    BL_TRIM_OFF,      ///< the rig does not want it, or it is silent
    BL_TRIM_GUESSED,  ///< not measured yet, and the model file claims nothing
    BL_TRIM_HINT,     ///< not measured, from other knobs or what the model file claims
    BL_TRIM_MEASURED, ///< now, or before
} bl_trim_source;

/// What is known about a rig's levels.
typedef struct bl_trim {
    double calibration_db; ///< between interface and model; 0: off
    double trim_db;
    double loudness_lufs; ///< without the trim; only if measured
    bl_trim_source source;
} bl_trim;

/// What a chain is made of, and what its player wants.
typedef struct bl_trim_wish {
    const char *model, *config, *cab; ///< files of which the chain is made; "": none
    bool match_loudness;
    bool calibrate;              ///< the interface is known
    double interface_dbu;        ///< see bl_settings
    const atomic_bool *given_up; ///< set as soon as nobody waits for it any more; NULL: never
} bl_trim_wish;

/// Completes `config`, of a chain with stages, by calibration and the trim as far as it can be told
/// at once: as measured before, else with other knobs, else from what the model file claims, else
/// what most models need.
/// False if playing the riff could tell more. Thread: LOADER.
bool bl_trim_guess(bl_chain_config *config, const bl_trim_wish *wish, bl_trim *trim);

/// Completes `config`, of a chain with stages, by calibration and trim, and stores them in `trim`.
/// Takes some seconds the first time. Cannot fail: without the riff or memory, or given up, the
/// hint or nothing remains. Thread: LOADER, or MAIN of a command.
void bl_trim_find(bl_chain_config *config, const bl_trim_wish *wish, bl_trim *trim);

#endif
