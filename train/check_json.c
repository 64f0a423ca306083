// SPDX-License-Identifier: MIT
#include "train/check_json.h"

#include <math.h>

static json_t *pack(const bl_finding *f)
{
    return json_pack("{s:s, s:s, s:s, s:f, s:f, s:o, s:s}", "kind", bl_finding_name(f->kind),
                     "severity", bl_severity_name(f->severity), "recording",
                     f->in_target ? "target" : "input", "from_s", f->from_s, "to_s", f->to_s,
                     "value", isfinite(f->value) ? json_real(f->value) : json_null(), "text",
                     f->text);
}

json_t *bl_check_list_findings(const bl_check *check)
{
    json_t *list = json_array();
    for (size_t i = 0; i < check->count; i++) {
        if (json_array_append_new(list, pack(&check->findings[i])) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}
