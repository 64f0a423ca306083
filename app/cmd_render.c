// SPDX-License-Identifier: MIT
// `backline render`: a file through a model, offline, by the code that plays live. Thread: MAIN.

#include "command.h"
#include "facts.h"
#include "json.h"
#include "output.h"
#include "progress.h"
#include "render.h"
#include "rig.h"
#include "settings.h"
#include "trim.h"

#include "backline/audio.h"
#include "backline/cab.h"
#include "backline/chain.h"
#include "backline/config.h"
#include "backline/file.h"
#include "backline/model.h"
#include "backline/voice.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK_DEFAULT = 64, CHUNK_MAX = 1 << 20 };

typedef struct render_settings {
    const char *in, *out, *model, *rig, *config;
    bool streaming;
    uint32_t chunk_frames;
    double quality;
    unsigned bits;
    unsigned progress;
} render_settings;

static const char *const bits_names[] = {"16", "24", "32f", NULL};
static const bl_audio_bits bits_values[] = {BL_AUDIO_PCM_16, BL_AUDIO_PCM_24, BL_AUDIO_FLOAT_32};
enum { BITS_FLOAT = 2 };

static const char *const progress_names[] = {"bar", "json", NULL};
enum { PROGRESS_BAR, PROGRESS_JSON };

static const bl_option options[] = {
    {.name = "model",
     .letter = 'm',
     .kind = BL_OPTION_TEXT,
     .argument = "MODEL",
     .offset = offsetof(render_settings, model),
     .help = "The model file: .safetensors, .nam, .aidax or another player's JSON. What is in it "
             "decides, not its name. Without it, the rig's."},
    {.name = "rig",
     .letter = 'r',
     .kind = BL_OPTION_TEXT,
     .argument = "RIG",
     .offset = offsetof(render_settings, rig),
     .help =
         "A rig (YAML): its model, unless --model names one, with gate, tone, cab, level and "
         "output ceiling. configs/rigs/rig.yaml explains the keys. Of a stereo cab both sides are "
         "written."},
    {.name = "config",
     .letter = 'c',
     .kind = BL_OPTION_TEXT,
     .argument = "CONFIG",
     .offset = offsetof(render_settings, config),
     .help = "A training config (YAML) that says what a plain state dict cannot: whether the model "
             "is causal, its dilation base and activation, its sample rate."},
    {.name = "streaming",
     .kind = BL_OPTION_FLAG,
     .offset = offsetof(render_settings, streaming),
     .help =
         "Feeds the model chunk by chunk, as a sound server would, even a centred one, which "
         "then lags by its lookahead; the result is shifted back. Causal models always stream."},
    {.name = "chunk",
     .kind = BL_OPTION_COUNT,
     .argument = "N",
     .offset = offsetof(render_settings, chunk_frames),
     .min = 1,
     .max = CHUNK_MAX,
     .help = "Frames in a chunk, 64 if not given. Turns --streaming on. It changes nothing in what "
             "is heard."},
    {.name = "quality",
     .kind = BL_OPTION_NUMBER,
     .argument = "Q",
     .offset = offsetof(render_settings, quality),
     .min = 0.0,
     .max = 1.0,
     .help = "Width of models that have several, from 0 (the smallest) to 1 (the full one, which "
             "is the default)."},
    {.name = "bits",
     .kind = BL_OPTION_CHOICE,
     .offset = offsetof(render_settings, bits),
     .choices = bits_names,
     .help = "Samples of the written file: 16 or 24 bit whole numbers, or 32 bit floating point, "
             "which is the default and cannot clip."},
    {.name = "progress",
     .kind = BL_OPTION_CHOICE,
     .offset = offsetof(render_settings, progress),
     .choices = progress_names,
     .help = "How to show progress: a bar on a terminal, or records on standard output, one JSON "
             "object a line, the last with \"event\": \"done\" and the figures."},
    {0},
};

// All that is loaded; freed together.
typedef struct render_job {
    const render_settings *settings;
    bl_model *model;
    bl_rig rig;
    bl_render_player player;
    bl_trim trim;
    bl_audio audio;
    uint32_t chunk_frames; // 0: all at once
    uint64_t clipped_frames;
    double took_s;
} render_job;

