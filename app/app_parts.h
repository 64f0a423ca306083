// SPDX-License-Identifier: MIT
// The inside of bl_app, shared by the app_*.c files. Everything is MAIN's except where a type says
// otherwise.

#ifndef BACKLINE_APP_APP_PARTS_H
#define BACKLINE_APP_APP_PARTS_H

#include "app.h"
#include "clock.h"

#include "link.h"
#include "loader.h"
#include "memory.h"
#include "midi.h"
#include "midi_map.h"
#include "nsm.h"
#include "pitch.h"
#include "rig.h"
#include "setlist.h"
#include "settings.h"
#include "stage.h"
#include "tempo.h"
#include "watch.h"
#include "wishes.h"

#include "backline/engine.h"

enum {
    BL_APP_MESSAGES_KEPT = 16,
    BL_APP_TRASH_MAX = 16,
    BL_APP_SURVEY_SOON_MS = 30, ///< changes come in swarms
};

/// Something the audio thread may still run until LINK has answered the attach number `until`.
typedef struct bl_app_trash {
    bl_engine *engine;
    bl_demo *demo;
    uint64_t until;
} bl_app_trash;

/// What the timer compares with what the pulse said before.
typedef struct bl_app_watch {
    int64_t beat_ms; ///< when the heartbeat was seen to move
    uint64_t beat;   ///< cycles then
    int64_t load_ms; ///< when the load was taken last
    uint64_t busy_ns, frames;
    uint32_t latency_frames; ///< own latency that was reported last
    bool priority_told;      ///< that the audio thread has none
} bl_app_watch;

/// What a session holds of the sound.
typedef struct bl_app_sounding {
    char model[4096], rig[4096];
    double parameters[BL_PARAMETER_COUNT];
    bool muted, bypassed;
} bl_app_sounding;

typedef struct bl_app_session {
    bl_nsm *nsm;                         ///< NULL: there is no session manager
    struct bl_app_saving *saving;        ///< NULL: nothing is being saved
    bl_app_sounding saved, saving_sound; ///< the last time; this time
    bool opened, dirty;                  ///< as the manager was told
    int64_t begun_ms;
    uint64_t told;                   ///< messages
    bool window_wished, window_seen; ///< the manager wants it so, and it has not been fetched yet
} bl_app_session;

struct bl_app {
    // Constant after creation.
    bl_app_config config; ///< its texts are in `texts`
    char *texts[6 + 2 * BL_APP_NAMED_MAX];
    size_t text_count;
    bl_settings settings;
    bl_app_session session;
    int epoll_fd, wake_fd, timer_fd;
    bl_pulse pulse;
    bl_link *link;
    bl_stage *stage;
    bl_loader *loader;

    // What sounds.
    bl_rig rig;
    char rig_path[4096]; ///< absolute; "" without one
    bool has_rig;        ///< chains have stages, and the rig's cab
    bl_engine *engine;
    double engine_rate_hz;
    bl_demo *demo;
    char demo_path[4096];
    bool riff_plays; ///< as the demo, for want of an input
    bl_app_trash trash[BL_APP_TRASH_MAX];
    size_t trash_count;
    uint64_t attach_asked, attach_done;
    uint64_t model_generation, demo_generation;
    uint64_t narrowed_generation;     ///< whose overload was told
    bool model_awaited, demo_awaited; ///< a load is on its way
    bool model_whole;                 ///< the last one asked for may not be narrowed: freewheel
    bool settling_failed;             ///< RT alone: in this freewheel something did not come
    bool model_heavy;                 ///< the one that plays would not fit at the width asked for
    char old_model[4096];             ///< that plays while one that does not fit comes; "": none
    char first_model[4096];           ///< to load once there is a rate; "" afterwards
    bool first_model_is_chosen;       ///< the player named it: a failure counts
    bool model_requested;             ///< a model or none has been asked for since the start

    bl_rig saved_rig; ///< as it is being written, or was the last time
    bool rig_saving;

    // The set list.
    bl_setlist setlist;       ///< no parts: there is none
    char setlist_path[4096];  ///< absolute; "" without one
    char setlist_copy[4096];  ///< in the session, to play the next time; "": not saved yet
    size_t place, last_place; ///< indices of its parts
    bl_watch watch_files;     ///< the set list and its rigs
    int64_t reload_due_ms;    ///< 0: nothing has changed
    bl_tempo tempo;           ///< of the song
    bl_midi_intake midi;
    bl_midi_map midi_map;
    bool learning; ///< the next control that moves is to do what `learn_wish` says
    bl_midi_wish learn_wish;
    char learn_name[128];
    bl_programs programs;
    int64_t program_told_ms;                  ///< when one that chooses nothing was told; 0: never
    int stage_of_rig[BL_SETLIST_RIGS_MAX];    ///< BL_STAGE_NONE: it cannot be played
    size_t rig_on_stage[BL_SETLIST_RIGS_MAX]; ///< the other way round
    bool fault_told[BL_SETLIST_RIGS_MAX];     ///< of those on stage
    bool loose_told;                          ///< that not all of them could be locked in memory
    uint64_t stage_serial, stage_switches;    ///< that the state shows

