// SPDX-License-Identifier: MIT
// Set lists as a window drives them: opened and closed while the guitar plays, left for a model
// that is not in them, and gone back to.

#include "memory.h"
#include "pump.h"
#include "rig.h"
#include "stage.h"

#include "support/cmocka_all.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static bl_app *app;
static char models[4][256];

/// A rig that is not measured, which takes long under a sanitizer.
static void write_rig(const char *name, int model, int bass)
{
    char text[512];
    snprintf(text, sizeof text,
             "version: 1\nname: %c\nmodel: %d.safetensors\nmatch_loudness: false\n"
             "parameters: {bass: %d}\n",
             name[0] - 'a' + 'A', model, bass);
    stage_write(name, text);
}

static int open_stage(void **state)
{
    bl_app_state s = {0};
    bl_app_config config = bl_app_config_default();
    (void)state;
    for (int i = 0; i < 4; i++) {
        char name[32];
        snprintf(name, sizeof name, "%d.safetensors", i);
        snprintf(models[i], sizeof models[i], "%s",
                 stage_make_model(name, (uint64_t)i + 1, true, 48000.0));
    }
    write_rig("a.yaml", 0, 3);
    write_rig("b.yaml", 1, 4);
    stage_write("one.yaml", "version: 1\nname: First\nsongs:\n- name: Song\n  parts:\n"
                            "  - {name: Verse, rig: a.yaml}\n  - {name: Solo, rig: b.yaml}\n");
    stage_write("two.yaml", "version: 1\nsongs:\n- {name: Only, rig: b.yaml}\n");
    stage_write("gone.yaml", "version: 1\nsongs:\n- {name: Only, rig: nowhere.yaml}\n");
    stage_write("broken.yaml", "version: 1\nsongs: 3\n");
    stage_server_start(&(stage_server){.rate_hz = 48000, .period = 128, .async = true});
    config.model = models[2];
    assert_int_equal(bl_app_create(&config, &app, NULL), BL_STATUS_OK);
    PUMP_UNTIL(s.phase == BL_APP_PLAYING);
    return 0;
}

static int close_stage(void **state)
{
    bl_app_destroy(app);
    app = NULL;
    stage_server_stop();
    return stage_rename_server(state);
}

static bool plays(const bl_app_state *s, int model)
{
    return !s->loading && strcmp(s->model_path, models[model]) == 0;
}

static void test_opens_and_closes(void **state)
{
    (void)state;
    bl_app_state s = {0};
    bl_app_part part;
    bl_app_open_setlist(app, stage_path("broken.yaml"));
    PUMP_UNTIL(strstr(s.message.text, "what plays plays on") != NULL);
    assert_int_equal(s.place.number, 0);
    bl_app_open_setlist(app, stage_path("one.yaml"));
    PUMP_UNTIL(plays(&s, 0) && s.stage.armed == 2);
    assert_string_equal(s.place.setlist, "First");
    assert_true(bl_app_get_part(app, 2, &part));
    assert_int_equal(part.readiness, BL_APP_RIG_ARMED);
    assert_true(s.stage.memory_bytes > 1000);
    bl_app_act(app, BL_ACTION_NEXT, 0);
    PUMP_UNTIL(plays(&s, 1) && s.place.number == 2);
    const uint64_t serial = s.parts_serial;
    bl_app_open_setlist(app, stage_path("gone.yaml"));
    PUMP_UNTIL(s.place.count == 1 && s.parts_serial != serial);
    assert_true(bl_app_get_part(app, 1, &part));
    assert_int_equal(part.readiness, BL_APP_RIG_FAILED);
    assert_non_null(strstr(part.fault, "nowhere.yaml"));
    bl_app_open_setlist(app, stage_path("two.yaml"));
    PUMP_UNTIL(plays(&s, 1) && s.place.count == 1);
    assert_non_null(strstr(bl_app_get_setlist(app, 0), "two.yaml"));
    assert_non_null(strstr(bl_app_get_setlist(app, 2), "one.yaml"));
    assert_null(bl_app_get_setlist(app, 3));
    bl_app_close_setlist(app); // its rig plays on alone
    PUMP_UNTIL(s.place.number == 0 && plays(&s, 1));
    assert_true(s.parameters[BL_PARAMETER_BASS] == 4.0);
    bl_app_load_model(app, models[3]);
    PUMP_UNTIL(plays(&s, 3));
}