// Fails now for what would otherwise fail after minutes of work, or cost somebody a file.
static bl_status check_output(const render_job *job, bl_error *error)
{
    const render_settings *settings = job->settings;
    const char *const inputs[] = {settings->in,     settings->model, settings->rig,
                                  settings->config, job->rig.model,  job->rig.cab};
    bl_status status =
        bl_output_check_inputs(settings->out, inputs, sizeof inputs / sizeof inputs[0], error);
    if (status == BL_STATUS_OK) {
        status = bl_output_check_kind(settings->out, BL_OUTPUT_WAV, error);
    }
    if (status == BL_STATUS_OK) {
        bl_file_writer writer;
        status = bl_file_writer_open(&writer, settings->out, error);
        bl_file_writer_abort(&writer);
    }
    return status;
}

static const char *model_path(const render_job *job)
{
    return job->settings->model != NULL ? job->settings->model : job->rig.model;
}

static bl_status load_model(render_job *job, bl_error *error)
{
    const char *path = model_path(job);
    if (path[0] == '\0') {
        return BL_STATUS_OK;
    }
    bl_config overrides;
    bl_status status = BL_STATUS_OK;
    if (job->settings->config != NULL) {
        status = bl_config_load(job->settings->config, &overrides, error);
    }
    if (status == BL_STATUS_OK) {
        status = bl_model_load(path, job->settings->config != NULL ? &overrides : NULL, &job->model,
                               error);
    }
    return status;
}

static bl_status make_chain(render_job *job, bl_error *error)
{
    bl_chain_config config = bl_chain_config_default();
    bl_cab cab = {0};
    bl_settings settings;
    bl_status status = bl_settings_load(&settings, error);
    if (status == BL_STATUS_OK && job->rig.cab[0] != '\0') {
        status = bl_cab_load(job->rig.cab, job->audio.sample_rate_hz, &cab, error);
    }
    if (status == BL_STATUS_OK) {
        config.model = job->model;
        config.cab = cab.channels > 0 ? &cab : NULL;
        config.stages = true;
        config.quality = job->settings->quality;
        config.sample_rate_hz = job->audio.sample_rate_hz;
        memcpy(config.parameters, job->rig.parameters, sizeof config.parameters);
        const char *overrides = job->settings->config;
        const bl_trim_wish wish = {.model = model_path(job),
                                   .config = overrides != NULL ? overrides : "",
                                   .cab = job->rig.cab,
                                   .match_loudness = job->rig.match_loudness,
                                   .calibrate = settings.has_interface_input,
                                   .interface_dbu = settings.interface_input_dbu};
        bl_trim_find(&config, &wish, &job->trim);
        status = bl_chain_create(&config, &job->player.chain, error);
    }
    bl_cab_finish(&cab);
    return status;
}

// At the file's rate, whatever the model's: the voice adapts, exactly as when it plays live.
static bl_status make_voice(render_job *job, bl_error *error)
{
    bl_voice_config config = bl_voice_config_default();
    config.quality = job->settings->quality;
    config.sample_rate_hz = job->audio.sample_rate_hz;
    return bl_voice_create(job->model, &config, &job->player.voice, error);
}

static void tell_progress(void *context, double done)
{
    bl_progress_update(context, done);
}

static bl_status run_job(render_job *job, bl_error *error)
{
    const render_settings *settings = job->settings;
    bl_status status = BL_STATUS_OK;
    if (settings->rig != NULL) {
        status = bl_rig_load(settings->rig, &job->rig, error);
    }
    if (status == BL_STATUS_OK) {
        status = check_output(job, error);
    }
    if (status == BL_STATUS_OK) {
        status = load_model(job, error);
    }
    if (status == BL_STATUS_OK) {
        status = bl_audio_load(settings->in, 0, &job->audio, error);
    }
    if (status == BL_STATUS_OK) {
        status = settings->rig != NULL ? make_chain(job, error) : make_voice(job, error);
    }
    if (status != BL_STATUS_OK) {
        return status;
    }
    const bool streaming = settings->streaming || settings->chunk_frames > 0 ||
                           job->model == NULL || bl_model_get_info(job->model)->causal;
    job->chunk_frames = !streaming                   ? 0
                        : settings->chunk_frames > 0 ? settings->chunk_frames
                                                     : CHUNK_DEFAULT;
    if (job->player.chain != NULL && bl_chain_channels(job->player.chain) > 1) {
        job->audio.right = calloc(job->audio.frames, sizeof *job->audio.right);
        if (job->audio.right == NULL) {
            return bl_error_set(error, BL_STATUS_NO_MEMORY, "%s: not enough memory for two sides",
                                settings->in);
        }
    }
    bl_progress progress;
    bl_progress_begin(&progress, settings->progress == PROGRESS_JSON);
    const bl_render_config config = {
        .chunk_frames = job->chunk_frames, .tell = tell_progress, .context = &progress};
    const double started_s = bl_progress_clock_s();
    bl_render_audio(&job->player, &config, &job->audio);
    job->took_s = bl_progress_clock_s() - started_s;
    bl_progress_end(&progress);
    if (settings->bits != BITS_FLOAT) {
        job->clipped_frames = bl_audio_count_clipped(&job->audio);
    }
    return bl_audio_save(settings->out, &job->audio, bits_values[settings->bits], error);
}

