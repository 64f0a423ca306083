// SPDX-License-Identifier: MIT
// Reading and writing set lists.

#include "setlist.h"

#include "tempo.h"

#include "backline/text.h"
#include "io/document.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VALUE_MAX = 32 };

static const char *const list_keys[] = {"version", "name", "songs"};
static const char *const song_keys[] = {"name", "tempo", "parts", "rig", "program", "bank"};
static const char *const part_keys[] = {"name", "rig", "program", "bank"};

#define COUNT(array) ((int)(sizeof(array) / sizeof *(array)))

static const char *list_key(int index)
{
    return list_keys[index];
}

static const char *song_key(int index)
{
    return song_keys[index];
}

static const char *part_key(int index)
{
    return part_keys[index];
}

/// What is known while a file is read.
typedef struct reader {
    bl_document document;
    bl_setlist *setlist;
    bool numbered; ///< a part has said its program
    bl_error *error;
} reader;

static bl_status read_name(reader *r, yaml_node_t *node, char *name)
{
    return bl_document_text(&r->document, node, "name", name, BL_SETLIST_NAME_MAX, r->error);
}

size_t bl_setlist_find_rig(const bl_setlist *setlist, const char *path)
{
    for (size_t i = 0; i < setlist->rig_count; i++) {
        if (strcmp(setlist->rigs[i].path, path) == 0) {
            return i;
        }
    }
    return BL_SETLIST_NONE;
}

/// Finds the rig among those read so far, or reads it.
static bl_status read_rig(reader *r, yaml_node_t *node, size_t *index)
{
    bl_setlist *s = r->setlist;
    char path[BL_RIG_PATH_MAX] = "";
    bl_error missing = {0};
    const yaml_node_t *at = bl_document_get(&r->document, node, "rig");
    if (at == NULL) {
        return bl_document_fail(&r->document, node, r->error,
                                "this part has no rig; say `rig:` and the name of its file");
    }
    const bl_status status =
        bl_document_file(&r->document, node, "rig", path, sizeof path, &missing);
    if (path[0] == '\0') { // not a path at all
        return status != BL_STATUS_OK
                   ? bl_error_set(r->error, missing.status, "%s", missing.text)
                   : bl_document_fail(&r->document, at, r->error, "this rig has no name");
    }
    *index = bl_setlist_find_rig(s, path);
    if (*index != BL_SETLIST_NONE) {
        return BL_STATUS_OK;
    }
    *index = s->rig_count;
    if (s->rig_count == BL_SETLIST_RIGS_MAX) {
        return bl_document_fail(&r->document, at, r->error,
                                "found more than %d different rigs; make two set lists of it",
                                BL_SETLIST_RIGS_MAX);
    }
    bl_setlist_rig *rig = &s->rigs[s->rig_count++];
    memcpy(rig->path, path, sizeof path);
    rig->error = missing;
    if (status == BL_STATUS_OK) {
        bl_rig_load(path, &rig->rig, &rig->error);
        memcpy(rig->as_read, rig->rig.parameters, sizeof rig->as_read);
    }
    return BL_STATUS_OK;
}

static bl_status read_part(reader *r, yaml_node_t *node, size_t song)
{
    bl_setlist *s = r->setlist;
    if (s->part_count == BL_SETLIST_PARTS_MAX) {
        return bl_document_fail(&r->document, node, r->error,
                                "found more than %d parts; make two set lists of it",
                                BL_SETLIST_PARTS_MAX);
    }
    bl_setlist_part *part = &s->parts[s->part_count];
    *part = (bl_setlist_part){.song = song, .program = -1};
    bl_status status = read_name(r, node, part->name);
    if (status == BL_STATUS_OK) {
        status = bl_document_count(&r->document, node, "program", 0, BL_SETLIST_PROGRAM_MAX,
                                   &part->program, r->error);
    }
    if (status == BL_STATUS_OK) {
        status = bl_document_count(&r->document, node, "bank", 0, BL_SETLIST_BANK_MAX, &part->bank,
                                   r->error);
    }
    if (status == BL_STATUS_OK) {
        status = read_rig(r, node, &part->rig);
    }
    if (status != BL_STATUS_OK) {
        return status;
    }
    const size_t other = bl_setlist_find_program(s, part->bank, part->program);
    if (part->program >= 0 && other != BL_SETLIST_NONE) {
        return bl_document_fail(
            &r->document, bl_document_get(&r->document, node, "program"), r->error,
            "program %d of bank %d already chooses \"%s\", \"%s\"; take another one", part->program,
            part->bank, s->songs[s->parts[other].song].name, s->parts[other].name);
    }
    r->numbered = r->numbered || part->program >= 0;
    s->part_count++;
    return BL_STATUS_OK;
}