    // The tuner.
    bl_pitch pitch;
    double tuner_rate_hz;  ///< that `pitch` listens at; 0: not yet
    int64_t tuner_look_ms; ///< when it looks again

    // The server.
    uint64_t epoch; ///< of the client that is open; 0: none
    bool joined, activated, surveyed;
    int64_t opened_ms;
    char driver[64];
    bl_survey survey;
    bl_wishes wishes;
    bool wishes_ready;
    bool guests_told;      ///< that others are on our own server
    bool names_missing;    ///< a port that the player named is not there: nothing is remembered
    bool device_met;       ///< its connections are wished for
    size_t physical_count; ///< ports of hardware in the last survey
    int64_t survey_due_ms; ///< 0: none
    uint64_t survey_beat;  ///< cycle at which the server surely shows what it has told; 0: known
    bool latencies_due;    ///< the server is to ask everybody again, but not in freewheel
    bl_memory memory;
    int memory_lock_fd; ///< held while it is ours; -1: none
    bool is_guest;      ///< another program remembers under this name, so this one does not
    int64_t knobs_saved_ms;
    bool knobs_turned; ///< of rigs of the set list, since they were remembered
    bl_app_watch watch;

    // What is shown.
    bl_app_state state;
    bl_app_port *ports;
    size_t port_count;
    float sent_peak; ///< of the outs, since bl_app_take_levels
    bl_app_model *models;
    size_t model_count;
    uint64_t models_listed; ///< the models_serial that they show
    bl_app_message messages[BL_APP_MESSAGES_KEPT];
    uint64_t messages_taken;
};

