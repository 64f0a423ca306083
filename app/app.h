// SPDX-License-Identifier: MIT
// The program without a face: what any user interface drives. A bl_app is driven from one thread,
// MAIN, through one file descriptor; nothing here blocks it for longer than 10 ms, save create
// (reads small files) and destroy (ends within a second).

#ifndef BACKLINE_APP_APP_H
#define BACKLINE_APP_APP_H

#include "backline/model.h"
#include "backline/parameter.h"
#include "backline/status.h"

#include "action.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct bl_app bl_app;

enum { BL_APP_NAMED_MAX = 16, BL_APP_TEXT_MAX = 1024 };

/// Start from bl_app_config_default(). Texts are copied by bl_app_create.
typedef struct bl_app_config {
    const char *name;    ///< of the JACK client and of what is remembered: letters, digits, - and _
    const char *server;  ///< JACK server, NULL: as JACK's environment says
    const char *driver;  ///< for a server of our own: "dummy", "alsa:CARD", NULL: first card
    const char *model;   ///< file; NULL: the last one, else a shipped one
    const char *rig;     ///< file; its model unless one is named, its stages; NULL: the model alone
    const char *setlist; ///< file; NULL: the last one, unless a model or a rig is named
    const char *demo;    ///< sound file to play round instead of the input; NULL: none
    const char *inputs[BL_APP_NAMED_MAX];  ///< ports to hear, ended by NULL; none: remembered ones,
    const char *outputs[BL_APP_NAMED_MAX]; ///< else the first physical ones; these in turn for left
                                           ///< and right
    bool no_connect;                       ///< make no connection at all
    bool no_ramp;                          ///< full level from the first frame, exact
    bool strict; ///< what was named and cannot be had ends in BL_APP_FAILED; else it is only told
    double quality;             ///< 0..1, width of slimmable models
    bool has_window;            ///< that a session manager may hide
    struct bl_nsm *nsm;         ///< set by bl_app_join_session; the app's from bl_app_create on
    char note[BL_APP_TEXT_MAX]; ///< to be told first; set by bl_app_join_pipewire
} bl_app_config;

bl_app_config bl_app_config_default(void);

typedef enum bl_app_phase {
    BL_APP_LOOKING, ///< for a server; silent, everything stays loaded
    BL_APP_LOADING, ///< joined, the model is not there yet
    BL_APP_PLAYING,
    BL_APP_FROZEN, ///< the server is there and does not call us
    BL_APP_FAILED, ///< for good (only with `strict`): the last message says why
} bl_app_phase;

typedef enum bl_app_severity { BL_APP_INFO, BL_APP_WARNING, BL_APP_ERROR } bl_app_severity;

typedef struct bl_app_message {
    bl_app_severity severity;
    bool absence;               ///< no longer true as soon as the server plays again
    bool offers_old;            ///< a model that does not fit comes: bl_app_keep_old_model helps
    char text[BL_APP_TEXT_MAX]; ///< one sentence
} bl_app_message;

/// Where the time goes from string to ear, as far as the server knows it. The receptive field of
/// the model is no part of it.
typedef struct bl_app_latency {
    bool in_known; ///< false: nothing is connected, or the hardware does not report it
    bool out_known;
    double driver_in_ms; ///< of the input beyond the period it waits to be full; 0 if not known
    double period_ms;
    double own_ms;        ///< real delay of the chain: lookahead, resampling
    double driver_out_ms; ///< 0 if not known
    double total_ms;      ///< at least, if something is not known
} bl_app_latency;

/// Where the player is in the set list. Numbers count from 1; 0: there is no set list.
typedef struct bl_app_place {
    char setlist[128], song[128], part[128], rig[128];
    char next_song[128], next_part[128]; ///< "": this is the last one
    size_t number, count;                ///< of all parts
    size_t song_number, song_count;
    size_t part_number, part_count; ///< within the song
    int bank, program;              ///< that choose this part; program -1: none
    bool other_model; ///< the part's rig plays with a model that the set list does not name
} bl_app_place;

/// The rigs of the set list, in memory.
typedef struct bl_app_stage {
    size_t rigs, loaded, failed;
    size_t armed; ///< sound at once
    size_t memory_bytes;
    size_t locked_bytes; ///< that the system cannot swap out
    double switch_ms;    ///< the last one: from asking to the new sound alone
} bl_app_stage;

/// The tuner. While it is on nothing is heard.
typedef struct bl_app_tuner {
    bool on;
    bool has_pitch; ///< a string sounds: the following are of now, else of the last one
    char note[8];   ///< "E2", "A#3"
    double cents;   ///< too high, -50..50
    double frequency_hz;
} bl_app_tuner;

/// What has come over MIDI since the start.
typedef struct bl_app_midi {
    uint64_t heard;  ///< events
    uint64_t merged; ///< values of controllers that a later one of the same period replaced
    uint64_t lost;   ///< notes for which there was no room, and overtaken program changes
    uint64_t unknown_programs; ///< program changes that choose nothing
} bl_app_midi;

