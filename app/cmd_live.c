// SPDX-License-Identifier: MIT
// `backline live`: plays without a window. One poll loop over the app and the signals.

#include "app.h"
#include "clock.h"
#include "command.h"
#include "console.h"
#include "status_line.h"

#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

// At least once a second, although the app wakes the loop only every 50 ms.
enum { STATUS_EVERY_MS = 950, TUNER_EVERY_MS = 90 };
enum { STATUS_TEXT, STATUS_JSON };

typedef struct live_settings {
    const char *rig, *setlist, *demo, *server, *driver, *name;
    bl_option_texts inputs, outputs;
    bool no_connect, no_ramp;
    double quality, seconds;
    unsigned status;
} live_settings;

/// The loop.
typedef struct session {
    const live_settings *settings;
    bl_app *app;
    bl_console console;
    bool has_keys; ///< standard input is a terminal that is ours
    bool in_place; ///< the status line overwrites itself
    unsigned rows; ///< of the terminal that it takes, 0: it is not there
    bool failed;
    bool shown;                                ///< a status line of playing
    uint64_t changes;                          ///< that the last status line shows
    int64_t started_ms, playing_ms, status_ms; ///< 0: not yet
} session;

static const char *const status_choices[] = {"text", "json", NULL};

#define ROW(field) offsetof(live_settings, field)

static const bl_option options[] = {
    {"rig", 'r', BL_OPTION_TEXT, "RIG", ROW(rig), 0, 0, NULL, 0,
     "Plays this rig (YAML): its model, unless MODEL is named, with gate, tone, cab, level and "
     "output ceiling. configs/rigs/rig.yaml explains the keys. Without it the model plays alone."},
    {"setlist", 'l', BL_OPTION_TEXT, "FILE", ROW(setlist), 0, 0, NULL, 0,
     "Plays this set list (YAML): songs with parts, each with a rig. Goes on where it was left. "
     "configs/setlists/setlist.yaml explains the keys. Without it, the last one, unless MODEL or "
     "a rig is named."},
    {"demo", 0, BL_OPTION_TEXT, "FILE", ROW(demo), 0, 0, NULL, 0,
     "Plays this sound file round and round in place of the input. It is resampled if need be."},
    {"input", 'i', BL_OPTION_TEXTS, "PORT", ROW(inputs), 0, 0, NULL, 0,
     "JACK port to hear, by its full name, its pretty name or an alias; may be repeated. Without "
     "it, what was connected last on this device, else the first hardware input."},
    {"output", 'o', BL_OPTION_TEXTS, "PORT", ROW(outputs), 0, 0, NULL, 0,
     "JACK port to play to; the first one gets the left output, the second one the right, and so "
     "on. Without it, as with --input, the first two hardware outputs."},
    {"no-connect", 0, BL_OPTION_FLAG, NULL, ROW(no_connect), 0, 0, NULL, 0,
     "Connects nothing; a patchbay or a session manager does."},
    {"server", 's', BL_OPTION_TEXT, "NAME", ROW(server), 0, 0, NULL, 0,
     "Name of the JACK server. Without it, $JACK_DEFAULT_SERVER, else \"default\"."},
    {"driver", 'd', BL_OPTION_TEXT, "DRIVER", ROW(driver), 0, 0, NULL, 0,
     "What to start a JACK server on if none is running: dummy, or alsa:CARD with a card of "
     "`backline ports`. Without it, the first sound card, else dummy."},
    {"name", 'n', BL_OPTION_TEXT, "NAME", ROW(name), 0, 0, NULL, 0,
     "Name of this player among JACK's clients, for a second one beside the first. Each name "
     "remembers its own model and connections."},
    {"no-ramp", 0, BL_OPTION_FLAG, NULL, ROW(no_ramp), 0, 0, NULL, 0,
     "Sounds at full level from the first frame instead of fading in; for measurements."},
    {"quality", 'q', BL_OPTION_NUMBER, "Q", ROW(quality), 0, 1, NULL, 0,
     "Width of models that come in several, from 0 (least work) to 1 (best)."},
    {"seconds", 0, BL_OPTION_NUMBER, "S", ROW(seconds), 0.001, 1e9, NULL, 0,
     "Ends after playing for so long. Without it, a signal ends it (Ctrl-C)."},
    {"status", 0, BL_OPTION_CHOICE, NULL, ROW(status), 0, 0, status_choices, 0,
     "How the status is written on standard output once a second: as text for people, or one JSON "
     "object a line."},
    {.name = NULL},
};

