// SPDX-License-Identifier: MIT
// The ports as other programs see them: names and types for ever, pretty names and order as
// metadata.

#include "stage.h"
#include "support/cmocka_all.h"

#include <jack/jack.h>
#include <jack/metadata.h>
#include <jack/uuid.h>
#include <string.h>

static const struct {
    const char *name, *type;
    int flags;
    const char *pretty, *order;
} expected[] = {
    {"backline:in", JACK_DEFAULT_AUDIO_TYPE, JackPortIsInput, "Guitar", "0"},
    {"backline:return", JACK_DEFAULT_AUDIO_TYPE, JackPortIsInput, "Amp return", "1"},
    {"backline:out_left", JACK_DEFAULT_AUDIO_TYPE, JackPortIsOutput, "Out left", "2"},
    {"backline:out_right", JACK_DEFAULT_AUDIO_TYPE, JackPortIsOutput, "Out right", "3"},
    {"backline:send", JACK_DEFAULT_AUDIO_TYPE, JackPortIsOutput, "Amp send", "4"},
    {"backline:midi_in", JACK_DEFAULT_MIDI_TYPE, JackPortIsInput, "MIDI in", "5"},
    {"backline:midi_out", JACK_DEFAULT_MIDI_TYPE, JackPortIsOutput, "MIDI out", "6"},
};

enum { PORTS = sizeof expected / sizeof expected[0] };

static void assert_property(jack_uuid_t subject, const char *key, const char *wanted)
{
    char *value = NULL, *type = NULL;
    assert_int_equal(jack_get_property(subject, key, &value, &type), 0);
    assert_string_equal(value, wanted);
    jack_free(value);
    jack_free(type);
}

static void test_ports_and_their_metadata(void **state)
{
    (void)state;
    program live;
    size_t seen = 0;
    stage_server_start(&(stage_server){.rate_hz = 48000, .period = 256, .async = true});
    stage_live_start(&live, (const char *const[]){stage_make_model("m.safetensors", 1, true, 48000),
                                                  "--no-connect", NULL});
    json_decref(stage_wait_state(&live, &seen, "playing"));
    jack_client_t *client = jack_client_open("onlooker", JackNoStartServer, NULL);
    assert_non_null(client);
    const char **names = jack_get_ports(client, "^backline:", NULL, 0);
    assert_non_null(names);
    for (int i = 0; i < PORTS; i++) {
        assert_non_null(names[i]);
        assert_string_equal(names[i], expected[i].name);
        const jack_port_t *port = jack_port_by_name(client, names[i]);
        assert_string_equal(jack_port_type(port), expected[i].type);
        assert_int_equal(jack_port_flags(port), expected[i].flags);
        const jack_uuid_t subject = jack_port_uuid(port);
        assert_property(subject, JACK_METADATA_PRETTY_NAME, expected[i].pretty);
        assert_property(subject, JACK_METADATA_ORDER, expected[i].order);
    }
    assert_null(names[PORTS]);
    jack_free(names);
    stage_live_stop(&live);
    jack_client_close(client);
    stage_server_stop();
}

int main(int argc, char **argv)
{
    stage_isolate(argc, argv);
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_ports_and_their_metadata)};
    return cmocka_run_group_tests(tests, stage_open, stage_close);
}
