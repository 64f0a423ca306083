// SPDX-License-Identifier: MIT
// The messages of the session manager, by liblo.

#include "nsm.h"

#include "clock.h"

#include <lo/lo.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATIENCE_MS = 10000, API_MAJOR = 1, API_MINOR = 1, ERROR_GENERAL = -1, WAITING_MAX = 8 };

static const char open_path[] = "/nsm/client/open";
static const char save_path[] = "/nsm/client/save";
static const char show_path[] = "/nsm/client/show_optional_gui";
static const char hide_path[] = "/nsm/client/hide_optional_gui";

struct bl_nsm {
    lo_address manager;
    lo_server server;
    bool announced, refused;
    char refusal[256];
    char folder[4096], client[64];
    bl_nsm_request waiting[WAITING_MAX]; ///< the oldest first
    int waiting_count;
};

/// Takes the message over.
static void transmit(bl_nsm *nsm, const char *path, lo_message message)
{
    lo_send_message_from(nsm->manager, nsm->server, path, message);
    lo_message_free(message);
}

static void reply(bl_nsm *nsm, const char *to, int code, const char *text)
{
    lo_message message = lo_message_new();
    lo_message_add_string(message, to);
    if (code != 0) {
        lo_message_add_int32(message, code);
    }
    lo_message_add_string(message, text);
    transmit(nsm, code != 0 ? "/error" : "/reply", message);
}

static void want(bl_nsm *nsm, bl_nsm_request request)
{
    if (nsm->waiting_count < WAITING_MAX) {
        nsm->waiting[nsm->waiting_count++] = request;
    }
}

/// liblo's union asks for an alignment that OSC's own four bytes do not give.
static const char *text_of(const lo_arg *argument)
{
    return (const char *)argument;
}

static int hear_open(const char *path, const char *types, lo_arg **argv, int argc, lo_message data,
                     void *user)
{
    bl_nsm *nsm = user;
    (void)path, (void)types, (void)argc, (void)data;
    if (nsm->folder[0] != '\0') { // it was not offered to switch
        reply(nsm, open_path, ERROR_GENERAL, "a session is open already");
        return 0;
    }
    if (strlen(text_of(argv[0])) >= sizeof nsm->folder ||
        strlen(text_of(argv[2])) >= sizeof nsm->client || text_of(argv[0])[0] != '/' ||
        text_of(argv[2])[0] == '\0') {
        reply(nsm, open_path, ERROR_GENERAL, "the path or the client id is too long, or none");
        return 0;
    }
    snprintf(nsm->folder, sizeof nsm->folder, "%s", text_of(argv[0]));
    snprintf(nsm->client, sizeof nsm->client, "%s", text_of(argv[2]));
    want(nsm, BL_NSM_OPEN);
    return 0;
}

static int hear_save(const char *path, const char *types, lo_arg **argv, int argc, lo_message data,
                     void *user)
{
    (void)path, (void)types, (void)argv, (void)argc, (void)data;
    want(user, BL_NSM_SAVE);
    return 0;
}

static int hear_show(const char *path, const char *types, lo_arg **argv, int argc, lo_message data,
                     void *user)
{
    (void)types, (void)argv, (void)argc, (void)data;
    want(user, strcmp(path, show_path) == 0 ? BL_NSM_SHOW : BL_NSM_HIDE);
    return 0;
}

static int hear_reply(const char *path, const char *types, lo_arg **argv, int argc, lo_message data,
                      void *user)
{
    bl_nsm *nsm = user;
    (void)path, (void)types, (void)argc, (void)data;
    nsm->announced = nsm->announced || strcmp(text_of(argv[0]), "/nsm/server/announce") == 0;
    return 0;
}

static int hear_error(const char *path, const char *types, lo_arg **argv, int argc, lo_message data,
                      void *user)
{
    bl_nsm *nsm = user;
    (void)path, (void)types, (void)argc, (void)data;
    if (strcmp(text_of(argv[0]), "/nsm/server/announce") == 0) {
        nsm->refused = true;
        snprintf(nsm->refusal, sizeof nsm->refusal, "%s", text_of(argv[2]));
    }
    return 0;
}

static bool make_socket(bl_nsm *nsm, const char *url)
{
    nsm->manager = lo_address_new_from_url(url);
    nsm->server = nsm->manager != NULL
                      ? lo_server_new_with_proto(NULL, lo_address_get_protocol(nsm->manager), NULL)
                      : NULL;
    if (nsm->server == NULL) {
        return false;
    }
    lo_server_add_method(nsm->server, "/reply", NULL, hear_reply, nsm);
    lo_server_add_method(nsm->server, "/error", "sis", hear_error, nsm);
    lo_server_add_method(nsm->server, open_path, "sss", hear_open, nsm);
    lo_server_add_method(nsm->server, save_path, "", hear_save, nsm);
    lo_server_add_method(nsm->server, show_path, "", hear_show, nsm);
    lo_server_add_method(nsm->server, hide_path, "", hear_show, nsm);
    return true;
}