static bl_status read_parts(reader *r, yaml_node_t *list, size_t song)
{
    for (size_t i = 0;; i++) {
        yaml_node_t *node = bl_document_at(&r->document, list, i);
        if (node == NULL) {
            return i > 0 ? BL_STATUS_OK
                         : bl_document_fail(&r->document, list, r->error,
                                            "expected a list of parts, each with `- rig:`");
        }
        if (node->type != YAML_MAPPING_NODE) {
            return bl_document_fail(&r->document, node, r->error,
                                    "expected a part: `name:` and `rig:`");
        }
        bl_status status =
            bl_document_check_keys(&r->document, node, COUNT(part_keys), part_key, r->error);
        if (status == BL_STATUS_OK) {
            status = read_part(r, node, song);
        }
        if (status != BL_STATUS_OK) {
            return status;
        }
    }
}

static bl_status read_tempo(reader *r, yaml_node_t *node, double *bpm)
{
    static const bl_document_range range = {BL_TEMPO_MIN_BPM, BL_TEMPO_MAX_BPM, "bpm"};
    return bl_document_number(&r->document, node, "tempo", &range, bpm, r->error);
}

static bl_status read_song(reader *r, yaml_node_t *node)
{
    bl_setlist *s = r->setlist;
    if (node->type != YAML_MAPPING_NODE) {
        return bl_document_fail(&r->document, node, r->error,
                                "expected a song: `name:` and `parts:`, or `name:` and `rig:`");
    }
    if (s->song_count == BL_SETLIST_SONGS_MAX) {
        return bl_document_fail(&r->document, node, r->error,
                                "found more than %d songs; make two set lists of it",
                                BL_SETLIST_SONGS_MAX);
    }
    bl_setlist_song *song = &s->songs[s->song_count];
    *song = (bl_setlist_song){.first = s->part_count};
    bl_status status =
        bl_document_check_keys(&r->document, node, COUNT(song_keys), song_key, r->error);
    if (status == BL_STATUS_OK) {
        status = read_name(r, node, song->name);
    }
    if (status == BL_STATUS_OK) {
        status = read_tempo(r, node, &song->tempo_bpm);
    }
    if (status != BL_STATUS_OK) {
        return status;
    }
    yaml_node_t *parts = bl_document_get(&r->document, node, "parts");
    if (parts == NULL) { // a song of one part, which has the song's name
        status = read_part(r, node, s->song_count);
    } else if (bl_document_get(&r->document, node, "rig") != NULL ||
               bl_document_get(&r->document, node, "program") != NULL ||
               bl_document_get(&r->document, node, "bank") != NULL) {
        status = bl_document_fail(&r->document, node, r->error,
                                  "this song has parts: rig, program and bank belong to them");
    } else {
        status = read_parts(r, parts, s->song_count);
    }
    song->count = s->part_count - song->first;
    s->song_count += status == BL_STATUS_OK;
    return status;
}

static bl_status read_songs(reader *r, yaml_node_t *root)
{
    yaml_node_t *songs = bl_document_get(&r->document, root, "songs");
    bl_status status = BL_STATUS_OK;
    for (size_t i = 0; status == BL_STATUS_OK; i++) {
        yaml_node_t *node = bl_document_at(&r->document, songs, i);
        if (node == NULL && i > 0) {
            break;
        }
        status = node != NULL
                     ? read_song(r, node)
                     : bl_document_fail(&r->document, songs != NULL ? songs : root, r->error,
                                        "expected a list of songs under `songs:`");
    }
    return status;
}

