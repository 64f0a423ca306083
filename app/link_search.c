// SPDX-License-Identifier: MIT
// Finding a server: one that runs, else one of our own on a sound card, else on none. LINK's.

#include "link_parts.h"

#include "card.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    START_POLL_MS = 20, ///< between two looks for the one we started
    START_PATIENCE_MS = 10000,
    CARDS_EVERY_MS = 2000, ///< between two looks for a sound card
};

static void note(bl_link *link, const char *text)
{
    bl_error error = {0};
    snprintf(error.text, sizeof error.text, "%s", text);
    bl_link_answer_error(link, BL_LINK_NOTE, &error);
}

/// One attempt. OK: the client is open and MAIN knows.
static bl_status try_open(bl_link *link, bl_error *error)
{
    const bl_jack_config config = {
        link->client,
        link->server_name,
        link->config.pulse,
        link->epoch + 1,
    };
    bl_error_clear(error);
    atomic_store(&link->asked_ms, bl_clock_ms());
    const bl_status status = bl_jack_open(&config, &link->jack, error);
    atomic_store(&link->asked_ms, 0);
    if (status != BL_STATUS_OK) {
        return status;
    }
    link->epoch++;
    link->searching = false;
    link->told = false;
    link->card_awaited = false;
    bl_link_answer *answer = bl_link_answer_new(link, BL_LINK_OPENED);
    answer->rate_hz = atomic_load(&link->config.pulse->rate_hz);
    answer->period_frames = atomic_load(&link->config.pulse->period);
    snprintf(answer->client, sizeof answer->client, "%s", bl_jack_name(link->jack));
    snprintf(answer->server, sizeof answer->server, "%s", bl_jack_server_name(link->server_name));
    link->own = bl_server_is_alive(&link->server);
    if (link->own) {
        snprintf(answer->driver, sizeof answer->driver, "%s", link->server.driver);
    }
    bl_link_answer_post(link, answer);
    return BL_STATUS_OK;
}

/// Starts a server with one driver and waits until it can be joined.
static bl_status start_with(bl_link *link, const char *driver, bl_error *error)
{
    const bl_server_config config = {link->command, bl_jack_server_name(link->server_name), driver,
                                     BL_SERVER_RATE_HZ, BL_SERVER_PERIOD};
    bl_error_clear(error);
    link->started_ms = bl_clock_ms();
    bl_status status = bl_server_start(&link->server, &config, error);
    if (status != BL_STATUS_OK) {
        return status;
    }
    for (int waited = 0; waited < START_PATIENCE_MS && !atomic_load(&link->ending);
         waited += START_POLL_MS) {
        if (!bl_server_is_alive(&link->server)) {
            char quote[700];
            bl_server_quote(&link->server, quote, sizeof quote);
            bl_error_clear(error);
            return bl_error_set(error, BL_STATUS_SERVER,
                                "the JACK server started for \"%s\" ended at once; it said: %s",
                                driver, quote);
        }
        if (try_open(link, error) == BL_STATUS_OK) {
            return BL_STATUS_OK;
        }
        bl_link_pause_ms(START_POLL_MS);
    }
    bl_server_stop(&link->server, BL_LINK_STOP_PATIENCE_MS);
    bl_error_clear(error);
    return bl_error_set(error, BL_STATUS_SERVER,
                        "the JACK server started for \"%s\" could not be joined within %d s",
                        driver, START_PATIENCE_MS / 1000);
}

static bool is_broken(const bl_link *link, const char *driver)
{
    for (size_t i = 0; i < link->broken_count; i++) {
        if (strcmp(link->broken[i], driver) == 0) {
            return true;
        }
    }
    return false;
}

/// "alsa:CARD" of the first card that records and plays, else of the first that plays, else
/// "dummy". Cards that failed are passed over.
static void choose_driver(const bl_link *link, char driver[64])
{
    bl_card cards[BL_CARD_LIST_MAX];
    const size_t count = bl_card_list(cards);
    for (int both = 1; both >= 0; both--) {
        for (size_t i = 0; i < count; i++) {
            snprintf(driver, 64, "alsa:%.31s", cards[i].id);
            if (cards[i].plays && (!both || cards[i].captures) && !is_broken(link, driver)) {
                return;
            }
        }
    }
    snprintf(driver, 64, "dummy");
}

/// Whether the card of "alsa:CARD" or "alsa:CARD,DEVICE" is there; CARD may also be a number.
static bool is_listed(const char *driver)
{
    bl_card cards[BL_CARD_LIST_MAX];
    const size_t count = bl_card_list(cards);
    const char *id = driver + strlen("alsa:");
    const size_t length = strcspn(id, ",");
    char number[16];
    for (size_t i = 0; i < count; i++) {
        snprintf(number, sizeof number, "%d", cards[i].number);
        if ((strlen(cards[i].id) == length && strncmp(cards[i].id, id, length) == 0) ||
            (strlen(number) == length && strncmp(number, id, length) == 0)) {
            return true;
        }
    }
    return false;
}