/// The rig that sounds plays on, be it without a model, or not that of a part that cannot be read.
static void test_what_sounds_outlives_the_list(void **state)
{
    (void)state;
    bl_app_state s = {0};
    stage_write("clean.yaml", "version: 1\nmatch_loudness: false\nparameters: {bass: 7}\n");
    stage_write("one.yaml",
                "version: 1\nsongs:\n- {name: Loud, rig: a.yaml}\n"
                "- {name: None, rig: nowhere.yaml}\n- {name: Clean, rig: clean.yaml}\n");
    bl_app_open_setlist(app, stage_path("one.yaml"));
    PUMP_UNTIL(plays(&s, 0) && s.stage.armed == 2);
    bl_app_act(app, BL_ACTION_NEXT, 0);
    bl_app_close_setlist(app);
    PUMP_UNTIL(plays(&s, 0) && s.place.number == 0);
    assert_true(s.parameters[BL_PARAMETER_BASS] == 3.0);
    bl_app_open_setlist(app, stage_path("one.yaml"));
    bl_app_act(app, BL_ACTION_JUMP, 3);
    PUMP_UNTIL(!s.loading && s.model_path[0] == '\0');
    const uint64_t swaps = s.swaps;
    bl_app_close_setlist(app);
    PUMP_UNTIL(!s.loading && s.swaps > swaps);
    assert_string_equal(s.model_path, "");
    assert_true(s.parameters[BL_PARAMETER_BASS] == 7.0);
}

/// Ends the app and starts it as a player does who only switches on.
static void start_again(void)
{
    const bl_app_config config = bl_app_config_default();
    bl_app_state s = {0};
    bl_app_destroy(app);
    app = NULL;
    assert_int_equal(bl_app_create(&config, &app, NULL), BL_STATUS_OK);
    PUMP_UNTIL(s.phase == BL_APP_PLAYING && s.stage.loaded == 2);
}

/// Knobs are on the disk soon after they were turned, and come back, unless a file was edited.
static void test_turned_knobs_outlive_the_power(void **state)
{
    (void)state;
    bl_app_state s = {0};
    bl_app_open_setlist(app, stage_path("one.yaml"));
    PUMP_UNTIL(plays(&s, 0) && s.stage.armed == 2);
    bl_app_set_parameter(app, BL_PARAMETER_BASS, 8.5);
    bl_app_set_parameter(app, BL_PARAMETER_LEVEL, -12.25);
    bl_app_act(app, BL_ACTION_NEXT, 0);
    PUMP_UNTIL(plays(&s, 1));
    bl_app_set_parameter(app, BL_PARAMETER_TREBLE, 1.5);
    PUMP_UNTIL(stage_remembers("level_db: -12.25\n") && stage_remembers("treble: 1.5\n"));
    start_again();
    PUMP_UNTIL(plays(&s, 1));
    assert_true(s.parameters[BL_PARAMETER_TREBLE] == 1.5);
    assert_true(s.parameters[BL_PARAMETER_BASS] == 4.0); // as in its file
    bl_app_act(app, BL_ACTION_PREVIOUS, 0);
    PUMP_UNTIL(plays(&s, 0));
    assert_true(s.parameters[BL_PARAMETER_BASS] == 8.5);
    assert_true(s.parameters[BL_PARAMETER_LEVEL] == -12.25);
    write_rig("a.yaml", 0, 2);
    PUMP_UNTIL(s.parameters[BL_PARAMETER_BASS] == 2.0);
    PUMP_UNTIL(!stage_remembers("level_db: -12.25\n")); // nor does it come back later
    bl_app_set_parameter(app, BL_PARAMETER_BASS, 6.0);
    PUMP_UNTIL(stage_remembers("bass: 6\n"));
    bl_app_destroy(app);
    app = NULL;
    write_rig("a.yaml", 0, 1); // while nobody looks
    start_again();
    PUMP_UNTIL(plays(&s, 0));
    assert_true(s.parameters[BL_PARAMETER_BASS] == 1.0);
}

