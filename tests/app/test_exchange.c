// SPDX-License-Identifier: MIT
// A program change that comes while the set list is opened, reloaded or closed: whatever moment of
// that it comes at, the rig that sounds is the one of the part that is shown. MAIN's steps are
// wrapped by the linker, so that the audio thread's part is done exactly between two of them.

#include "app_parts.h"

#include "gig.h"
#include "programs.h"
#include "support/chains.h"

#include <stdio.h>

/// When the audio thread hears the program change.
typedef enum moment {
    NEVER,
    BEFORE,          ///< MAIN begins
    BEFORE_STAGE,    ///< the stage has the new rigs
    BEFORE_TABLE,    ///< the audio thread has the new table
    AFTERWARDS,      ///< MAIN is done
    AROUND_CHOOSING, ///< it finds the rig before all of MAIN's steps, and chooses it after
    AROUND_TELLING,  ///< it finds and chooses before, and tells MAIN after
    MOMENTS
} moment;

static bl_app *app;
static moment now;
static uint8_t pressed;
static void (*exchange)(void);

/// What the audio thread does with a program change.
static void press(void)
{
    bl_midi_event program;
    bl_midi_intake_put(&app->midi, (const uint8_t[]){0xC0, pressed}, 2);
    assert_true(bl_midi_intake_end(&app->midi, &program));
    bl_programs_choose(&app->programs, app->stage, &program);
    if (now >= AROUND_CHOOSING) { // or there was nothing to choose
        exchange();
    }
    bl_midi_intake_tell(&app->midi, &program);
}

static void reach(moment there)
{
    if (now == there) {
        now = NEVER;
        press();
    }
}

// The linker gives these names.
// NOLINTBEGIN(bugprone-reserved-identifier,readability-identifier-naming)
bl_status __real_bl_stage_set_rigs(bl_stage *stage, const bl_rig *list, int count, int chosen,
                                   bl_error *error);
bl_status __wrap_bl_stage_set_rigs(bl_stage *stage, const bl_rig *list, int count, int chosen,
                                   bl_error *error);
void __real_bl_programs_set(bl_programs *programs, const bl_setlist *setlist, uint32_t list,
                            const int *chosen_by_rig);
void __wrap_bl_programs_set(bl_programs *programs, const bl_setlist *setlist, uint32_t list,
                            const int *chosen_by_rig);
bool __real_bl_stage_choose_now(bl_stage *stage, uint32_t list, int index);
bool __wrap_bl_stage_choose_now(bl_stage *stage, uint32_t list, int index);
// NOLINTEND(bugprone-reserved-identifier,readability-identifier-naming)

bl_status __wrap_bl_stage_set_rigs(bl_stage *stage, const bl_rig *list, int count, int chosen,
                                   bl_error *error)
{
    reach(BEFORE_STAGE);
    return __real_bl_stage_set_rigs(stage, list, count, chosen, error);
}

void __wrap_bl_programs_set(bl_programs *programs, const bl_setlist *setlist, uint32_t list,
                            const int *chosen_by_rig)
{
    reach(BEFORE_TABLE);
    __real_bl_programs_set(programs, setlist, list, chosen_by_rig);
}

bool __wrap_bl_stage_choose_now(bl_stage *stage, uint32_t list, int index)
{
    if (now == AROUND_CHOOSING) {
        now = NEVER;
        exchange();
    }
    return __real_bl_stage_choose_now(stage, list, index);
}

static void write_rigs(void)
{
    char name[] = "a.yaml", text[128];
    for (name[0] = 'a'; name[0] <= 'd'; name[0]++) {
        const int length =
            snprintf(text, sizeof text, "version: 1\nparameters: {bass: %d}\n", name[0] - 'a' + 1);
        test_folder_write(name, text, (size_t)length);
    }
}

/// A list whose programs 0, 1, ... play the rigs of these letters.
static void write_list(const char *file, const char *letters)
{
    char text[1024] = "version: 1\nsongs:\n";
    for (int i = 0; letters[i] != '\0'; i++) {
        const size_t used = strlen(text);
        snprintf(text + used, sizeof text - used, "- {name: song %d, rig: %c.yaml}\n", i,
                 letters[i]);
    }
    test_folder_write(file, text, strlen(text));
}

/// As much of an app as a set list needs, without a server.
static void make_app(void)
{
    app = calloc(1, sizeof *app);
    assert_non_null(app);
    assert_int_equal(bl_stage_create(-1, &app->stage, NULL), BL_STATUS_OK);
    assert_true(bl_midi_intake_init(&app->midi));
    bl_midi_map_init(&app->midi_map);
    app->watch_files.fd = -1;
    app->is_guest = true; // it remembers nothing
    write_list("old.yaml", "abc");
    write_list("new.yaml", "dcab");
    bl_engine *engine = engine_of(bare_config());
    bl_stage_set_engine(app->stage, engine, RATE_HZ, 1.0, true);
    app->trash[app->trash_count++] = (bl_app_trash){.engine = engine}; // which will free it
    bl_app_open_setlist(app, test_folder_file("old.yaml"));
    assert_int_equal(app->setlist.part_count, 3);
}