/// Adds a message. Thread: MAIN.
void bl_app_tell(bl_app *app, bl_app_severity severity, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/// A failure: ends everything if `fatal` and the app is strict, else it is told.
void bl_app_fail(bl_app *app, const bl_error *error, bool fatal);

// app_sound.c ----------------------------------------------------------------------------------

/// Mutes, and lets nothing ring on.
void bl_app_panic(bl_app *app);

/// Asks for a chain of `rig`, as it is there but for the knobs, which are those of the state.
void bl_app_play_rig(bl_app *app, const bl_rig *rig);

/// What was asked for outside the set list, and is not here yet, is not wanted any more.
void bl_app_drop_model(bl_app *app);

/// Makes the engine fit the rate, asks for model and demo if they must be built anew.
void bl_app_prepare_sound(bl_app *app, double sample_rate_hz);

/// Gives LINK what the audio thread shall run.
void bl_app_attach(bl_app *app);

/// LINK has answered an attach, or (`all`) no client runs anything of ours any more.
void bl_app_attached(bl_app *app, bool all);

/// True if nothing is missing to start to sound.
bool bl_app_sound_is_ready(const bl_app *app);

/// Where freewheel has begun or ended, asks for the model at its whole width, or one that fits.
void bl_app_follow_freewheel(bl_app *app);

/// Waits, at most some seconds, until MAIN has followed into freewheel and the stage has everything
/// ready that was asked for. `app`: a bl_app. Thread: RT in freewheel, the only one that may.
void bl_app_settle(void *app);

/// Handles the answers of LOADER.
void bl_app_hear_loader(bl_app *app);

/// Meters, swaps, retired chains.
void bl_app_poll_engine(bl_app *app);

/// Tells the engine mute and bypass as they ought to be.
void bl_app_send_switches(bl_app *app);

/// Frees engine, demo and trash, when no client and no LOADER can touch them.
void bl_app_finish_sound(bl_app *app);

// app_setlist.c --------------------------------------------------------------------------------

/// Where the player is now, for the next start; saved by LOADER.
void bl_app_remember_place(bl_app *app);

/// Shows the knobs of the rig of the place; one that cannot be played leaves those of what sounds.
void bl_app_show_rig(bl_app *app);

/// The set list's rig that the place asks for.
size_t bl_app_current_rig(const bl_app *app);

/// As bl_app_act, when all that came before has been heard.
void bl_app_do(bl_app *app, bl_action action, int value);

/// The audio thread has heard a program change. False: it chooses nothing.
bool bl_app_choose_program(bl_app *app, const bl_midi_event *event);

/// Frees it, when no client can touch it.
void bl_app_finish_setlist(bl_app *app);

/// The part of the set list is heard again as it is there, whatever model came between.
void bl_app_return_to_part(bl_app *app);

/// Writes into the state where the player is.
void bl_app_show_place(bl_app *app);

// app_save.c -----------------------------------------------------------------------------------

/// Writes the rig that plays, as it is, into its file.
void bl_app_save_rig(bl_app *app);

/// LOADER has written it, or could not.
void bl_app_rig_saved(bl_app *app, const bl_loader_answer *answer);

// app_lists.c ----------------------------------------------------------------------------------

/// Reads the set list to begin with, if there is one, and brings its rigs on stage.
bl_status bl_app_read_setlist(bl_app *app, bl_error *error);

/// Reads files again that were edited.
void bl_app_watch_files(bl_app *app, int64_t now_ms);

/// The session plays the copy of the set list of `path`, as it was kept there, the next time, if
/// that list is still open.
void bl_app_keep_setlist(bl_app *app, const char *path, const bl_setlist *kept, const char *copy);

// app_tuner.c ----------------------------------------------------------------------------------

/// Hears what has come from the audio thread, and finds its pitch.
void bl_app_hear_tuner(bl_app *app, int64_t now_ms);

// app_midi.c -----------------------------------------------------------------------------------

/// Reads midi.yaml; a broken one changes nothing.
void bl_app_read_midi_map(bl_app *app);

/// Adds it to the files that are watched.
void bl_app_watch_midi_map(bl_app *app);

/// Handles what has come over MIDI.
void bl_app_hear_midi(bl_app *app);

// app_stage.c ----------------------------------------------------------------------------------

/// Brings the rigs of a set list on stage, which becomes the app's on true; those that are there
/// stay as they are. `chosen_rig` is to be heard, -1: whatever sounds goes on. False if it does not
/// work, which is told: nothing changes then.
bool bl_app_stage_rigs(bl_app *app, const bl_setlist *list, int chosen_rig);

/// Whether a model that the set list does not name is to be heard, or is until something else can.
bool bl_app_plays_guest(const bl_app *app);

/// A rig of the set list is to be heard; one that cannot be is not.
void bl_app_choose_rig(bl_app *app, size_t rig);

/// How far a rig of the set list is; `fault`: why it cannot be played.
bl_app_readiness bl_app_rig_readiness(const bl_app *app, size_t rig, char fault[BL_APP_TEXT_MAX]);

/// Turns a knob of the rig of the set list that is to be heard, if one is.
void bl_app_turn_rig(bl_app *app, bl_parameter parameter, double value);

/// Shows the trim of what plays: a rig of the stage, or its guest.
void bl_app_show_trim(bl_app *app, int index);

/// Shows what has changed on stage.
void bl_app_hear_stage(bl_app *app);

/// Whether the rig that is to be heard is loaded, or never will be.
bool bl_app_stage_is_ready(const bl_app *app);

// app_server.c ---------------------------------------------------------------------------------

/// Handles the answers of LINK.
void bl_app_hear_link(bl_app *app);

/// Activates the client if the sound is ready, or has been waited for long enough.
void bl_app_try_activate(bl_app *app);

/// Enters a phase; a failed app stays failed, whatever else was under way.
void bl_app_set_phase(bl_app *app, bl_app_phase phase);

/// Handles what the callbacks have put into the pulse.
void bl_app_hear_pulse(bl_app *app);

/// The player's, for a command to copy.
const char *bl_app_user_name(void);

/// Asks for a survey in at most `ms`.
void bl_app_survey_in(bl_app *app, int64_t ms);

/// Heartbeat, load, surveys that are due.
void bl_app_watch_server(bl_app *app, int64_t now_ms);

// app_connections.c ----------------------------------------------------------------------------

/// Takes over a survey and asks for what is to be connected.
void bl_app_surveyed(bl_app *app, bl_link_answer *answer);

/// What stands now, or is wanted, is what the player wants next time on this device.
void bl_app_remember(bl_app *app);

/// A connection was made or refused.
void bl_app_connected(bl_app *app, const bl_link_answer *answer);

// app_session.c --------------------------------------------------------------------------------

/// Listens to the session manager from now on, if there is one. False without a descriptor.
bool bl_app_enter_session(bl_app *app);

/// Does what the manager asks, tells it what changed.
void bl_app_hear_session(bl_app *app);

/// Waits for a save that runs, and leaves. Frees what bl_app_join_session made.
void bl_app_leave_session(bl_app *app);

// app_knobs.c ----------------------------------------------------------------------------------

/// Knobs, mute and bypass as they were left, unless something else was named. After the rig is
/// read.
void bl_app_restore_knobs(bl_app *app);

/// Turns the knobs of the list's rigs as they were left, unless their files are newer.
void bl_app_restore_turned(bl_app *app, bl_setlist *list);

/// Saves all that is remembered, unless another program does so under this name.
void bl_app_save_memory(bl_app *app);

/// Saves the knobs if they have moved: not more often than a disk likes, unless `now`.
void bl_app_remember_knobs(bl_app *app, bool now);

#endif