static void test_another_model_plays_beside_the_list(void **state)
{
    (void)state;
    bl_app_state s = {0};
    bl_app_open_setlist(app, stage_path("one.yaml"));
    PUMP_UNTIL(plays(&s, 0) && s.stage.switch_ms > 0.0 && s.stage.loaded == 2);
    for (const long long until = now_ms() + 200; now_ms() < until; pump(app, &s)) {
        bl_app_get_state(app, &s); // the swap is told a little after it is seen
    }
    const uint64_t swaps = s.swaps + 1;
    bl_app_load_model(app, models[3]);
    PUMP_UNTIL(plays(&s, 3) && s.swaps == swaps);
    assert_true(s.place.other_model);
    assert_true(s.parameters[BL_PARAMETER_BASS] == 3.0); // the part's rig, but for the model
    bl_app_set_parameter(app, BL_PARAMETER_BASS, 9.0);
    stage_write("one.yaml", "version: 1\nname: Edited\nsongs:\n- name: Song\n  parts:\n"
                            "  - {name: Verse, rig: a.yaml}\n  - {name: Solo, rig: b.yaml}\n");
    PUMP_UNTIL(strcmp(s.place.setlist, "Edited") == 0);
    assert_true(s.place.other_model && plays(&s, 3)); // an edit takes nothing away
    bl_app_load_model(app, stage_path("broken.yaml"));
    PUMP_UNTIL(!s.loading && strstr(s.message.text, "broken.yaml") != NULL);
    assert_true(s.place.other_model && plays(&s, 3));
    for (const long long until = now_ms() + 500; now_ms() < until; pump(app, &s)) {
        bl_app_get_state(app, &s);
        assert_int_equal(s.swaps, swaps); // nor does anything else come, however late
    }
    bl_app_act(app, BL_ACTION_PART, 1); // the same part: as it is in the list
    PUMP_UNTIL(plays(&s, 0));
    assert_false(s.place.other_model);
    assert_true(s.parameters[BL_PARAMETER_BASS] == 3.0);
    bl_app_load_model(app, models[3]);
    PUMP_UNTIL(plays(&s, 3));
    bl_app_act(app, BL_ACTION_NEXT, 0);
    PUMP_UNTIL(plays(&s, 1) && s.place.number == 2 && !s.place.other_model);
    bl_app_load_model(app, models[3]); // overtaken: the list wins
    bl_app_act(app, BL_ACTION_PREVIOUS, 0);
    PUMP_UNTIL(plays(&s, 0) && !s.place.other_model);
}