static double since_start_s(const session *live)
{
    return (double)(bl_clock_ms() - live->started_ms) * 1e-3;
}

/// Takes the status line off the terminal, however many rows of it it fills.
static void erase_line(session *live)
{
    if (live->rows > 1) {
        printf("\033[%uA", live->rows - 1);
    }
    if (live->in_place) {
        fputs("\r\033[J", stdout);
        fflush(stdout);
    }
    live->rows = 0;
}

/// How many rows of the terminal a text fills.
static unsigned count_rows(const char *text)
{
    struct winsize size = {.ws_col = 0};
    unsigned characters = 0;
    for (; *text != '\0'; text++) {
        characters += ((unsigned char)*text & 0xC0U) != 0x80U; // not inside one in UTF-8
    }
    ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
    return size.ws_col > 0 && characters > 0 ? (characters - 1) / size.ws_col + 1 : 1;
}

static void print_status(session *live, const bl_app_state *state)
{
    if (live->settings->status == STATUS_JSON) {
        bl_status_line_print_record(state, since_start_s(live));
        return;
    }
    char line[1024];
    bl_status_line_format(state, line, sizeof line);
    if (live->console.question != 0) {
        return; // in the middle of an answer
    }
    erase_line(live);
    printf(live->in_place ? "%s" : "%s\n", line);
    live->rows = live->in_place ? count_rows(line) : 0;
    fflush(stdout);
}

static void print_messages(session *live)
{
    bl_app_message message;
    while (bl_app_take_message(live->app, &message)) {
        if (live->settings->status == STATUS_JSON) {
            bl_status_line_print_message(&message, since_start_s(live));
        }
        erase_line(live);
        fprintf(stderr, "backline live: %s\n", message.text);
    }
}

/// One turn after something has happened; false to end.
static bool turn(session *live)
{
    bl_app_dispatch(live->app);
    print_messages(live);
    const int64_t now = bl_clock_ms();
    const bl_app_phase phase = bl_app_get_phase(live->app);
    const bool plays = phase == BL_APP_PLAYING;
    live->failed = phase == BL_APP_FAILED;
    live->playing_ms = live->playing_ms == 0 && plays ? now : live->playing_ms;
    // The first one as soon as it can tell the latency, which the connections bring.
    const bool begins = !live->shown && plays && bl_app_get_latency(live->app).out_known;
    const uint64_t changes = bl_app_get_changes(live->app);
    const bool changed = live->shown && changes != live->changes;
    const int64_t every_ms = bl_app_is_tuning(live->app) ? TUNER_EVERY_MS : STATUS_EVERY_MS;
    if (begins || changed || now - live->status_ms >= every_ms) {
        bl_app_state state;
        bl_app_get_state(live->app, &state);
        live->status_ms = now;
        live->shown = live->shown || plays;
        live->changes = changes;
        print_status(live, &state);
    }
    const double seconds = live->settings->seconds;
    const bool over = seconds > 0.0 && live->playing_ms != 0 &&
                      (double)(now - live->playing_ms) * 1e-3 >= seconds;
    return !live->failed && !over;
}

/// What was typed meanwhile.
static void hear_keys(session *live)
{
    char bytes[32];
    const ssize_t got = read(STDIN_FILENO, bytes, sizeof bytes);
    if (live->rows > 0) { // the console may write here
        erase_line(live);
        live->status_ms = 0;
    }
    for (ssize_t i = 0; i < got; i++) {
        bl_console_take(&live->console, bytes[i]);
    }
    live->has_keys = got > 0;
}

