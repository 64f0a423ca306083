// SPDX-License-Identifier: MIT
// The thread LINK. It owns the client and our own server. It may hang inside the JACK library as
// long as a frozen server does; MAIN goes on without it.

#include "link_parts.h"

#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    RETRY_MS = 100, ///< between two looks for a server
    CLOSE_PATIENCE_MS = 400,
    LISTEN_AFTER_MS = 20, ///< a survey: what it leads to comes before the meters
    SETTLE_MS = 30, ///< for the last notifications: closing amid them can lock up JACK's library
    END_PATIENCE_MS = 800,
};

typedef enum request_kind {
    REQUEST_OPEN,
    REQUEST_ALLOW_START,
    REQUEST_ATTACH,
    REQUEST_ACTIVATE,
    REQUEST_SURVEY,
    REQUEST_MEASURE,
    REQUEST_LISTEN,
    REQUEST_DEAFEN,
    REQUEST_CONNECT,
    REQUEST_DISCONNECT,
    REQUEST_PERIOD,
    REQUEST_RECOMPUTE,
    REQUEST_END,
} request_kind;

typedef struct request {
    bl_mail mail;
    request_kind kind;
    bl_engine *engine;
    bl_demo *demo;
    bl_connection connection;
    uint32_t frames;
} request;

void bl_link_pause_ms(int ms)
{
    poll(NULL, 0, ms);
}

// Answers -------------------------------------------------------------------------------------

bl_link_answer *bl_link_answer_new(bl_link *link, bl_link_kind kind)
{
    bl_link_answer *answer = calloc(1, sizeof *answer);
    if (answer == NULL) {
        abort(); // a few kB: nothing can go on
    }
    answer->kind = kind;
    answer->epoch = link->epoch;
    return answer;
}

void bl_link_answer_post(bl_link *link, bl_link_answer *answer)
{
    bl_mailbox_post(&link->answers, &answer->mail);
}

void bl_link_answer_error(bl_link *link, bl_link_kind kind, const bl_error *error)
{
    bl_link_answer *answer = bl_link_answer_new(link, kind);
    answer->error = *error;
    bl_link_answer_post(link, answer);
}

bl_link_answer *bl_link_poll(bl_link *link)
{
    return (bl_link_answer *)bl_mailbox_take(&link->answers);
}

void bl_link_answer_free(bl_link_answer *answer)
{
    if (answer != NULL) {
        bl_survey_finish(&answer->survey);
        free(answer);
    }
}

static void destroy_answer(bl_mail *mail)
{
    bl_link_answer_free((bl_link_answer *)mail);
}

static void destroy_request(bl_mail *mail)
{
    free(mail);
}

// Requests ------------------------------------------------------------------------------------

static void survey(bl_link *link)
{
    bl_link_answer *answer = bl_link_answer_new(link, BL_LINK_SURVEYED);
    char found[sizeof answer->survey.device];
    bl_jack_survey(link->jack, &answer->survey, &answer->error);
    bl_port_device(&answer->survey.ports, link->own ? link->server.driver : "", found,
                   sizeof found);
    bl_card_key(found, answer->survey.device, sizeof answer->survey.device);
    if (link->listening && answer->error.status == BL_STATUS_OK) {
        bl_jack_listen(link->jack, &answer->survey.ports);
        link->listen_ms = bl_clock_ms() + LISTEN_AFTER_MS;
    }
    bl_link_answer_post(link, answer);
}

/// Connects a meter when there is nothing else to do. Returns how long to wait for requests, in
/// milliseconds.
static int listen_next(bl_link *link, int patience_ms)
{
    const int64_t left_ms = link->listen_ms - bl_clock_ms();
    // In freewheel jackd takes connections away and puts them back itself; a survey follows.
    if (link->listen_ms == 0 || link->jack == NULL || atomic_load(&link->config.pulse->freewheel)) {
        return patience_ms;
    }
    if (left_ms > 0) {
        return (int)left_ms;
    }
    link->listen_ms = bl_jack_listen_next(link->jack) ? link->listen_ms : 0;
    return 0;
}