/// At a part that cannot be played, what plays goes on with its knobs, be it a model that the list
/// does not name, and one that is still to come does not come.
static void test_a_broken_part_leaves_what_plays(void **state)
{
    (void)state;
    bl_app_state s = {0};
    stage_write("one.yaml", "version: 1\nsongs:\n- {name: Loud, rig: a.yaml}\n"
                            "- {name: None, rig: nowhere.yaml}\n- {name: Solo, rig: b.yaml}\n");
    bl_app_open_setlist(app, stage_path("one.yaml"));
    PUMP_UNTIL(plays(&s, 0) && s.stage.armed == 2);
    bl_app_act(app, BL_ACTION_NEXT, 0);
    bl_app_set_parameter(app, BL_PARAMETER_BASS, 6.0); // of what sounds
    PUMP_UNTIL(s.place.number == 2);
    assert_true(plays(&s, 0) && s.parameters[BL_PARAMETER_TREBLE] == 5.0);
    bl_app_act(app, BL_ACTION_PREVIOUS, 0);
    PUMP_UNTIL(s.place.number == 1 && s.parameters[BL_PARAMETER_BASS] == 6.0);
    const uint64_t swaps = s.swaps + 1;
    bl_app_load_model(app, models[3]);
    PUMP_UNTIL(plays(&s, 3) && s.place.other_model && s.swaps == swaps);
    bl_app_load_model(app, models[2]);
    bl_app_act(app, BL_ACTION_NEXT, 0);
    bl_app_set_parameter(app, BL_PARAMETER_BASS, 9.0);
    for (const long long until = now_ms() + 500; now_ms() < until; pump(app, &s)) {
        bl_app_get_state(app, &s);
        assert_int_equal(s.swaps, swaps);
    }
    assert_true(plays(&s, 3) && s.place.number == 2 && s.place.other_model);
    assert_true(s.parameters[BL_PARAMETER_BASS] == 9.0);
    bl_app_act(app, BL_ACTION_PREVIOUS, 0); // nor was a rig of the list turned
    PUMP_UNTIL(plays(&s, 0) && !s.place.other_model);
    assert_true(s.parameters[BL_PARAMETER_BASS] == 6.0);
    bl_app_act(app, BL_ACTION_NEXT, 0);
    bl_app_load_model(app, models[3]);
    PUMP_UNTIL(plays(&s, 3) && s.place.number == 2);
    bl_app_set_parameter(app, BL_PARAMETER_BASS, 8.0);
    bl_app_close_setlist(app); // it plays on alone
    PUMP_UNTIL(s.place.number == 0 && plays(&s, 3));
    assert_true(s.parameters[BL_PARAMETER_BASS] == 8.0);
}

static bl_rig rig_of(const char *name)
{
    bl_rig rig;
    bl_error error = {0};
    if (bl_rig_load(stage_path(name), &rig, &error) != BL_STATUS_OK) {
        fail_msg("%s", error.text);
    }
    return rig;
}

/// Rigs whose knobs the program remembers beside their files.
static size_t count_turned(void)
{
    bl_memory memory;
    assert_int_equal(bl_memory_load("backline", false, &memory, NULL), BL_STATUS_OK);
    const size_t count = memory.turned_count;
    bl_memory_finish(&memory);
    return count;
}

/// The rig of the part goes into its file as it is, and into the list: no edit, no gap. So does
/// a model that the list did not name.
static void test_saves_the_rig_of_the_part(void **state)
{
    (void)state;
    bl_app_state s = {0};
    bl_app_open_setlist(app, stage_path("one.yaml"));
    PUMP_UNTIL(plays(&s, 0) && s.stage.armed == 2);
    const uint64_t swaps = s.swaps;
    bl_app_set_parameter(app, BL_PARAMETER_BASS, 7.25);
    PUMP_UNTIL(count_turned() == 1);
    bl_app_act(app, BL_ACTION_SAVE, 0);
    PUMP_UNTIL(strstr(s.message.text, "the rig is saved") != NULL && count_turned() == 0);
    const bl_rig a = rig_of("a.yaml");
    assert_true(a.parameters[BL_PARAMETER_BASS] == 7.25 && !a.match_loudness);
    assert_string_equal(a.name, "A");
    assert_string_equal(a.model, models[0]);
    const uint64_t told = s.message_count;
    for (const long long until = now_ms() + 400; now_ms() < until; pump(app, &s)) {
        bl_app_get_state(app, &s);
    }
    assert_int_equal(s.message_count, told); // its own file is no edit
    assert_true(s.swaps == swaps && s.parameters[BL_PARAMETER_BASS] == 7.25);
    bl_app_load_model(app, models[3]);
    PUMP_UNTIL(plays(&s, 3) && s.place.other_model);
    bl_app_set_parameter(app, BL_PARAMETER_BASS, 8.5);
    bl_app_act(app, BL_ACTION_SAVE, 0);
    PUMP_UNTIL(s.message_count > told && !s.place.other_model && plays(&s, 3));
    assert_string_equal(rig_of("a.yaml").model, models[3]);
    assert_true(s.parameters[BL_PARAMETER_BASS] == 8.5);
    bl_app_act(app, BL_ACTION_NEXT, 0);
    PUMP_UNTIL(plays(&s, 1));
    bl_app_act(app, BL_ACTION_PREVIOUS, 0);
    PUMP_UNTIL(plays(&s, 3) && !s.place.other_model && s.parameters[BL_PARAMETER_BASS] == 8.5);
    bl_app_close_setlist(app); // the same alone
    PUMP_UNTIL(s.place.number == 0 && plays(&s, 3));
    bl_app_set_parameter(app, BL_PARAMETER_BASS, 1.5);
    bl_app_act(app, BL_ACTION_SAVE, 0);
    PUMP_UNTIL(rig_of("a.yaml").parameters[BL_PARAMETER_BASS] == 1.5);
}

