// SPDX-License-Identifier: MIT
// A client of the New Session Manager (API 1.1): OSC over one UDP socket, in both directions.
// Thread: MAIN, as all here.

#ifndef BACKLINE_APP_NSM_H
#define BACKLINE_APP_NSM_H

#include "backline/status.h"

#include <stdbool.h>

typedef struct bl_nsm bl_nsm;

/// What the manager asked for and awaits an answer to.
typedef enum bl_nsm_request {
    BL_NSM_NOTHING,
    BL_NSM_OPEN, ///< answered only once it is done
    BL_NSM_SAVE,
    BL_NSM_SHOW, ///< the window; needs no answer
    BL_NSM_HIDE,
} bl_nsm_request;

/// Announces this program to the manager of $NSM_URL and waits, some seconds, to be told which
/// session it is in. `has_window`: one that can be hidden. `*nsm` is NULL if there is no manager.
/// Owns: the caller. Fails if the manager does not answer, or refuses.
bl_status bl_nsm_join(bl_nsm **nsm, bool has_window, bl_error *error);

/// NULL is allowed.
void bl_nsm_destroy(bl_nsm *nsm);

/// Readable when bl_nsm_poll has something to do. Owns: `nsm`.
int bl_nsm_fd(const bl_nsm *nsm);

/// Folder of this client in the session, which may not exist yet; and the name that its JACK client
/// must have. Own: `nsm`.
const char *bl_nsm_folder(const bl_nsm *nsm);
const char *bl_nsm_client(const bl_nsm *nsm);

/// The oldest request that was not seen yet.
bl_nsm_request bl_nsm_poll(bl_nsm *nsm);

/// Answers a request; `error` NULL: it is done.
void bl_nsm_answer(bl_nsm *nsm, bl_nsm_request request, const bl_error *error);

void bl_nsm_tell_dirty(bl_nsm *nsm, bool dirty);
void bl_nsm_tell_window(bl_nsm *nsm, bool seen);
void bl_nsm_tell_progress(bl_nsm *nsm, float share);

/// `priority` 0 (least) to 3.
void bl_nsm_tell_message(bl_nsm *nsm, int priority, const char *text);

#endif