static double times_real_time(const render_job *job)
{
    const double sound_s = (double)job->audio.frames / job->audio.sample_rate_hz;
    return sound_s / (job->took_s > 0.0 ? job->took_s : 1e-9);
}

static void print_text(const render_job *job)
{
    const bl_audio *audio = &job->audio;
    const uint32_t latency = bl_render_latency_frames(&job->player);
    const bl_model_info *info = job->model != NULL ? bl_model_get_info(job->model) : NULL;
    if (info != NULL) {
        bl_facts_print_times(info);
    }
    if (job->chunk_frames > 0) {
        printf("  chunk size        %" PRIu32 " frames\n", job->chunk_frames);
    } else {
        printf("  chunk size        all %" PRIu64 " frames at once\n", audio->frames);
    }
    if (info != NULL && audio->sample_rate_hz != info->sample_rate_hz) {
        printf("  sample rates      file %.10g Hz, model %.10g Hz\n", audio->sample_rate_hz,
               info->sample_rate_hz);
    }
    if (latency > 0) {
        printf("  delay taken out   %" PRIu32 " frames, %.2f ms\n", latency,
               latency / audio->sample_rate_hz * 1000.0);
    }
    if (audio->file_channels > 1) {
        printf("  channel           the first of %" PRIu32 "\n", audio->file_channels);
    }
    if (job->trim.source == BL_TRIM_MEASURED) {
        printf("  loudness          %.1f LUFS, trimmed by %+.1f dB to be as loud as other rigs\n",
               job->trim.loudness_lufs, job->trim.trim_db);
    } else if (job->trim.source == BL_TRIM_HINT) {
        printf("  loudness          trimmed by %+.1f dB, as the model file claims\n",
               job->trim.trim_db);
    }
    if (job->trim.calibration_db != 0.0) {
        printf("  calibration       %+.1f dB before the model\n", job->trim.calibration_db);
    }
    if (job->clipped_frames > 0) {
        printf("  clipped           %" PRIu64 " frames over full scale; --bits 32f keeps them\n",
               job->clipped_frames);
    }
    printf("  rendered          %.2f s of sound in %.2f s, %.1f times real time\n",
           (double)audio->frames / audio->sample_rate_hz, job->took_s, times_real_time(job));
}