/// Programs by position.
static void number(bl_setlist *setlist)
{
    for (size_t i = 0; i < setlist->part_count; i++) {
        setlist->parts[i].bank = (int)(i / (BL_SETLIST_PROGRAM_MAX + 1));
        setlist->parts[i].program = (int)(i % (BL_SETLIST_PROGRAM_MAX + 1));
    }
}

bl_status bl_setlist_load(const char *path, bl_setlist *setlist, bl_error *error)
{
    reader r = {.setlist = setlist, .error = error};
    memset(setlist, 0, sizeof *setlist);
    bl_status status = bl_document_load(path, &r.document, error);
    if (status != BL_STATUS_OK) {
        return status;
    }
    setlist->songs = calloc(BL_SETLIST_SONGS_MAX, sizeof *setlist->songs);
    setlist->parts = calloc(BL_SETLIST_PARTS_MAX, sizeof *setlist->parts);
    setlist->rigs = calloc(BL_SETLIST_RIGS_MAX, sizeof *setlist->rigs);
    if (setlist->songs == NULL || setlist->parts == NULL || setlist->rigs == NULL) {
        status = bl_error_set(error, BL_STATUS_NO_MEMORY, "%s: not enough memory", path);
        goto done;
    }
    yaml_node_t *root = bl_document_root(&r.document);
    status = bl_document_check_keys(&r.document, root, COUNT(list_keys), list_key, error);
    if (status == BL_STATUS_OK) {
        status = read_name(&r, root, setlist->name);
    }
    if (status == BL_STATUS_OK) {
        status = read_songs(&r, root);
    }
    if (status == BL_STATUS_OK && !r.numbered) {
        number(setlist);
    }
done:
    bl_document_finish(&r.document);
    return status;
}

static void put_number(bl_document_writer *writer, const char *key, int value)
{
    char text[VALUE_MAX];
    snprintf(text, sizeof text, "%d", value);
    bl_document_put_text(writer, key);
    bl_document_put_text(writer, text);
}

static bl_status put_part(bl_document_writer *writer, const char *path, const bl_setlist *setlist,
                          const bl_setlist_part *part, bl_error *error)
{
    bl_document_open_mapping(writer);
    bl_document_put_text(writer, "name");
    bl_document_put_text(writer, part->name);
    const bl_status status =
        bl_document_put_file(writer, path, "rig", setlist->rigs[part->rig].path, error);
    if (part->program >= 0) {
        put_number(writer, "program", part->program);
        put_number(writer, "bank", part->bank);
    }
    bl_document_close_mapping(writer);
    return status;
}

bl_status bl_setlist_save(const char *path, const bl_setlist *setlist, bl_error *error)
{
    bl_document_writer writer;
    bl_status status = BL_STATUS_OK;
    bl_document_writer_init(&writer);
    bl_document_put_text(&writer, "name");
    bl_document_put_text(&writer, setlist->name);
    bl_document_put_text(&writer, "songs");
    bl_document_open_sequence(&writer);
    for (size_t i = 0; i < setlist->song_count; i++) {
        const bl_setlist_song *song = &setlist->songs[i];
        bl_document_open_mapping(&writer);
        bl_document_put_text(&writer, "name");
        bl_document_put_text(&writer, song->name);
        if (song->tempo_bpm > 0.0) {
            char text[BL_TEXT_NUMBER_MAX];
            bl_text_format_number(song->tempo_bpm, text);
            bl_document_put_text(&writer, "tempo");
            bl_document_put_text(&writer, text);
        }
        bl_document_put_text(&writer, "parts");
        bl_document_open_sequence(&writer);
        for (size_t k = 0; k < song->count && status == BL_STATUS_OK; k++) {
            status = put_part(&writer, path, setlist, &setlist->parts[song->first + k], error);
        }
        bl_document_close_sequence(&writer);
        bl_document_close_mapping(&writer);
    }
    bl_document_close_sequence(&writer);
    const bl_status saved =
        bl_document_writer_save(&writer, status == BL_STATUS_OK ? path : NULL, error);
    return status == BL_STATUS_OK ? saved : status;
}