static void test_what_cannot_be_saved_is_told(void **state)
{
    (void)state;
    bl_app_state s = {0};
    bl_app_act(app, BL_ACTION_SAVE, 0); // a model alone
    PUMP_UNTIL(strstr(s.message.text, "no rig plays") != NULL);
    stage_write("one.yaml", "version: 1\nsongs:\n- {name: Loud, rig: deep/a.yaml}\n"
                            "- {name: None, rig: nowhere.yaml}\n");
    mkdir(stage_path("deep"), 0700);
    char text[600];
    snprintf(text, sizeof text, "version: 1\nmodel: %s\n", models[0]);
    stage_write("deep/a.yaml", text);
    bl_app_open_setlist(app, stage_path("one.yaml"));
    PUMP_UNTIL(plays(&s, 0) && s.stage.armed == 1);
    assert_int_equal(remove(stage_path("deep/a.yaml")), 0); // nor is the folder there any more
    assert_int_equal(remove(stage_path("deep")), 0);
    bl_app_act(app, BL_ACTION_SAVE, 0);
    PUMP_UNTIL(strstr(s.message.text, "the rig plays on as it is") != NULL);
    bl_app_act(app, BL_ACTION_NEXT, 0);
    bl_app_act(app, BL_ACTION_SAVE, 0);
    PUMP_UNTIL(strstr(s.message.text, "nothing is saved") != NULL);
}

/// A model that was read with reservations: said once, of one alone and of one of a list.
static void test_a_newer_model_is_told(void **state)
{
    (void)state;
    bl_app_state s = {0};
    bl_app_message message = {.text = ""};
    stage_write("new.nam", "{\"version\": \"0.7.1\", \"architecture\": \"Linear\", \"config\": "
                           "{\"receptive_field\": 1, \"bias\": false}, \"weights\": [0.5]}");
    stage_write("a.yaml", "version: 1\nname: A\nmodel: new.nam\nmatch_loudness: false\n");
    bl_app_load_model(app, stage_path("new.nam"));
    PUMP_UNTIL(strstr(s.message.text, "\"new\": version 0.7.1 is newer than 0.7.0") != NULL);
    assert_int_equal(s.message.severity, BL_APP_WARNING);
    while (bl_app_take_message(app, &message)) {
    }
    bl_app_open_setlist(app, stage_path("one.yaml"));
    PUMP_UNTIL(strstr(s.message.text, "/new.nam: version 0.7.1 is newer than 0.7.0") != NULL);
    PUMP_UNTIL(s.stage.armed == 2);
    int told = 0;
    while (bl_app_take_message(app, &message)) {
        told += strstr(message.text, "0.7.1") != NULL;
    }
    assert_int_equal(told, 1);
}

