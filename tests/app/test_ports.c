// SPDX-License-Identifier: MIT
// Finding and choosing ports in lists as the servers give them.

#include "card.h"
#include "ports.h"

#include "support/cmocka_all.h"

#include <string.h>

static bl_port ports[] = {
    {.name = "system:midi_1", .type = BL_PORT_MIDI, .gives = true, .physical = true},
    {.name = "system:capture_1",
     .alias = {"alsa_pcm:hw:USB:out1"},
     .type = BL_PORT_AUDIO,
     .gives = true,
     .physical = true},
    {.name = "system:capture_2",
     .alias = {"alsa_pcm:hw:USB:out2"},
     .pretty = "Guitar jack",
     .type = BL_PORT_AUDIO,
     .gives = true,
     .physical = true},
    {.name = "system:playback_1", .type = BL_PORT_AUDIO, .physical = true},
    {.name = "Guitar jack", .pretty = "system:capture_1", .type = BL_PORT_AUDIO, .gives = true},
    {.name = "backline:in", .type = BL_PORT_AUDIO, .mine = true},
    {.name = "backline:out_left", .type = BL_PORT_AUDIO, .gives = true, .mine = true},
};
static const bl_port_list list = {ports, sizeof ports / sizeof ports[0]};

static void test_find(void **state)
{
    (void)state;
    assert_ptr_equal(bl_port_find(&list, "system:capture_1"), &ports[1]); // names come first
    assert_ptr_equal(bl_port_find(&list, "Guitar jack"), &ports[4]);
    assert_ptr_equal(bl_port_find(&list, "alsa_pcm:hw:USB:out2"), &ports[2]);
    assert_null(bl_port_find(&list, "system:capture"));
    assert_null(bl_port_find(&list, ""));
    assert_null(bl_port_find(&list, "system:capture_.*")); // nothing is a pattern
}

static void expect_refusal(const char *text, bool gives, bl_status status, const char *words)
{
    const bl_port *port = NULL;
    bl_error error = {0};
    assert_int_equal(bl_port_choose(&list, text, BL_PORT_AUDIO, gives, &port, &error), status);
    assert_null(port);
    assert_non_null(strstr(error.text, words));
}

static void test_choose(void **state)
{
    (void)state;
    const bl_port *port = NULL;
    bl_error error = {0};
    assert_int_equal(bl_port_choose(&list, "system:capture_2", BL_PORT_AUDIO, true, &port, &error),
                     BL_STATUS_OK);
    assert_ptr_equal(port, &ports[2]);
    expect_refusal("nowhere", true, BL_STATUS_NOT_FOUND,
                   "system:capture_1, system:capture_2, Guitar jack");
    expect_refusal("nowhere", false, BL_STATUS_NOT_FOUND, "the server has: system:playback_1");
    expect_refusal("system:midi_1", true, BL_STATUS_REFUSED, "MIDI");
    expect_refusal("system:playback_1", true, BL_STATUS_REFUSED, "takes sound");
    expect_refusal("backline:out_left", true, BL_STATUS_REFUSED, "feedback");
}

static void test_physical(void **state)
{
    (void)state;
    assert_ptr_equal(bl_port_physical(&list, BL_PORT_AUDIO, true, 0), &ports[1]);
    assert_ptr_equal(bl_port_physical(&list, BL_PORT_AUDIO, true, 1), &ports[2]);
    assert_null(bl_port_physical(&list, BL_PORT_AUDIO, true, 2));
    assert_ptr_equal(bl_port_physical(&list, BL_PORT_AUDIO, false, 0), &ports[3]);
    assert_ptr_equal(bl_port_physical(&list, BL_PORT_MIDI, true, 0), &ports[0]);
}

static void test_label(void **state)
{
    (void)state;
    assert_string_equal(bl_port_label(&ports[2]), "Guitar jack");
    assert_string_equal(bl_port_label(&ports[1]), "alsa_pcm:hw:USB:out1");
    assert_string_equal(bl_port_label(&ports[3]), "system:playback_1");
}

static void test_client(void **state)
{
    (void)state;
    char client[32];
    bl_port_client("Scarlett 2i2: USB:capture_FL", client, sizeof client);
    assert_string_equal(client, "Scarlett 2i2: USB");
    bl_port_client("no colon", client, sizeof client);
    assert_string_equal(client, "no colon");
}

static void test_device(void **state)
{
    (void)state;
    char device[64];
    bl_port_device(&list, "", device, sizeof device);
    assert_string_equal(device, "alsa_pcm:hw:USB");
    bl_port_device(&list, "alsa:Go", device, sizeof device);
    assert_string_equal(device, "alsa:Go");
    const bl_port_list mine = {&ports[5], 2};
    bl_port_device(&mine, "", device, sizeof device);
    assert_string_equal(device, "");
}

static void expect_key(const char *device, const char *expected)
{
    char key[64];
    bl_card_key(device, key, sizeof key);
    assert_string_equal(key, expected);
}

/// One card is one device, on our own server and on one that was joined.
static void test_card_key(void **state)
{
    (void)state;
    static const char *const ways[] = {"alsa:USB",
                                       "alsa:USB,0",
                                       "alsa_pcm:hw:USB",
                                       "alsa_pcm:hw:USB,0",
                                       "alsa_pcm:plughw:USB",
                                       "alsa_pcm:hw:CARD=USB",
                                       "alsa_pcm:hw:CARD=USB,DEV=0"};
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        expect_key(ways[i], "alsa:USB");
    }
    expect_key("alsa:USB,1", "alsa:USB,1");
    expect_key("alsa_pcm:hw:CARD=USB,DEV=1", "alsa:USB,1");
    expect_key("alsa_pcm:hw:31", "alsa:31"); // not plugged in: nobody knows its name
    // PipeWire's ports have names of their own, so their connections are others.
    expect_key("alsa:acp:USB:1:capture", "alsa:acp:USB:1:capture");
    expect_key("dummy_pcm:dummy", "dummy_pcm:dummy");
    expect_key("", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_find),     cmocka_unit_test(test_choose),
        cmocka_unit_test(test_label),    cmocka_unit_test(test_physical),
        cmocka_unit_test(test_client),   cmocka_unit_test(test_device),
        cmocka_unit_test(test_card_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
