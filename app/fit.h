// SPDX-License-Identifier: MIT
// Builds a chain and finds out, before anybody hears it, whether it fits: what it costs on this
// machine, at which width it leaves room, and which narrower form stands by. Thread: LOADER.

#ifndef BACKLINE_APP_FIT_H
#define BACKLINE_APP_FIT_H

#include "backline/chain.h"
#include "backline/status.h"

#include <stdbool.h>

#define BL_FIT_MOST 0.70 // of the time there is: what a chain may need to be safe

/// Shares of the time there is (1.0: as fast as it is heard, whatever the period).
typedef struct bl_fit {
    double asked; ///< at the width that was asked for; 0: not measured, there is no model
    double share; ///< at the width that was built
} bl_fit;

/// CPU time of one frame in ns. Leaves the chain as after creation.
typedef double (*bl_fit_measure)(bl_chain *chain);

/// Plays noise for some milliseconds: the median of a few passes, each of the thread's own CPU
/// time, so that other programs do not count. A bl_fit_measure.
double bl_fit_measure_chain(bl_chain *chain);

/// Builds the chain at config->quality or, with `may_narrow` and a model of several widths, at the
/// widest one below it that needs at most BL_FIT_MOST, else the narrowest. If narrower ones are
/// left, the widest that needs a third as much stands by for the overload guard. Fails as
/// bl_chain_create does.
bl_status bl_fit_build(const bl_chain_config *config, bool may_narrow, bl_fit_measure measure,
                       bl_chain **chain, bl_fit *fit, bl_error *error);

#endif