static void connect_port(bl_link *link, const request *r)
{
    bl_link_answer *answer = bl_link_answer_new(link, BL_LINK_CONNECTED);
    answer->connection = r->connection;
    if (r->kind == REQUEST_CONNECT) {
        bl_jack_connect(link->jack, &r->connection, &answer->error);
    } else {
        bl_jack_disconnect(link->jack, &r->connection, &answer->error);
    }
    bl_link_answer_post(link, answer);
}

/// Requests that need a client.
static void serve_client(bl_link *link, const request *r)
{
    bl_error error = {0};
    switch (r->kind) {
    case REQUEST_ATTACH:
        bl_jack_attach(link->jack, r->engine, r->demo);
        bl_link_answer_error(link, BL_LINK_ATTACHED, &error);
        break;
    case REQUEST_ACTIVATE:
        bl_jack_activate(link->jack, &error);
        bl_link_answer_error(link, BL_LINK_ACTIVE, &error);
        break;
    case REQUEST_SURVEY:
        survey(link);
        break;
    case REQUEST_MEASURE:
        atomic_store(&link->config.pulse->graph_ppm, bl_jack_graph_ppm(link->jack));
        break;
    case REQUEST_CONNECT:
    case REQUEST_DISCONNECT:
        connect_port(link, r);
        break;
    case REQUEST_PERIOD:
        if (bl_jack_set_period(link->jack, r->frames, &error) != BL_STATUS_OK) {
            bl_link_answer_error(link, BL_LINK_REQUESTED, &error);
        }
        break;
    case REQUEST_RECOMPUTE:
        bl_jack_recompute_latencies(link->jack);
        break;
    case REQUEST_DEAFEN:
        bl_jack_listen(link->jack, NULL);
        link->listen_ms = 0;
        break;
    case REQUEST_LISTEN:
    case REQUEST_OPEN:
    case REQUEST_ALLOW_START:
    case REQUEST_END:
        break;
    }
}

static void serve(bl_link *link, const request *r)
{
    if (r->kind == REQUEST_LISTEN || r->kind == REQUEST_DEAFEN) {
        link->listening = r->kind == REQUEST_LISTEN;
    }
    if (r->kind == REQUEST_OPEN) {
        if (link->jack != NULL) {
            bl_link_pause_ms(SETTLE_MS);
        }
        bl_jack_close(link->jack, CLOSE_PATIENCE_MS);
        link->jack = NULL;
        link->listen_ms = 0;
        // Who started the server that is gone also starts the next one.
        link->may_start = link->may_start && (link->epoch == 0 || link->own);
        link->searching = true;
        link->told = false;
    } else if (r->kind == REQUEST_ALLOW_START) {
        link->may_start = true;
        link->told = false;
    } else if (r->kind == REQUEST_ATTACH && link->jack == NULL) {
        bl_link_answer_error(link, BL_LINK_ATTACHED, &(bl_error){0});
    } else if (link->jack != NULL) {
        atomic_store(&link->asked_ms, bl_clock_ms());
        serve_client(link, r);
        atomic_store(&link->asked_ms, 0);
    }
}

int64_t bl_link_get_wait_ms(const bl_link *link)
{
    const int64_t asked_ms = atomic_load(&link->asked_ms);
    return asked_ms == 0 ? 0 : bl_clock_ms() - asked_ms;
}

static void *run(void *argument)
{
    bl_link *link = argument;
    for (;;) {
        request *r = (request *)bl_mailbox_take(&link->requests);
        const bool end = r != NULL && r->kind == REQUEST_END;
        if (r != NULL) {
            serve(link, r);
            free(r);
        }
        if (end) {
            break;
        }
        if (r == NULL) {
            const bool own = bl_server_is_alive(&link->server); // and hears what it says
            const int patience_ms = link->searching ? RETRY_MS : own ? 200 : -1;
            bl_mailbox_wait(&link->requests, listen_next(link, patience_ms));
        }
        bl_link_watch_cards(link);
        if (link->searching) {
            bl_link_search(link);
        }
    }
    bl_jack_close(link->jack, CLOSE_PATIENCE_MS);
    bl_server_stop(&link->server, BL_LINK_STOP_PATIENCE_MS);
    atomic_store(&link->ended, true);
    return NULL;
}