static void free_app(void)
{
    bl_stage_destroy(app->stage, PATIENCE_MS);
    bl_app_finish_sound(app);
    bl_app_finish_setlist(app);
    free(app);
}

static void open_other(void)
{
    bl_app_open_setlist(app, test_folder_file("new.yaml"));
}

static void reload_edited(void)
{
    write_list("old.yaml", "dcab");
    app->reload_due_ms = 1;
    bl_app_watch_files(app, 2);
}

/// While a model plays that the list does not name, nothing of the list is asked for.
static void reload_beside_other_model(void)
{
    reload_edited();
}

static void close_list(void)
{
    bl_app_close_setlist(app);
}

/// The rig that is asked for, by its letter; 0: none.
static char chosen(void)
{
    bl_stage_state state;
    bl_stage_get_state(app->stage, &state);
    if (state.chosen < 0) {
        return 0;
    }
    const char *path = app->setlist.rigs[app->rig_on_stage[state.chosen]].path;
    return strrchr(path, '/')[1];
}

static void press_at(moment when, uint8_t program, void (*exchange_by)(void))
{
    make_app();
    exchange = exchange_by;
    pressed = program;
    if (exchange_by == reload_beside_other_model) {
        bl_chain *other = gain_chain(bl_stage_next_generation(app->stage), 0.0);
        assert_true(bl_stage_give(app->stage, other, NULL, NULL));
    }
    now = when;
    reach(BEFORE);
    if (when >= AROUND_CHOOSING) {
        press();
    } else {
        exchange();
    }
    assert_true(bl_stage_wait(app->stage, PATIENCE_MS));
    // The other model is left as soon as the audio thread has chosen.
    const bool other = exchange_by == reload_beside_other_model && when != AROUND_TELLING;
    const char begun_with = exchange_by == close_list || other ? 0 : 'd';
    if (when != BEFORE && chosen() != begun_with) {
        fail_msg("program %d at moment %d: rig %c of the new list by the old one's table", program,
                 (int)when, chosen());
    }
    reach(AFTERWARDS);
    bl_app_hear_midi(app);
    assert_true(bl_stage_wait(app->stage, PATIENCE_MS));
}

/// That the rig is asked for, and its part is shown with its knobs.
static void check(moment when, uint8_t program, char expected)
{
    const char found = chosen();
    if (found != expected) {
        fail_msg("program %d at moment %d: rig %c, expected %c", program, (int)when,
                 found != 0 ? found : '-', expected);
    }
    const char *shown = app->setlist.rigs[bl_app_current_rig(app)].path;
    assert_int_equal(strrchr(shown, '/')[1], expected);
    assert_int_equal(app->state.place.number, app->place + 1);
    assert_true(app->state.parameters[BL_PARAMETER_BASS] == (double)(expected - 'a' + 1));
}

// Before, it means the old list, which is left for the beginning of the new one.
static void test_while_another_list_is_opened(void **state)
{
    (void)state;
    for (int when = BEFORE; when < MOMENTS; when++) {
        press_at((moment)when, 1, open_other);
        check((moment)when, 1, when == BEFORE ? 'd' : 'c');
        free_app();
        press_at((moment)when, 3, open_other); // the old list has none
        check((moment)when, 3, when == BEFORE ? 'd' : 'b');
        free_app();
    }
}

// Before, it goes to a song of the old list, where the new one goes on.
static void test_while_the_edited_list_is_read(void **state)
{
    (void)state;
    for (int when = BEFORE; when < MOMENTS; when++) {
        press_at((moment)when, 1, reload_edited);
        check((moment)when, 1, 'c');
        free_app();
        press_at((moment)when, 3, reload_edited);
        check((moment)when, 3, when == BEFORE ? 'd' : 'b');
        free_app();
        press_at((moment)when, 1, reload_beside_other_model);
        check((moment)when, 1, 'c');
        free_app();
    }
}

// Before, its rig is the one that plays on alone.
static void test_while_the_list_is_closed(void **state)
{
    (void)state;
    for (int when = BEFORE; when < MOMENTS; when++) {
        press_at((moment)when, 1, close_list);
        assert_int_equal(chosen(), 0);
        assert_int_equal(app->setlist.part_count, 0);
        const char expected = when == BEFORE ? 'b' : 'a';
        assert_int_equal(strrchr(app->rig_path, '/')[1], expected);
        assert_true(app->state.parameters[BL_PARAMETER_BASS] == (double)(expected - 'a' + 1));
        assert_int_equal(app->state.midi.unknown_programs, when != BEFORE);
        free_app();
    }
}

static int make_folder(void **state)
{
    if (test_folder_make(state) != 0) {
        return -1;
    }
    write_rigs();
    return setenv("XDG_CONFIG_HOME", test_folder_path(), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_while_another_list_is_opened),
        cmocka_unit_test(test_while_the_edited_list_is_read),
        cmocka_unit_test(test_while_the_list_is_closed),
    };
    return cmocka_run_group_tests(tests, make_folder, test_folder_remove);
}
