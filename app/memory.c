// SPDX-License-Identifier: MIT
// state.yaml.

#include "memory.h"

#include "memory_turned.h"
#include "paths.h"

#include "backline/text.h"
#include "io/document.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

bool bl_memory_path(const char *name, char path[4096])
{
    char file[96];
    snprintf(file, sizeof file, strcmp(name, "backline") == 0 ? "state.yaml" : "state-%s.yaml",
             name);
    return bl_path_user(BL_PATH_STATE, file, path);
}

bool bl_memory_claim(const char *name, int *lock_fd)
{
    char path[BL_PATH_MAX], lock[BL_PATH_MAX + 8];
    *lock_fd = -1;
    if (!bl_memory_path(name, path) || !bl_path_make_folder(path)) {
        return true; // saving will tell
    }
    // Beside the file, which every save replaces.
    snprintf(lock, sizeof lock, "%s.lock", path);
    const int fd = open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB) == 0) {
        *lock_fd = fd;
        return true;
    }
    const bool taken = errno == EWOULDBLOCK;
    close(fd);
    return !taken;
}

/// Paths into the folder of the state are written from there on, so that a session can be moved.
static const char *below(const char *state, const char *path)
{
    const size_t folder = (size_t)(strrchr(state, '/') - state) + 1;
    return strncmp(path, state, folder) == 0 ? path + folder : path;
}

static bl_status read_path(bl_document *document, yaml_node_t *node, const char *key,
                           char path[4096], bl_error *error)
{
    char text[4096] = "";
    const bl_status status = bl_document_text(document, node, key, text, sizeof text, error);
    const size_t folder = (size_t)(strrchr(document->path, '/') - document->path) + 1;
    if (status == BL_STATUS_OK && text[0] != '/' && text[0] != '\0' &&
        folder + strlen(text) < sizeof text) {
        memcpy(path, document->path, folder);
        memcpy(path + folder, text, strlen(text) + 1);
    } else {
        memcpy(path, text, strlen(text) + 1);
    }
    return status;
}

static bl_status read_device(bl_document *document, yaml_node_t *node, bl_device *device,
                             bl_error *error)
{
    memset(device, 0, sizeof *device);
    bl_status status =
        bl_document_text(document, node, "device", device->name, sizeof device->name, error);
    yaml_node_t *list = bl_document_get(document, node, "connections");
    for (size_t i = 0; status == BL_STATUS_OK && i < BL_CONNECTIONS_MAX; i++) {
        yaml_node_t *entry = bl_document_at(document, list, i);
        if (entry == NULL) {
            break;
        }
        bl_connection *c = &device->connections[device->count++];
        status = bl_document_text(document, entry, "ours", c->ours, sizeof c->ours, error);
        if (status == BL_STATUS_OK) {
            status =
                bl_document_text(document, entry, "theirs", c->theirs, sizeof c->theirs, error);
        }
    }
    return status;
}

static bl_status read_place(bl_document *document, yaml_node_t *root, bl_memory *memory,
                            bl_error *error)
{
    char place[24] = "0";
    uint64_t number = 0;
    const struct {
        const char *key;
        char *text;
        size_t capacity;
    } texts[] = {
        {"song", memory->song, sizeof memory->song},
        {"part", memory->part, sizeof memory->part},
        {"place", place, sizeof place},
    };
    bl_status status = read_path(document, root, "setlist", memory->setlist, error);
    for (size_t i = 0; i < sizeof texts / sizeof *texts && status == BL_STATUS_OK; i++) {
        status =
            bl_document_text(document, root, texts[i].key, texts[i].text, texts[i].capacity, error);
    }
    memory->place = bl_text_parse_count(place, &number) ? (size_t)number : 0;
    return status;
}

static bl_status read_setlists(bl_document *document, yaml_node_t *list, bl_memory *memory,
                               bl_error *error)
{
    bl_status status = BL_STATUS_OK;
    while (status == BL_STATUS_OK && memory->setlist_count < BL_SETLISTS_MAX) {
        yaml_node_t *node = bl_document_at(document, list, memory->setlist_count);
        if (node == NULL) {
            break;
        }
        char *path = memory->setlists[memory->setlist_count++];
        status = read_path(document, node, "path", path, error);
    }
    return status;
}

