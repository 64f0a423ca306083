// SPDX-License-Identifier: MIT
// AT-SPI by its D-Bus protocol, without its library: that caches what it saw, and the tests ask
// what is now. See the XML files of at-spi2-core for the interfaces.

#include "desk.h"

#include "support/cmocka_all.h"
#include "system/stage.h"

#include <gdk/gdkx.h>
#include <gtk/gtk.h>
#include <limits.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ACCESSIBLE "org.a11y.atspi.Accessible"
#define REGISTRY "org.a11y.atspi.Registry"
#define ROOT "/org/a11y/atspi/accessible/root"

enum {
    LOOK_AGAIN_MS = 30,
    STILL_MS = 1500,
    TREE_DEPTH = 24,
    CALL_MS = 20000,
    SMALL = 100,
    KEY_PRESS = 0,
    KEY_RELEASE,
    KEY_SYM = 3
};

/// A control: the program's name on the bus, and the path there.
typedef struct node {
    char bus[64], path[128];
} node;

static GDBusConnection *bus;
static char *accessibility; ///< its address
static GHashTable *known;   ///< id -> node, as seen last
static GHashTable *ids;     ///< name on the bus and path -> id, which a control keeps
static GdkPixbuf *picture;  ///< the last one

void desk_enter(int argc, char **argv)
{
    (void)argc;
    if (getenv("DESK_ENTERED") == NULL) {
        char script[] = BL_SOURCE_DIR "/tests/ui/display.sh";
        char *through[] = {script, argv[0], NULL};
        setenv("DESK_ENTERED", "1", 1);
        execv(script, through);
        perror(script);
        exit(1);
    }
}

static void pause_ms(int ms)
{
    g_usleep((gulong)ms * 1000);
}

// The bus ---------------------------------------------------------------------------------------

static void open_bus(void)
{
    if (bus != NULL) {
        return;
    }
    gtk_init(NULL, NULL);
    GError *error = NULL;
    GDBusConnection *session = g_bus_get_sync(G_BUS_TYPE_SESSION, NULL, NULL);
    assert_non_null(session);
    GVariant *answer = g_dbus_connection_call_sync(session, "org.a11y.Bus", "/org/a11y/bus",
                                                   "org.a11y.Bus", "GetAddress", NULL, NULL,
                                                   G_DBUS_CALL_FLAGS_NONE, CALL_MS, NULL, &error);
    if (answer == NULL) {
        fail_msg("no accessibility bus: %s", error->message);
    }
    const gchar *address;
    g_variant_get(answer, "(&s)", &address);
    bus = g_dbus_connection_new_for_address_sync(address,
                                                 G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
                                                     G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION,
                                                 NULL, NULL, NULL);
    assert_non_null(bus);
    accessibility = g_strdup(address);
    g_variant_unref(answer);
    g_object_unref(session);
    known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    ids = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
}

// NULL if the control is gone.
static GVariant *ask(const node *n, const char *interface, const char *method, GVariant *arguments)
{
    return g_dbus_connection_call_sync(bus, n->bus, n->path, interface, method, arguments, NULL,
                                       G_DBUS_CALL_FLAGS_NONE, CALL_MS, NULL, NULL);
}

static GVariant *get_property(const node *n, const char *interface, const char *name)
{
    GVariant *answer =
        ask(n, "org.freedesktop.DBus.Properties", "Get", g_variant_new("(ss)", interface, name));
    GVariant *value = NULL;
    if (answer != NULL) {
        g_variant_get(answer, "(v)", &value);
        g_variant_unref(answer);
    }
    return value;
}

static void get_text(const node *n, const char *property, char *text, size_t capacity)
{
    GVariant *value = get_property(n, ACCESSIBLE, property);
    snprintf(text, capacity, "%s", value != NULL ? g_variant_get_string(value, NULL) : "");
    g_clear_pointer(&value, g_variant_unref);
}

