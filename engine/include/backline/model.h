// SPDX-License-Identifier: MIT
// A model: trained weights plus architecture, constant once loaded, shared by reference count.
// Reading is safe from every thread at once; loading and the last release allocate and free.

#ifndef BACKLINE_MODEL_H
#define BACKLINE_MODEL_H

#include "backline/config.h"
#include "backline/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct bl_model bl_model;
struct bl_arch;

/// What a model file says and what follows from its architecture.
typedef struct bl_model_info {
    char name[128];          ///< `metadata.name`, or the file's name without folder and ending
    char format[24];         ///< "backline-1", "nam 0.5.4", "safetensors"
    char architecture[48];   ///< "wavenet_amp", "WaveNet", "LSTM", ...
    char size_class[24];     ///< "standard", "lite", "feather", "nano", "A2 full", ... or ""
    uint64_t parameters;     ///< trained numbers as stored
    uint64_t mac_per_sample; ///< all matrix weights as stored, once (LSTM: + 3 per cell)
    uint32_t receptive_field_samples; ///< past and present samples one output depends on; 0 =
                                      ///< unlimited (recurrent)
    uint32_t lookahead_samples;       ///< future samples a centred model needs; 0 for causal ones
    uint32_t added_latency_samples;   ///< what playing it live adds, at its own rate
    double sample_rate_hz;            ///< assumed 48,000 (.nam) or 44,100 (native) if unknown
    bool sample_rate_known;           ///< false: the file does not say
    bool causal;
    bool has_loudness, has_input_level, has_output_level, has_esr;
    double loudness_db;     ///< as the file's metadata claims; a hint
    double input_level_dbu; ///< RMS dBu of a 1 kHz sine that reads 0 dBFS peak
    double output_level_dbu;
    double esr;        ///< validation ESR of the training run
    char warning[128]; ///< a sentence for people if the file was read with reservations, or ""
} bl_model_info;

/// Loads any model file Backline reads; the content decides the format, not the file's ending.
/// `overrides` may be NULL; else its `model:` and `data.sample_rate` parts replace what a plain
/// state dict cannot say (see design of native files). On success `*model` has one reference.
/// Thread: any but RT. Owns: the caller, who ends with bl_model_release.
/// Fails with one sentence: file, place, found, expected, what to do.
bl_status bl_model_load(const char *path, const bl_config *overrides, bl_model **model,
                        bl_error *error);

/// The same from bytes in memory; `name` stands for the file in errors. `bytes` is not kept.
/// Thread: any but RT.
bl_status bl_model_parse(const uint8_t *bytes, size_t size, const char *name,
                         const bl_config *overrides, bl_model **model, bl_error *error);

/// Takes one more reference and returns `model`. Thread: any.
bl_model *bl_model_retain(bl_model *model);

/// Gives one reference back; the last one frees. NULL is allowed. Thread: any but RT.
void bl_model_release(bl_model *model);

/// Facts for people and for `info --json`. Thread: any. Owns: the model.
const bl_model_info *bl_model_get_info(const bl_model *model);

/// The file it was loaded from, as the loader was told; starts every sentence about it. Thread:
/// any. Owns: the model.
const char *bl_model_get_file(const bl_model *model);

/// The architecture with its weights (model/arch.h). Thread: any. Owns: the model.
const struct bl_arch *bl_model_get_arch(const bl_model *model);

/// The flat weight list of a model made by bl_model_from_config, or NULL. Thread: any. Owns: the
/// model.
const float *bl_model_get_weights(const bl_model *model);

/// Notes the validation ESR of the training that made `model`, for bl_model_save. Only for a model
/// that nobody else holds yet. Thread: any but RT.
void bl_model_set_esr(bl_model *model, double esr);

/// Notes how loud the model is, in dB of full scale, for its files. As bl_model_set_esr. Thread:
/// any but RT.
void bl_model_set_loudness(bl_model *model, double loudness_db);

/// Writes the native safetensors form: temporary file, fsync, rename. Only for models that a config
/// describes.
/// Thread: any but RT.
bl_status bl_model_save(const bl_model *model, const char *path, bl_error *error);

/// Builds a model of the described shape from a flat weight list in the order of the native
/// tensors (wavenet_amp: input conv w, b; per block w, b; output conv w, b). `weights` is copied.
/// Thread: any but RT.
bl_status bl_model_from_config(const bl_config *config, const float *weights, size_t count,
                               const char *name, bl_model **model, bl_error *error);

/// Facts about the model that a config describes, without weights. Thread: any but RT.
bl_status bl_model_info_from_config(const bl_config *config, bl_model_info *info, bl_error *error);

#endif