static void write_setlists(bl_document_writer *writer, const char *path, const bl_memory *memory)
{
    bl_document_put_text(writer, "setlists");
    bl_document_open_sequence(writer);
    for (size_t i = 0; i < memory->setlist_count; i++) {
        bl_document_open_mapping(writer);
        bl_document_put_text(writer, "path");
        bl_document_put_text(writer, below(path, memory->setlists[i]));
        bl_document_close_mapping(writer);
    }
    bl_document_close_sequence(writer);
}

static void write_place(bl_document_writer *writer, const char *path, const bl_memory *memory)
{
    char place[24];
    snprintf(place, sizeof place, "%zu", memory->place);
    const char *const pairs[][2] = {
        {"setlist", below(path, memory->setlist)},
        {"song", memory->song},
        {"part", memory->part},
        {"place", place},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs && memory->setlist[0] != '\0'; i++) {
        bl_document_put_text(writer, pairs[i][0]);
        bl_document_put_text(writer, pairs[i][1]);
    }
}

static bool is_true(bl_document *document, yaml_node_t *mapping, const char *key)
{
    char text[16] = "";
    return bl_document_text(document, mapping, key, text, sizeof text, NULL) == BL_STATUS_OK &&
           strcmp(text, "true") == 0;
}

/// What is not there or makes no sense is at its default.
static void read_knobs(bl_document *document, yaml_node_t *root, bl_knobs *knobs)
{
    yaml_node_t *mapping = bl_document_get(document, root, "parameters");
    knobs->known = mapping != NULL && mapping->type == YAML_MAPPING_NODE;
    knobs->muted = is_true(document, root, "muted");
    knobs->bypassed = is_true(document, root, "bypassed");
    for (int p = 0; knobs->known && p < BL_PARAMETER_COUNT; p++) {
        const bl_parameter_info *info = bl_parameter_get((bl_parameter)p);
        char text[64] = "";
        double value = info->default_value;
        if (bl_document_text(document, mapping, info->key, text, sizeof text, NULL) !=
                BL_STATUS_OK ||
            !bl_text_parse_number(text, &value)) {
            value = info->default_value;
        }
        knobs->parameters[p] = bl_parameter_clamp((bl_parameter)p, value);
    }
}

static void write_knobs(bl_document_writer *writer, const bl_knobs *knobs)
{
    if (!knobs->known) {
        return;
    }
    bl_document_put_text(writer, "muted");
    bl_document_put_text(writer, knobs->muted ? "true" : "false");
    bl_document_put_text(writer, "bypassed");
    bl_document_put_text(writer, knobs->bypassed ? "true" : "false");
    bl_document_put_text(writer, "parameters");
    bl_document_open_mapping(writer);
    for (int p = 0; p < BL_PARAMETER_COUNT; p++) {
        char text[BL_TEXT_NUMBER_MAX];
        bl_text_format_number(knobs->parameters[p], text);
        bl_document_put_text(writer, bl_parameter_get((bl_parameter)p)->key);
        bl_document_put_text(writer, text);
    }
    bl_document_close_mapping(writer);
}

static bl_status read_played(bl_document *document, yaml_node_t *list, bl_memory *memory,
                             bl_error *error)
{
    bl_status status = BL_STATUS_OK;
    memory->played = calloc(BL_PLAYED_MAX, sizeof *memory->played);
    while (memory->played != NULL && memory->played_count < BL_PLAYED_MAX) {
        bl_played *played = &memory->played[memory->played_count];
        yaml_node_t *node = bl_document_at(document, list, memory->played_count);
        if (node == NULL) {
            break;
        }
        status = read_path(document, node, "path", played->path, error);
        if (status == BL_STATUS_OK) {
            status =
                bl_document_text(document, node, "name", played->name, sizeof played->name, error);
        }
        if (status != BL_STATUS_OK) {
            break;
        }
        memory->played_count++;
    }
    return status;
}

