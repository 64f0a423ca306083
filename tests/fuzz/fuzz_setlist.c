// SPDX-License-Identifier: MIT
// Fuzz target for set lists, and for the rig that they name: what is read is consistent, and is the
// same once more after it was written.

#include "fuzz_file.h"

#include "app/setlist.h"

#include <string.h>

static const char rig[] = "version: 1\nname: A\n";

static void check(const bl_setlist *list)
{
    size_t parts = 0;
    PROMISE(list->part_count > 0 && list->part_count <= BL_SETLIST_PARTS_MAX);
    PROMISE(list->rig_count > 0 && list->rig_count <= BL_SETLIST_RIGS_MAX);
    for (size_t i = 0; i < list->song_count; i++) {
        PROMISE(list->songs[i].first == parts && list->songs[i].count > 0);
        parts += list->songs[i].count;
    }
    PROMISE(parts == list->part_count);
    for (size_t i = 0; i < list->part_count; i++) {
        const bl_setlist_part *part = &list->parts[i];
        PROMISE(part->song < list->song_count && part->rig < list->rig_count);
        PROMISE(part->program >= -1 && part->program <= BL_SETLIST_PROGRAM_MAX);
        PROMISE(part->program < 0 || bl_setlist_find_program(list, part->bank, part->program) == i);
    }
}

static void compare(const bl_setlist *a, const bl_setlist *b)
{
    PROMISE(a->part_count == b->part_count && a->song_count == b->song_count);
    PROMISE(strcmp(a->name, b->name) == 0);
    for (size_t i = 0; i < a->part_count; i++) {
        const bl_setlist_part *p = &a->parts[i], *q = &b->parts[i];
        PROMISE(strcmp(p->name, q->name) == 0 && p->song == q->song);
        PROMISE(p->program == q->program && (p->program < 0 || p->bank == q->bank));
        PROMISE(a->songs[p->song].tempo_bpm == b->songs[q->song].tempo_bpm);
        PROMISE(strcmp(a->rigs[p->rig].path, b->rigs[q->rig].path) == 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    bl_setlist list, again;
    bl_error error = {0};
    fuzz_file_write("a.yaml", rig, sizeof rig - 1);
    const char *path = fuzz_file_write("list.yaml", bytes, size);
    const bl_status status = bl_setlist_load(path, &list, &error);
    PROMISE(status == error.status && (status == BL_STATUS_OK || error.text[0] != '\0'));
    if (status == BL_STATUS_OK) {
        check(&list);
        const char *copy = fuzz_file("copy.yaml");
        if (bl_setlist_save(copy, &list, NULL) == BL_STATUS_OK) {
            PROMISE(bl_setlist_load(copy, &again, NULL) == BL_STATUS_OK);
            compare(&list, &again);
            bl_setlist_finish(&again);
        }
    }
    bl_setlist_finish(&list);
    return 0;
}