static void test_tempo_is_the_songs_until_it_is_tapped(void **state)
{
    (void)state;
    bl_app_state s = {0};
    stage_write("one.yaml",
                "version: 1\nsongs:\n- {name: Slow, tempo: 66.5, rig: a.yaml}\n"
                "- {name: Fast, tempo: 180, rig: b.yaml}\n- {name: Free, rig: a.yaml}\n");
    bl_app_open_setlist(app, stage_path("one.yaml"));
    PUMP_UNTIL(s.place.count == 3);
    assert_true(s.tempo_bpm == 66.5);
    bl_app_act(app, BL_ACTION_TAP, 0);
    for (const long long end = now_ms() + DEADLINE_MS; s.tempo_bpm == 66.5;) {
        assert_true(now_ms() < end);
        for (const long long until = now_ms() + 300; now_ms() < until;) {
            pump(app, &s);
        }
        bl_app_act(app, BL_ACTION_TAP, 0);
        bl_app_get_state(app, &s);
    }
    assert_true(s.tempo_bpm <= 200.0); // 300 ms or more between them
    bl_app_act(app, BL_ACTION_NEXT_SONG, 0);
    bl_app_get_state(app, &s);
    assert_true(s.tempo_bpm == 180.0);
    bl_app_act(app, BL_ACTION_NEXT_SONG, 0);
    bl_app_get_state(app, &s);
    assert_true(s.tempo_bpm == 0.0);
    bl_app_act(app, BL_ACTION_PREVIOUS_SONG, 0);
    bl_app_close_setlist(app);
    bl_app_get_state(app, &s);
    assert_true(s.tempo_bpm == 0.0); // no song, no tempo
}

static void test_a_model_is_chosen_before_there_is_a_server(void **state)
{
    (void)state;
    bl_app_state s = {0};
    bl_app_destroy(app);
    stage_server_stop();
    bl_app_config config = bl_app_config_default();
    config.setlist = stage_path("one.yaml");
    assert_int_equal(bl_app_create(&config, &app, NULL), BL_STATUS_OK);
    bl_app_load_model(app, models[3]);
    stage_server_start(&(stage_server){.rate_hz = 48000, .period = 128, .async = true});
    PUMP_UNTIL(plays(&s, 3) && s.place.other_model);
    bl_app_act(app, BL_ACTION_PART, 1);
    PUMP_UNTIL(plays(&s, 0) && !s.place.other_model);
}

int main(int argc, char **argv)
{
    stage_isolate(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_opens_and_closes, open_stage, close_stage),
        cmocka_unit_test_setup_teardown(test_a_newer_model_is_told, open_stage, close_stage),
        cmocka_unit_test_setup_teardown(test_what_sounds_outlives_the_list, open_stage,
                                        close_stage),
        cmocka_unit_test_setup_teardown(test_saves_the_rig_of_the_part, open_stage, close_stage),
        cmocka_unit_test_setup_teardown(test_what_cannot_be_saved_is_told, open_stage, close_stage),
        cmocka_unit_test_setup_teardown(test_a_broken_part_leaves_what_plays, open_stage,
                                        close_stage),
        cmocka_unit_test_setup_teardown(test_turned_knobs_outlive_the_power, open_stage,
                                        close_stage),
        cmocka_unit_test_setup_teardown(test_another_model_plays_beside_the_list, open_stage,
                                        close_stage),
        cmocka_unit_test_setup_teardown(test_tempo_is_the_songs_until_it_is_tapped, open_stage,
                                        close_stage),
        cmocka_unit_test_setup_teardown(test_a_model_is_chosen_before_there_is_a_server, open_stage,
                                        close_stage),
    };
    return cmocka_run_group_tests_name("lists", tests, stage_open, stage_close);
}