/// True if a signal says to end; SIGCONT only brings the keys back.
static bool hear_signal(int signal_fd)
{
    struct signalfd_siginfo info;
    if (read(signal_fd, &info, sizeof info) != (ssize_t)sizeof info) {
        return true;
    }
    if (info.ssi_signo == SIGCONT) {
        bl_keys_resume();
        return false;
    }
    return true;
}

static void loop(session *live, int signal_fd)
{
    struct pollfd wait[] = {
        {bl_app_fd(live->app), POLLIN, 0}, {signal_fd, POLLIN, 0}, {STDIN_FILENO, POLLIN, 0}};
    do {
        poll(wait, live->has_keys ? 3 : 2, STATUS_EVERY_MS);
        if ((wait[1].revents & POLLIN) != 0 && hear_signal(signal_fd)) {
            return;
        }
        if (live->has_keys && wait[2].revents != 0) {
            hear_keys(live);
        }
    } while (turn(live));
}

/// SIGINT and SIGTERM as a descriptor; all threads made later leave them alone too.
static int catch_signals(void)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGCONT);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    return signalfd(-1, &set, SFD_CLOEXEC);
}

static void fill_config(const live_settings *settings, const char *model, bl_app_config *config)
{
    *config = bl_app_config_default();
    config->name = settings->name != NULL ? settings->name : config->name;
    config->server = settings->server;
    config->driver = settings->driver;
    config->model = model;
    config->rig = settings->rig;
    config->setlist = settings->setlist;
    config->demo = settings->demo;
    config->no_connect = settings->no_connect;
    config->no_ramp = settings->no_ramp;
    config->quality = settings->quality;
    config->strict = true;
    for (uint32_t i = 0; i < settings->inputs.count; i++) {
        config->inputs[i] = settings->inputs.values[i];
    }
    for (uint32_t i = 0; i < settings->outputs.count; i++) {
        config->outputs[i] = settings->outputs.values[i];
    }
}

static int play(const bl_command *command, const live_settings *settings,
                const bl_app_config *config)
{
    const int signal_fd = catch_signals();
    session live = {.settings = settings, .started_ms = bl_clock_ms(), .status_ms = bl_clock_ms()};
    live.in_place = settings->status == STATUS_TEXT && isatty(STDOUT_FILENO);
    bl_error error = {0};
    if (bl_app_create(config, &live.app, &error) != BL_STATUS_OK) {
        bl_command_fail(command, &error);
        return error.status == BL_STATUS_USAGE ? BL_EXIT_USAGE : BL_EXIT_FAILED;
    }
    live.console.app = live.app;
    live.has_keys = bl_keys_open(STDIN_FILENO);
    if (live.has_keys && live.in_place) {
        fputs("? shows the keys\n", stderr);
    }
    loop(&live, signal_fd);
    bl_keys_close();
    bl_app_destroy(live.app);
    close(signal_fd);
    if (live.in_place) {
        putchar('\n');
    }
    return live.failed ? BL_EXIT_FAILED : BL_EXIT_DONE;
}

static int run(int argc, char **argv);