static void print_record(const render_job *job)
{
    static const bl_model_info none = {0};
    const bl_model_info *info = job->model != NULL ? bl_model_get_info(job->model) : &none;
    const bl_voice *voice = job->player.voice;
    json_t *record = json_object();
    json_object_set_new(record, "event", json_string("done"));
    json_object_set_new(record, "in", bl_json_from_text(job->settings->in));
    json_object_set_new(record, "out", bl_json_from_text(job->settings->out));
    json_object_set_new(record, "model", bl_json_from_text(model_path(job)));
    json_object_set_new(record, "frames", json_integer((json_int_t)job->audio.frames));
    json_object_set_new(record, "sample_rate_hz", json_real(job->audio.sample_rate_hz));
    json_object_set_new(record, "model_sample_rate_hz", json_real(info->sample_rate_hz));
    json_object_set_new(record, "receptive_field_samples",
                        info->receptive_field_samples > 0
                            ? json_integer(info->receptive_field_samples)
                            : json_null());
    json_object_set_new(record, "lookahead_samples", json_integer(info->lookahead_samples));
    json_object_set_new(record, "added_latency_samples", json_integer(info->added_latency_samples));
    json_object_set_new(record, "compensated_frames",
                        json_integer(bl_render_latency_frames(&job->player)));
    json_object_set_new(record, "chunk_frames",
                        job->chunk_frames > 0 ? json_integer(job->chunk_frames) : json_null());
    json_object_set_new(record, "clipped_frames", json_integer((json_int_t)job->clipped_frames));
    json_object_set_new(record, "trim_db", json_real(job->trim.trim_db));
    json_object_set_new(record, "calibration_db", json_real(job->trim.calibration_db));
    json_object_set_new(record, "trim_measured",
                        json_boolean(job->trim.source == BL_TRIM_MEASURED));
    json_object_set_new(record, "render_seconds", json_real(job->took_s));
    json_object_set_new(record, "times_real_time", json_real(times_real_time(job)));
    json_object_set_new(record, "kernel",
                        voice != NULL ? bl_json_from_text(bl_voice_kernel(voice)) : json_null());
    bl_json_print_record(record);
}

static int run_render(int argc, char **argv)
{
    render_settings settings = {.quality = 1.0, .bits = BITS_FLOAT, .progress = PROGRESS_BAR};
    const char *const *operands = NULL;
    uint32_t count = 0;
    const int end = bl_options_parse(&bl_command_render, argc, argv, &settings, &operands, &count);
    if (end != BL_OPTIONS_RUN) {
        return end;
    }
    if (settings.model == NULL && settings.rig == NULL) {
        return bl_command_fail_usage(&bl_command_render, "neither --model nor --rig is given");
    }
    settings.in = operands[0];
    settings.out = operands[1];
    render_job job = {.settings = &settings};
    bl_error error = {0};
    const bl_status status = run_job(&job, &error);
    if (job.model != NULL && bl_model_get_info(job.model)->warning[0] != '\0') {
        fprintf(stderr, "backline render: %s: %s\n", bl_model_get_file(job.model),
                bl_model_get_info(job.model)->warning);
    }
    if (status == BL_STATUS_OK && settings.progress == PROGRESS_JSON) {
        print_record(&job);
    } else if (status == BL_STATUS_OK) {
        print_text(&job);
    }
    bl_voice_destroy(job.player.voice);
    bl_chain_destroy(job.player.chain);
    bl_model_release(job.model);
    bl_audio_finish(&job.audio);
    return status == BL_STATUS_OK ? BL_EXIT_DONE : bl_command_fail(&bl_command_render, &error);
}

const bl_command bl_command_render = {
    .name = "render",
    .summary = "play a file through a model into another file",
    .synopsis = "IN OUT --model MODEL | --rig RIG [OPTION...]",
    .description =
        "Plays the first channel of the sound file IN through a model, by the same code that plays "
        "live, and writes the result to OUT, a WAV file of the same length and rate. IN is any "
        "file that libsndfile reads: WAV, FLAC, AIFF, Ogg and more.\n\n"
        "The model runs alone, without gate, tone or limiter, unless --rig brings them. A file of "
        "another rate than the model's "
        "is "
        "adapted to it as live playing at that rate would be. Whatever delay comes of that, or of "
        "a model that is centred, is taken out to the nearest frame, so that OUT lies on IN. "
        "Before "
        "the start and after the end the model hears silence.\n\n"
        "Prints the receptive field (how far back the model listens, which is no delay), the "
        "latency that the model adds when it is played live, the chunk size, and the speed. OUT "
        "appears only when it is complete. It replaces an older WAV file, but never a file of "
        "another kind or one that is read.",
    .options = options,
    .operands_min = 2,
    .operands_max = 2,
    .examples = "backline render di.wav amped.wav --model amp.nam\n"
                "Plays di.wav through amp.nam.\n"
                "backline render di.flac amped.wav -m state.safetensors -c config.yaml --bits 24\n"
                "Takes a plain state dict, of which config.yaml says that it is centred, and "
                "writes 24 bits.\n"
                "backline render di.wav amped.wav -m amp.nam --chunk 128\n"
                "Feeds the model as a sound server with periods of 128 frames would.\n",
    .run = run_render,
};