/// What is pulled out and put back is worth another try.
static void forget_gone_cards(bl_link *link)
{
    size_t kept = 0;
    for (size_t i = 0; i < link->broken_count; i++) {
        if (is_listed(link->broken[i])) {
            memmove(link->broken[kept++], link->broken[i], sizeof link->broken[i]);
        }
    }
    link->broken_count = kept;
}

static void tell_started(bl_link *link, const char *driver, bool asked)
{
    char text[256];
    const bool dummy = strcmp(driver, "dummy") == 0;
    if (!dummy) {
        snprintf(text, sizeof text, "Backline started a JACK server on sound card %s", driver + 5);
    } else {
        snprintf(text, sizeof text, "Backline started a JACK server without a sound card%s",
                 asked ? "" : ": there is none that works");
    }
    note(link, text);
}

/// Starts our own server: on the driver asked for, else on the first card that works, else on none.
static bl_status start_server(bl_link *link, bl_error *error)
{
    char driver[64];
    bl_status status;
    link->broken_count = 0;
    if (link->driver != NULL) {
        snprintf(driver, sizeof driver, "%s", link->driver);
        status = start_with(link, driver, error);
        link->card_awaited = status != BL_STATUS_OK && strncmp(driver, "alsa:", 5) == 0;
    } else {
        choose_driver(link, driver);
        status = start_with(link, driver, error);
        while (status != BL_STATUS_OK && strcmp(driver, "dummy") != 0 &&
               link->broken_count < BL_CARD_LIST_MAX && !atomic_load(&link->ending)) {
            bl_link_answer_error(link, BL_LINK_NOTE, error);
            memcpy(link->broken[link->broken_count++], driver, sizeof driver);
            choose_driver(link, driver);
            status = start_with(link, driver, error);
        }
    }
    if (status == BL_STATUS_OK) {
        tell_started(link, driver, link->driver != NULL);
    }
    return status;
}

static bool cards_are_due(bl_link *link)
{
    if (bl_clock_ms() - link->cards_ms < CARDS_EVERY_MS) {
        return false;
    }
    link->cards_ms = bl_clock_ms();
    return true;
}

void bl_link_watch_cards(bl_link *link)
{
    char driver[64];
    char text[128];
    if (link->driver != NULL || !link->own || strcmp(link->server.driver, "dummy") != 0 ||
        !cards_are_due(link)) {
        return;
    }
    forget_gone_cards(link);
    choose_driver(link, driver);
    if (strcmp(driver, "dummy") != 0) {
        snprintf(text, sizeof text, "sound card %s is there now", driver + 5);
        note(link, text);
        bl_server_stop(&link->server, BL_LINK_STOP_PATIENCE_MS); // the search starts another one
    }
}

/// Whether a server of our own is wanted now: the card that the player named may have come back.
static bool is_to_start(bl_link *link)
{
    return link->may_start ||
           (link->card_awaited && cards_are_due(link) && is_listed(link->driver));
}

/// Whether the last client still keeps us from opening another one. One that takes too long is left
/// behind.
static bool is_held_up(bl_link *link)
{
    if (bl_jack_count_closing(link->left_behind) == 0 || bl_jack_is_pipewire()) {
        link->closing_ms = 0;
        return false;
    }
    const int64_t now_ms = bl_clock_ms();
    link->closing_ms = link->closing_ms == 0 ? now_ms : link->closing_ms;
    if (now_ms - link->closing_ms <= BL_LINK_CLOSING_MS) {
        return true;
    }
    if (bl_jack_count_closing(0) <= BL_LINK_LEFT_MAX) {
        link->left_behind = bl_jack_last_closing();
        link->closing_ms = 0;
        return false;
    }
    if (!link->stuck_told) {
        bl_error error = {0};
        link->stuck_told = true;
        bl_jack_say_stuck(&error);
        bl_link_answer_error(link, BL_LINK_NOTE, &error);
    }
    return true;
}

void bl_link_search(bl_link *link)
{
    if (is_held_up(link)) {
        return;
    }
    bl_error error = {0};
    bl_status status = try_open(link, &error);
    if (status == BL_STATUS_SERVER && !bl_jack_is_pipewire() &&
        !bl_server_is_alive(&link->server) && is_to_start(link)) {
        if (bl_clock_ms() - link->started_ms <= BL_LINK_RESTART_MS) {
            return; // what comes of the next try is told then
        }
        if (getenv("JACK_NO_START_SERVER") != NULL) {
            const size_t used = strlen(error.text);
            snprintf(error.text + used, sizeof error.text - used,
                     ", and JACK_NO_START_SERVER forbids to start one");
        } else {
            status = start_server(link, &error);
            link->may_start = status == BL_STATUS_OK;
        }
    }
    if (status != BL_STATUS_OK && !link->told) {
        link->told = true;
        bl_link_answer_error(link, BL_LINK_NO_SERVER, &error);
    }
}