const bl_command bl_command_live = {
    .name = "live",
    .summary = "play a guitar through a model over JACK, without a window",
    .synopsis = "[MODEL] [OPTION...]",
    .description =
        "Plays what arrives at the JACK port \"in\" through MODEL to \"out_left\" and "
        "\"out_right\". Without MODEL it plays the last one, the first time one that is "
        "shipped.\n\n"
        "It joins the running JACK server. If none runs it starts one (128 frames, 48 kHz) on the "
        "first sound card, or on none if there is no card, and ends it with the program; the key "
        "server_command in settings.yaml changes how. Where nothing can be plugged in, the shipped "
        "riff plays.\n\n"
        "If the server goes while it plays, it waits, with everything loaded, and plays on with "
        "the same connections when a server is back.\n\n"
        "What a model costs is measured before it is heard, and told if it does not fit. A model "
        "of several widths plays at the widest that needs at most 70 % of the time there is. If "
        "the load reaches 70 % of a period later, it falls to a smaller width and comes back "
        "when there has been room for five seconds, twice as long after each return that did not "
        "last, up to 80; never in freewheel.\n\n"
        "Rigs are equally loud: each is measured once, by playing the shipped riff through it, and "
        "trimmed to -20 LUFS, unless it says match_loudness: false. The key interface_input_dbu in "
        "settings.yaml (configs/settings.yaml explains it), off at first, is the level in dBu that "
        "your interface turns into full "
        "scale, as its manual says for the gain it is set to; with it a rig's model hears the "
        "level it was captured at, if its file says which.\n\n"
        "Feedback, a tone that grows evenly by itself or stands without any fall, is turned down "
        "until it is gone, and the level comes back by 6 dB a second. A tone that does not fall "
        "when it is turned down is no feedback and is back after 64 ms. A rig's howl_guard: false "
        "switches this off.\n\n"
        "Under a session manager (NSM) it keeps all that the session needs in its folder.\n\n"
        "A set list is read again when it or one of its rigs is edited; a mistake is told with "
        "its line and column, and what plays plays on. Program changes at the JACK port "
        "\"midi_in\" choose its parts.\n\n"
        "On a terminal these keys act: n, Space, Enter, right, Page Down: next part; p, left, Page "
        "Up: previous; N, P: song; 1 to 9: part of the song; j and a number: part of the list; r: "
        "back to where you were; m: mute; b: bypass; t: tuner; x: silence at once; c and a name: "
        "learn which MIDI control does an action or moves a parameter; f and a name: forget it; "
        "l: list of all parts and programs, and of what is done over MIDI; ?: the keys. midi.yaml "
        "in the folder of the settings "
        "keeps what controls do; configs/midi.yaml explains it.\n\n"
        "A status line is written at least once a second: state, model, levels, period and rate, "
        "the latency in its parts, the load, xruns.",
    .options = options,
    .operands_max = 1,
    .examples = "backline live amp.nam\n"
                "Plays through amp.nam from the first input to the first two outputs.\n"
                "backline live amp.nam --demo riff.flac --driver dummy --seconds 5\n"
                "Five seconds of a recording, without a sound card.\n"
                "backline live amp.nam --input \"Scarlett 2i2:capture_FL\" --status json\n"
                "Hears one named port and reports for another program.",
    .run = run,
};

/// Reads the command line. Returns BL_OPTIONS_RUN or an exit code.
static int read_arguments(const bl_command *command, int argc, char **argv, live_settings *settings,
                          bl_app_config *config)
{
    const char *const *operands = NULL;
    uint32_t count = 0;
    *settings = (live_settings){.quality = 1.0};
    const int end = bl_options_parse(command, argc, argv, settings, &operands, &count);
    if (end != BL_OPTIONS_RUN) {
        return end;
    }
    if (settings->inputs.count >= BL_APP_NAMED_MAX || settings->outputs.count >= BL_APP_NAMED_MAX) {
        return bl_command_fail_usage(command, "more than %d ports are named", BL_APP_NAMED_MAX - 1);
    }
    fill_config(settings, count > 0 ? operands[0] : NULL, config);
    return BL_OPTIONS_RUN;
}

int bl_app_config_parse(int argc, char **argv, bl_app_config *config)
{
    live_settings settings;
    if (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
        puts("backline-gtk [MODEL] [OPTION...] opens Backline's window. It takes the options of\n"
             "`backline live` but --seconds and --status; `backline live --help` explains them.");
        return BL_EXIT_DONE;
    }
    bl_command window = bl_command_live;
    window.sign = "backline-gtk";
    const int end = read_arguments(&window, argc, argv, &settings, config);
    if (end != BL_OPTIONS_RUN) {
        return end;
    }
    if (settings.seconds > 0.0 || settings.status != STATUS_TEXT) {
        return bl_command_fail_usage(&window, "the window has neither --seconds nor --status");
    }
    config->strict = false; // the player can choose something else
    return BL_OPTIONS_RUN;
}

static int run(int argc, char **argv)
{
    live_settings settings;
    bl_app_config config;
    const int end = read_arguments(&bl_command_live, argc, argv, &settings, &config);
    if (end != BL_OPTIONS_RUN) {
        return end;
    }
    bl_app_join_pipewire(&config, argv);
    bl_app_join_session(&config);
    return play(&bl_command_live, &settings, &config);
}
