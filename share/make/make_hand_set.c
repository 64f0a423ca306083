// SPDX-License-Identifier: MIT
// Writes the hand-set overdrive at build time: make-hand-set OUT.safetensors

#include "hand_set.h"

#include <stdio.h>

int main(int argc, char **argv)
{
    if (argc != 2) {
        (void)fprintf(stderr, "usage: make-hand-set OUT.safetensors\n");
        return 2;
    }
    bl_error error = {0};
    bl_model *model = NULL;
    bl_status status = bl_hand_set_create(&model, &error);
    if (status == BL_STATUS_OK) {
        status = bl_model_save(model, argv[1], &error);
    }
    bl_model_release(model);
    if (status != BL_STATUS_OK) {
        (void)fprintf(stderr, "make-hand-set: %s\n", error.text);
    }
    return status == BL_STATUS_OK ? 0 : 1;
}