static void *copy_of(const void *bytes, size_t size)
{
    void *copy = malloc(size);
    return copy != NULL ? memcpy(copy, bytes, size) : NULL;
}

bool bl_setlist_copy(const bl_setlist *setlist, bl_setlist *copy)
{
    *copy = *setlist;
    copy->songs = copy_of(setlist->songs, setlist->song_count * sizeof *copy->songs);
    copy->parts = copy_of(setlist->parts, setlist->part_count * sizeof *copy->parts);
    copy->rigs = copy_of(setlist->rigs, setlist->rig_count * sizeof *copy->rigs);
    const bool whole = copy->songs != NULL && copy->parts != NULL && copy->rigs != NULL;
    if (!whole) {
        bl_setlist_finish(copy);
    }
    return whole;
}

void bl_setlist_finish(bl_setlist *setlist)
{
    free(setlist->songs);
    free(setlist->parts);
    free(setlist->rigs);
    memset(setlist, 0, sizeof *setlist);
}

static bool same_song(const bl_setlist_song *a, const bl_setlist_song *b)
{
    return strcmp(a->name, b->name) == 0 && a->first == b->first && a->count == b->count &&
           a->tempo_bpm == b->tempo_bpm;
}

static bool same_part(const bl_setlist_part *a, const bl_setlist_part *b)
{
    return strcmp(a->name, b->name) == 0 && a->song == b->song && a->rig == b->rig &&
           a->bank == b->bank && a->program == b->program;
}

static bool same_rig(const bl_setlist_rig *a, const bl_setlist_rig *b)
{
    return strcmp(a->path, b->path) == 0 && strcmp(a->error.text, b->error.text) == 0 &&
           strcmp(a->rig.name, b->rig.name) == 0 && strcmp(a->rig.model, b->rig.model) == 0 &&
           strcmp(a->rig.cab, b->rig.cab) == 0 && a->rig.spill == b->rig.spill &&
           a->rig.match_loudness == b->rig.match_loudness &&
           bl_rig_same_parameters(a->as_read, b->as_read);
}

bool bl_setlist_same(const bl_setlist *a, const bl_setlist *b)
{
    bool same = strcmp(a->name, b->name) == 0 && a->song_count == b->song_count &&
                a->part_count == b->part_count && a->rig_count == b->rig_count;
    for (size_t i = 0; same && i < a->song_count; i++) {
        same = same_song(&a->songs[i], &b->songs[i]);
    }
    for (size_t i = 0; same && i < a->part_count; i++) {
        same = same_part(&a->parts[i], &b->parts[i]);
    }
    for (size_t i = 0; same && i < a->rig_count; i++) {
        same = same_rig(&a->rigs[i], &b->rigs[i]);
    }
    return same;
}

size_t bl_setlist_find_program(const bl_setlist *setlist, int bank, int program)
{
    for (size_t i = 0; i < setlist->part_count; i++) {
        const bl_setlist_part *part = &setlist->parts[i];
        if (part->program == program && part->bank == bank) {
            return i;
        }
    }
    return BL_SETLIST_NONE;
}

size_t bl_setlist_resume(const bl_setlist *setlist, const char *song, const char *part,
                         size_t place)
{
    const size_t last = setlist->part_count - 1;
    size_t found = BL_SETLIST_NONE;
    for (size_t i = 0; i < setlist->part_count; i++) {
        const bl_setlist_part *p = &setlist->parts[i];
        const bool same =
            strcmp(p->name, part) == 0 && strcmp(setlist->songs[p->song].name, song) == 0;
        // Of several of the same name, the one that is where it was.
        if (same && (found == BL_SETLIST_NONE || i == place)) {
            found = i;
        }
    }
    return found != BL_SETLIST_NONE ? found : place < last ? place : last;
}
