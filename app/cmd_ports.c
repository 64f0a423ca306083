// SPDX-License-Identifier: MIT
// `backline ports`: what there is to connect and to start a server on.

#include "card.h"
#include "command.h"
#include "jack.h"
#include "json.h"
#include "pipewire.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

typedef struct ports_settings {
    const char *server;
    bool json;
} ports_settings;

/// What was found. Without a server `joined` is false and `error` says so.
typedef struct findings {
    bool joined;
    bl_error error;
    bl_survey survey;
    uint32_t rate_hz, period_frames;
    bl_card cards[BL_CARD_LIST_MAX];
    size_t card_count;
} findings;

static const bl_option options[] = {
    {"server", 's', BL_OPTION_TEXT, "NAME", offsetof(ports_settings, server), 0, 0, NULL, 0,
     "Name of the JACK server. Without it, $JACK_DEFAULT_SERVER, else \"default\"."},
    {"json", 0, BL_OPTION_FLAG, NULL, offsetof(ports_settings, json), 0, 0, NULL, 0,
     "Prints one JSON document."},
    {.name = NULL},
};

static const char *type_word(bl_port_type type)
{
    static const char *const words[] = {
        [BL_PORT_AUDIO] = "audio", [BL_PORT_MIDI] = "midi", [BL_PORT_OTHER] = "other"};
    return words[type];
}

/// Hardware that reports none has one all the same.
static bool is_latency_known(const bl_port *port)
{
    return port->latency_max_frames > 0 || !port->physical || port->type != BL_PORT_AUDIO;
}

static json_t *pack_frames(const bl_port *port, uint32_t frames)
{
    return is_latency_known(port) ? json_integer((json_int_t)frames) : json_null();
}

static json_t *pack_port(const bl_port *port)
{
    json_t *aliases = json_array();
    for (int i = 0; i < BL_PORT_ALIASES; i++) {
        if (port->alias[i][0] != '\0') {
            json_array_append_new(aliases, bl_json_from_text(port->alias[i]));
        }
    }
    return json_pack("{s:o, s:o, s:s, s:s, s:b, s:o, s:o, s:o}", "name",
                     bl_json_from_text(port->name), "pretty_name", bl_json_from_text(port->pretty),
                     "direction", port->gives ? "output" : "input", "type", type_word(port->type),
                     "physical", port->physical, "aliases", aliases, "latency_min_frames",
                     pack_frames(port, port->latency_min_frames), "latency_max_frames",
                     pack_frames(port, port->latency_max_frames));
}

static void print_json(const findings *f)
{
    json_t *jack = json_array();
    json_t *alsa = json_array();
    for (size_t i = 0; i < f->survey.ports.count; i++) {
        json_array_append_new(jack, pack_port(&f->survey.ports.ports[i]));
    }
    for (size_t i = 0; i < f->card_count; i++) {
        const bl_card *card = &f->cards[i];
        json_array_append_new(alsa,
                              json_pack("{s:o, s:o, s:b, s:b}", "id", bl_json_from_text(card->id),
                                        "name", bl_json_from_text(card->name), "captures",
                                        card->captures, "plays", card->plays));
    }
    json_t *server = json_null();
    if (f->joined) {
        server = json_pack("{s:s, s:I, s:I}", "kind", bl_jack_is_pipewire() ? "pipewire" : "jack",
                           "sample_rate_hz", (json_int_t)f->rate_hz, "period_frames",
                           (json_int_t)f->period_frames);
    }
    bl_json_print(
        json_pack("{s:o, s:o, s:o}", "server", server, "jack_ports", jack, "alsa_cards", alsa));
}

static void print_text(const findings *f)
{
    if (!f->joined) {
        printf("JACK: %s; `backline live` starts one.\n", f->error.text);
    } else {
        printf("JACK ports (%s, %u Hz, periods of %u frames):\n",
               bl_jack_is_pipewire() ? "PipeWire" : "jackd", f->rate_hz, f->period_frames);
    }
    for (size_t i = 0; i < f->survey.ports.count; i++) {
        const bl_port *p = &f->survey.ports.ports[i];
        printf("  %-6s %-5s %-8s %-34s", p->gives ? "output" : "input", type_word(p->type),
               p->physical ? "hardware" : "", p->name);
        if (p->pretty[0] != '\0') {
            printf(" \"%s\"", p->pretty);
        }
        if (!is_latency_known(p)) {
            puts("  latency not reported");
        } else if (p->latency_min_frames != p->latency_max_frames) {
            printf("  latency %u to %u frames\n", p->latency_min_frames, p->latency_max_frames);
        } else {
            printf("  latency %u frames\n", p->latency_max_frames);
        }
    }
    puts(f->card_count > 0 ? "ALSA cards:" : "ALSA cards: none.");
    for (size_t i = 0; i < f->card_count; i++) {
        const bl_card *c = &f->cards[i];
        printf("  alsa:%-12s %-14s %s\n", c->id,
               c->captures && c->plays ? "in and out"
               : c->plays              ? "out only"
               : c->captures           ? "in only"
                                       : "no sound",
               c->name);
    }
}

static int run(int argc, char **argv);

const bl_command bl_command_ports = {
    .name = "ports",
    .summary = "list JACK ports and sound cards",
    .synopsis = "[OPTION...]",
    .description =
        "Lists the ports of the running JACK server (or PipeWire) with direction, type, name, "
        "pretty name and latency, and ALSA's sound cards. The latency of an output is how old its "
        "sound is already, that of an input how long it takes until it is heard; not every device "
        "reports it. No server and no card are answers too, not failures; a server that does not "
        "answer is one.",
    .options = options,
    .examples = "backline ports\nLists everything.\n"
                "backline ports --json\nThe same for another program.",
    .run = run,
};

static int run(int argc, char **argv)
{
    ports_settings settings = {0};
    const char *const *operands = NULL;
    uint32_t count = 0;
    const int end = bl_options_parse(&bl_command_ports, argc, argv, &settings, &operands, &count);
    if (end != BL_OPTIONS_RUN) {
        return end;
    }
    findings f = {0};
    if (bl_pipewire_join(settings.server, argv, &f.error) != BL_STATUS_OK) {
        bl_command_fail(&bl_command_ports, &f.error);
        bl_error_clear(&f.error);
    }
    f.joined = bl_jack_look(settings.server, &f.survey, &f.rate_hz, &f.period_frames, &f.error) ==
               BL_STATUS_OK;
    if (!f.joined && f.error.status != BL_STATUS_SERVER) {
        return bl_command_fail(&bl_command_ports, &f.error);
    }
    f.card_count = bl_card_list(f.cards);
    if (settings.json) {
        print_json(&f);
    } else {
        print_text(&f);
    }
    bl_survey_finish(&f.survey);
    return BL_EXIT_DONE;
}