/// Reads the whole of a file.
static bl_status read_file(const char *path, bl_memory *memory, bl_error *error)
{
    bl_document document;
    bl_status status = bl_document_load(path, &document, error);
    if (status != BL_STATUS_OK) {
        return status;
    }
    yaml_node_t *root = bl_document_root(&document);
    status = read_path(&document, root, "model", memory->model, error);
    if (status == BL_STATUS_OK) {
        status = read_path(&document, root, "rig", memory->rig, error);
    }
    read_knobs(&document, root, &memory->knobs);
    bl_memory_read_turned(&document, root, memory);
    if (status == BL_STATUS_OK) {
        status = read_place(&document, root, memory, error);
    }
    if (status == BL_STATUS_OK) {
        yaml_node_t *list = bl_document_get(&document, root, "setlists");
        status = read_setlists(&document, list, memory, error);
    }
    if (status == BL_STATUS_OK) {
        status = read_played(&document, bl_document_get(&document, root, "played"), memory, error);
    }
    yaml_node_t *devices = bl_document_get(&document, root, "devices");
    memory->devices = calloc(BL_DEVICES_MAX, sizeof *memory->devices);
    while (status == BL_STATUS_OK && memory->devices != NULL &&
           memory->device_count < BL_DEVICES_MAX) {
        yaml_node_t *node = bl_document_at(&document, devices, memory->device_count);
        if (node == NULL) {
            break;
        }
        status = read_device(&document, node, &memory->devices[memory->device_count], error);
        memory->device_count += status == BL_STATUS_OK;
    }
    bl_document_finish(&document);
    return status;
}

/// What cannot be read, since it is broken or of a newer Backline, is not lost when this one saves:
/// it moves to the first free name of PATH.bad, PATH.bad2, ...
static void keep_aside(const char *path, bl_error *error)
{
    char aside[BL_PATH_MAX + 16];
    char said[sizeof error->text];
    for (int i = 1; i < 100; i++) {
        snprintf(aside, sizeof aside, i == 1 ? "%s.bad" : "%s.bad%d", path, i);
        if (access(aside, F_OK) != 0) {
            break;
        }
    }
    const bl_status status = error->status;
    snprintf(said, sizeof said, "%s", error->text);
    bl_error_clear(error);
    if (rename(path, aside) == 0) {
        bl_error_set(error, status, "%.700s; Backline forgets it, and keeps the file as %s", said,
                     aside);
    } else {
        bl_error_set(error, status, "%.700s; it cannot be kept as %s: %s", said, aside,
                     strerror(errno));
    }
}

bl_status bl_memory_load(const char *name, bool mine, bl_memory *memory, bl_error *error)
{
    char path[BL_PATH_MAX];
    memset(memory, 0, sizeof *memory);
    if (!bl_memory_path(name, path) || access(path, F_OK) != 0) {
        return BL_STATUS_OK;
    }
    const bl_status status = read_file(path, memory, error);
    if (status != BL_STATUS_OK) {
        bl_memory_finish(memory);
        if (mine) {
            keep_aside(path, error);
        }
    }
    return status;
}

static void write_device(bl_document_writer *writer, const bl_device *device)
{
    bl_document_open_mapping(writer);
    bl_document_put_text(writer, "device");
    bl_document_put_text(writer, device->name);
    bl_document_put_text(writer, "connections");
    bl_document_open_sequence(writer);
    for (size_t i = 0; i < device->count; i++) {
        bl_document_open_mapping(writer);
        bl_document_put_text(writer, "ours");
        bl_document_put_text(writer, device->connections[i].ours);
        bl_document_put_text(writer, "theirs");
        bl_document_put_text(writer, device->connections[i].theirs);
        bl_document_close_mapping(writer);
    }
    bl_document_close_sequence(writer);
    bl_document_close_mapping(writer);
}

bl_status bl_memory_save(const char *name, const bl_memory *memory, bl_error *error)
{
    char path[BL_PATH_MAX];
    if (!bl_memory_path(name, path)) {
        return bl_error_set(error, BL_STATUS_IO,
                            "neither XDG_STATE_HOME nor HOME says where to remember the model");
    }
    if (!bl_path_make_folder(path)) {
        return bl_error_set(error, BL_STATUS_IO, "%s: the folder cannot be made", path);
    }
    bl_document_writer writer;
    bl_document_writer_init(&writer);
    if (memory->model[0] != '\0') {
        bl_document_put_text(&writer, "model");
        bl_document_put_text(&writer, below(path, memory->model));
    }
    if (memory->rig[0] != '\0') {
        bl_document_put_text(&writer, "rig");
        bl_document_put_text(&writer, below(path, memory->rig));
    }
    write_knobs(&writer, &memory->knobs);
    write_place(&writer, path, memory);
    write_setlists(&writer, path, memory);
    bl_memory_write_turned(&writer, memory);
    bl_document_put_text(&writer, "played");
    bl_document_open_sequence(&writer);
    for (size_t i = 0; i < memory->played_count; i++) {
        bl_document_open_mapping(&writer);
        bl_document_put_text(&writer, "path");
        bl_document_put_text(&writer, below(path, memory->played[i].path));
        bl_document_put_text(&writer, "name");
        bl_document_put_text(&writer, memory->played[i].name);
        bl_document_close_mapping(&writer);
    }
    bl_document_close_sequence(&writer);
    bl_document_put_text(&writer, "devices");
    bl_document_open_sequence(&writer);
    for (size_t i = 0; i < memory->device_count; i++) {
        write_device(&writer, &memory->devices[i]);
    }
    bl_document_close_sequence(&writer);
    return bl_document_writer_save(&writer, path, error);
}