static void announce(bl_nsm *nsm, bool has_window)
{
    char program[4096];
    const ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    program[length > 0 ? length : 0] = '\0';
    const char *slash = strrchr(program, '/');
    lo_message message = lo_message_new();
    lo_message_add_string(message, "Backline");
    lo_message_add_string(message, has_window ? ":dirty:progress:message:optional-gui:"
                                              : ":dirty:progress:message:");
    lo_message_add_string(message, slash != NULL ? slash + 1 : "backline");
    lo_message_add_int32(message, API_MAJOR);
    lo_message_add_int32(message, API_MINOR);
    lo_message_add_int32(message, (int32_t)getpid());
    transmit(nsm, "/nsm/server/announce", message);
}

static void receive(bl_nsm *nsm)
{
    while (lo_server_recv_noblock(nsm->server, 0) > 0) {
        // each was handled
    }
}

bl_status bl_nsm_join(bl_nsm **nsm, bool has_window, bl_error *error)
{
    const char *url = getenv("NSM_URL");
    bl_status status = BL_STATUS_OK;
    *nsm = NULL;
    if (url == NULL || url[0] == '\0') {
        return BL_STATUS_OK;
    }
    bl_nsm *made = calloc(1, sizeof *made);
    if (made == NULL || !make_socket(made, url)) {
        bl_nsm_destroy(made);
        return bl_error_set(error, BL_STATUS_SERVER,
                            "NSM_URL is \"%s\", expected the address of a session manager, as "
                            "osc.udp://host:port/; it plays without a session",
                            url);
    }
    announce(made, has_window);
    const int64_t until = bl_clock_ms() + PATIENCE_MS;
    for (int64_t left = PATIENCE_MS; left > 0 && !made->refused && made->folder[0] == '\0';
         left = until - bl_clock_ms()) {
        struct pollfd wait = {.fd = bl_nsm_fd(made), .events = POLLIN};
        poll(&wait, 1, (int)left);
        receive(made);
    }
    if (made->folder[0] != '\0') {
        *nsm = made;
        return BL_STATUS_OK;
    }
    status = bl_error_set(error, BL_STATUS_SERVER,
                          "the session manager at %s %s%s; it plays without a session", url,
                          made->refused     ? "refuses: "
                          : made->announced ? "names no session"
                                            : "does not answer",
                          made->refusal);
    bl_nsm_destroy(made);
    return status;
}

void bl_nsm_destroy(bl_nsm *nsm)
{
    if (nsm == NULL) {
        return;
    }
    if (nsm->server != NULL) {
        lo_server_free(nsm->server);
    }
    if (nsm->manager != NULL) {
        lo_address_free(nsm->manager);
    }
    free(nsm);
}

int bl_nsm_fd(const bl_nsm *nsm)
{
    return lo_server_get_socket_fd(nsm->server);
}

const char *bl_nsm_folder(const bl_nsm *nsm)
{
    return nsm->folder;
}

const char *bl_nsm_client(const bl_nsm *nsm)
{
    return nsm->client;
}

bl_nsm_request bl_nsm_poll(bl_nsm *nsm)
{
    receive(nsm);
    if (nsm->waiting_count == 0) {
        return BL_NSM_NOTHING;
    }
    const bl_nsm_request oldest = nsm->waiting[0];
    nsm->waiting_count--;
    memmove(nsm->waiting, nsm->waiting + 1, (size_t)nsm->waiting_count * sizeof *nsm->waiting);
    return oldest;
}

void bl_nsm_answer(bl_nsm *nsm, bl_nsm_request request, const bl_error *error)
{
    reply(nsm, request == BL_NSM_OPEN ? open_path : save_path, error != NULL ? ERROR_GENERAL : 0,
          error != NULL ? error->text : "OK");
}

void bl_nsm_tell_dirty(bl_nsm *nsm, bool dirty)
{
    transmit(nsm, dirty ? "/nsm/client/is_dirty" : "/nsm/client/is_clean", lo_message_new());
}

void bl_nsm_tell_window(bl_nsm *nsm, bool seen)
{
    transmit(nsm, seen ? "/nsm/client/gui_is_shown" : "/nsm/client/gui_is_hidden",
             lo_message_new());
}

void bl_nsm_tell_progress(bl_nsm *nsm, float share)
{
    lo_message message = lo_message_new();
    lo_message_add_float(message, share);
    transmit(nsm, "/nsm/client/progress", message);
}

void bl_nsm_tell_message(bl_nsm *nsm, int priority, const char *text)
{
    lo_message message = lo_message_new();
    lo_message_add_int32(message, priority);
    lo_message_add_string(message, text);
    transmit(nsm, "/nsm/client/message", message);
}