static bool is(const node *n, desk_state state)
{
    GVariant *answer = ask(n, ACCESSIBLE, "GetState", NULL);
    guint32 low = 0, high = 0;
    if (answer != NULL) {
        GVariant *words = g_variant_get_child_value(answer, 0);
        g_variant_get_child(words, 0, "u", &low);
        g_variant_get_child(words, 1, "u", &high);
        g_variant_unref(words);
        g_variant_unref(answer);
    }
    return (low >> state & 1) != 0;
}

// Finding ---------------------------------------------------------------------------------------

typedef bool (*matcher)(const node *n, const char *what);

// One without an id may not have got it yet, so it is asked again.
static bool has_id(const node *n, const char *id)
{
    char place[sizeof n->bus + sizeof n->path], found[64];
    snprintf(place, sizeof place, "%s%s", n->bus, n->path);
    const char *last = g_hash_table_lookup(ids, place);
    if (last != NULL) {
        return strcmp(last, id) == 0;
    }
    get_text(n, "AccessibleId", found, sizeof found);
    if (found[0] != '\0') {
        g_hash_table_insert(ids, g_strdup(place), g_strdup(found));
    }
    return strcmp(found, id) == 0;
}

static bool has_focus(const node *n, const char *what)
{
    (void)what;
    return is(n, DESK_FOCUSED);
}

static bool search(const node *from, matcher matches, const char *what, int depth, node *found)
{
    if (matches(from, what)) {
        *found = *from;
        return true;
    }
    GVariant *answer = depth > 0 ? ask(from, ACCESSIBLE, "GetChildren", NULL) : NULL;
    if (answer == NULL) {
        return false;
    }
    GVariantIter *children;
    const gchar *name, *path;
    bool done = false;
    g_variant_get(answer, "(a(so))", &children);
    while (!done && g_variant_iter_next(children, "(&s&o)", &name, &path)) {
        node child;
        snprintf(child.bus, sizeof child.bus, "%s", name);
        snprintf(child.path, sizeof child.path, "%s", path);
        done = search(&child, matches, what, depth - 1, found);
    }
    g_variant_iter_free(children);
    g_variant_unref(answer);
    return done;
}

static bool look(matcher matches, const char *what, node *found)
{
    const node root = {REGISTRY, ROOT};
    return search(&root, matches, what, TREE_DEPTH, found);
}

static node find(const char *id)
{
    const long long until = now_ms() + DEADLINE_MS;
    const node *last = g_hash_table_lookup(known, id);
    if (last != NULL && has_id(last, id) && is(last, DESK_SHOWING)) { // else it may be gone
        return *last;
    }
    for (;;) {
        node found;
        if (look(has_id, id, &found)) {
            g_hash_table_replace(known, g_strdup(id), g_memdup2(&found, sizeof found));
            return found;
        }
        if (now_ms() > until) {
            fail_msg("there is no control \"%s\"", id);
        }
        pause_ms(LOOK_AGAIN_MS);
    }
}

void desk_wait(const char *id)
{
    (void)find(id);
}

// There is no window manager to give the keyboard to a window, so the test does: to the topmost.
void desk_take_keyboard(void)
{
    Display *display = gdk_x11_get_default_xdisplay();
    Window root, parent, *children = NULL, topmost = None;
    unsigned count = 0;
    XQueryTree(display, DefaultRootWindow(display), &root, &parent, &children, &count);
    for (unsigned i = 0; i < count; i++) { // from the bottom to the top
        XWindowAttributes a;
        if (XGetWindowAttributes(display, children[i], &a) != 0 && a.map_state == IsViewable &&
            a.width > SMALL && a.height > SMALL) {
            topmost = children[i];
        }
    }
    XFree(children);
    assert_int_not_equal(topmost, None);
    XSetInputFocus(display, topmost, RevertToPointerRoot, CurrentTime);
    XSync(display, False);
}

// The program -----------------------------------------------------------------------------------