bool bl_memory_copy(const bl_memory *memory, bl_memory *copy)
{
    *copy = *memory;
    copy->devices = calloc(BL_DEVICES_MAX, sizeof *copy->devices);
    copy->played = calloc(BL_PLAYED_MAX, sizeof *copy->played);
    copy->turned = NULL;
    if (copy->devices == NULL || copy->played == NULL ||
        !bl_memory_make_turned(copy, memory->turned_count)) {
        bl_memory_finish(copy);
        return false;
    }
    if (memory->turned_count > 0) {
        memcpy(copy->turned, memory->turned, memory->turned_count * sizeof *copy->turned);
    }
    if (memory->played_count > 0) {
        memcpy(copy->played, memory->played, memory->played_count * sizeof *copy->played);
    }
    if (memory->device_count > 0) {
        memcpy(copy->devices, memory->devices, memory->device_count * sizeof *copy->devices);
    }
    return true;
}

void bl_memory_finish(bl_memory *memory)
{
    free(memory->devices);
    free(memory->played);
    free(memory->turned);
    memset(memory, 0, sizeof *memory);
}

const bl_device *bl_memory_find(const bl_memory *memory, const char *device)
{
    for (size_t i = 0; i < memory->device_count; i++) {
        if (strcmp(memory->devices[i].name, device) == 0) {
            return &memory->devices[i];
        }
    }
    return NULL;
}

bool bl_memory_remember(bl_memory *memory, const bl_device *device)
{
    if (memory->devices == NULL) {
        memory->devices = calloc(BL_DEVICES_MAX, sizeof *memory->devices);
        if (memory->devices == NULL) {
            return false;
        }
    }
    // The latest stands first, so that the last one is the longest unused.
    size_t at = 0;
    while (at < memory->device_count && strcmp(memory->devices[at].name, device->name) != 0) {
        at++;
    }
    if (at == memory->device_count) {
        at = memory->device_count < BL_DEVICES_MAX ? memory->device_count++ : BL_DEVICES_MAX - 1;
    }
    memmove(&memory->devices[1], &memory->devices[0], at * sizeof *memory->devices);
    memory->devices[0] = *device;
    return true;
}

bool bl_memory_play(bl_memory *memory, const char *path, const char *name)
{
    if (memory->played == NULL) {
        memory->played = calloc(BL_PLAYED_MAX, sizeof *memory->played);
        if (memory->played == NULL) {
            return false;
        }
    }
    size_t at = 0;
    while (at < memory->played_count && strcmp(memory->played[at].path, path) != 0) {
        at++;
    }
    if (at == memory->played_count) {
        at = memory->played_count < BL_PLAYED_MAX ? memory->played_count++ : BL_PLAYED_MAX - 1;
    }
    memmove(&memory->played[1], &memory->played[0], at * sizeof *memory->played);
    snprintf(memory->played[0].path, sizeof memory->played[0].path, "%s", path);
    snprintf(memory->played[0].name, sizeof memory->played[0].name, "%s", name);
    return true;
}

void bl_memory_open_setlist(bl_memory *memory, const char *path)
{
    size_t at = 0;
    snprintf(memory->setlist, sizeof memory->setlist, "%s", path);
    while (at < memory->setlist_count && strcmp(memory->setlists[at], path) != 0) {
        at++;
    }
    if (at == memory->setlist_count) {
        at =
            memory->setlist_count < BL_SETLISTS_MAX ? memory->setlist_count++ : BL_SETLISTS_MAX - 1;
    }
    memmove(&memory->setlists[1], &memory->setlists[0], at * sizeof *memory->setlists);
    snprintf(memory->setlists[0], sizeof memory->setlists[0], "%s", path);
}