/// All that a status line or a window shows, copied at once.
typedef struct bl_app_state {
    bl_app_phase phase;
    const char *word; ///< of the phase, mute and bypass: "playing", "muted", ...; static
    char client[128]; ///< name granted by the server, "" while there is none
    char server[128]; ///< "default", "PipeWire", ... or ""
    char device[320]; ///< what the ports belong to, as far as it shows
    bool own_server;  ///< we started it
    uint32_t sample_rate_hz, period_frames;
    bool freewheel;
    bl_app_latency latency;
    uint32_t own_latency_frames;
    double model_load;     ///< what the model needs, measured before it was heard; 0: no model
    uint64_t howls;        ///< times that feedback was turned down since the rate was set
    bool howling;          ///< and still is; false while feedback is only suspected
    double trim_db;        ///< what makes the rig as loud as others; 0: nothing, or off
    double calibration_db; ///< between interface and model; 0: nothing, or off
    bool trim_measured;    ///< by playing the riff through it
    bool trim_measuring;   ///< or will be in a moment: until then it is a guess
    bool narrowed;         ///< the overload guard plays a smaller width of it
    double load, load_peak, graph_load; ///< of the last second; share of a period, 0..1
    uint32_t xruns;                     ///< since the start
    float in_peak, out_peak; ///< largest since the last call of bl_app_get_state, full scale 1.0
    uint64_t clipped_frames, not_finite_blocks;
    uint64_t swaps;   ///< how many models have taken over so far
    uint64_t changes; ///< see bl_app_get_changes
    bool muted, bypassed;
    double tempo_bpm; ///< tapped since the song began, else the song's; 0: none
    bl_app_place place;
    bl_app_stage stage;
    bl_app_midi midi;
    bl_app_tuner tuner;
    double parameters[BL_PARAMETER_COUNT];
    bool loading;             ///< a model or a demo is being loaded; what was there before plays on
    char model_path[4096];    ///< of the model in use; "" while there is none
    bl_model_info model;      ///< facts about it; zero while there is none
    char demo[4096];          ///< file that plays instead of the input, or ""
    uint64_t ports_serial;    ///< changes whenever bl_app_get_ports would answer differently
    uint64_t models_serial;   ///< changes whenever bl_app_get_models would answer differently
    uint64_t parts_serial;    ///< changes whenever bl_app_get_part would answer differently
    uint64_t controls_serial; ///< changes whenever bl_app_get_control would answer differently
    uint64_t message_count;   ///< messages so far
    bl_app_message message;   ///< the last one
} bl_app_state;

typedef enum bl_app_role { BL_APP_IN, BL_APP_OUT_LEFT, BL_APP_OUT_RIGHT, BL_APP_ROLES } bl_app_role;

/// A port of somebody else that carries audio.
typedef struct bl_app_port {
    char name[320];  ///< for bl_app_connect; for ever
    char label[320]; ///< for people
    bool gives;      ///< true: can be heard by `in`; false: can be played to
    bool physical;
    bool connected[BL_APP_ROLES];
    float peak; ///< see bl_app_take_levels
} bl_app_port;

/// Reads the command line that `backline live` and the window share. Returns -1 to go on, else an
/// exit code: help was printed, or the usage was wrong and has been told. Texts are of `argv`.
int bl_app_config_parse(int argc, char **argv, bl_app_config *config);

/// Joins PipeWire where that is the sound server and the JACK library here is another one: replaces
/// this process by itself under pw-jack, with the `arguments` that follow the program's name, ended
/// by NULL. Returns if there is no need to; if it is not possible, bl_app_create tells it. First
/// thing in a main, before any thread is made.
void bl_app_join_pipewire(bl_app_config *config, char **arguments);

/// Where $NSM_URL names a session manager: joins it and waits, at most ten seconds, to be told the
/// session, whose folder then holds all that is remembered, and whose name the JACK client gets.
/// If that fails, bl_app_create tells it. Before bl_app_create.
void bl_app_join_session(bl_app_config *config);

/// Starts the threads and returns before there is a server or a sound. The process ignores SIGPIPE
/// from then on. Thread: MAIN. Owns: the caller. Fails if a name is not fit, or memory or threads
/// are short.
bl_status bl_app_create(const bl_app_config *config, bl_app **app, bl_error *error);

/// Fades out, remembers, ends. NULL is allowed.
void bl_app_destroy(bl_app *app);

/// Readable whenever bl_app_dispatch has something to do (at least ten times a second), for poll,
/// GLib or any other loop. Owns: the app.
int bl_app_fd(const bl_app *app);

/// Does what there is to do, never waits.
void bl_app_dispatch(bl_app *app);

/// Whether the session manager wants the window seen, or not, since the last call; false: it has
/// said nothing.
bool bl_app_take_window_wish(bl_app *app, bool *seen);

/// Whether there is a session manager, which can show and hide the window.
bool bl_app_is_in_session(const bl_app *app);

/// The session manager, if there is one, is told whether the window can be seen.
void bl_app_tell_window(bl_app *app, bool seen);

/// The phase alone; leaves the peaks for bl_app_get_state.
bl_app_phase bl_app_get_phase(const bl_app *app);