static void post(bl_link *link, const request *what)
{
    request *r = malloc(sizeof *r);
    if (r == NULL) {
        abort();
    }
    *r = *what;
    bl_mailbox_post(&link->requests, &r->mail);
}

void bl_link_open(bl_link *link)
{
    post(link, &(request){.kind = REQUEST_OPEN});
}

void bl_link_allow_start(bl_link *link)
{
    post(link, &(request){.kind = REQUEST_ALLOW_START});
}

void bl_link_attach(bl_link *link, bl_engine *engine, bl_demo *demo)
{
    post(link, &(request){.kind = REQUEST_ATTACH, .engine = engine, .demo = demo});
}

void bl_link_activate(bl_link *link)
{
    post(link, &(request){.kind = REQUEST_ACTIVATE});
}

void bl_link_survey(bl_link *link)
{
    post(link, &(request){.kind = REQUEST_SURVEY});
}

void bl_link_listen(bl_link *link, bool on)
{
    post(link, &(request){.kind = on ? REQUEST_LISTEN : REQUEST_DEAFEN});
}

void bl_link_measure(bl_link *link)
{
    post(link, &(request){.kind = REQUEST_MEASURE});
}

void bl_link_connect(bl_link *link, const bl_connection *connection, bool connect)
{
    post(link, &(request){.kind = connect ? REQUEST_CONNECT : REQUEST_DISCONNECT,
                          .connection = *connection});
}

void bl_link_set_period(bl_link *link, uint32_t frames)
{
    post(link, &(request){.kind = REQUEST_PERIOD, .frames = frames});
}

void bl_link_restart(bl_link *link)
{
    bl_server_kill(&link->server); // not by LINK, which may hang in this very server
}

void bl_link_recompute_latencies(bl_link *link)
{
    post(link, &(request){.kind = REQUEST_RECOMPUTE});
}

static char *copy_text(const char *text)
{
    return text != NULL ? strdup(text) : NULL;
}

static void free_link(bl_link *link)
{
    bl_mailbox_finish(&link->requests, destroy_request);
    bl_mailbox_finish(&link->answers, destroy_answer);
    free(link->client);
    free(link->server_name);
    free(link->command);
    free(link->driver);
    free(link);
}

bl_status bl_link_create(const bl_link_config *config, bl_link **link, bl_error *error)
{
    bl_link *l = calloc(1, sizeof *l);
    if (l == NULL) {
        return bl_error_set(error, BL_STATUS_NO_MEMORY, "not enough memory to start");
    }
    l->config = *config;
    l->client = copy_text(config->client);
    l->server_name = copy_text(config->server);
    l->command = copy_text(config->command);
    l->driver = copy_text(config->driver);
    l->may_start = config->may_start;
    l->started_ms = bl_clock_ms() - BL_LINK_RESTART_MS - 1;
    bl_server_init(&l->server);
    const bool has_requests = bl_mailbox_init(&l->requests, -1);
    const bool has_answers = bl_mailbox_init(&l->answers, config->wake_fd);
    if (!has_requests || !has_answers || pthread_create(&l->thread, NULL, run, l) != 0) {
        free_link(l);
        return bl_error_set(error, BL_STATUS_NO_MEMORY, "cannot start a thread");
    }
    *link = l;
    return BL_STATUS_OK;
}

bool bl_link_destroy(bl_link *link)
{
    if (link == NULL) {
        return true;
    }
    atomic_store(&link->ending, true);
    post(link, &(request){.kind = REQUEST_END});
    for (int waited = 0; waited < END_PATIENCE_MS && !atomic_load(&link->ended); waited += 2) {
        bl_link_pause_ms(2);
    }
    if (!atomic_load(&link->ended)) {
        pthread_detach(link->thread); // hangs in the JACK library; the process is ending anyway
        return false;
    }
    pthread_join(link->thread, NULL);
    free_link(link);
    return true;
}
