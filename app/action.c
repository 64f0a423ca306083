// SPDX-License-Identifier: MIT
// The table of actions.

#include "action.h"

#include <string.h>

static const bl_action_info actions[BL_ACTION_COUNT] = {
#define ACTION_ROW(id, name, label, kind, keys) {name, label, BL_ACTION_##kind, keys},
    BL_ACTION_TABLE(ACTION_ROW)
#undef ACTION_ROW
};

const bl_action_info *bl_action_get(bl_action action)
{
    return &actions[action];
}

bl_action bl_action_find(const char *name)
{
    int a = 0;
    while (a < BL_ACTION_COUNT && strcmp(actions[a].name, name) != 0) {
        a++;
    }
    return (bl_action)a;
}

bl_action bl_action_of_key(char key, int *value)
{
    for (int a = 0; a < BL_ACTION_COUNT && key != '\0'; a++) {
        const char *at = strchr(actions[a].keys, key);
        if (at != NULL) {
            const bl_action_kind kind = actions[a].kind;
            *value = kind == BL_ACTION_NUMBER ? (int)(at - actions[a].keys) + 1 : BL_ACTION_TOGGLE;
            return (bl_action)a;
        }
    }
    return BL_ACTION_COUNT;
}
