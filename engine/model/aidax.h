// SPDX-License-Identifier: MIT
// Reading the JSON files of RTNeural's players: keras-style layer lists (AIDA-X, *.aidax) and
// state dicts of PyTorch (Proteus). Both become plain stacks.

#ifndef BACKLINE_MODEL_AIDAX_H
#define BACKLINE_MODEL_AIDAX_H

#include "model/arch.h"
#include "model/content.h"
#include "model/json.h"

/// A stack that grows while its layers are read.
typedef struct bl_stack {
    bl_load *load;
    bl_sequence *sequence;
    uint32_t capacity; ///< of sequence->stages
    uint32_t channels; ///< out of the last stage
    bool recurrent;
    uint64_t parameters;
} bl_stack;

/// True for a document of that kind. Thread: any.
bool bl_aidax_is(const bl_json *root);
bool bl_proteus_is(const bl_json *root);

/// Reads a whole document. Thread: any but RT.
void bl_aidax_read(const bl_json *root, bl_content *content);
void bl_proteus_read(const bl_json *root, bl_content *content);

/// Appends one keras-style layer, with its activation.
void bl_aidax_read_layer(bl_stack *stack, const bl_json *layer);

/// A stack of at most `capacity` stages that hears `channels`.
bl_stack bl_stack_create(bl_load *load, bl_arch *arch, uint32_t capacity, uint32_t channels);

/// The next stage, `channels` wide, or NULL and a kept failure.
bl_sequence_stage *bl_stack_append(bl_stack *stack, bl_sequence_kind kind, uint32_t channels);

/// Ends the stack: one channel out, and half a second of silence before the first sample if it is
/// recurrent. Fills what `info` says of the stack.
void bl_stack_finish(bl_stack *stack, const bl_json *root, bl_content *content);

/// A table of exactly `rows` lists of `columns` numbers, row by row. NULL and a kept failure if it
/// is not one.
float *bl_json_to_table(const bl_json *json, uint32_t rows, uint32_t columns);

/// A list of exactly `count` numbers.
float *bl_json_to_vector(const bl_json *json, uint32_t count);

#endif