/// The latency alone; all 0 and not known before the first cycle.
bl_app_latency bl_app_get_latency(const bl_app *app);

/// How often place, mute or bypass have changed so far: what a player wants to see at once.
uint64_t bl_app_get_changes(const bl_app *app);

bool bl_app_is_tuning(const bl_app *app);

void bl_app_get_state(bl_app *app, bl_app_state *state);

/// The audio ports of others, in the server's order. Owns: the app, until the next dispatch.
const bl_app_port *bl_app_get_ports(bl_app *app, size_t *count);

/// A model that a chooser can offer.
typedef struct bl_app_model {
    char path[4096];
    char name[128];
    bool shipped; ///< comes with Backline; else played here before
} bl_app_model;

/// Shipped models by name, then those played last, the newest first. Owns: the app, until the next
/// call.
const bl_app_model *bl_app_get_models(bl_app *app, size_t *count);

/// Whether the levels of all ports are measured, which takes a JACK client of its own. Off at
/// first.
void bl_app_watch_levels(bl_app *app, bool on);

/// Stores in each port's `peak` the largest sample since the last call (full scale 1.0).
void bl_app_take_levels(bl_app *app);

/// The oldest message that was not fetched yet; false if there is none. The last sixteen are kept.
bool bl_app_take_message(bl_app *app, bl_app_message *message);

// Commands. They return at once; how it went shows in the state and the messages.

/// One of the actions of action.h. `value`: of a number it counts from 1, of a switch it is 0, 1 or
/// BL_ACTION_TOGGLE.
void bl_app_act(bl_app *app, bl_action action, int value);

/// The next control that moves does this from now on, and that is kept: the name of an action
/// ("mute", "part 3") or the key of a parameter ("level_db"), and behind it, in any order, how: a
/// mode of BL_MIDI_MODE_TABLE ("toggle"), and for a parameter "slow" or "fast" and a range of two
/// numbers ("level_db -20 0 slow"). False: it cannot be understood. NULL: none after all.
bool bl_app_learn(bl_app *app, const char *words);

/// No control does this any more. False: none did.
bool bl_app_forget(bl_app *app, const char *name);

/// What a control can do, and which ones do it.
typedef struct bl_app_control {
    char name[64];     ///< for bl_app_learn
    char label[96];    ///< for people
    char source[256];  ///< "CC 21, channel 1"; "": nothing over MIDI does it
    bool learning;     ///< the next control that moves is to do it
    bool is_parameter; ///< false: an action
    double min, max;   ///< of a parameter
} bl_app_control;

/// One row of the table of them; false behind the last one.
bool bl_app_get_control(const bl_app *app, size_t index, bl_app_control *control);

/// How far a rig of the set list is.
typedef enum bl_app_readiness {
    BL_APP_RIG_WAITS,  ///< to be loaded
    BL_APP_RIG_LOADED, ///< sounds after a moment
    BL_APP_RIG_ARMED,  ///< sounds at once
    BL_APP_RIG_FAILED, ///< cannot be played
} bl_app_readiness;

/// One part of the set list, for a table of all of them.
typedef struct bl_app_part {
    const char *song, *part, *rig; ///< the app's, until the next dispatch or other set list
    int bank, program;             ///< program -1: none
    bl_app_readiness readiness;
    char fault[BL_APP_TEXT_MAX]; ///< why the rig cannot be played, "": it can
} bl_app_part;

/// The part of this number, from 1 on; false behind the last one.
bool bl_app_get_part(const bl_app *app, size_t number, bl_app_part *part);

/// Plays this set list, from its beginning or where the player was in it last; what plays goes on
/// until its first rig takes over, or for good if it cannot be read.
void bl_app_open_setlist(bl_app *app, const char *path);

/// Without a set list from now on; the rig that plays goes on alone.
void bl_app_close_setlist(bl_app *app);

/// Set lists that were played, the newest first; NULL behind the last one. Owns: the app, until the
/// next dispatch, or until a set list is opened.
const char *bl_app_get_setlist(const bl_app *app, size_t index);

/// The model that plays goes on until this one takes over. In a set list it does so in the rig of
/// the part, until another part, or the same once more, is chosen; the list stays as it is.
void bl_app_load_model(bl_app *app, const char *path);

/// Goes back to the model that played before the last one that did not fit.
void bl_app_keep_old_model(bl_app *app);

/// A file to play round instead of the input; NULL: the input again.
void bl_app_set_demo(bl_app *app, const char *path);

void bl_app_set_mute(bl_app *app, bool muted);
void bl_app_set_bypass(bl_app *app, bool bypassed);
void bl_app_set_tuner(bl_app *app, bool on);
void bl_app_set_parameter(bl_app *app, bl_parameter parameter, double value);

/// Connects or disconnects one of our ports with a port of somebody else, and remembers it for this
/// device. Nothing else is disconnected.
void bl_app_connect(bl_app *app, bl_app_role role, const char *port, bool connect);

/// Asks the server for another period.
void bl_app_set_period(bl_app *app, uint32_t frames);

/// Starts a JACK server if none comes up by itself.
void bl_app_start_server(bl_app *app);

#endif