void desk_launch(program *window, const char *const *arguments)
{
    const char *argv[32] = {BL_WINDOW_PROGRAM};
    for (size_t i = 0; arguments[i] != NULL; i++) {
        argv[i + 1] = arguments[i];
    }
    open_bus();
    stage_write("XDG_CONFIG_HOME/gtk-3.0/settings.ini", "[Settings]\ngtk-enable-animations=0\n");
#ifdef BL_RT_GUARD
    setenv("LD_PRELOAD", BL_RT_GUARD, 1); // ends it when an audio thread does what it must not
#endif
    if (g_strcmp0(getenv("DBUS_SESSION_BUS_ADDRESS"), "disabled:") == 0) {
        setenv("AT_SPI_BUS_ADDRESS", accessibility, 1); // it has nobody to ask for it
    }
    program_start(window, argv);
    unsetenv("AT_SPI_BUS_ADDRESS");
    unsetenv("LD_PRELOAD");
}

void desk_wait_window(program *window)
{
    const long long until = now_ms() + DEADLINE_MS;
    node found;
    while (!look(has_id, "page-amp", &found)) {
        if (!program_listen(window, LOOK_AGAIN_MS) || now_ms() > until) {
            fail_msg("no window came: %s%s", window->out, window->err);
        }
    }
    desk_wait_is("page-amp", DESK_SHOWING, true);
    desk_take_keyboard();
}

void desk_start(program *window, const char *const *arguments)
{
    desk_launch(window, arguments);
    desk_wait_window(window);
}

int desk_start_again(program *second, const char *model)
{
    const char *const argv[] = {BL_WINDOW_PROGRAM, model, NULL};
    return program_run(second, argv);
}

void desk_stop(program *window)
{
    program_signal(window, SIGTERM);
    const int code = program_wait(window);
    if (code != 0) {
        fail_msg("the window ended with %d: %s", code, window->err);
    }
}

// Reading ---------------------------------------------------------------------------------------

const char *desk_text(const char *id)
{
    static char texts[8][1024];
    static unsigned turn;
    char *text = texts[turn++ % 8];
    const node n = find(id);
    get_text(&n, "Name", text, sizeof texts[0]);
    return text;
}

void desk_wait_text(const char *id, const char *part)
{
    const long long until = now_ms() + DEADLINE_MS;
    while (strstr(desk_text(id), part) == NULL) {
        if (now_ms() > until) {
            fail_msg("\"%s\" says \"%s\", expected \"%s\"", id, desk_text(id), part);
        }
        pause_ms(LOOK_AGAIN_MS);
    }
}

void desk_wait_is(const char *id, desk_state state, bool wanted)
{
    const long long until = now_ms() + DEADLINE_MS;
    for (;;) {
        const node n = find(id);
        if (is(&n, state) == wanted) {
            return;
        }
        if (now_ms() > until) {
            fail_msg("\"%s\" does not change its state %d to %d", id, (int)state, (int)wanted);
        }
        pause_ms(LOOK_AGAIN_MS);
    }
}

void desk_wait_gone(const char *id)
{
    const long long until = now_ms() + DEADLINE_MS;
    node found;
    while (look(has_id, id, &found) && is(&found, DESK_SHOWING)) {
        if (now_ms() > until) {
            fail_msg("\"%s\" stays", id);
        }
        pause_ms(LOOK_AGAIN_MS);
    }
}

double desk_value(const char *id)
{
    const node n = find(id);
    GVariant *value = get_property(&n, "org.a11y.atspi.Value", "CurrentValue");
    assert_non_null(value);
    const double number = g_variant_get_double(value);
    g_variant_unref(value);
    return number;
}

const char *desk_focus(void)
{
    static char id[64];
    node n;
    id[0] = '\0';
    if (look(has_focus, NULL, &n)) {
        get_text(&n, "AccessibleId", id, sizeof id);
    }
    return id;
}

const char *desk_focus_name(void)
{
    static char name[256];
    const long long until = now_ms() + DEADLINE_MS;
    node n;
    name[0] = '\0';
    while (name[0] == '\0' && now_ms() < until) {
        if (look(has_focus, NULL, &n)) {
            get_text(&n, "Name", name, sizeof name);
        } else {
            pause_ms(LOOK_AGAIN_MS);
        }
    }
    return name;
}

void desk_corner(const char *id, int *right, int *bottom)
{
    const node n = find(id);
    GVariant *answer =
        ask(&n, "org.a11y.atspi.Component", "GetExtents", g_variant_new("(u)", 0)); // of the screen
    assert_non_null(answer);
    int x, y, width, height;
    g_variant_get(answer, "((iiii))", &x, &y, &width, &height);
    g_variant_unref(answer);
    *right = x + width;
    *bottom = y + height;
}

