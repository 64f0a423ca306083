// SPDX-License-Identifier: MIT
// What windows offer to choose from: models, and the levels that tell one port from another.
// MAIN's.

#include "app_parts.h"

#include "paths.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHIPPED_MAX = 32 };

/// Without folder and ending.
static void name_of_file(const char *path, char name[128])
{
    const char *slash = strrchr(path, '/');
    snprintf(name, 128, "%.127s", slash != NULL ? slash + 1 : path);
    char *dot = strrchr(name, '.');
    if (dot != NULL && dot != name) {
        *dot = '\0';
    }
}

static bl_app_model *find_model(bl_app *app, const char *path)
{
    for (size_t i = 0; i < app->model_count; i++) {
        if (strcmp(app->models[i].path, path) == 0) {
            return &app->models[i];
        }
    }
    return NULL;
}

/// Adds one unless it is listed already. The name that was seen when it played is the better one.
static void list_model(bl_app *app, const char *path, const char *name, bool shipped)
{
    bl_app_model *model = find_model(app, path);
    if (model == NULL) {
        model = &app->models[app->model_count++];
        snprintf(model->path, sizeof model->path, "%s", path);
        model->shipped = shipped;
    }
    if (name != NULL && name[0] != '\0') {
        snprintf(model->name, sizeof model->name, "%s", name);
    } else {
        name_of_file(path, model->name);
    }
}

static void list_models(bl_app *app)
{
    char(*paths)[BL_PATH_MAX] = calloc(SHIPPED_MAX, sizeof *paths);
    bl_app_model *models = calloc(SHIPPED_MAX + BL_PLAYED_MAX, sizeof *models);
    if (paths == NULL || models == NULL) {
        free(paths);
        free(models);
        return; // the old list stays
    }
    free(app->models);
    app->models = models;
    app->model_count = 0;
    const size_t count = bl_path_list_models(paths, SHIPPED_MAX);
    for (size_t i = 0; i < count; i++) {
        list_model(app, paths[i], NULL, true);
    }
    for (size_t i = 0; app->memory.played != NULL && i < app->memory.played_count; i++) {
        list_model(app, app->memory.played[i].path, app->memory.played[i].name, false);
    }
    free(paths);
}

const bl_app_model *bl_app_get_models(bl_app *app, size_t *count)
{
    if (app->models == NULL || app->models_listed != app->state.models_serial) {
        app->models_listed = app->state.models_serial;
        list_models(app);
    }
    *count = app->model_count;
    return app->models;
}

void bl_app_watch_levels(bl_app *app, bool on)
{
    bl_link_listen(app->link, on);
    bl_link_survey(app->link);
}

void bl_app_take_levels(bl_app *app)
{
    const float sent = app->sent_peak;
    app->sent_peak = 0.0F;
    // LINK lists the same ports in the same order.
    for (size_t i = 0; i < app->port_count; i++) {
        bl_app_port *port = &app->ports[i];
        port->peak = 0.0F;
        if (i < BL_PULSE_LEVELS) {
            const uint32_t bits = atomic_exchange(&app->pulse.levels[i], 0);
            memcpy(&port->peak, &bits, sizeof bits);
        }
        if ((port->connected[BL_APP_OUT_LEFT] || port->connected[BL_APP_OUT_RIGHT]) &&
            sent > port->peak) {
            port->peak = sent;
        }
    }
}