// Acting ----------------------------------------------------------------------------------------

static void do_it(const char *id, const char *interface, const char *method, int argument)
{
    const node n = find(id);
    GVariant *answer = ask(&n, interface, method, g_variant_new("(i)", argument));
    gboolean done = FALSE;
    if (answer != NULL) {
        g_variant_get(answer, "(b)", &done);
        g_variant_unref(answer);
    }
    if (!done) {
        fail_msg("%s(%d) of \"%s\" is refused", method, argument, id);
    }
}

void desk_click(const char *id)
{
    do_it(id, "org.a11y.atspi.Action", "DoAction", 0);
}

void desk_select(const char *id, int index)
{
    do_it(id, "org.a11y.atspi.Selection", "SelectChild", index);
}

static void press(int key, unsigned type)
{
    const node device = {REGISTRY, "/org/a11y/atspi/registry/deviceeventcontroller"};
    GVariant *answer = ask(&device, "org.a11y.atspi.DeviceEventController", "GenerateKeyboardEvent",
                           g_variant_new("(isu)", key, "", type));
    assert_non_null(answer);
    g_variant_unref(answer);
}

void desk_key(unsigned keysym, unsigned modifier)
{
    GdkKeymapKey *keys = NULL;
    gint count = 0;
    if (modifier != 0) {
        GdkKeymap *map = gdk_keymap_get_for_display(gdk_display_get_default());
        assert_true(gdk_keymap_get_entries_for_keyval(map, modifier, &keys, &count));
        press((int)keys[0].keycode, KEY_PRESS);
    }
    press((int)keysym, KEY_SYM);
    if (modifier != 0) {
        press((int)keys[0].keycode, KEY_RELEASE);
    }
    g_free(keys);
}

static GdkPixbuf *capture(void)
{
    GdkWindow *root = gdk_get_default_root_window();
    GdkPixbuf *screen = gdk_pixbuf_get_from_window(root, 0, 0, gdk_window_get_width(root),
                                                   gdk_window_get_height(root));
    assert_non_null(screen);
    return screen;
}

// The screen once nothing on it moves any more, or, since figures may move for ever, after a while.
static GdkPixbuf *capture_still(void)
{
    const long long until = now_ms() + STILL_MS;
    GdkPixbuf *before = capture();
    for (;;) {
        pause_ms(5 * LOOK_AGAIN_MS);
        GdkPixbuf *now = capture();
        const bool same = memcmp(gdk_pixbuf_read_pixels(before), gdk_pixbuf_read_pixels(now),
                                 gdk_pixbuf_get_byte_length(now)) == 0;
        g_object_unref(before);
        if (same || now_ms() > until) {
            return now;
        }
        before = now;
    }
}

void desk_picture(const char *name)
{
    char path[PATH_MAX];
    g_clear_object(&picture);
    picture = capture_still();
    g_mkdir_with_parents(BL_PICTURES, 0755);
    const bool german = g_str_has_prefix(setlocale(LC_NUMERIC, NULL), "de");
    snprintf(path, sizeof path, "%s/%s%s.png", BL_PICTURES, name, german ? "-de" : "");
    // What is kept is to be looked at: written fast, not small.
    assert_true(gdk_pixbuf_save(picture, path, "png", NULL, "compression", "1", NULL));
}

int desk_count(unsigned color)
{
    const guchar *pixels = gdk_pixbuf_read_pixels(picture);
    const int stride = gdk_pixbuf_get_rowstride(picture);
    const int step = gdk_pixbuf_get_n_channels(picture);
    int count = 0;
    for (int y = 0; y < gdk_pixbuf_get_height(picture); y++) {
        for (int x = 0; x < gdk_pixbuf_get_width(picture); x++) {
            const guchar *p = pixels + y * stride + x * step;
            count += (unsigned)(p[0] << 16 | p[1] << 8 | p[2]) == color;
        }
    }
    return count;
}
